package behavior

import (
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Tok01 are the settings of TOK-01.
type Tok01 struct {
	// Window is how soon after its own client's last call another client's makes two at
	// once; Requests how many of the other's must be answered.
	Window   time.Duration `yaml:"window" doc:"How soon after a call of a token's own client a call of another counts as at the same time."`
	Requests int           `yaml:"requests" doc:"Answered requests of the other client that alert."`
}

func defaultTok01() Tok01 { return Tok01{Window: time.Hour, Requests: 2} }

func (c *Tok01) validate(l *limits) {
	l.span("tok_01.window", c.Window, time.Minute, 24*time.Hour)
	l.integer("tok_01.requests", c.Requests, 1, 1000)
}

// TOK-01: one token is used by two clients at once.
//
// Method: a token is handed to one program in one place. Network, TLS fingerprint and
// user agent of its calls are remembered, as session binding does (OWASP Session
// Management Cheat Sheet, "Binding the Session ID to Other User Properties"; Bursztein
// et al., "Sessionlock", 2008), but watched and not enforced. A client that is new to
// the token is another's when it differs from each client that used the token lately,
// in the network and in the agent or the fingerprint.
//
// Guards: two dimensions at least, the network one of them. A telephone that leaves the
// Wi-Fi changes the network alone; an app that shows a page, agent and fingerprint
// alone; after both each of its clients has a neighbour. Versions in the agent do not
// count. A token that lay idle for longer than the window may have moved. A service
// that passes on the token of a request calls from an address that is routed nowhere.
var tok01 = finding.Rule{
	ID: "TOK-01", Title: "Token used by two clients at once", Detector: Name, Severity: finding.High,
	OWASP: []string{"API2"}, CWE: []string{"CWE-294"}, ATTACK: []string{"T1550.001", "T1539"},
	Remediation: "Revoke the token and what it can be refreshed with; ask its owner to log in anew. Bind tokens to their client (DPoP, mTLS) and shorten their life.",
}

// maxClients is how many clients are remembered of a token.
const maxClients = 8

type tok struct {
	cfg     *Config
	metrics *Metrics
	states  *keyed.Kept[tokState] // by token
}

type tokState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Clients  keyed.List[tokClient]
	// Differs is in how many dimensions the foreign client does, Idle (ns) how long
	// before its first call the nearest of the token's own had called.
	Differs uint8
	Idle    int64
	Written uint32 // requests of the episode that change something
	Episode episode
}

type tokClient struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Client   client
	Last     int64
	Foreign  bool
}

func (s *tokState) valid() error {
	if len(s.Clients) > maxClients {
		return fmt.Errorf("token of %d clients", len(s.Clients))
	}
	return s.Episode.valid()
}

// Empty implements keyed.Emptier.
func (s *tokState) Empty() { *s = tokState{Clients: s.Clients[:0]} }

func newTok(cfg *Config, m *Metrics, actors *keyed.Actors) *tok {
	return &tok{cfg: cfg, metrics: m, states: keyed.Keep(actors, keptTokens, (*tokState).pack, (*tokState).valid, m.eviction(tok01.ID))}
}

func (r *tok) observe(o *observation, out *detect.Out) {
	tx := o.tx
	token := tokenOf(tx.Event)
	if !o.ok || len(token) == 0 {
		return
	}
	c := o.client()
	if c.Network == 0 || c.Agent == 0 && c.JA4 == 0 {
		return
	}
	s := r.states.Touch(o.hash.value(o.scope, token))
	k := s.client(&c, o.now, r)
	k.Last = max(k.Last, o.now-o.now%second)
	if !k.Foreign {
		return
	}
	s.Episode.see(tx, o.now, r.cfg, o.place)
	if s.Episode.Count == 1 {
		s.Written = 0
	}
	if !reads(tx.Event.Method) {
		s.Written++
	}
	if s.Episode.Count < uint64(r.cfg.Tok.Requests) || !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&tok01, tx, tx.Principal, "token", string(token))
	if s.Written > 0 {
		f.Severity = finding.Critical
	}
	f.Confidence = min(0.98, 0.75+0.1*float64(s.Differs-2)+0.1*min(1, float64(s.Episode.Count)/20))
	f.Features = []finding.Number{{Name: "foreign_requests", Value: float64(s.Episode.Count)}, {Name: "dimensions", Value: float64(s.Differs)},
		{Name: "since_own_client_s", Value: float64(s.Idle / 1e9)}, {Name: "written", Value: float64(s.Written)}}
	f.Baseline = []finding.Number{{Name: "dimensions", Value: 2}, {Name: "requests", Value: float64(r.cfg.Tok.Requests)}, {Name: "window_s", Value: r.cfg.Tok.Window.Seconds()}}
	f.Summary = fmt.Sprintf("%d requests answered to a second client with a token, the first %s after its own client's; %s differ; %d of them changed something",
		s.Episode.Count, spell(s.Idle), dimensions(s.Differs), s.Written)
	f.Counterfactual = fmt.Sprintf("Another network alone, another program alone, or %s without a call of its own client would not alert", spell(int64(r.cfg.Tok.Window)))
	out.Finding(f)
}

func dimensions(n uint8) string {
	if n >= 3 {
		return "network, TLS fingerprint and user agent"
	}
	return "network and program"
}

// reads says whether a method only reads.
func reads(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD", "OPTIONS":
		return true
	}
	return false
}

// client is what is remembered of c, which is made if it is new.
func (s *tokState) client(c *client, now int64, r *tok) *tokClient {
	oldest := 0
	for i := range s.Clients {
		if s.Clients[i].Client == *c {
			return &s.Clients[i]
		}
		if s.Clients[i].Last < s.Clients[oldest].Last {
			oldest = i
		}
	}
	k := tokClient{Client: *c, Foreign: s.foreign(c, now, r)}
	if len(s.Clients) < maxClients {
		s.Clients = append(s.Clients, k)
		return &s.Clients[len(s.Clients)-1]
	}
	s.Clients[oldest] = k
	return &s.Clients[oldest]
}

// foreign says whether c cannot be the token's own client on the way: it is a
// neighbour of none that used it within the window.
func (s *tokState) foreign(c *client, now int64, r *tok) bool {
	differs, idle := uint8(0), int64(0)
	for i := range s.Clients {
		k := &s.Clients[i]
		if now-k.Last > int64(r.cfg.Tok.Window) || k.Foreign {
			continue
		}
		if c.Inside && !k.Client.Inside {
			r.metrics.suppressed.WithLabelValues("tok_inside").Inc()
			continue
		}
		if !c.moved(&k.Client) || c.changed(&k.Client) == 0 {
			return false
		}
		if d := now - k.Last; differs == 0 || d < idle {
			differs, idle = uint8(1+c.changed(&k.Client)), max(0, d)
		}
	}
	if differs == 0 {
		return false
	}
	s.Differs, s.Idle = differs, idle
	return true
}

func (r *tok) capture(*keyed.Capture) {}

func (r *tok) decode(*msgpack.Decoder) error { return nil }
