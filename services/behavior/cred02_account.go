package behavior

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// accounts is CRED-02's second stage: the accounts of a login, whoever tries them. It
// reads the same partials as CRED-01's.
type accounts struct {
	cfg     *Config
	metrics *Metrics
	logins  *keyed.Table[waiting]
	states  *keyed.Table[accountState] // by login and user
}

// waiting are the attempts at a login that are not judged yet.
type waiting struct {
	_msgpack                              struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant, EndpointID, Endpoint, Service string
	Open                                  keyed.List[tally]
	Judged                                int64 // the first bucket not yet judged
}

const (
	maxTriedFrom = 16 // addresses remembered of an account's refusals
	maxHomes     = 4  // addresses remembered that it logged in from
)

// accountState is one account. Level is as of bucket At.
type accountState struct {
	_msgpack    struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Level       float64
	At          int64
	Start, Last int64 // buckets of the first and the newest refusal since the level was 0
	Fails, Let  uint64
	Emitted     uint64
	EmittedAt   int64
	From        keyed.List[string] // where refusals came from, the first ones
	Homes       keyed.List[uint32] // hashes of where it logged in from, the newest last
	Stamps      stamps
}

func (w *waiting) valid(cfg *Config) error {
	if len(w.Open) > cfg.MaxSources {
		return fmt.Errorf("login of %d attempts", len(w.Open))
	}
	for i := range w.Open {
		if t := &w.Open[i]; t.Bucket < 0 || t.Bucket > math.MaxInt64/bucket {
			return fmt.Errorf("attempt in bucket %d", t.Bucket)
		}
		if err := w.Open[i].Stamps.valid(); err != nil {
			return err
		}
	}
	return nil
}

func (s *accountState) valid() error {
	if !finite(s.Level) || len(s.From) > maxTriedFrom || len(s.Homes) > maxHomes {
		return fmt.Errorf("account at level %v, tried from %d addresses", s.Level, len(s.From))
	}
	if s.Start < 0 || s.Last < s.Start || s.Last > math.MaxInt64/bucket-1 {
		return fmt.Errorf("account tried from bucket %d to %d", s.Start, s.Last)
	}
	return s.Stamps.valid()
}

func newAccounts(cfg *Config, m *Metrics) *accounts {
	return &accounts{cfg: cfg, metrics: m, logins: keyed.NewTable[waiting](cfg.MaxLogins, m.eviction("account_logins")),
		states: keyed.NewTable[accountState](cfg.MaxKeys, m.eviction("accounts"))}
}

func (g *accounts) merge(p *detect.Partial, key uint64) {
	l, err := decodeLogins(p.Payload)
	if err != nil {
		return // CRED-01's counts it
	}
	w := g.logins.Touch(key)
	w.Tenant, w.EndpointID, w.Endpoint, w.Service = p.Tenant, l.EndpointID, l.Endpoint, l.Service
	for _, t := range l.Attempts {
		// What comes after its bucket was judged counts for the next one.
		t.Bucket = max(t.Bucket, w.Judged)
		if len(w.Open) >= g.cfg.MaxSources {
			w.Open = summed(w.Open, g.cfg, g.metrics)
			if len(w.Open) >= g.cfg.MaxSources {
				g.metrics.dropped.WithLabelValues("account_attempts").Inc()
				continue
			}
		}
		w.Open = append(w.Open, t)
	}
}

func (g *accounts) advance(b int64, out *detect.Out) {
	g.logins.Each(func(key uint64, w *waiting) {
		w.Judged = max(w.Judged, b)
		w.Open = summed(w.Open, g.cfg, g.metrics)
		due, rest := take(w.Open, b)
		for i := range due {
			g.judge(w, g.states.Touch(mix(key, due[i].User)), &due[i], out)
		}
		w.Open = append(w.Open[:0], rest...)
	})
}

// judge takes in what one address did for one account in one bucket.
func (g *accounts) judge(w *waiting, s *accountState, t *tally, out *detect.Out) {
	c := &g.cfg.Cred02
	if t.unnamed() { // no account
		return
	}
	s.leak(t.Bucket, c.LeakPerHour)
	from := known32(hashText(t.Address))
	if t.OK > 0 {
		s.arrive(from, uint64(t.OK))
	}
	if t.Fail == 0 {
		return
	}
	if slices.Contains(s.Homes, from) {
		g.metrics.suppressed.WithLabelValues("account_at_home").Inc()
		return
	}
	if s.Level == 0 {
		s.Start, s.Fails, s.Let, s.Emitted, s.EmittedAt, s.From, s.Stamps = t.Bucket, 0, 0, 0, 0, nil, nil
	}
	s.Last = max(s.Last, t.Bucket)
	s.Level = min(s.Level+float64(t.Fail), 2*c.Tries)
	s.Fails += uint64(t.Fail)
	if !slices.Contains(s.From, t.Address) && len(s.From) < maxTriedFrom {
		s.From = append(s.From, t.Address)
	}
	s.Stamps = joined(s.Stamps, t.Stamps)
	networks := s.networks()
	if s.Level < c.Tries && (networks < c.Networks || s.Level < c.TriesSpread) && s.Emitted == 0 {
		return
	}
	now := (t.Bucket + 1) * bucket
	if s.Emitted > 0 && s.Fails < 2*s.Emitted && now-s.EmittedAt < int64(g.cfg.UpdateEvery) {
		return
	}
	told := s.Emitted > 0
	s.Emitted, s.EmittedAt = s.Fails, now
	out.Finding(g.finding(w, s, t, networks, now, told))
}

func (g *accounts) finding(w *waiting, s *accountState, t *tally, networks int, now int64, told bool) finding.Finding {
	c := &g.cfg.Cred02
	f := finding.From(&cred02, w.Tenant)
	f.Title = "Password of one account guessed"
	start := time.Unix(0, s.Start*bucket).UTC()
	account := fmt.Sprintf("%016x", t.User)
	f.ID = finding.ID(w.Tenant, Name, cred02.ID, "account", w.EndpointID, account, start.Format(time.RFC3339Nano))
	f.Time, f.FirstSeen, f.LastSeen, f.Count = time.Unix(0, now).UTC(), start, time.Unix(0, (s.Last+1)*bucket).UTC(), s.Fails
	f.Subject = finding.Subject{Addresses: slices.Clone(s.From), Endpoint: w.Endpoint, EndpointID: w.EndpointID, Service: w.Service}
	f.Events = s.Stamps.ids()
	if s.Let > 0 {
		f.Severity = finding.Critical
	}
	f.Confidence = min(0.95, 0.65+0.15*min(1, s.Level/(2*c.Tries))+0.15*min(1, float64(networks)/10))
	f.Features = []finding.Number{{Name: "refusals", Value: float64(s.Fails)}, {Name: "level", Value: s.Level}, {Name: "networks", Value: float64(networks)}, {Name: "let_in", Value: float64(s.Let)}, {Name: "told_before", Value: number(told)}}
	f.Baseline = []finding.Number{{Name: "networks", Value: float64(c.Networks)}, {Name: "tries", Value: c.Tries}, {Name: "tries_spread", Value: c.TriesSpread}, {Name: "leak_per_hour", Value: c.LeakPerHour}}
	f.Evidence = []finding.Evidence{{Location: "request.body", Note: "the account, as a keyed hash: " + account}}
	f.Summary = fmt.Sprintf("One account refused %d times at %s within %s from %s that it never logged in from; let in from elsewhere than before %d times since",
		s.Fails, w.Endpoint, spell((s.Last+1-s.Start)*bucket), plural(networks, "network"), s.Let)
	f.Counterfactual = fmt.Sprintf("%.0f or fewer refusals would not alert, nor %.0f from fewer than %d networks, nor any from where it logged in before", c.TriesSpread-1, c.Tries-1, c.Networks)
	f.Versions.Detector = Version
	return f
}

// arrive notes a login. While the account is under attack a place that refusals came
// from is no home: the guess was right.
func (s *accountState) arrive(from uint32, n uint64) {
	if s.Emitted > 0 {
		if !slices.Contains(s.Homes, from) {
			s.Let += n
		}
		return
	}
	s.Level = 0 // it was only forgotten
	if i := slices.Index(s.Homes, from); i >= 0 {
		s.Homes = slices.Delete(s.Homes, i, i+1)
	}
	if len(s.Homes) == maxHomes {
		s.Homes = slices.Delete(s.Homes, 0, 1)
	}
	s.Homes = append(s.Homes, from)
}

func (s *accountState) leak(at int64, perHour float64) {
	if at <= s.At {
		return
	}
	s.Level = max(0, s.Level-float64(at-s.At)*float64(bucket)/float64(hour)*perHour)
	s.At = at
	if s.Level == 0 {
		s.Emitted = 0
	}
}

// networks counts those that refusals came from.
func (s *accountState) networks() int {
	var list []string
	for _, a := range s.From {
		if n := cluster(a); !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return len(list)
}

func (g *accounts) capture(c *keyed.Capture) {
	g.logins.Each(func(_ uint64, w *waiting) { w.Open = summed(w.Open, g.cfg, g.metrics) })
	g.logins.Capture(c)
	g.states.Capture(c)
}

func (g *accounts) decode(d *msgpack.Decoder) error {
	if err := g.logins.Decode(d, func(w *waiting) error { return w.valid(g.cfg) }); err != nil {
		return err
	}
	return g.states.Decode(d, (*accountState).valid)
}
