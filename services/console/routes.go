package console

import (
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

//go:embed assets templates
var files embed.FS

// policy lets a page load what this service serves and nothing else: no inline
// script or style, no frame around it, no form that posts elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxForm bounds what is posted.
const maxForm = 16 << 10

// uploadPath takes forms with a document.
const uploadPath = "/specifications"

// page is a handler that has a session.
type page func(w http.ResponseWriter, r *http.Request, v session)

// routes: login and assets are open, everything else is closed by c.closed.
func (c *Console) routes() http.Handler {
	mux := http.NewServeMux()
	open := func(pattern, name string, h http.HandlerFunc) { mux.Handle(pattern, c.counted(name, h)) }
	closed := func(pattern, name string, h page) { mux.Handle(pattern, c.counted(name, c.closed(h))) }

	open("GET /login", "login", c.loginPage)
	open("POST /login", "login", c.login)
	open("GET /assets/", "assets", assets())
	closed("GET /{$}", "overview", c.overviewPage)
	closed("GET /findings", "findings", c.findingsPage)
	closed("GET /findings/{id}", "finding", c.findingPage)
	closed("POST /findings/{id}/verdict", "verdict", c.posted(c.judgeFinding))
	closed("GET /principals", "principals", c.principalsPage)
	closed("GET /principals/one", "principal", c.principalPage)
	closed("GET /precision", "precision", c.precisionPage)
	closed("GET /events/{id}", "event", c.eventPage)
	closed("GET /endpoints", "endpoints", c.endpointsPage)
	closed("GET /endpoints/{id}", "endpoint", c.endpointPage)
	closed("POST /endpoints/{id}/template", "template", c.posted(c.orderTemplate))
	closed("GET /flows", "flows", c.flowsPage)
	closed("GET /releases", "releases", c.releasesPage)
	closed("POST /releases", "release", c.posted(c.release))
	closed("POST /releases/withdraw", "withdraw-release", c.posted(c.withdrawRelease))
	open("POST "+markerPath, "release-api", c.marker)
	closed("GET /changes", "changes", c.changesPage)
	closed("GET /fields", "fields", c.fieldsPage)
	closed("GET /fields/{id}", "field", c.fieldPage)
	closed("GET /data", "data", c.dataPage)
	closed("GET /data/{class}", "class", c.classPage)
	closed("GET /regimes", "regimes", c.regimesPage)
	closed("GET /regimes/{id}", "regime", c.regimePage)
	closed("GET /actions", "actions", c.actionsPage)
	closed("POST /actions/unblock", "unblock", c.posted(c.unblock))
	closed("POST /actions/withdraw", "withdraw", c.posted(c.withdraw))
	closed("GET /specifications", "specifications", c.specificationsPage)
	closed("POST "+uploadPath, "upload", c.withFile(c.posted(c.upload)))
	closed("GET /specifications/{name}", "specification", c.specificationPage)
	closed("GET /specifications/{name}/document", "document", c.documentPage)
	closed("POST /specifications/{name}/withdraw", "withdraw-specification", c.posted(c.withdrawSpec))
	closed("GET /candidates/{id}", "candidate", c.candidatePage)
	closed("POST /candidates/{id}", "publish", c.posted(c.publish))
	closed("POST /logout", "logout", c.posted(c.logout))
	closed("/", "unknown", func(w http.ResponseWriter, r *http.Request, v session) { c.fail(w, r, v, "", errNotFound) })

	// Against forms of other sites, beside the token of each form: login has none yet.
	return c.headersOn(http.NewCrossOriginProtection().Handler(mux))
}

func (c *Console) headersOn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		most := int64(maxForm)
		if r.URL.Path == uploadPath {
			most = c.specBytes() // read by who has a session only
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// closed asks for a session: readers are led to the login page and back.
func (c *Console) closed(h page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, ok := c.sessions.of(r)
		if ok {
			h(w, r, v)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			c.views.render(w, http.StatusUnauthorized, "login", c.loginData("", "Your session is over. Log in and do it again: nothing was changed."))
			return
		}
		to := "/login"
		if next := r.URL.RequestURI(); next != "/" {
			to += "?next=" + url.QueryEscape(next)
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
}

// posted asks for the token that only our own forms of this session carry.
func (c *Console) posted(h page) page {
	return func(w http.ResponseWriter, r *http.Request, v session) {
		if err := r.ParseForm(); err != nil {
			c.problem(w, r, v, http.StatusBadRequest, "The form could not be read", err.Error())
			return
		}
		if !c.sessions.csrfIs(v, r.PostForm.Get("csrf")) {
			c.problem(w, r, v, http.StatusForbidden, "This form is not of your session", "Nothing was changed. Go back, load the page again and send the form from there.")
			return
		}
		h(w, r, v)
	}
}

// counted counts requests by page and status.
func (c *Console) counted(name string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(s, r)
		c.metrics.requests.WithLabelValues(name, strconv.Itoa(s.status)).Inc()
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// assets serves the embedded files. They change with the build only, but their
// names do not: a browser keeps them for a while, not for ever.
func assets() http.HandlerFunc {
	sub, err := fs.Sub(files, "assets")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	server := http.StripPrefix("/assets/", http.FileServerFS(sub))
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") { // no listing
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "private, max-age=300")
		server.ServeHTTP(w, r)
	}
}
