package behavior

import (
	"errors"
	"fmt"
	"math"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Res01 are the settings of RES-01.
type Res01 struct {
	// Requests in ten minutes whose size is Times that of nearly all others, and which cost
	// Cost times what is usual, alert.
	Requests int     `yaml:"requests" doc:"Oversized and costly requests of one client in ten minutes or an hour that alert."`
	Times    float64 `yaml:"times" doc:"Times what 99 of 100 requests ask for, from which a size is too large."`
	Cost     float64 `yaml:"cost" doc:"Times the usual time or bytes of the endpoint that it must cost."`
	// Learn is how many requests with the parameter must have been seen.
	Learn  int `yaml:"learn" doc:"Requests with a size that must have been seen of an endpoint."`
	Params int `yaml:"params" doc:"Parameters a partition."`
}

func defaultRes01() Res01 { return Res01{Requests: 5, Times: 4, Cost: 3, Learn: 100, Params: 5000} }

func (c *Res01) validate(l *limits) {
	l.integer("res_01.requests", c.Requests, 1, 250)
	l.number("res_01.times", c.Times, 1, 1e6)
	l.number("res_01.cost", c.Cost, 1, 1e6)
	l.integer("res_01.learn", c.Learn, 10, 1_000_000)
	l.integer("res_01.params", c.Params, 1, 1_000_000)
}

// RES-01: requests that are small to send and costly to answer.
//
// Method: cost times size. Parameters whose name asks for an amount (limit, size, depth,
// width) have a histogram of the powers of two asked for at their endpoint; a request is
// oversized beyond Times the size that 99 of 100 stay within, and costly when its time
// or its bytes are Cost times the endpoint's usual. Both together, several times in an
// hour by one client, alert.
//
// Guards: an incident of the backend makes everything slow, so time counts against what
// others wait lately and never without a size; who asked for as much on days before (an
// export by night) is taught by that, once a day.
var res01 = finding.Rule{
	ID: "RES-01", Title: "Costly requests of excessive size", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API4"}, CWE: []string{"CWE-400", "CWE-770"}, ATTACK: []string{"T1499.003"},
	Remediation: "Cap the parameter named, page what is larger, and limit the cost a client may cause instead of the number of its requests.",
}

type res struct {
	cfg     *Config
	metrics *Metrics
	sizes   *keyed.Table[sizes]   // by endpoint and parameter
	costs   *keyed.Table[costs]   // by endpoint
	clients *keyed.Table[glutton] // by client, endpoint and parameter
}

// sizes are what is asked for, by power of two.
type sizes struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Log      [40]uint32
	N        uint32
}

// costs are the smoothed time (ms) and bytes of an answer.
type costs struct {
	_msgpack    struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	N           uint32
	Time, Bytes float64
}

type glutton struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Day      int64    // on which it last taught
	// Usual is the largest power of two of days before, Largest of today.
	Usual, Largest uint8
	Over           minutes
	Episode        episode
}

func (c *costs) valid() error {
	if !finite(c.Time, c.Bytes) {
		return errors.New("costs are not a number")
	}
	return nil
}

func (s *glutton) valid() error { return s.Episode.valid() }

func newRes(cfg *Config, m *Metrics) *res {
	return &res{cfg: cfg, metrics: m, sizes: keyed.NewTable[sizes](cfg.Res.Params, m.eviction("sizes")),
		costs: keyed.NewTable[costs](cfg.Res.Params, m.eviction("costs")), clients: keyed.NewTable[glutton](cfg.MaxKeys, m.eviction("RES-01"))}
}

func sizeName(name string) bool {
	switch bare(name) {
	case "limit", "size", "pagesize", "perpage", "top", "first", "last", "count", "max", "maxresults", "maxitems", "rows", "take", "batch", "batchsize",
		"depth", "width", "height", "scale", "quality", "months", "days", "years", "levels", "iterations", "copies", "resolution":
		return true
	}
	return false
}

func (r *res) observe(o *observation, out *detect.Out) {
	tx := o.tx
	if len(tx.Event.Query) == 0 && o.intent == 0 && !changes(tx.Event.Method) || tx.Event.Status == 401 || tx.Event.Status == 403 {
		return
	}
	leaves := tx.Request().Leaves
	for i := range leaves {
		l := &leaves[i]
		if l.Location != content.Query && l.Location != content.Body || len(l.Value) > 12 || !o.name(l.Name).size {
			continue
		}
		if n, ok := numberOf(l.Value); ok && n >= 1 {
			r.asked(o, l.Name, n, out)
			return
		}
	}
}

func (r *res) asked(o *observation, name string, n float64, out *detect.Out) {
	tx, c := o.tx, &r.cfg.Res
	param := mix(o.endpoint, o.hash.of(bare(name)))
	k := r.sizes.Touch(param)
	power := uint8(min(39, math.Ilogb(n)))
	time, bytes := float64(tx.Event.Duration().Microseconds())/1000, float64(max(tx.Event.ResponseBody.WireLength, uint64(len(tx.Event.ResponseBody.Data))))
	cost := r.costs.Touch(o.endpoint)
	dear := max(time/max(cost.Time, 1), bytes/max(cost.Bytes, 1))
	s := r.clients.Touch(mix(o.who, param))
	today, fresh := o.now/day, false
	if fresh = today > s.Day; fresh { // each client teaches once a day, and an endpoint by all of them
		s.Usual, s.Largest, s.Day = max(s.Usual, s.Largest), 0, today
	}
	usual := k.usual()
	// Greater than all of the bucket that 99 of 100 stay within.
	over := k.N >= uint32(c.Learn) && n >= c.Times*math.Exp2(float64(usual+1))
	switch {
	case over && cost.N >= uint32(c.Learn) && dear >= c.Cost && s.Usual >= power:
		r.metrics.suppressed.WithLabelValues("res_usual").Inc()
	case over && cost.N >= uint32(c.Learn) && dear >= c.Cost:
		r.over(o, s, name, n, math.Exp2(float64(usual+1)), dear, out)
	}
	if s.Episode.Emitted == 0 {
		s.Largest = max(s.Largest, power)
	}
	if !over || fresh {
		k.add(power)
		cost.add(time, bytes)
	}
}

func (r *res) over(o *observation, s *glutton, name string, n, usual, dear float64, out *detect.Out) {
	tx, c := o.tx, &r.cfg.Res
	s.Over.move(o.now)
	if s.Over.sum(60) == 0 {
		s.Episode.idle()
	}
	s.Over.add(o.now, 1)
	s.Episode.see(tx, o.now, r.cfg, func() string { return name + "=" + shapeOf(fmt.Sprintf("%.0f", n)) })
	count := s.Over.sum(60)
	if count < c.Requests || !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&res01, tx, tx.Principal, tx.Endpoint.ID, bare(name))
	f.Confidence = min(0.95, 0.65+0.1*min(1, float64(count)/float64(4*c.Requests))+0.1*min(1, n/usual/100)+0.1*min(1, dear/20))
	f.Features = []finding.Number{{Name: "requests_1h", Value: float64(count)}, {Name: "size", Value: n}, {Name: "cost_ratio", Value: dear}}
	f.Baseline = []finding.Number{{Name: "usual_size", Value: usual}, {Name: "times", Value: c.Times}, {Name: "cost", Value: c.Cost}, {Name: "requests", Value: float64(c.Requests)}}
	f.Summary = fmt.Sprintf("%d requests to %s in 1 h with %s up to %.0f, where 99 of 100 ask for less than %.0f; an answer costs %.0f times the usual", count, tx.Endpoint.Label, bare(name), n, usual, dear)
	f.Counterfactual = fmt.Sprintf("%d or fewer would not alert, nor would a size below %.0f", c.Requests-1, c.Times*usual)
	out.Finding(f)
}

func (k *sizes) add(power uint8) {
	if k.N++; k.N >= enough {
		k.N = 0
		for i := range k.Log {
			k.Log[i] /= 2
			k.N += k.Log[i]
		}
	}
	k.Log[power]++
}

// usual is the power of two that 99 of 100 stay within.
func (k *sizes) usual() int {
	above := uint32(0)
	for i := len(k.Log) - 1; i > 0; i-- {
		if above += k.Log[i]; float64(above) > 0.01*float64(k.N) {
			return i
		}
	}
	return 0
}

func (c *costs) add(time, bytes float64) {
	c.N = min(c.N+1, enough)
	w := max(0.02, 1/float64(c.N))
	c.Time += w * (min(time, 1e9) - c.Time)
	c.Bytes += w * (min(bytes, 1e12) - c.Bytes)
}

func (r *res) capture(c *keyed.Capture) {
	r.sizes.Capture(c)
	r.costs.Capture(c)
	r.clients.Capture(c)
}

func (r *res) decode(d *msgpack.Decoder) error {
	if err := r.sizes.Decode(d, nil); err != nil {
		return err
	}
	if err := r.costs.Decode(d, (*costs).valid); err != nil {
		return err
	}
	return r.clients.Decode(d, (*glutton).valid)
}
