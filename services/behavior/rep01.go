package behavior

import (
	"fmt"
	"net/netip"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/behavior/reputation"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// REP-01: a source that others know as bad is answered.
//
// Method: the lists that the operator configures (package reputation), asked with the
// time of the event: an entry that is over, or not begun, says nothing. Lists are old
// and addresses change hands, so this alone is an alert, whatever the policy says of
// other rules; what other detections say of the same source is surer for it (raise).
//
// Guard: what is refused is no news; a list must not name half of the net.
var rep01 = finding.Rule{
	ID: "REP-01", Title: "Known-bad source", Detector: Name, Severity: finding.Low,
	OWASP: []string{"API8"}, CWE: []string{"CWE-799"}, ATTACK: []string{"T1583"},
	Remediation: "Look at what the source asked for and got. Block the list at the edge if nobody behind it is a client of yours.",
}

// BOT-01: somebody claims to be a crawler and is not.
//
// Method: the operators of crawlers publish the networks that theirs come from, or name
// their addresses in the DNS; both are configured (package reputation). Who calls itself
// by a crawler's name and comes from elsewhere is another. The name alone proves nothing
// in either way: a crawler that cannot be verified is not judged.
//
// Guard: an address whose name was not looked up is unknown, not false.
var bot01 = finding.Rule{
	ID: "BOT-01", Title: "False crawler", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API6"}, CWE: []string{"CWE-290"}, ATTACK: []string{"T1036"},
	Remediation: "Do not let clients pass by their user agent; verify crawlers by their networks. Look at what this one read.",
}

// source is what the lists say of where a transaction comes from: bad where it is
// listed, crawler where there is a claim.
type source struct {
	version string
	bad     reputation.Entry
	listed  bool
	crawler string
	claim   reputation.Claim
}

// ask asks the lists as they are now. Without any it costs nothing.
func (s *source) ask(o *observation, set *reputation.Set) {
	s.listed, s.claim = false, reputation.None
	if set.Empty() {
		return
	}
	a := o.address()
	if !a.IsValid() {
		return
	}
	s.version = set.Version()
	s.bad, s.listed = set.Bad(a, o.now)
	if agent := o.tx.Event.RequestHeader("User-Agent"); len(agent) > 0 {
		s.crawler, s.claim = set.Crawler(agent, a, o.now)
	}
}

type reputed struct {
	cfg     *Config
	metrics *Metrics
	states  *keyed.Table[reputedState] // by principal and list
	claims  *keyed.Table[reputedState] // by principal and crawler
}

type reputedState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Episode  episode
}

func newReputed(cfg *Config, m *Metrics) *reputed {
	return &reputed{cfg: cfg, metrics: m, states: keyed.NewTable[reputedState](cfg.MaxKeys, m.eviction(rep01.ID)),
		claims: keyed.NewTable[reputedState](cfg.MaxKeys, m.eviction(bot01.ID))}
}

func (r *reputed) observe(o *observation, out *detect.Out) {
	if o.from.listed {
		r.listed(o, out)
	}
	switch o.from.claim {
	case reputation.False:
		r.claimed(o, out)
	case reputation.Unknown:
		r.metrics.suppressed.WithLabelValues("bot_unknown").Inc()
	}
}

func (r *reputed) listed(o *observation, out *detect.Out) {
	if !o.ok {
		r.metrics.suppressed.WithLabelValues("rep_refused").Inc()
		return
	}
	e := &o.from.bad
	s := r.states.Touch(o.hash.value(o.who, []byte(e.List)))
	s.Episode.see(o.tx, o.now, r.cfg, o.place)
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&rep01, o.tx, o.tx.Principal, e.List)
	f.Confidence = 0.5
	f.Features = []finding.Number{{Name: "answered", Value: float64(s.Episode.Count)}, {Name: "prefix_bits", Value: float64(e.Prefix.Bits())}}
	f.Baseline = []finding.Number{{Name: "answered", Value: 0}}
	said := ""
	if e.Label != "" {
		said = " as " + fmt.Sprintf("%q", e.Label)
	}
	f.Summary = fmt.Sprintf("%d requests answered to a source that list %q names%s (%s)", s.Episode.Count, e.List, said, e.Prefix)
	f.Counterfactual = "A source on no list, or whose entry is over, would not alert"
	f.Versions.Rules = o.from.version
	out.Finding(f)
}

func (r *reputed) claimed(o *observation, out *detect.Out) {
	name := o.from.crawler
	s := r.claims.Touch(o.hash.value(o.who, []byte(name)))
	s.Episode.see(o.tx, o.now, r.cfg, o.place)
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&bot01, o.tx, o.tx.Principal, name)
	f.Confidence = 0.9
	f.Features = []finding.Number{{Name: "requests", Value: float64(s.Episode.Count)}}
	f.Baseline = []finding.Number{{Name: "requests", Value: 0}}
	f.Summary = fmt.Sprintf("%d requests of a client that calls itself %s and comes from none of its networks", s.Episode.Count, name)
	f.Counterfactual = fmt.Sprintf("From a network or host name of %s it would not alert", name)
	f.Versions.Rules = o.from.version
	out.Finding(f)
}

// raise makes a finding surer whose source is on a list.
func raise(f *finding.Finding, listed, all int, e *reputation.Entry, version string) {
	if f.Rule == rep01.ID || listed == 0 {
		return
	}
	f.Confidence = min(0.99, f.Confidence+0.3*(1-f.Confidence)*float64(listed)/float64(all))
	f.Features = append(f.Features, finding.Number{Name: "known_bad_sources", Value: float64(listed)})
	if len(f.Evidence) < finding.MaxEvidence {
		f.Evidence = append(f.Evidence, finding.Evidence{Location: "client.address", Masked: e.Prefix.String(), Note: fmt.Sprintf("on list %q", e.List)})
	}
	f.Versions.Rules = version
}

// raiseAll does so for a finding of many addresses.
func raiseAll(f *finding.Finding, set *reputation.Set) {
	if set.Empty() {
		return
	}
	var first reputation.Entry
	n := 0
	for _, address := range f.Subject.Addresses {
		a, err := netip.ParseAddr(address)
		if err != nil {
			continue
		}
		if e, ok := set.Bad(a.Unmap().WithZone(""), f.Time.UnixNano()); ok {
			if n++; n == 1 {
				first = e
			}
		}
	}
	raise(f, n, len(f.Subject.Addresses), &first, set.Version())
}

func (r *reputed) capture(c *keyed.Capture) {
	r.states.Capture(c)
	r.claims.Capture(c)
}

func (r *reputed) decode(d *msgpack.Decoder) error {
	valid := func(s *reputedState) error { return s.Episode.valid() }
	if err := r.states.Decode(d, valid); err != nil {
		return err
	}
	return r.claims.Decode(d, valid)
}
