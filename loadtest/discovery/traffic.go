package main

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
)

// settings of the traffic.
type settings struct {
	seed         uint64
	perOperation int     // transactions an operation, in the mean
	examples     float64 // share of draws that take the documented example
	bodies       bool
	zipf         float64
	actors       int
	second       bool // the other generator
}

// transaction is an event with what made it.
type transaction struct {
	event *event.Event
	// op is the operation that answered, nil where none did.
	op *operation
	// classes are those of the path's values, in order.
	classes []string
}

type generator struct {
	settings
	host    string
	r       *rand.Rand
	drawers map[string]*drawer
	n       uint64
	at      time.Time
}

// transactions of one provider: a Zipf mix of its operations, with refusals, unknown
// objects and scans among them. The same settings make the same traffic.
func transactions(provider string, ops []operation, s settings) []transaction {
	h := fnv.New64a()
	_, _ = h.Write([]byte(provider)) // a hash takes everything
	g := &generator{
		settings: s, host: "api." + strings.ToLower(provider), r: rand.New(rand.NewPCG(s.seed, h.Sum64())),
		drawers: map[string]*drawer{}, at: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC),
	}
	if s.second {
		return g.other(ops)
	}
	total := 0.0
	cumulated := make([]float64, len(ops))
	for i, rank := range g.r.Perm(len(ops)) {
		total += math.Pow(float64(rank+1), -s.zipf)
		cumulated[i] = total
	}
	var out []transaction
	for range s.perOperation * len(ops) {
		x, i := g.r.Float64()*total, 0
		for i < len(ops)-1 && cumulated[i] < x {
			i++
		}
		switch k := g.r.IntN(100); {
		case k < 3:
			out = append(out, g.scan())
		default:
			out = append(out, g.call(&ops[i]))
		}
	}
	return out
}

func (g *generator) call(op *operation) transaction {
	t := transaction{op: op}
	path := braces.ReplaceAllStringFunc(op.Template, func(name string) string {
		d := g.drawer(op, strings.Trim(name, "{}"))
		t.classes = append(t.classes, d.class)
		return url.PathEscape(d.draw(g.r))
	})
	status := []uint16{200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 201, 204, 302}[g.r.IntN(14)]
	switch k := g.r.IntN(100); {
	case k < 3:
		status = []uint16{401, 403}[k%2]
	case k < 5 && len(t.classes) > 0:
		status = 404
	case k < 6:
		status = 500
	}
	t.event = g.event(op.Method, path, status)
	if g.bodies && status == 200 {
		g.answer(t.event, op)
	}
	return t
}

// scan asks for what is not there.
func (g *generator) scan() transaction {
	probes := []string{"/.env", "/wp-login.php", "/admin", "/.git/config", "/phpmyadmin/index.php", "/api/%s", "/%s", "/backup/%s.zip", "/actuator/%s"}
	path := probes[g.r.IntN(len(probes))]
	if strings.Contains(path, "%s") {
		path = fmt.Sprintf(path, base62(g.r, 6))
	}
	return transaction{event: g.event("GET", path, 404)}
}

func (g *generator) event(method, path string, status uint16) *event.Event {
	g.n++
	g.at = g.at.Add(time.Duration(g.r.IntN(200)) * time.Millisecond)
	actor := g.r.IntN(g.actors)
	e := &event.Event{
		Tenant: []byte("default"), Sensor: []byte("eval"), Boot: g.seed + 1, Sequence: g.n,
		RequestTime: g.at.UnixNano(), ResponseTime: g.at.Add(20 * time.Millisecond).UnixNano(),
		Client: event.Client{Address: fmt.Appendf(nil, "192.0.2.%d", actor%250), AddressSource: []byte("connection")},
		Method: []byte(method), Scheme: []byte("https"), Protocol: []byte("HTTP/1.1"), Authority: []byte(g.host),
		Path: []byte(path), Status: status,
	}
	e.Identity = event.Identity{Scheme: []byte("jwt"), Subject: fmt.Appendf(nil, "user-%d", actor)}
	binary.BigEndian.PutUint64(e.ID[:8], g.n)
	return e
}

// drawer is that of the parameter called name at its place: the same for every
// operation on the same path, as the same objects stand behind them.
func (g *generator) drawer(op *operation, name string) *drawer {
	before, _, _ := strings.Cut(op.Template, "{"+name+"}")
	key := braces.ReplaceAllString(before, "{}") + "|" + name
	if d := g.drawers[key]; d != nil {
		return d
	}
	p := parameter{Name: name, Type: "string"}
	for _, q := range op.Params {
		if q.In == "path" && q.Name == name {
			p = q
		}
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(op.Provider + name)) // a hash takes everything
	d := newDrawer(p, g.examples, rand.New(rand.NewPCG(g.seed, h.Sum64())))
	g.drawers[key] = d
	return d
}

var fieldNames = strings.Fields(`name status type created_at updated_at description title url owner amount currency email state label
	version enabled count position parent tags metadata expires_at address phone country language size color price quantity total`)

// answer gives the response a body: an object of what the path is about, with
// fields of its own, or a list of them in an envelope that the whole API shares.
func (g *generator) answer(e *event.Event, op *operation) {
	resource, last := "root", ""
	for s := range strings.SplitSeq(op.Template, "/") {
		if s != "" && !strings.Contains(s, "{") {
			resource = s
		}
		last = s
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(g.host + resource)) // a hash takes everything
	r := rand.New(rand.NewPCG(h.Sum64(), 1))
	var object strings.Builder
	fmt.Fprintf(&object, `{"id":%d`, g.r.IntN(1_000_000))
	for _, i := range r.Perm(len(fieldNames))[:3+r.IntN(6)] {
		if g.r.IntN(10) > 0 { // optional fields
			fmt.Fprintf(&object, `,%q:%q`, fieldNames[i], "x")
		}
	}
	if r.IntN(2) == 0 {
		fmt.Fprintf(&object, `,%q:true`, strings.ToLower(resource)+"_"+fieldNames[r.IntN(len(fieldNames))])
	}
	object.WriteByte('}')
	text := object.String()
	if op.Method == "GET" && !strings.Contains(last, "{") {
		text = fmt.Sprintf(`{"count":1,"next":null,"results":[%s]}`, text)
	}
	e.ResponseBody = event.Body{Data: []byte(text), WireLength: uint64(len(text)), SeenLength: uint64(len(text)), ContentType: []byte("application/json")}
	e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}}
}
