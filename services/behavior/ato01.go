package behavior

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Ato01 are the settings of ATO-01.
type Ato01 struct {
	// Score is the log likelihood ratio from which a visit is more somebody else's than
	// the account's own; Visits how many of its own must be known to say so.
	Score  float64 `yaml:"score" doc:"Log likelihood ratio of network, agent and TLS fingerprint from which a visit is not the account's own."`
	Visits int     `yaml:"visits" doc:"Visits of an account that must be known to judge another."`
	// Window is how soon after it begins the change comes; Trust is when who came as a
	// stranger and comes again is one no more.
	Window time.Duration `yaml:"window" doc:"How soon after a strange visit began a sensitive change alerts."`
	Trust  time.Duration `yaml:"trust" doc:"How long after its first visit a stranger who comes again belongs to the account."`
	// Words are further words of paths whose change is sensitive.
	Words []string `yaml:"words" doc:"Further words of paths that a change of is sensitive."`
}

func defaultAto01() Ato01 {
	return Ato01{Score: 4, Visits: 3, Window: 30 * time.Minute, Trust: 24 * time.Hour}
}

func (c *Ato01) validate(l *limits) {
	l.number("ato_01.score", c.Score, 0.1, 100)
	l.integer("ato_01.visits", c.Visits, 1, 10_000)
	l.span("ato_01.window", c.Window, time.Minute, 24*time.Hour)
	l.span("ato_01.trust", c.Trust, time.Hour, 30*24*time.Hour)
}

// ATO-01: an account is visited by a stranger, who at once changes what lets people in
// or where money goes.
//
// Method: Freeman et al., "Who are you? A statistical approach to measuring user
// authenticity" (NDSS 2016): of each attribute of a visit (network, agent, TLS
// fingerprint) the log of how probable it is of anybody against how probable it is of
// this account, smoothed with the share that everybody has; their sum is the score. A
// known network weighs much, as few have it; the agent that half of the world has little.
// A high score alone is a new telephone; a change of password, address, second factor or
// payee within half an hour makes it a takeover.
//
// Guards: travel changes the network, a new telephone the rest, and neither is enough; an
// account of which little is known is not judged; a stranger who comes again a day later
// belongs to it, and teaches nothing before.
var ato01 = finding.Rule{
	ID: "ATO-01", Title: "Account taken over", Detector: Name, Severity: finding.High,
	OWASP: []string{"API2"}, CWE: []string{"CWE-287"}, ATTACK: []string{"T1078", "T1098"},
	Remediation: "End the sessions of the account and undo the change; reach its owner by what was on file before. Ask for the second factor before such changes.",
}

const (
	maxVisitors = 6            // clients remembered of an account
	pause       = 30 * minute  // after which a visit is another, ns
	smooth      = 1.0          // visits that the share of everybody weighs as much as
	rareNetwork = 1.0 / 1000   // share that any one network has of everybody
	rarest      = 1.0 / 10_000 // share of what nobody was seen with
)

type ato struct {
	cfg     *Config
	metrics *Metrics
	words   words
	states  *keyed.Kept[atoState]
	shares  *keyed.Table[share] // by agent and fingerprint, and of all
}

// atoState is one account.
type atoState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Visitors keyed.List[visitor]
	// Arrived is when the newest visit that is not the account's own began, Score what
	// it scored, As the client.
	Arrived int64
	Score   float64
	As      client
	Episode episode
}

// visitor is a client that visits an account.
type visitor struct {
	_msgpack    struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Client      client
	Visits      uint32
	First, Last int64
	Own         bool
}

// share counts visits of accounts.
type share struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	N        float64
}

func (s *atoState) valid() error {
	if len(s.Visitors) > maxVisitors || math.IsNaN(s.Score) || math.IsInf(s.Score, 0) {
		return fmt.Errorf("account of %d visitors, score %v", len(s.Visitors), s.Score)
	}
	return s.Episode.valid()
}

// Empty implements keyed.Emptier.
func (s *atoState) Empty() { *s = atoState{Visitors: s.Visitors[:0]} }

func newAto(cfg *Config, m *Metrics, actors *keyed.Actors) *ato {
	r := &ato{cfg: cfg, metrics: m, states: keyed.Keep(actors, keptAccounts, (*atoState).pack, (*atoState).valid, m.eviction(ato01.ID)), shares: keyed.NewTable[share](cfg.MaxLogins, m.eviction("client_shares"))}
	r.words = wordsOf(`password passwd email mail phone mobile msisdn mfa otp totp 2fa factor factors recovery security passkey passkeys
		beneficiary beneficiaries payee payees device devices apikey apikeys iban ` + strings.ToLower(strings.Join(cfg.Ato.Words, " ")))
	return r
}

func (r *ato) observe(o *observation, out *detect.Out) {
	tx := o.tx
	// Of a session or an address there is no history but its own.
	if !o.ok || len(tx.Event.Identity.Subject) == 0 || string(tx.Event.Identity.Scheme) == "mtls" {
		return
	}
	c := o.client()
	if c.Network == 0 || c.Agent == 0 && c.JA4 == 0 || c.Inside {
		return
	}
	s := r.states.Touch(0)
	r.visit(s, &c, o.now-o.now%second)
	if s.Arrived == 0 || s.As != c || o.now-s.Arrived > int64(r.cfg.Ato.Window) || !r.changes(o) {
		return
	}
	s.Episode.see(tx, o.now, r.cfg, o.place)
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&ato01, tx, tx.Principal)
	h := s.history(&s.As)
	after := max(0, o.now-s.Arrived)
	f.Confidence = min(0.95, 0.6+0.03*min(10, s.Score-r.cfg.Ato.Score)+0.05*min(1, h.visits/20))
	f.Features = []finding.Number{{Name: "score", Value: s.Score}, {Name: "after_s", Value: float64(after / 1e9)}, {Name: "changes", Value: float64(s.Episode.Count)}, {Name: "visits_known", Value: h.visits},
		{Name: "with_network", Value: h.network}, {Name: "with_agent", Value: h.agent}, {Name: "with_ja4", Value: h.ja4}}
	f.Baseline = []finding.Number{{Name: "score", Value: r.cfg.Ato.Score}, {Name: "window_s", Value: r.cfg.Ato.Window.Seconds()}}
	f.Summary = fmt.Sprintf("%s, the newest %s %s after a strange visit began: of %.0f visits of the account %.0f had its network, %.0f its agent, %.0f its TLS fingerprint; score %.1f, limit %.1f",
		plural(int(s.Episode.Count), "sensitive change"), tx.Endpoint.Label, spell(after), h.visits, h.network, h.agent, h.ja4, s.Score, r.cfg.Ato.Score)
	f.Counterfactual = fmt.Sprintf("From a known network or a known program, or later than %s, it would not alert", spell(int64(r.cfg.Ato.Window)))
	out.Finding(f)
}

// visit takes note of a call, and judges the visit that it begins, if it does.
func (r *ato) visit(s *atoState, c *client, now int64) {
	var v *visitor
	for i := range s.Visitors {
		if s.Visitors[i].Client == *c {
			v = &s.Visitors[i]
		}
	}
	if v != nil && now-v.Last < pause {
		v.Last = max(v.Last, now)
		return
	}
	score, judged := r.score(s, c)
	if v == nil {
		v = s.add(visitor{Client: *c, First: now})
	}
	v.Visits, v.Last = min(v.Visits+1, 1<<30), max(v.Last, now)
	if !v.Own && judged && score >= r.cfg.Ato.Score && now-v.First < int64(r.cfg.Ato.Trust) {
		s.Arrived, s.Score, s.As = now, score, *c
		return
	}
	v.Own = true
	if s.As == *c {
		s.Arrived = 0
	}
	for _, h := range [...]uint32{c.Agent, c.JA4, 0} { // 0 is all visits
		n := r.shares.Touch(uint64(h))
		n.N = min(n.N+1, 1e12)
	}
}

// history is in how many visits of its own an account had what a client has.
type history struct{ visits, network, agent, ja4 float64 }

func (s *atoState) history(c *client) (h history) {
	for i := range s.Visitors {
		v := &s.Visitors[i]
		if !v.Own {
			continue
		}
		n := float64(v.Visits)
		h.visits += n
		if v.Client.Network == c.Network {
			h.network += n
		}
		if v.Client.Agent == c.Agent {
			h.agent += n
		}
		if v.Client.JA4 == c.JA4 {
			h.ja4 += n
		}
	}
	return h
}

// score is the log likelihood ratio of a visit; false where too little is known.
func (r *ato) score(s *atoState, c *client) (sum float64, judged bool) {
	h := s.history(c)
	if h.visits < float64(r.cfg.Ato.Visits) {
		return 0, false
	}
	ratio := func(own, everybody float64) float64 {
		return math.Log(everybody / ((own + smooth*everybody) / (h.visits + smooth)))
	}
	sum = ratio(h.network, rareNetwork)
	if c.Agent != 0 {
		sum += ratio(h.agent, r.share(c.Agent))
	}
	if c.JA4 != 0 {
		sum += ratio(h.ja4, r.share(c.JA4))
	}
	return sum, true
}

func (r *ato) share(h uint32) float64 {
	all, n := r.shares.Get(0), r.shares.Get(uint64(h))
	if all == nil || n == nil || all.N == 0 {
		return rarest
	}
	return min(1, max(rarest, n.N/all.N))
}

// add makes room for v: strangers go first, then who came least lately.
func (s *atoState) add(v visitor) *visitor {
	if len(s.Visitors) < maxVisitors {
		s.Visitors = append(s.Visitors, v)
		return &s.Visitors[len(s.Visitors)-1]
	}
	out := 0
	for i := range s.Visitors {
		a, b := &s.Visitors[i], &s.Visitors[out]
		if a.Own != b.Own && !a.Own || a.Own == b.Own && a.Last < b.Last {
			out = i
		}
	}
	s.Visitors[out] = v
	return &s.Visitors[out]
}

// changes says whether the request changes what lets people in or where money goes.
func (r *ato) changes(o *observation) bool {
	e := o.tx.Event
	if reads(e.Method) || loginPath(e.Path) {
		return false
	}
	if r.words.in(e.Path) {
		return true
	}
	if e.Has(event.HeadersOnly) {
		return false
	}
	leaves := o.tx.Request().Leaves
	for i := range leaves {
		l := &leaves[i]
		if l.Location == content.Body && len(l.Value) > 0 && secretName(l.Name) {
			return true
		}
	}
	return false
}

// secretName says whether a field of a profile is one that lets people in.
func secretName(name string) bool {
	switch strings.ToLower(name) {
	case "new_password", "newpassword", "password_confirmation", "new_email", "newemail", "email", "phone", "mobile", "recovery_email", "mfa_enabled", "totp_secret":
		return true
	}
	return false
}

func (r *ato) capture(c *keyed.Capture) {
	r.shares.Capture(c)
}

func (r *ato) decode(d *msgpack.Decoder) error {
	return r.shares.Decode(d, func(s *share) error {
		if !finite(s.N) {
			return errors.New("share that is not a number")
		}
		return nil
	})
}
