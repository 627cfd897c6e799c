package behavior

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Jwt01 are the settings of JWT-01.
type Jwt01 struct {
	// Skew is how far clocks may be apart.
	Skew time.Duration `yaml:"skew" doc:"How far the clocks of issuer, API and sensor may be apart."`
	// Issuers are those whose tokens are good; where there are none they are learned of
	// each host, from IssuerMin answered tokens on, and a new one is foreign for Grace.
	Issuers   []string      `yaml:"issuers" doc:"Issuers (iss) whose tokens are good; learned of each host if empty."`
	IssuerMin int           `yaml:"issuer_min" doc:"Answered tokens of a host from which its issuers count as learned."`
	Grace     time.Duration `yaml:"grace" doc:"How long an issuer that a host has never had counts as foreign."`
	// Rollout is how many principals bring a new issuer when it is the operator's own.
	Rollout int `yaml:"rollout" doc:"Principals from which a new issuer is the operator's own."`
	// Public is how many anonymous requests an endpoint must have answered to be open to
	// all: it does not look at the token then.
	Public int `yaml:"public" doc:"Anonymous requests answered from which an endpoint is open to all and looks at no token."`
}

func defaultJwt01() Jwt01 {
	return Jwt01{Skew: 5 * time.Minute, IssuerMin: 500, Grace: 24 * time.Hour, Rollout: 10, Public: 3}
}

func (c *Jwt01) validate(l *limits) {
	l.span("jwt_01.skew", c.Skew, 0, time.Hour)
	l.integer("jwt_01.issuer_min", c.IssuerMin, 1, 1_000_000)
	l.span("jwt_01.grace", c.Grace, time.Hour, 30*24*time.Hour)
	l.integer("jwt_01.rollout", c.Rollout, 2, maxBringing)
	l.integer("jwt_01.public", c.Public, 1, 1_000_000)
}

// JWT-01: an API answers a token that it must not accept.
//
// Method: deterministic, and after the fact. A token whose header says that it is not
// signed (RFC 8725, section 3.2), that has expired or is not yet good (RFC 7519, 4.1.4
// and 4.1.5), or comes from an issuer that this API has nothing to do with (RFC 8725,
// 3.8), is answered 2xx. What was sent is no news, that it was accepted is.
//
// Guards: the clocks may be apart; where the login, refresh and logout are, old tokens
// belong; an endpoint that answers anybody looks at no token. A new issuer that many
// bring at once is the operator's own.
var jwt01 = finding.Rule{
	ID: "JWT-01", Title: "Invalid token accepted", Detector: Name, Severity: finding.High,
	OWASP: []string{"API2"}, CWE: []string{"CWE-347", "CWE-613"}, ATTACK: []string{"T1606", "T1550.001"},
	Remediation: "Verify signature, algorithm, issuer, audience and times of every token at the named endpoint, with a list of algorithms that are allowed; revoke what the token was used for.",
}

const (
	maxIssuers  = 16 // remembered a host
	maxBringing = 32 // principals remembered of a new issuer
)

type jwt struct {
	cfg     *Config
	metrics *Metrics
	open    *keyed.Table[openState]   // by endpoint that answered somebody anonymous
	hosts   *keyed.Table[issuerState] // by host
	states  *keyed.Table[jwtState]    // by principal and fault
}

// openState is how an endpoint treats who shows no identity.
type openState struct {
	_msgpack          struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Answered, Refused uint32
}

// issuerState is whose tokens a host accepts.
type issuerState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	N        uint32
	Issuers  keyed.List[issuerSeen]
}

type issuerSeen struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Issuer   uint64
	First    int64              // ns
	Last     int64              // ns
	By       keyed.List[uint32] // hashes of principals who brought it while it was new
	Learned  bool
}

type jwtState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Episode  episode
}

func (s *issuerState) valid() error {
	if len(s.Issuers) > maxIssuers {
		return fmt.Errorf("host of %d issuers", len(s.Issuers))
	}
	for i := range s.Issuers {
		if len(s.Issuers[i].By) > maxBringing {
			return fmt.Errorf("issuer that %d bring", len(s.Issuers[i].By))
		}
	}
	return nil
}

func newJWT(cfg *Config, m *Metrics) *jwt {
	return &jwt{cfg: cfg, metrics: m, open: keyed.NewTable[openState](cfg.MaxLogins, m.eviction("open_endpoints")),
		hosts: keyed.NewTable[issuerState](cfg.MaxLogins, m.eviction("issuers")), states: keyed.NewTable[jwtState](cfg.MaxKeys, m.eviction(jwt01.ID))}
}

// fault is what is wrong with a token.
type fault struct {
	name, says string
	severity   finding.Severity
	confidence float64
	by         float64 // seconds, where it is a matter of time
}

func (r *jwt) observe(o *observation, out *detect.Out) {
	tx := o.tx
	id := &tx.Event.Identity
	if len(id.TokenHeader) == 0 && len(id.Claims) == 0 {
		r.anonymous(o)
		return
	}
	if !o.ok {
		return
	}
	f, bad := r.fault(o)
	if !bad {
		return
	}
	if renews(tx.Event.Path) {
		r.metrics.suppressed.WithLabelValues("jwt_renewal").Inc()
		return
	}
	if p := r.open.Get(o.endpoint); p != nil && int(p.Answered) >= r.cfg.Jwt.Public && p.Answered > p.Refused {
		r.metrics.suppressed.WithLabelValues("jwt_public").Inc()
		return
	}
	s := r.states.Touch(o.hash.value(o.who, []byte(f.name)))
	s.Episode.see(tx, o.now, r.cfg, o.place)
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	found := s.Episode.finding(&jwt01, tx, tx.Principal, f.name)
	found.Title = jwt01.Title + ": " + f.name
	found.Severity, found.Confidence = f.severity, f.confidence
	found.Features = []finding.Number{{Name: "answered", Value: float64(s.Episode.Count)}, {Name: "beyond_s", Value: f.by}}
	for _, name := range jwtFaults {
		found.Features = append(found.Features, finding.Number{Name: strings.ReplaceAll(name, " ", "_"), Value: number(name == f.name)})
	}
	found.Baseline = []finding.Number{{Name: "answered", Value: 0}, {Name: "skew_s", Value: r.cfg.Jwt.Skew.Seconds()}, {Name: "issuers", Value: float64(len(r.cfg.Jwt.Issuers))}}
	found.Summary = fmt.Sprintf("%d requests with a token that %s were answered %d at %s", s.Episode.Count, f.says, tx.Event.Status, tx.Endpoint.Label)
	found.Counterfactual = "Answered 401, or at an endpoint that answers anybody, it would not alert"
	out.Finding(found)
}

// anonymous takes note of how an endpoint treats who shows no identity.
func (r *jwt) anonymous(o *observation) {
	if o.tx.Event.Authenticated() || string(o.tx.Event.Identity.Scheme) != "none" && len(o.tx.Event.Identity.Scheme) > 0 {
		return
	}
	switch {
	case o.ok:
		p := r.open.Touch(o.endpoint)
		p.Answered = min(p.Answered+1, 1<<30)
	case o.tx.Event.Status == 401 || o.tx.Event.Status == 403:
		if p := r.open.Get(o.endpoint); p != nil {
			p.Refused = min(p.Refused+1, 1<<30)
		}
	}
}

// jwtFaults are the names of faults, the gravest first.
var jwtFaults = [...]string{"not signed", "expired", "foreign issuer", "not yet good"}

// fault is the gravest thing wrong with the token that came with o.
func (r *jwt) fault(o *observation) (fault, bool) {
	id := &o.tx.Event.Identity
	if alg := algorithm(id.TokenHeader); strings.EqualFold(alg, "none") {
		return fault{name: jwtFaults[0], says: "is not signed (alg none)", severity: finding.Critical, confidence: 0.97}, true
	}
	c := &r.cfg.Jwt
	skew := c.Skew.Seconds()
	now := float64(o.now) / 1e9
	if t, ok := seconds(id.Claim("exp")); ok && now > t+skew {
		return fault{name: jwtFaults[1], says: fmt.Sprintf("had expired %s before", spell(int64((now-t)*1e9))), severity: finding.High, confidence: 0.9, by: now - t}, true
	}
	if r.foreign(o, id.Claim("iss")) {
		f := fault{name: jwtFaults[2], says: "an issuer that this API is not known to trust has made", severity: finding.High, confidence: 0.7}
		if len(c.Issuers) > 0 {
			f.confidence = 0.95
		}
		return f, true
	}
	if t, ok := seconds(id.Claim("nbf")); ok && now < t-skew {
		return fault{name: jwtFaults[3], says: fmt.Sprintf("is good only %s later", spell(int64((t-now)*1e9))), severity: finding.Medium, confidence: 0.85, by: t - now}, true
	}
	return fault{}, false
}

// foreign says whether the host has nothing to do with the issuer, and learns.
func (r *jwt) foreign(o *observation, claim []byte) bool {
	if len(claim) == 0 {
		return false
	}
	c := &r.cfg.Jwt
	if len(c.Issuers) > 0 {
		return !slices.Contains(c.Issuers, string(bytes.Trim(claim, `"`)))
	}
	h := r.hosts.Touch(o.hash.within(o.tx.Endpoint.Host))
	s := h.of(o.hash.value(4, claim), o.now)
	learning := int(h.N) < c.IssuerMin
	h.N = min(h.N+1, 1<<30)
	if learning || s.Learned || o.now-s.First > int64(c.Grace) {
		s.Learned, s.By = true, nil
		return false
	}
	if who := uint32(o.who); !slices.Contains(s.By, who) && len(s.By) < maxBringing {
		s.By = append(s.By, who)
	}
	if len(s.By) >= c.Rollout {
		r.metrics.suppressed.WithLabelValues("jwt_issuer_rollout").Inc()
		s.Learned, s.By = true, nil
		return false
	}
	if s.By[0] != uint32(o.who) { // one alert an issuer
		r.metrics.suppressed.WithLabelValues("jwt_issuer_alerted").Inc()
		return false
	}
	return true
}

// of is what is known of the issuer; one that was long not seen makes room.
func (h *issuerState) of(issuer uint64, now int64) *issuerSeen {
	oldest := 0
	for i := range h.Issuers {
		if h.Issuers[i].Issuer == issuer {
			h.Issuers[i].Last = max(h.Issuers[i].Last, now)
			return &h.Issuers[i]
		}
		if h.Issuers[i].Last < h.Issuers[oldest].Last {
			oldest = i
		}
	}
	s := issuerSeen{Issuer: issuer, First: now, Last: now}
	if len(h.Issuers) < maxIssuers {
		h.Issuers = append(h.Issuers, s)
		return &h.Issuers[len(h.Issuers)-1]
	}
	h.Issuers[oldest] = s
	return &h.Issuers[oldest]
}

func (r *jwt) capture(c *keyed.Capture) {
	r.open.Capture(c)
	r.hosts.Capture(c)
	r.states.Capture(c)
}

func (r *jwt) decode(d *msgpack.Decoder) error {
	if err := r.open.Decode(d, nil); err != nil {
		return err
	}
	if err := r.hosts.Decode(d, (*issuerState).valid); err != nil {
		return err
	}
	return r.states.Decode(d, func(s *jwtState) error { return s.Episode.valid() })
}
