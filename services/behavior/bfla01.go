package behavior

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Bfla01 are the settings of BFLA-01.
type Bfla01 struct {
	// Learned is how many first uses of operations a cohort must have shown; Rare the
	// probability of an operation in it below which it is not the cohort's.
	Learned int     `yaml:"learned" doc:"First uses of operations, by different principals, that a cohort must have shown to be judged."`
	Rare    float64 `yaml:"rare" doc:"Probability of an operation in a cohort below which it is not one of its own."`
	// Others is how many principals of another cohort make an operation that one's, and
	// Fresh how long an operation is new for everybody.
	Others int           `yaml:"others" doc:"Principals of another cohort whose use makes an operation that cohort's."`
	Fresh  time.Duration `yaml:"fresh" doc:"How long an operation counts as a new feature."`
}

func defaultBfla01() Bfla01 {
	return Bfla01{Learned: 1000, Rare: 0.002, Others: 3, Fresh: 24 * time.Hour}
}

func (c *Bfla01) validate(l *limits) {
	l.integer("bfla_01.learned", c.Learned, 10, 10_000_000)
	l.number("bfla_01.rare", c.Rare, 1e-9, 0.5)
	l.integer("bfla_01.others", c.Others, 1, 1000)
	l.span("bfla_01.fresh", c.Fresh, time.Hour, 30*24*time.Hour)
}

// BFLA-01: a principal uses an operation that is another role's.
//
// Method: principals of a cohort (way of authentication, role or scope, and where a
// token shows neither the program) use the same operations. The first use of an
// operation by a principal is counted, so that one who calls it all day counts once,
// and held against a Dirichlet prior (Laplace's rule over the operations of the cohort):
// an operation whose expected share in the cohort is tiny, and which several principals
// of another cohort use and four times as many as of this, is the other's. Counts decay, half-life 14 days.
//
// Guards: 2xx alone; a cohort is judged from a thousand first uses on; an operation is
// nobody's in its first day; one that only one cohort uses is never judged, and once
// enough of the cohort use it it is theirs, as roles get new rights; whom it alerted on
// counts a quarter.
var bfla01 = finding.Rule{
	ID: "BFLA-01", Title: "Operation of another role", Detector: Name, Severity: finding.High,
	OWASP: []string{"API5"}, CWE: []string{"CWE-285", "CWE-863"}, ATTACK: []string{"T1068"},
	Remediation: "Check at the named endpoint that the caller's role may use it, and refuse by default; look at what the principal did there.",
}

const (
	maxCohortsOf = 8               // cohorts remembered of an operation
	roleLife     = 14 * 24 * hour  // half-life of counts, ns
	maxSpelled   = 512             // bytes of roles and scopes that make a cohort
	pseudo       = 0.5             // Dirichlet prior of each operation
	fewest       = 1.0 / (1 << 10) // counts below are nothing
)

type bfla struct {
	cfg     *Config
	metrics *Metrics

	released *releases
	used     *keyed.Kept[keyed.Filter]    // operations, by cohort
	cohorts  *keyed.Table[roleState]      // by cohort
	ops      *keyed.Table[operationState] // by operation
	states   *keyed.Table[bflaState]      // by principal
}

// roleState is what a cohort uses: first uses and different operations, as of At.
type roleState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	N        decayed
	Ops      keyed.Filter
	Distinct uint32
}

// operationState is who uses an operation.
type operationState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	First    int64
	By       keyed.List[roleUse]
}

type roleUse struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Cohort   uint64
	N        decayed
}

type bflaState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Rarest   float64
	Others   float64 // principals of the other cohort at the rarest
	Episode  episode
}

func (s *roleState) valid() error { return errors.Join(s.N.valid(), s.Ops.Valid()) }

func (s *operationState) valid() error {
	if len(s.By) > maxCohortsOf {
		return fmt.Errorf("operation of %d cohorts", len(s.By))
	}
	for i := range s.By {
		if err := s.By[i].N.valid(); err != nil {
			return err
		}
	}
	return nil
}

func (s *bflaState) valid() error {
	if !finite(s.Rarest, s.Others) {
		return errors.New("rarity is not a number")
	}
	return s.Episode.valid()
}

func newBfla(cfg *Config, m *Metrics, actors *keyed.Actors, released *releases) *bfla {
	return &bfla{cfg: cfg, metrics: m, released: released, used: keyed.Keep(actors, keptOperations, (*keyed.Filter).Pack, (*keyed.Filter).Valid, m.eviction("used_operations")),
		cohorts: keyed.NewTable[roleState](cfg.MaxLogins, m.eviction("roles")), ops: keyed.NewTable[operationState](4*cfg.MaxLogins, m.eviction("operations")),
		states: keyed.NewTable[bflaState](cfg.MaxKeys, m.eviction(bfla01.ID))}
}

func (r *bfla) observe(o *observation, out *detect.Out) {
	tx := o.tx
	if !o.ok || !tx.Event.Authenticated() || len(tx.Event.Deployment.Source) > 0 || loginPath(tx.Event.Path) {
		return
	}
	cohort := cohortOf(o)
	// Who changes role is somebody new: its first uses are of the new one.
	used := r.used.Touch(cohort)
	if !used.Add(o.endpoint) {
		return
	}
	op := r.ops.Touch(o.endpoint)
	if op.First == 0 {
		op.First = o.now
	}
	role := r.cohorts.Touch(cohort)
	own, other := op.uses(cohort, o.now)
	n := role.N.at(o.now)
	p := (own + pseudo) / (n + pseudo*float64(role.Distinct+1))
	c := &r.cfg.Bfla
	theirs := n >= float64(c.Learned) && p < c.Rare && other >= float64(c.Others)-fewest && other >= 4*(own+1)
	weight := 1.0
	if theirs { // an attack must not make it the cohort's own soon, a new right must at last
		weight = 0.25
	}
	op.add(cohort, weight, o.now)
	role.N.add(1, o.now)
	if role.Ops.Add(o.endpoint) {
		role.Distinct = min(role.Distinct+1, manyAnswers)
	}
	if !theirs {
		return
	}
	if o.now-op.First < int64(c.Fresh) {
		r.metrics.suppressed.WithLabelValues("bfla_new_feature").Inc()
		return
	}
	if r.released.holds(o, "bfla_release") {
		return
	}
	s := r.states.Touch(o.who)
	s.Episode.see(tx, o.now, r.cfg, o.place)
	if s.Episode.Count == 1 {
		s.Rarest, s.Others = 1, 0
	}
	if p < s.Rarest {
		s.Rarest, s.Others = p, other
	}
	if s.Episode.due(o.now, r.cfg) {
		out.Finding(r.finding(o, s, p, own, other, n))
	}
}

func (r *bfla) finding(o *observation, s *bflaState, p, own, other, n float64) finding.Finding {
	c := &r.cfg.Bfla
	tx := o.tx
	f := s.Episode.finding(&bfla01, tx, tx.Principal)
	f.Confidence = min(0.95, 0.6+0.15*min(1, float64(s.Episode.Count)/4)+0.1*min(1, c.Rare/(20*s.Rarest))+0.1*min(1, s.Others/20))
	f.Features = []finding.Number{{Name: "operations", Value: float64(s.Episode.Count)}, {Name: "share_in_cohort", Value: p}, {Name: "principals_in_cohort", Value: own},
		{Name: "principals_of_other", Value: other}, {Name: "first_uses_of_cohort", Value: n}, {Name: "rarest_share", Value: s.Rarest}, {Name: "principals_of_other_at_rarest", Value: s.Others}}
	f.Baseline = []finding.Number{{Name: "share", Value: c.Rare}, {Name: "others", Value: float64(c.Others)}, {Name: "learned", Value: float64(c.Learned)}}
	f.Summary = fmt.Sprintf("%s of another role used, the newest %s: %.0f of its own cohort did among %.0f first uses (share %.5f), %.0f of another",
		plural(int(s.Episode.Count), "operation"), tx.Endpoint.Label, own, n, p, other)
	f.Counterfactual = fmt.Sprintf("With %.0f or more of its cohort using the operation it would not alert", max(1, math.Ceil(min(c.Rare*n, other/4-1))))
	return f
}

// cohortOf hashes the cohort: scheme, then roles, scope and client of the token, or the
// program where it shows none.
func cohortOf(o *observation) uint64 {
	id := &o.tx.Event.Identity
	h := o.hash.value(o.hash.within(o.tx.Endpoint.Host), id.Scheme)
	shown := false
	for _, name := range [...]string{"roles", "scope", "client_id", "azp"} {
		if v := id.Claim(name); len(v) > 0 {
			h, shown = mix(h, o.hash.value(uint64(len(name)), bytes.TrimSpace(v[:min(len(v), maxSpelled)]))), true
		}
	}
	if !shown {
		if family := o.family(); family != 0 {
			h = mix(h, family)
		}
	}
	return h
}

// uses is how many principals of the cohort used the operation, and how many of the
// other cohort that most do.
func (s *operationState) uses(cohort uint64, now int64) (own, other float64) {
	for i := range s.By {
		if n := s.By[i].N.at(now); s.By[i].Cohort == cohort {
			own = n
		} else {
			other = max(other, n)
		}
	}
	return own, other
}

// add counts a first use; the cohort that uses it least makes room.
func (s *operationState) add(cohort uint64, n float64, now int64) {
	least := 0
	for i := range s.By {
		if s.By[i].Cohort == cohort {
			s.By[i].N.add(n, now)
			return
		}
		if s.By[i].N.at(now) < s.By[least].N.at(now) {
			least = i
		}
	}
	u := roleUse{Cohort: cohort}
	u.N.add(n, now)
	if len(s.By) < maxCohortsOf {
		s.By = append(s.By, u)
	} else {
		s.By[least] = u
	}
}

func (r *bfla) capture(c *keyed.Capture) {
	r.cohorts.Capture(c)
	r.ops.Capture(c)
	r.states.Capture(c)
}

func (r *bfla) decode(d *msgpack.Decoder) error {
	if err := r.cohorts.Decode(d, (*roleState).valid); err != nil {
		return err
	}
	if err := r.ops.Decode(d, (*operationState).valid); err != nil {
		return err
	}
	return r.states.Decode(d, (*bflaState).valid)
}
