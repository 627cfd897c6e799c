package behavior

import (
	"fmt"
	"math"
	"strings"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Auth01 are the settings of AUTH-01.
type Auth01 struct {
	// Public are templates, or beginnings of them, that answer anybody on purpose.
	Public []string `yaml:"public" doc:"Paths, or beginnings of them, that answer anybody on purpose."`
	// Protected is the lower bound of the part of an endpoint's answers that go to
	// somebody known, from which it is meant for them; Open that of the part of anonymous
	// requests that it answers.
	Protected float64 `yaml:"protected" doc:"Part of its answers that go to known principals from which an endpoint is meant for them; lower bound."`
	Open      float64 `yaml:"open" doc:"Part of anonymous requests answered from which an endpoint does not ask who it is; lower bound."`
	Sources   int     `yaml:"sources" doc:"Networks (/24, /48) that must have been answered."`
	Answers   int     `yaml:"answers" doc:"Anonymous requests that must have been answered."`
}

func defaultAuth01() Auth01 { return Auth01{Protected: 0.8, Open: 0.2, Sources: 3, Answers: 5} }

func (c *Auth01) validate(l *limits) {
	l.number("auth_01.protected", c.Protected, 0.01, 1)
	l.number("auth_01.open", c.Open, 0.01, 1)
	l.integer("auth_01.sources", c.Sources, 1, maxOpenTo)
	l.integer("auth_01.answers", c.Answers, 1, 1_000_000)
	for _, p := range c.Public {
		if !strings.HasPrefix(p, "/") {
			l.errs = append(l.errs, fmt.Errorf("behavior.auth_01.public %q: must begin with /", p))
		}
	}
}

// AUTH-01: an operation that is meant for known principals answers anybody.
//
// Method: of an endpoint it is counted who is answered: known principals, anonymous
// ones, and how many of those are refused. It is meant for known ones when nearly all of
// its answers go to them, or when its path says so (payouts, statements, admin), and
// asks nobody when it answers anonymous requests. Both shares are taken at the lower end
// of their Wilson interval (E. B. Wilson, "Probable inference, the law of succession, and
// statistical inference", 1927), so that a few requests prove nothing. First stage (this
// file): what one partition saw, sent when an anonymous request was answered. Second
// stage (auth01_open.go): the endpoint, over all.
//
// Guards: several networks, as one may be the operator's own; logins, registrations,
// resets, webhooks and what the settings name are open on purpose; links that carry
// their own permission; requests between services; a cookie or header that may be an
// identity which the sensor does not know.
var auth01 = finding.Rule{
	ID: "AUTH-01", Title: "Sensitive operation without authentication", Detector: Name, Severity: finding.High,
	OWASP: []string{"API2"}, CWE: []string{"CWE-306"}, ATTACK: []string{"T1190"},
	Remediation: "Require authentication at the named endpoint, and refuse by default: an endpoint that is not listed as public must ask who calls.",
}

type auth struct {
	cfg     *Config
	metrics *Metrics
	states  *keyed.Table[authState] // by endpoint
	pending gathered[opening]
}

// authState is what this partition saw of an endpoint. Auth and Refused were not sent
// yet; Known and Anonymous are all answers.
type authState struct {
	_msgpack         struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Auth, Refused    uint32
	Known, Anonymous uint32
}

func newAuth(cfg *Config, m *Metrics) *auth {
	return &auth{cfg: cfg, metrics: m, states: keyed.NewTable[authState](cfg.MaxLogins, m.eviction(auth01.ID))}
}

const manyAnswers = 1 << 30 // counters end there

func (r *auth) observe(o *observation, _ *detect.Out) {
	e := o.tx.Event
	refused := e.Status == 401 || e.Status == 403
	if !o.ok && !refused {
		return
	}
	if e.Authenticated() || len(e.Identity.Credential) > 0 {
		if o.ok {
			s := r.states.Touch(o.endpoint)
			s.Auth, s.Known = min(s.Auth+1, manyAnswers), min(s.Known+1, manyAnswers)
		}
		return
	}
	if refused {
		if s := r.states.Get(o.endpoint); s != nil {
			s.Refused = min(s.Refused+1, manyAnswers)
		}
		return
	}
	if r.public(o) {
		return
	}
	s := r.states.Touch(o.endpoint)
	s.Anonymous = min(s.Anonymous+1, manyAnswers)
	sensitive := sensitiveWords.in([]byte(o.tx.Endpoint.Template))
	// Whether it is meant for known ones is the second stage's to say; what answers
	// mostly anybody here is not worth telling it.
	if !sensitive && s.Known < 2*s.Anonymous {
		return
	}
	if guard := excused(e); guard != "" {
		r.metrics.suppressed.WithLabelValues(guard).Inc()
		return
	}
	p := r.pending.of(o.tx, func() *opening {
		return &opening{EndpointID: o.tx.Endpoint.ID, Endpoint: o.tx.Endpoint.Label, Service: string(e.Deployment.Service), Sensitive: sensitive}
	})
	p.Rows = append(p.Rows, openRow{Bucket: o.now / bucket, Address: string(e.Client.Address), Auth: s.Auth, Refused: s.Refused, Answered: 1, Stamps: stampOf(o.now, e.ID)})
	s.Auth, s.Refused = 0, 0
}

var (
	sensitiveWords = wordsOf(`admin administrator internal transfer transfers payout payouts withdraw withdrawal withdrawals
		beneficiary beneficiaries payee payees statement statements salary payroll invoice invoices medical patient patients
		export exports backup backups dump secret secrets credentials apikeys keys role roles permission permissions impersonate
		audit wallet wallets card cards iban refund refunds`)
	publicWords = wordsOf(`register registration signup activate verify confirm reset forgot recover unsubscribe webhook webhooks
		callback health healthz livez readyz ping status public static assets docs openapi swagger favicon robots`)
	permissions = wordsOf("sig signature token ticket key code hmac hash otp")
)

// public says whether the endpoint answers anybody on purpose.
func (r *auth) public(o *observation) bool {
	switch string(o.tx.Event.Method) {
	case "OPTIONS", "HEAD": // of which browsers send without what identifies
		return true
	}
	if o.login.counts || loginPath(o.tx.Event.Path) || publicWords.in(o.tx.Event.Path) {
		return true
	}
	for _, p := range r.cfg.Auth.Public {
		if strings.HasPrefix(o.tx.Endpoint.Template, p) {
			return true
		}
	}
	return false
}

// excused is the guard that an anonymous request falls under, "" for none.
func excused(e *event.Event) string {
	if len(e.Deployment.Source) > 0 {
		return "auth_between_services"
	}
	if permissions.in(e.Query) {
		return "auth_signed_link"
	}
	for i := range e.RequestHeaders {
		name := e.RequestHeaders[i].Name
		if len(name) > 64 {
			continue
		}
		switch n := strings.ToLower(string(name)); {
		case n == "cookie", strings.Contains(n, "auth"), strings.Contains(n, "token"), strings.Contains(n, "key") && !strings.HasPrefix(n, "sec-"),
			strings.Contains(n, "session"), strings.Contains(n, "signature"), strings.Contains(n, "secret"):
			return "auth_unknown_identity"
		}
	}
	return ""
}

// wilson is the lower end of the 95 % interval of a share of k in n.
func wilson(k, n float64) float64 {
	if n <= 0 {
		return 0
	}
	const z = 1.96
	p := k / n
	return max(0, (p+z*z/(2*n)-z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n)))/(1+z*z/n))
}

func (r *auth) capture(c *keyed.Capture) { r.states.Capture(c) }

func (r *auth) decode(d *msgpack.Decoder) error { return r.states.Decode(d, nil) }
