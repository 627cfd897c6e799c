package behavior

import (
	"fmt"
	"math"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Enum01 are the settings of ENUM-01.
type Enum01 struct {
	// Ids is how many unknown ids in order make a finding, IdsDenied how many when at
	// least DeniedShare of them were answered 401, 403 or 404.
	Ids         int     `yaml:"ids" doc:"Unknown ids in order that alert."`
	IdsDenied   int     `yaml:"ids_denied" doc:"Unknown ids in order that alert where many are refused."`
	DeniedShare float64 `yaml:"denied_share" doc:"Part of the ids from which many are refused."`
	// Stride is the largest step from id to id that counts as order.
	Stride int64 `yaml:"stride" doc:"Largest step from id to id that is order."`
	// Pause ends a walk: a client that follows a feed takes an id now and then.
	Pause time.Duration `yaml:"pause" doc:"Pause that ends a walk."`
	// Density is the part of an interval of ids that was asked for, in any order, from
	// which it counts as walked.
	Density float64 `yaml:"density" doc:"Part of an interval of ids, asked for in any order, that is a walk."`
	// Tried is the least count of different unknown ids refused in a day that alerts,
	// TriedShare the part of the unknown ids that must be refused; Floor and Ceiling are
	// between what the calibrated bar may move.
	Tried      int     `yaml:"tried" doc:"Least different unknown ids refused in a day, in no order, that alert."`
	TriedShare float64 `yaml:"tried_share" doc:"Part of the unknown ids asked for that must be refused."`
	Floor      float64 `yaml:"floor" doc:"Surprise (-log10 p of a client's day) of refused ids below which nothing alerts."`
	Ceiling    float64 `yaml:"ceiling" doc:"Surprise above which alerts come whatever was calibrated, the greatest first up to alert_cap."`
}

func defaultEnum01() Enum01 {
	return Enum01{Ids: 24, IdsDenied: 12, DeniedShare: 0.1, Stride: 100, Pause: 2 * time.Minute, Density: 0.5, Tried: 12, TriedShare: 0.6, Floor: 4, Ceiling: 12}
}

func (c *Enum01) validate(l *limits) {
	l.integer("enum_01.ids", c.Ids, gaps+1, maxSeen)
	l.integer("enum_01.ids_denied", c.IdsDenied, gaps+1, maxSeen)
	l.number("enum_01.denied_share", c.DeniedShare, 0, 1)
	l.integer("enum_01.stride", int(c.Stride), 1, 1_000_000)
	l.span("enum_01.pause", c.Pause, time.Second, time.Hour)
	l.number("enum_01.density", c.Density, 0.01, 1)
	l.integer("enum_01.tried", c.Tried, 2, 1_000_000)
	l.number("enum_01.tried_share", c.TriedShare, 0, 1)
	l.number("enum_01.floor", c.Floor, 1, 100)
	l.number("enum_01.ceiling", c.Ceiling, c.Floor, 1000)
}

// ENUM-01: a principal walks the ids of an endpoint.
//
// Method: for each principal, endpoint and parameter the last eight gaps between
// integer ids. A walk has a constant small gap: seven of the eight alike, an entropy
// of at most 0.55 bits. An attacker who shuffles is caught by density: so many
// different ids out of so short an interval. The share of refusals lowers the number
// that is needed (after Akto's and Salt's enumeration rules, which count refusals
// alone). Guards: ids that an earlier response showed to this principal do not count
// (it lists, then reads), pages and cursors are no ids, a slow feed is no walk. Ids that
// have no order and are refused are counted by enum01_strange.go.
var enum01 = finding.Rule{
	ID: "ENUM-01", Title: "Object ids walked in order", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API1"}, CWE: []string{"CWE-639"}, ATTACK: []string{"T1087"},
	Remediation: "Check that the endpoint tests ownership of every object; prefer ids that cannot be guessed.",
}

const (
	gaps    = 8
	alike   = 7   // of gaps
	maxSeen = 128 // distinct ids remembered a walk
)

type enum struct {
	cfg     *Config
	metrics *Metrics
	states  *keyed.Table[enumState]
}

type enumState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Gaps     [gaps]int64
	N        uint8 // gaps seen, up to 8
	Next     uint8
	Last     int64 // id
	At       int64 // ns of the newest id
	// Ids counts the different ids of this walk, Denied those refused; Low and High
	// bound them.
	Ids, Denied uint32
	Low, High   int64
	Seen        keyed.List[uint32]
	Episode     episode
}

func (s *enumState) valid() error {
	if s.N > gaps || s.Next >= gaps || len(s.Seen) > maxSeen {
		return fmt.Errorf("walk of %d gaps, %d ids", s.N, len(s.Seen))
	}
	return s.Episode.valid()
}

func newEnum(cfg *Config, m *Metrics) *enum {
	return &enum{cfg: cfg, metrics: m, states: keyed.NewTable[enumState](cfg.MaxKeys, m.eviction("ENUM-01"))}
}

func (r *enum) capture(c *keyed.Capture) { r.states.Capture(c) }

func (r *enum) decode(d *msgpack.Decoder) error { return r.states.Decode(d, (*enumState).valid) }

func denied(status uint16) bool { return status == 401 || status == 403 || status == 404 }

func (r *enum) observe(o *observation, out *detect.Out) {
	if !o.ok && !denied(o.tx.Event.Status) {
		return
	}
	for i := range o.objects {
		if b := &o.objects[i]; b.isInteger && !b.own {
			r.walk(o, b, out)
		}
	}
}

func (r *enum) walk(o *observation, b *object, out *detect.Out) {
	tx, c := o.tx, &r.cfg.Enum
	s := r.states.Touch(walkKey(o, b))
	if s.At != 0 && o.now-s.At > int64(c.Pause) {
		e := s.Episode
		e.idle()
		*s = enumState{Episode: e}
	}
	s.At = max(s.At, o.now)
	if !s.step(b.integer, uint32(b.id)) {
		return
	}
	if denied(tx.Event.Status) {
		s.Denied++
	}
	s.Episode.see(tx, o.now, r.cfg, func() string { return shapeOf(b.param() + " " + b.value) })
	share := float64(s.Denied) / float64(s.Ids)
	need := c.Ids
	if share >= c.DeniedShare {
		need = min(need, c.IdsDenied)
	}
	if int(s.Ids) < need {
		return
	}
	stride, entropy := s.order()
	density := float64(s.Ids) / (float64(s.High) - float64(s.Low) + 1)
	ordered := stride != 0 && abs(stride) <= c.Stride
	if !ordered && density < c.Density {
		return
	}
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&enum01, tx, tx.Principal, tx.Endpoint.ID, b.param())
	if share < c.DeniedShare { // most were answered: they may be lost
		f.Severity = finding.High
	}
	f.Confidence = min(0.95, 0.6+0.2*min(1, float64(s.Ids)/float64(4*need))+0.15*share)
	f.Features = []finding.Number{{Name: "ids", Value: float64(s.Ids)}, {Name: "denied_share", Value: share}, {Name: "stride", Value: float64(stride)},
		{Name: "gap_entropy_bits", Value: entropy}, {Name: "density", Value: density}}
	f.Baseline = []finding.Number{{Name: "ids", Value: float64(need)}, {Name: "stride", Value: float64(c.Stride)}, {Name: "density", Value: c.Density}}
	how := fmt.Sprintf("in steps of %d", stride)
	if !ordered {
		how = fmt.Sprintf("%.0f %% of their interval", 100*density)
	}
	f.Summary = fmt.Sprintf("%d ids that it was never shown asked for at %s (%s), %s, in %s; %d refused",
		s.Ids, tx.Endpoint.Label, b.param(), how, spell(s.Episode.Last-s.Episode.Start), s.Denied)
	f.Counterfactual = fmt.Sprintf("%d or fewer would not alert", need-1)
	out.Finding(f)
}

func walkKey(o *observation, b *object) uint64 {
	return mix(mix(o.who, o.endpoint), o.hash.joined(b.in, b.name))
}

// found says whether b is of a walk that was said.
func (r *enum) found(o *observation, b *object) bool {
	s := r.states.Get(walkKey(o, b))
	return s != nil && s.Episode.Emitted > 0
}

// step takes the next id and says whether it is a new one.
func (s *enumState) step(id int64, hash uint32) bool {
	if s.Ids > 0 && id == s.Last {
		return false
	}
	for _, seen := range s.Seen {
		if seen == hash {
			return false
		}
	}
	if len(s.Seen) < maxSeen {
		s.Seen = append(s.Seen, hash)
	} else {
		s.Seen[s.Ids%maxSeen] = hash
	}
	if s.Ids == 0 {
		s.Low, s.High = id, id
	} else {
		s.Gaps[s.Next] = id - s.Last
		s.Next = (s.Next + 1) % gaps
		s.N = min(s.N+1, gaps)
	}
	s.Low, s.High, s.Last = min(s.Low, id), max(s.High, id), id
	s.Ids++
	return true
}

// order is the gap that at least seven of the last eight share, 0 if there is none,
// and the entropy of the gaps in bits.
func (s *enumState) order() (stride int64, entropy float64) {
	if s.N < gaps {
		return 0, 0
	}
	for i, g := range s.Gaps {
		n, first := 0, true
		for j, x := range s.Gaps {
			if x == g {
				n++
				first = first && j >= i
			}
		}
		if first {
			p := float64(n) / gaps
			entropy -= p * math.Log2(p)
		}
		if n >= alike {
			stride = g
		}
	}
	return stride, entropy
}

func abs(n int64) int64 {
	if n == math.MinInt64 {
		return math.MaxInt64
	}
	return max(n, -n)
}
