package main

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
)

// The second generator shares nothing with the first but the operations: what is
// learned from one must hold on the other. Paths are drawn, then a method; a
// parameter that has an example always takes it; ids have other shapes, by the name
// of the parameter and the API; names come from other lists; bodies have few fields;
// refusals and scans have a share of their own.
type other struct {
	*generator
	shapes map[string]func(r *rand.Rand) string
	kinds  map[string]string
}

// otherZipf is added to the exponent of the first: busy paths are busier here.
const otherZipf = 0.35

func (g *generator) other(ops []operation) []transaction {
	o := &other{generator: g, shapes: map[string]func(*rand.Rand) string{}, kinds: map[string]string{}}
	var paths [][]*operation
	at := map[string]int{}
	for i := range ops {
		_, path, _ := strings.Cut(ops[i].shape, " ")
		k, ok := at[path]
		if !ok {
			k = len(paths)
			at[path], paths = k, append(paths, nil)
		}
		paths[k] = append(paths[k], &ops[i])
	}
	cumulated, total := make([]float64, len(paths)), 0.0
	for i, rank := range g.r.Perm(len(paths)) {
		total += math.Pow(float64(rank)+2.7, -g.zipf-otherZipf)
		cumulated[i] = total
	}
	var out []transaction
	for range g.perOperation * len(ops) {
		if g.r.IntN(25) == 0 {
			out = append(out, o.probe(ops))
			continue
		}
		x, i := g.r.Float64()*total, 0
		for i < len(paths)-1 && cumulated[i] < x {
			i++
		}
		out = append(out, o.call(o.method(paths[i])))
	}
	return out
}

// method draws one of a path's: reads are most of them.
func (o *other) method(ops []*operation) *operation {
	weight := func(op *operation) int {
		switch op.Method {
		case "GET":
			return 12
		case "POST":
			return 5
		case "PUT", "PATCH":
			return 3
		}
		return 2
	}
	sum := 0
	for _, op := range ops {
		sum += weight(op)
	}
	x := o.r.IntN(sum)
	for _, op := range ops {
		if x -= weight(op); x < 0 {
			return op
		}
	}
	return ops[0]
}

func (o *other) call(op *operation) transaction {
	t := transaction{op: op}
	path := braces.ReplaceAllStringFunc(op.Template, func(name string) string {
		value, class := o.value(op, strings.Trim(name, "{}"))
		t.classes = append(t.classes, class)
		return url.PathEscape(value)
	})
	status := uint16(200)
	switch {
	case op.Method == "POST" && o.r.IntN(2) == 0:
		status = 201
	case op.Method == "DELETE":
		status = 204
	}
	switch o.r.IntN(40) {
	case 0:
		status = 404
	case 1:
		status = 401
	case 2:
		status = 422
	case 3:
		status = 503
	}
	t.event = o.event(op.Method, path, status)
	if o.bodies && status < 202 {
		o.brief(t.event, op)
	}
	return t
}

// probe asks for names beside the API's own and for files that others have.
func (o *other) probe(ops []operation) transaction {
	lists := strings.Fields("/server-status /.aws/credentials /cgi-bin/test /console /solr /login.action /owa /manager/html /xmlrpc.php /config.json")
	path := lists[o.r.IntN(len(lists))]
	if o.r.IntN(2) == 0 {
		shape := ops[o.r.IntN(len(ops))].Template
		cut := strings.LastIndexByte(shape, '/')
		path = braces.ReplaceAllString(shape[:cut], "1") + "/" + mixed(o.r, "abcdefghijkmnpqrstuvwxyz0123456789", 3+o.r.IntN(8))
	}
	return transaction{event: o.event("GET", path, []uint16{404, 404, 404, 403}[o.r.IntN(4)])}
}

// brief gives an answer two to four fields, of which one is what everything has.
func (o *other) brief(e *event.Event, op *operation) {
	names := strings.Fields("ok data items total cursor key value text state since until by kind ref amount flag")
	h := fnv.New64a()
	_, _ = h.Write([]byte(o.host + op.shape)) // a hash takes everything
	r := rand.New(rand.NewPCG(h.Sum64(), 2))
	var b strings.Builder
	fmt.Fprintf(&b, `{"request_id":"%x"`, o.r.Uint32())
	for _, i := range r.Perm(len(names))[:1+r.IntN(3)] {
		fmt.Fprintf(&b, `,%q:%d`, names[i], o.r.IntN(9))
	}
	b.WriteByte('}')
	e.ResponseBody = event.Body{Data: []byte(b.String()), WireLength: uint64(b.Len()), SeenLength: uint64(b.Len()), ContentType: []byte("application/json")}
	e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}}
}

func (o *other) value(op *operation, name string) (value, class string) {
	p := parameter{Name: name, Type: "string"}
	for _, q := range op.Params {
		if q.In == "path" && q.Name == name {
			p = q
		}
	}
	if p.Example != "" && !strings.ContainsAny(string(p.Example), "{}\n") {
		return string(p.Example), "example"
	}
	if n := len(p.Enum); n > 0 {
		if v := p.Enum[o.r.IntN(n)]; v != "" && v != "null" {
			return string(v), "enum"
		}
	}
	key := p.Type + " " + p.Format + " " + p.Pattern + " " + name
	if o.shapes[key] == nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(o.host + key)) // a hash takes everything
		o.kinds[key], o.shapes[key] = otherShape(p, rand.New(rand.NewPCG(o.seed+77, h.Sum64())))
	}
	return o.shapes[key](o.r), o.kinds[key]
}

func mixed(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	base58  = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	base32  = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	urlSafe = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"
	lower36 = "0123456789abcdefghijklmnopqrstuvwxyz"
)

var (
	people = strings.Fields("abigail boris catarina dmitri eloise fabian gertrud hamza ingrid jerome katya leopold mirela nadia oswald priya quentin ramona stefan tamara ulrich violeta wanda ximena yasmin zoltan")
	things = strings.Fields("anchor bamboo candle dragon ember falcon glacier hazel indigo jasper kestrel lantern maple nebula otter pepper quartz raven sparrow thistle umbra velvet willow yarrow zephyr")
	cities = strings.Fields("lisbon oslo vienna prague madrid dublin warsaw athens helsinki budapest tokyo seoul lima quito cairo nairobi mumbai austin denver boston")
)

// otherShape is what the values of a parameter look like.
func otherShape(p parameter, r *rand.Rand) (class string, draw func(*rand.Rand) string) {
	text := func(class, alphabet string, n int) (string, func(*rand.Rand) string) {
		return class, func(r *rand.Rand) string { return mixed(r, alphabet, n) }
	}
	pool := func(class string, n int, fresh func(*rand.Rand) string) (string, func(*rand.Rand) string) {
		values := make([]string, n)
		for i := range values {
			values[i] = fresh(r)
		}
		return class, func(r *rand.Rand) string { return values[r.IntN(len(values))] }
	}
	number := func(low, high int) (string, func(*rand.Rand) string) {
		return "int", func(r *rand.Rand) string { return strconv.Itoa(low + r.IntN(high-low)) }
	}
	if f := fromPattern(p.Pattern); p.Pattern != "" && f != nil {
		return "pattern", f
	}
	name := strings.ToLower(p.Name)
	switch {
	case p.Format == "uuid" || p.Format == "guid" || strings.Contains(name, "uuid") || strings.Contains(name, "guid"):
		return "uuid", func(r *rand.Rand) string { return strings.ToUpper(uuid(r)) }
	case strings.HasPrefix(p.Format, "date") || strings.HasSuffix(name, "date"):
		return "date", func(r *rand.Rand) string {
			return fmt.Sprintf("20%02d-%02d-%02d", 18+r.IntN(8), 1+r.IntN(12), 1+r.IntN(28))
		}
	case p.Type == "integer" || p.Type == "number":
		if r.IntN(3) == 0 {
			return number(1, 9)
		}
		return number(1000, 9_000_000)
	case p.Type == "boolean":
		return pool("word", 2, func(r *rand.Rand) string { return []string{"true", "false"}[r.IntN(2)] })
	case strings.Contains(name, "country") || strings.Contains(name, "locale") || strings.Contains(name, "lang") || strings.Contains(name, "currency"):
		codes := strings.Fields("de fr en-GB pt_BR USD EUR JPY it nl-BE SE")
		return pool("short code", 6, func(r *rand.Rand) string { return codes[r.IntN(len(codes))] })
	case strings.Contains(name, "file") || strings.Contains(name, "path"):
		return "file", func(r *rand.Rand) string {
			return things[r.IntN(len(things))] + strconv.Itoa(r.IntN(50)) + []string{".txt", ".pdf", ".png"}[r.IntN(3)]
		}
	case idName.MatchString(p.Name):
		switch r.IntN(8) {
		case 0:
			return text("objectid", "0123456789abcdef", 24)
		case 1:
			return text("ulid", base32, 26)
		case 2:
			return text("base58", base58, 11)
		case 3:
			return text("nanoid", urlSafe, 21)
		case 4:
			return text("base36", lower36, 8)
		case 5:
			return "prefixed", func(r *rand.Rand) string { return strings.ToLower(p.Name[:2]) + "_" + mixed(r, base58, 16) }
		}
		return number(1, 400_000)
	}
	switch r.IntN(6) {
	case 0:
		return "name", func(r *rand.Rand) string { return people[r.IntN(len(people))] + strconv.Itoa(r.IntN(99)) }
	case 1:
		return pool("first name", 20, func(r *rand.Rand) string { return people[r.IntN(len(people))] })
	case 2:
		return pool("city", 3+r.IntN(15), func(r *rand.Rand) string { return cities[r.IntN(len(cities))] })
	case 3:
		return pool("thing", 8+r.IntN(60), func(r *rand.Rand) string { return things[r.IntN(len(things))] + "_" + things[r.IntN(len(things))] })
	case 4:
		return "base36", func(r *rand.Rand) string { return mixed(r, lower36, 6) }
	}
	return "name", func(r *rand.Rand) string { return people[r.IntN(len(people))] + "-" + cities[r.IntN(len(cities))] }
}
