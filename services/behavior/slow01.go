package behavior

import (
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Slow01 are the settings of SLOW-01.
type Slow01 struct {
	// Tokens is how many principals at one address, or of one kind of client in a network,
	// must together read Objects of others.
	Tokens  int     `yaml:"tokens" doc:"Principals at one address that together read objects of others."`
	Objects int     `yaml:"objects" doc:"Objects of others that alert at least."`
	Mean    float64 `yaml:"mean" doc:"Objects of others that are read from an ordinary address an hour."`
	Size    float64 `yaml:"size" doc:"Dispersion of that count; smaller is wilder."`
	Alpha   float64 `yaml:"alpha" doc:"Tail probability at which an address alerts."`
	// Alarm is the log likelihood ratio at which an endpoint is taken to be guessed at,
	// Sources the addresses that it must come from, were it spread evenly.
	Alarm   float64 `yaml:"alarm" doc:"Log likelihood ratio at which an endpoint is guessed at."`
	Sources int     `yaml:"sources" doc:"Addresses in an hour that guesses must come from, were they spread evenly."`
}

func defaultSlow01() Slow01 {
	return Slow01{Tokens: 4, Objects: 12, Mean: 1, Size: 0.5, Alpha: 1e-5, Alarm: 16, Sources: 15}
}

func (c *Slow01) validate(l *limits) {
	l.integer("slow_01.tokens", c.Tokens, 2, 1000)
	l.integer("slow_01.objects", c.Objects, 2, topCount)
	l.number("slow_01.mean", c.Mean, 0.001, 1000)
	l.number("slow_01.size", c.Size, 0.05, 100)
	l.number("slow_01.alpha", c.Alpha, 1e-13, 0.1)
	l.number("slow_01.alarm", c.Alarm, 1, 1000)
	l.integer("slow_01.sources", c.Sources, 2, 10_000)
}

// SLOW-01: an attack so spread that no source stands out.
//
// Method: three dimensions other than the principal, counted by novelty. An address that
// takes one token after another: objects of others that its principals read together,
// as BOLA-01 counts for one, against the address's own hours (spread_gather.go). The
// same for a kind of client (JA4 and user agent) within a network of addresses. An
// endpoint that thousands of addresses guess at: first whether it as a whole refuses more
// ids that nobody was ever served than it usually does, the sources after (slow01_guess.go;
// Javed and Paxson, 2013).
//
// Guards: what an address always does, as the office of a support desk; popular clients
// are told apart by their network; a release that breaks an endpoint refuses ids that
// were served before, which do not count; one source alone is another rule's.
var slow01 = finding.Rule{
	ID: "SLOW-01", Title: "Attack spread over many sources", Detector: Name, Severity: finding.High,
	OWASP: []string{"API2", "API6"}, CWE: []string{"CWE-799"}, ATTACK: []string{"T1090"},
	Remediation: "Limit or challenge by the address, the kind of client or the endpoint that the finding names, not by token; make what is guessed at longer and count tries for each of it.",
}

type slow struct {
	cfg     *Config
	metrics *Metrics
	// What waits for the second stage, by address, by kind of client, and by endpoint.
	addresses, clients spreading
	guesses            guesses
}

func newSlow(cfg *Config, m *Metrics) *slow {
	return &slow{cfg: cfg, metrics: m, addresses: spreading{dimension: "tokens"}, clients: spreading{dimension: "clients"}}
}

// tokensAt and clientsOf are what the second stage gathers.
func tokensAt(cfg *Config) profile {
	p := clientsOf(cfg)
	p.title, p.by, p.address = "Objects of others read with token after token", "from one address", true
	return p
}

func clientsOf(cfg *Config) profile {
	c := &cfg.Slow
	return profile{rule: &slow01, title: "Objects of others read with one kind of client from one network", clients: c.Tokens, items: c.Objects, usual: prior{c.Mean, c.Size, 8},
		alpha: c.Alpha, most: 0.6, what: "objects of others read", by: "with one kind of client in one network"}
}

func (r *slow) observe(o *observation, _ *detect.Out) {
	if len(o.objects) == 0 || o.login.counts || isLogin(o.tx) {
		return
	}
	r.guesses.see(o)
	if !o.ok || !o.tx.Event.Authenticated() {
		return
	}
	for i := range o.objects {
		b := &o.objects[i]
		if b.own || !r.foreign(o, b) {
			continue
		}
		e := o.tx.Event
		address := string(e.Client.Address)
		r.addresses.add(o, address, b.key)
		if len(e.TLS.JA4) > 0 {
			r.clients.add(o, fmt.Sprintf("%s %s %016x", cluster(address), e.TLS.JA4, o.hash.value(0, e.RequestHeader("User-Agent"))), b.key)
		}
	}
}

// foreign says whether others were served the object first, and not so many that it is
// open to all.
func (r *slow) foreign(o *observation, b *object) bool {
	w, ok := o.known.owners.of(b.key)
	if !ok {
		return false
	}
	served, _, first := w.others(o.who)
	return first && served < maxOwners
}

func (r *slow) flush(out *detect.Out) {
	r.addresses.flush(r.metrics, out)
	r.clients.flush(r.metrics, out)
	r.guesses.flush(r.metrics, out)
}

// The first stage of SLOW-01 keeps nothing.

func (r *slow) capture(*keyed.Capture) {}

func (r *slow) decode(*msgpack.Decoder) error { return nil }

// campaignOf starts the finding of what was judged in bucket at, which began in bucket
// start.
func campaignOf(r *finding.Rule, tenant string, start, at int64, parts ...string) finding.Finding {
	f := finding.From(r, tenant)
	first, last := time.Unix(0, start*bucket).UTC(), time.Unix(0, (at+1)*bucket).UTC()
	f.ID = finding.ID(tenant, Name, r.ID, append(parts, first.Format(time.RFC3339Nano))...)
	f.Time, f.FirstSeen, f.LastSeen = last, first, last
	f.Versions.Detector = Version
	return f
}
