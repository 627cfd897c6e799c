package console

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// view is what every template gets.
type view struct {
	Title   string
	Nav     string // entry of the navigation that is lit
	Tenant  string
	Person  string
	CSRF    string
	Refresh int // seconds; 0 is never
	Now     time.Time
	Body    any
}

// views are the templates, each with the layout around it. Safe for concurrent use.
type views struct{ pages map[string]*template.Template }

func newViews() (*views, error) {
	shared, err := template.New("").Funcs(functions()).ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/catalog.html", "templates/specifications.html", "templates/chart.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "templates/page_*.html")
	if err != nil {
		return nil, err
	}
	v := &views{pages: map[string]*template.Template{}}
	for _, n := range names {
		t, err := template.Must(shared.Clone()).ParseFS(files, n)
		if err != nil {
			return nil, err
		}
		v.pages[strings.TrimSuffix(strings.TrimPrefix(path.Base(n), "page_"), ".html")] = t
	}
	return v, nil
}

// render writes a whole page, or a plain error if its template fails: never half.
func (v *views) render(w http.ResponseWriter, status int, name string, data view) {
	var b bytes.Buffer
	t, ok := v.pages[name]
	err := fmt.Errorf("no template %q", name)
	if ok {
		err = t.ExecuteTemplate(&b, "layout", data)
	}
	if err != nil {
		http.Error(w, "console: page "+name+": "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// show renders a page of the session.
func (c *Console) show(w http.ResponseWriter, v session, name, title, nav string, body any) {
	c.views.render(w, http.StatusOK, name, c.view(v, title, nav, body))
}

func (c *Console) view(v session, title, nav string, body any) view {
	return view{Title: title, Nav: nav, Tenant: c.cfg.Tenant, Person: v.person, CSRF: c.sessions.csrf(v),
		Refresh: int(c.cfg.Refresh / time.Second), Now: c.store.now().UTC(), Body: body}
}

// problemBody is what the page of an error says: what, and the way out.
type problemBody struct{ What, Way string }

func (c *Console) problem(w http.ResponseWriter, r *http.Request, v session, status int, what, way string) {
	data := c.view(v, what, "", problemBody{what, way})
	if status != http.StatusServiceUnavailable {
		data.Refresh = 0
	}
	c.views.render(w, status, "problem", data)
}

// fail answers for an error of the store. nav keeps the navigation where it was.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, v session, nav string, err error) {
	if errors.Is(err, errNotFound) {
		c.problem(w, r, v, http.StatusNotFound, "There is nothing here", "No such page, or no such record for tenant "+c.cfg.Tenant+": retention may have removed it, or its address is incomplete.")
		return
	}
	if r.Context().Err() != nil {
		return // the reader has left
	}
	c.log.Error("page failed", "page", r.URL.Path, "error", err)
	where := "ClickHouse"
	if c.cfg.ClickHouse != "" {
		where += " at " + c.cfg.ClickHouse
	}
	switch troubleOf(err) {
	case unreachable:
		c.problem(w, r, v, http.StatusServiceUnavailable, where+" does not answer", "Detection and blocking go on without it; records wait in Kafka. Start it again, or look at its log. This page tries again by itself. "+err.Error())
	case tooMuch:
		c.problem(w, r, v, http.StatusServiceUnavailable, where+" could not answer within the limits of the console", "Take a narrower filter or a shorter time range, or raise console.query_timeout and console.query_rows. "+short(err))
	case unprepared:
		c.problem(w, r, v, http.StatusServiceUnavailable, where+" does not have the tables of this version", "Run the migrations: every service that writes to ClickHouse does at its start, as does mirador up. "+short(err))
	case refused:
		c.problem(w, r, v, http.StatusServiceUnavailable, where+" refuses the console's user", "Check clickhouse.user and its password, and that it may SELECT from the database. "+short(err))
	default:
		c.problem(w, r, v, http.StatusInternalServerError, "The console failed at this page", short(err))
	}
}

// short keeps stack traces of the server out of the page.
func short(err error) string {
	var q *queryError
	var ex *clickhouse.Exception
	name := ""
	if errors.As(err, &q) {
		name = fmt.Sprintf("query %q: ", q.name)
	}
	if errors.As(err, &ex) {
		line, _, _ := strings.Cut(ex.Message, "\n")
		if len(line) > 300 {
			line = strings.ToValidUTF8(line[:300], "") + "…"
		}
		return fmt.Sprintf("%scode %d: %s", name, ex.Code, line)
	}
	return err.Error()
}
