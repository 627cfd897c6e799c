package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
)

// specRow is a document in the list.
type specRow struct {
	uploaded.Entry
	Differences kinds
}

// Link is the address of the document's page.
func (s specRow) Link() string { return specLink(s.Name) }

func specLink(name string) string { return "/specifications/" + url.PathEscape(name) }

type specsBody struct {
	Now       time.Time
	Rows      []specRow
	Connected bool // to Kafka
	Read      bool // all of them
	Unknown   bool // what differs: ClickHouse does not say
	Upload    uploadForm
	Done      string
}

// uploadForm is the form for a document, and what was wrong with the last one.
type uploadForm struct {
	CSRF, Person string
	AskName      bool   // of the person
	Name         string // of the document that it replaces; empty is any
	Limit        int
	Error        string
}

// Limit64 is Limit for people to read.
func (f uploadForm) Limit64() uint64 { return uint64(f.Limit) }

// lateness is how long after its time a difference may be said again.
const lateness = time.Hour

// sinceSaid is from when on what was said counts.
func (c *Console) sinceSaid() time.Time {
	return c.store.now().Add(-c.specLimits.Remind - lateness)
}

func (c *Console) uploadForm(v session, name string) uploadForm {
	return uploadForm{CSRF: c.sessions.csrf(v), Person: v.person, AskName: c.cfg.User == "" && v.person == "", Name: name, Limit: c.specLimits.MaxBytes}
}

func (c *Console) specificationsPage(w http.ResponseWriter, r *http.Request, v session) {
	b := c.specsBody(r, v)
	if r.URL.Query().Get("done") == "withdrawn" {
		b.Done = "Withdrawn: traffic is not compared with it any more. Differences that were found stay among the findings until their retention ends."
	}
	c.show(w, v, "specifications", "Specifications", "specifications", b)
}

// specsBody is the list. It does not need ClickHouse: documents come from Kafka, and
// without the counts a person can still publish.
func (c *Console) specsBody(r *http.Request, v session) specsBody {
	b := specsBody{Now: c.store.now().UTC(), Connected: c.specs != nil, Upload: c.uploadForm(v, "")}
	if c.specs == nil {
		return b
	}
	var list []uploaded.Entry
	list, b.Read = c.specs.Documents(c.cfg.Tenant)
	var digests []string
	for _, e := range list {
		if e.Specification != nil {
			digests = append(digests, e.Specification.Digest)
		}
	}
	sums := map[string]kinds{}
	if len(digests) > 0 {
		var err error
		if sums, err = c.store.differenceSums(r.Context(), digests, c.sinceSaid()); err != nil {
			c.log.Error("differences are not known", "error", err)
			b.Unknown = true
		}
	}
	for _, e := range list {
		row := specRow{Entry: e, Differences: kinds{}}
		if e.Specification != nil && sums[e.Specification.Digest] != nil {
			row.Differences = sums[e.Specification.Digest]
		}
		b.Rows = append(b.Rows, row)
	}
	return b
}

// specBytes is how much a form with a document may hold: it and the fields.
func (c *Console) specBytes() int64 { return int64(c.specLimits.MaxBytes) + maxForm }

// withFile reads a form that carries a file, so that posted finds its fields.
func (c *Console) withFile(h page) page {
	return func(w http.ResponseWriter, r *http.Request, v session) {
		if c.specs == nil {
			c.badUpload(w, r, v, http.StatusServiceUnavailable, "Nothing was changed: this console has no connection to Kafka.")
			return
		}
		err := r.ParseMultipartForm(c.specBytes()) // all of it in memory: no files are left behind
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			c.badUpload(w, r, v, http.StatusRequestEntityTooLarge, fmt.Sprintf("The document is larger than %s (specifications.max_bytes).", byteSize(uint64(c.specLimits.MaxBytes))))
			return
		case err != nil:
			c.badUpload(w, r, v, http.StatusBadRequest, "The form could not be read: "+err.Error()+".")
			return
		}
		h(w, r, v)
	}
}

// badUpload shows the list again, with what was wrong above the form.
func (c *Console) badUpload(w http.ResponseWriter, r *http.Request, v session, status int, why string) {
	c.metrics.orders.WithLabelValues("upload", "invalid").Inc()
	b := c.specsBody(r, v)
	b.Upload.Error = why
	data := c.view(v, "Specifications", "specifications", b)
	data.Refresh = 0 // it would fetch the list without the form's answer
	c.views.render(w, status, "specifications", data)
}

// person who gives an order, or why there is none.
func (c *Console) person(r *http.Request, v session) (string, error) {
	name := c.cfg.User
	if name == "" {
		name = strings.TrimSpace(r.PostForm.Get("person"))
	}
	if name == "" {
		name = v.person
	}
	if !validPerson(name) {
		return "", fmt.Errorf("%q is not a name of letters, digits, and . _ @ - inside, up to 64", name)
	}
	return name, nil
}

// upload takes a document, reads it, and leads to what it would change.
func (c *Console) upload(w http.ResponseWriter, r *http.Request, v session) {
	d, err := c.sent(r, v)
	if err != nil {
		c.badUpload(w, r, v, http.StatusBadRequest, err.Error())
		return
	}
	s, err := c.specs.Read(d)
	if err != nil {
		c.badUpload(w, r, v, http.StatusBadRequest, err.Error())
		return
	}
	id, replaced := c.candidates.add(v, *d, s, c.store.now())
	if replaced {
		c.metrics.orders.WithLabelValues("upload", "dropped").Inc()
	}
	c.metrics.orders.WithLabelValues("upload", "ok").Inc()
	http.Redirect(w, r, "/candidates/"+id, http.StatusSeeOther)
}

// sent is the document of a form.
func (c *Console) sent(r *http.Request, v session) (*uploaded.Document, error) {
	name, err := c.person(r, v)
	if err != nil {
		return nil, err
	}
	f, head, err := r.FormFile("document")
	if err != nil {
		return nil, errors.New("choose a file first")
	}
	defer f.Close()
	d := &uploaded.Document{Tenant: c.cfg.Tenant, Name: strings.TrimSpace(r.PostForm.Get("name")), Person: name, At: c.store.now().UTC()}
	if d.Name == "" {
		d.Name = head.Filename
	}
	d.Media = uploaded.Media(head.Filename)
	d.Bytes = make([]byte, head.Size)
	if _, err := f.ReadAt(d.Bytes, 0); err != nil && head.Size > 0 {
		return nil, fmt.Errorf("the file could not be read: %w", err)
	}
	return d, d.Validate(c.specLimits.MaxBytes)
}
