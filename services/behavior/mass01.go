package behavior

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Mass01 are the settings of MASS-01.
type Mass01 struct {
	Writes  int `yaml:"writes" doc:"Writes of an endpoint that must have been seen before a property can be new to it."`
	Senders int `yaml:"senders" doc:"Principals who send a property for it to belong to the endpoint."`
}

func defaultMass01() Mass01 { return Mass01{Writes: 20, Senders: 3} }

func (c *Mass01) validate(l *limits) {
	l.integer("mass_01.writes", c.Writes, 2, 1_000_000)
	l.integer("mass_01.senders", c.Senders, 2, maxSenders)
}

// MASS-01: a write sets a property that is not for the caller to set (CWE-915).
//
// Method: the names of properties that clients send are learned for each endpoint and
// direction of writing, by principals. A property that grants something (a role, a
// balance, a verification, an owner), that no others send here, in a write that was
// accepted, is told; that the answer shows it with the value that was sent says that it
// took effect.
//
// Guards: an endpoint must have been written to Writes times, and what came before is
// its own; so is a property that Senders principals send, and one in a hundred, so a deploy that adds one is quiet once it is
// used; soon after a release of which Mirador is told, only what took effect alerts. Names
// alone do not alert: a property without such a meaning is noise.
var mass01 = finding.Rule{
	ID: "MASS-01", Title: "Property set that is not the caller's", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API3"}, CWE: []string{"CWE-915"}, ATTACK: []string{"T1068"},
	Remediation: "Bind only the properties that the caller may set, by a list of them; refuse a request that holds others.",
}

type mass struct {
	cfg       *Config
	metrics   *Metrics
	endpoints *keyed.Table[written] // by endpoint
	released  *releases
	names     *keyed.Table[property]  // by endpoint and property
	states    *keyed.Table[massState] // by principal and endpoint
}

// written is how often an endpoint was written to, and by whom.
type written struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Writes   uint32
	Who      crowd
}

func (w *written) valid() error { return w.Who.valid() }

// property is one of an endpoint's. Early says that it was sent before the endpoint was
// known well: then it belongs to it, however few send it.
type property struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Senders  crowd
	Early    bool
}

func (p *property) valid() error { return p.Senders.valid() }

type massState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Echoed   uint32
	Names    keyed.List[string] // of the episode
	Episode  episode
}

const maxNames = 8

func (s *massState) valid() error {
	if len(s.Names) > maxNames {
		return fmt.Errorf("write of %d properties", len(s.Names))
	}
	for _, n := range s.Names {
		if len(n) > maxShape {
			return fmt.Errorf("property name of %d bytes", len(n))
		}
	}
	return s.Episode.valid()
}

func newMass(cfg *Config, m *Metrics, released *releases) *mass {
	return &mass{cfg: cfg, metrics: m, released: released, endpoints: keyed.NewTable[written](cfg.MaxLogins*10, m.eviction("written")),
		names: keyed.NewTable[property](cfg.MaxKeys, m.eviction("properties")), states: keyed.NewTable[massState](cfg.MaxKeys, m.eviction("MASS-01"))}
}

// writes says whether a request sets something.
func writes(e *event.Event) bool {
	if len(e.RequestBody.Data) == 0 {
		return false
	}
	switch string(e.Method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

func (r *mass) observe(o *observation, out *detect.Out) {
	tx := o.tx
	if !o.ok || !writes(tx.Event) || isLogin(tx) {
		return
	}
	w := r.endpoints.Touch(o.endpoint)
	ready := int(w.Writes) >= r.cfg.Mass.Writes
	w.Writes = min(w.Writes+1, 1<<31)
	w.Who.add(o.who)
	var found []*content.Leaf
	doc := tx.Request()
	for i := range doc.Leaves {
		l := &doc.Leaves[i]
		if l.Location != content.Body || !grants(l.Name) {
			continue
		}
		p := r.names.Touch(mix(o.endpoint, o.hash.of(l.Path)))
		if p.Senders.size() == 0 {
			p.Early = !ready
		}
		if p.Senders.add(o.who); !p.Early && !p.Senders.commonTo(&w.Who, r.cfg.Mass.Senders) {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		return
	}
	s := r.states.Touch(mix(o.who, o.endpoint))
	s.Episode.see(tx, o.now, r.cfg, nil)
	if s.Episode.Count == 1 {
		s.Names, s.Echoed = s.Names[:0], 0
	}
	for _, l := range found {
		if len(s.Names) < maxNames && len(l.Path) <= maxShape && !contains(s.Names, l.Path) {
			s.Names = append(s.Names, l.Path)
		}
		if echoed(tx.Response(), l) {
			s.Echoed++
		}
	}
	// What took effect is told however new it is.
	if len(s.Names) == 0 || s.Echoed == 0 && r.released.holds(o, "mass_release") || !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&mass01, tx, tx.Principal, tx.Endpoint.ID)
	f.Confidence = 0.6
	effect := "the answers do not show whether it took effect"
	if s.Echoed > 0 {
		f.Severity, f.Confidence = finding.High, 0.85
		effect = fmt.Sprintf("%d answers showed the value that was sent", s.Echoed)
	}
	f.Evidence = nil
	for _, name := range s.Names {
		f.Evidence = append(f.Evidence, finding.Evidence{Location: "request.body", Path: name, Note: "sent by nobody else here"})
	}
	f.Features = []finding.Number{{Name: "properties", Value: float64(len(s.Names))}, {Name: "writes", Value: float64(s.Episode.Count)}, {Name: "echoed", Value: float64(s.Echoed)}}
	f.Baseline = []finding.Number{{Name: "writes_before", Value: float64(w.Writes - 1)}, {Name: "senders", Value: float64(r.cfg.Mass.Senders)}}
	f.Summary = fmt.Sprintf("%d accepted writes at %s set %s, which none of the %d writes before did but its own; %s", s.Episode.Count, tx.Endpoint.Label, strings.Join(s.Names, ", "), w.Writes-1, effect)
	f.Counterfactual = fmt.Sprintf("A property that %d principals send, or a write that is refused, would not alert", r.cfg.Mass.Senders)
	out.Finding(f)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// echoed says whether a response shows the property with the value that was sent.
func echoed(doc *content.Document, l *content.Leaf) bool {
	for i := range doc.Leaves {
		x := &doc.Leaves[i]
		if x.Location == content.Body && x.Name == l.Name && bytes.Equal(x.Value, l.Value) {
			return true
		}
	}
	return false
}

// grants says whether a property of that name gives its owner something.
func grants(name string) bool {
	var room [32]byte
	n := room[:0]
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '_' || c == '-' {
			continue
		}
		if len(n) == len(room) {
			return false
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		n = append(n, c)
	}
	switch string(n) {
	case "role", "roles", "userrole", "admin", "isadmin", "administrator", "superuser", "issuperuser", "staff", "isstaff", "root", "permission", "permissions", "privilege", "privileges",
		"scope", "scopes", "authorities", "group", "groups", "groupid", "acl", "access", "accesslevel", "usertype", "accounttype", "tier", "plan", "subscription",
		"verified", "isverified", "emailverified", "phoneverified", "kycstatus", "kyc", "approved", "isapproved", "approvedby", "enabled", "active", "isactive", "locked", "banned", "suspended",
		"balance", "credit", "credits", "creditlimit", "limit", "overdraft", "discount", "price", "unitprice", "fee", "total", "rate", "interestrate", "paid", "ispaid", "refunded",
		"owner", "ownerid", "userid", "accountid", "tenant", "tenantid", "orgid", "organizationid", "customerid", "createdby", "internal", "isinternal", "debug", "deleted", "mfaenabled", "twofactor":
		return true
	}
	return false
}

func (r *mass) capture(c *keyed.Capture) {
	r.endpoints.Capture(c)
	r.names.Capture(c)
	r.states.Capture(c)
}

func (r *mass) decode(d *msgpack.Decoder) error {
	if err := r.endpoints.Decode(d, (*written).valid); err != nil {
		return err
	}
	if err := r.names.Decode(d, (*property).valid); err != nil {
		return err
	}
	return r.states.Decode(d, (*massState).valid)
}
