package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/segmentio/encoding/json"
)

// releasesBody is the page of releases.
type releasesBody struct {
	Rows      []deploy.Marker
	Services  []string // that were seen
	Done      string
	CanOrder  bool
	FixedName string
	Grace     time.Duration
	Now       time.Time
}

// Fresh says whether what is new at the service is borne with still.
func (b releasesBody) Fresh(m deploy.Marker) bool {
	age := b.Now.Sub(m.At)
	return age >= 0 && age < b.Grace
}

func (c *Console) releasesPage(w http.ResponseWriter, r *http.Request, v session) {
	rows, err := c.store.releases(r.Context(), c.cfg.PageRows)
	var services []string
	if err == nil {
		services, err = c.store.services(r.Context())
	}
	if err != nil {
		c.fail(w, r, v, "releases", err)
		return
	}
	b := releasesBody{Rows: rows, Services: services, CanOrder: c.releases != nil, FixedName: c.cfg.User, Grace: c.cfg.Grace, Now: c.store.now().UTC()}
	switch r.URL.Query().Get("done") {
	case "released":
		b.Done = "Published: behaviour bears with what is new there from now on. It is listed as soon as the recorder has it."
	case "withdrawn":
		b.Done = "Published: the release is taken back."
	}
	c.show(w, v, "releases", "Releases", "releases", b)
}

// release publishes a release that a person tells of.
func (c *Console) release(w http.ResponseWriter, r *http.Request, v session) {
	name := c.orderedBy(r, v)
	var at time.Time
	var err error
	if s := strings.TrimSpace(r.PostForm.Get("at")); s != "" {
		at, err = time.Parse(dateLayout, s)
	}
	text := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	m := newMarker(c.cfg.Tenant, "", text("service"), text("version"), text("note"), name, at, c.store.now())
	switch {
	case err != nil:
		err = fmt.Errorf("%w: the time is none", errUnfit)
	case !validPerson(name):
		err = fmt.Errorf("%w: %s", errUnfit, wrongPerson(name))
	default:
		err = c.publishRelease(r, m)
	}
	c.orderedRelease(w, r, v, "released", err)
}

// withdrawRelease takes one back that was told by mistake.
func (c *Console) withdrawRelease(w http.ResponseWriter, r *http.Request, v session) {
	id, name := r.PostForm.Get("id"), c.orderedBy(r, v)
	var err error
	switch {
	case id == "":
		err = fmt.Errorf("%w: it has no id", errUnfit)
	case c.releases == nil:
		err = errNoKafka
	case !validPerson(name):
		err = fmt.Errorf("%w: %s", errUnfit, wrongPerson(name))
	default:
		if err = c.releases.Withdraw(r.Context(), c.cfg.Tenant, id); err == nil {
			c.metrics.orders.WithLabelValues("withdraw_release", "ok").Inc()
			c.log.Info("release taken back by a person", "person", name, "id", id)
		}
	}
	c.orderedRelease(w, r, v, "withdrawn", err)
}

var (
	errNoKafka = errors.New("this console has no connection to Kafka")
	// errUnfit is wrapped where what was sent is no release.
	errUnfit = errors.New("not a release")
)

func (c *Console) orderedRelease(w http.ResponseWriter, r *http.Request, v session, done string, err error) {
	switch {
	case err == nil:
		http.Redirect(w, r, "/releases?done="+done, http.StatusSeeOther)
	case errors.Is(err, errUnfit), errors.Is(err, errNoKafka):
		c.metrics.orders.WithLabelValues("release", "invalid").Inc()
		c.problem(w, r, v, http.StatusBadRequest, "Nothing was changed", "The release cannot be told: "+err.Error()+".")
	default:
		c.problem(w, r, v, http.StatusServiceUnavailable, "The release did not reach Kafka", err.Error())
	}
}

// publishRelease publishes m and writes down who said so.
func (c *Console) publishRelease(r *http.Request, m deploy.Marker) error {
	if c.releases == nil {
		return errNoKafka
	}
	if err := m.Validate(); err != nil {
		return fmt.Errorf("%w: %w", errUnfit, err)
	}
	if ahead := m.At.Sub(c.store.now()); ahead > maxAhead {
		return fmt.Errorf("%w: ts is %s ahead; tell of it when it goes live", errUnfit, ahead.Round(time.Second))
	}
	if err := c.releases.Publish(r.Context(), m); err != nil {
		c.metrics.orders.WithLabelValues("release", "failed").Inc()
		c.log.Error("release could not be published", "person", m.Person, "of", m.Service, "error", err)
		return err
	}
	c.metrics.orders.WithLabelValues("release", "ok").Inc()
	c.log.Info("release", "person", m.Person, "from", peer(r).String(), "id", m.ID, "of", m.Service, "version", m.Version, "at", m.At)
	return nil
}

// maxAhead is how far ahead of our clock a release may be.
const maxAhead = time.Hour

// markerPath takes releases from pipelines.
const markerPath = "/api/v1/releases"

// markerRequest is what a pipeline sends. All but the service may be left out.
type markerRequest struct {
	ID      string    `json:"id"`
	Service string    `json:"service"`
	Version string    `json:"version"`
	At      time.Time `json:"ts"`
	Person  string    `json:"person"`
	Note    string    `json:"note"`
}

// marker is the endpoint of pipelines: JSON, with the token of the console as a bearer.
// Wrong tokens count as failed logins do.
func (c *Console) marker(w http.ResponseWriter, r *http.Request) {
	answer := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v) // the client may be gone
	}
	type problem struct {
		Error string `json:"error"`
	}
	from := peer(r)
	if !c.attempts.allowed(from) {
		c.metrics.logins.WithLabelValues("limited").Inc()
		w.Header().Set("Retry-After", "60")
		answer(http.StatusTooManyRequests, problem{"too many wrong tokens: wait a minute"})
		return
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || !c.sessions.tokenIs(strings.TrimSpace(token)) {
		c.attempts.fail(from)
		c.metrics.logins.WithLabelValues("wrong").Inc()
		c.log.Warn("release with a wrong token", "from", from.String())
		w.Header().Set("WWW-Authenticate", `Bearer realm="mirador"`)
		answer(http.StatusUnauthorized, problem{"send the token of this console: Authorization: Bearer TOKEN"})
		return
	}
	var q markerRequest
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(&q)
	if err != nil {
		err = fmt.Errorf("%w: %w", errUnfit, err)
	}
	if q.Person == "" {
		q.Person = "pipeline"
	}
	m := newMarker(c.cfg.Tenant, q.ID, q.Service, q.Version, q.Note, q.Person, q.At, c.store.now())
	if err == nil && !validPerson(q.Person) {
		err = fmt.Errorf("%w: %s", errUnfit, wrongPerson(q.Person))
	}
	if err == nil {
		err = c.publishRelease(r, m)
	}
	switch {
	case err == nil:
		answer(http.StatusCreated, m)
	case errors.Is(err, errUnfit):
		c.metrics.orders.WithLabelValues("release", "invalid").Inc()
		answer(http.StatusBadRequest, problem{err.Error()})
	default:
		answer(http.StatusServiceUnavailable, problem{err.Error()})
	}
}
