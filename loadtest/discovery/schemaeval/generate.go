package schemaeval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
)

// Generator draws transactions from a specification.
type Generator struct {
	*rand.Rand
	spec *Spec
	// Seen counts how often each field was drawn: "GET /a|2xx|items[].id".
	Seen map[string]uint64
	n    int
}

// NewGenerator is seeded.
func NewGenerator(s *Spec, seed uint64) *Generator {
	return &Generator{Rand: rand.New(rand.NewPCG(seed, 42)), spec: s, Seen: map[string]uint64{}}
}

// Host is the host of the specification's traffic.
func (s *Spec) Host() string { return s.Name + ".example" }

// Place names a body or the parameters of an operation in Seen.
func Place(op *Operation, what string) string { return op.Method + " " + op.Path + "|" + what + "|" }

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// Event draws a transaction of op.
func (g *Generator) Event(op *Operation) *event.Event {
	g.n++
	e := &event.Event{
		Tenant: []byte("default"), Method: []byte(op.Method), Authority: []byte(g.spec.Host()), RequestTime: start.Add(time.Duration(g.n) * time.Second).UnixNano(),
		Client: event.Client{Address: fmt.Appendf(nil, "203.0.113.%d", g.IntN(200))},
	}
	e.ID = [16]byte{15: byte(g.n), 14: byte(g.n >> 8), 13: byte(g.n >> 16)}
	e.ResponseTime = e.RequestTime + int64(time.Duration(2+g.IntN(80))*time.Millisecond)
	a := &op.Answers[0]
	if len(op.Answers) > 1 && g.IntN(8) == 0 {
		a = &op.Answers[1]
	}
	served := a.Status < 400
	e.Status = uint16(a.Status)
	path, query := op.Path, url.Values{}
	for _, p := range op.Params {
		if !p.Required && !g.has(p.Name) {
			continue
		}
		if served {
			g.Seen[Place(op, "params")+p.In+" "+p.Name]++
		}
		text := fmt.Sprint(g.value(p.Schema, p.Name, "", false))
		switch p.In {
		case "path":
			path = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(text), 1)
		case "query":
			query.Set(p.Name, text)
		case "header":
			e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(p.Name), Value: []byte(text)})
		}
	}
	e.Path, e.Query = []byte(path), []byte(query.Encode())
	if op.Request != nil {
		e.RequestBody = g.body(op.Request, Place(op, "request"), served)
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte("Content-Type"), Value: []byte(op.Request.Media)})
	}
	e.ResponseBody = g.body(&a.Content, Place(op, ClassOf(a.Status)), true)
	e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte(a.Media + "; charset=utf-8")}}
	return e
}

// ClassOf is the status class, as 2xx.
func ClassOf(status int) string { return strconv.Itoa(status/100) + "xx" }

// body draws a body; one in a hundred was cut by the sensor.
func (g *Generator) body(c *Content, at string, counted bool) event.Body {
	if !counted {
		at = ""
	}
	v := g.value(c.Schema, "", at, true)
	var b []byte
	if c.Media == "application/x-www-form-urlencoded" {
		form := url.Values{}
		if m, ok := v.(object); ok {
			for k, x := range m {
				form.Set(k, fmt.Sprint(x))
			}
		}
		b = []byte(form.Encode())
	} else {
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		if g.IntN(3) == 0 {
			enc.SetIndent("", "  ")
		}
		if err := enc.Encode(v); err != nil {
			panic(err) // the values are ours
		}
		b = out.Bytes()
		if g.IntN(100) == 0 {
			return event.Body{Data: b[:len(b)/2], WireLength: uint64(len(b)), SeenLength: uint64(len(b)), Truncated: true, ContentType: []byte(c.Media)}
		}
	}
	return event.Body{Data: b, WireLength: uint64(len(b)), SeenLength: uint64(len(b)), ContentType: []byte(c.Media)}
}

// has draws whether an optional field is there: 60 to 95 % of the time, by its name.
func (g *Generator) has(name string) bool {
	h := fnv.New32a()
	h.Write([]byte(name))
	return g.Float64() < .6+float64(h.Sum32()%36)/100
}

// value draws an instance of s; at names its place where it is counted.
func (g *Generator) value(s object, name, at string, null bool) any {
	types := typesOf(s)
	if null && slices.Contains(types, "null") && g.IntN(8) == 0 {
		return nil
	}
	types = slices.DeleteFunc(types, func(t string) bool { return t == "null" })
	switch types[0] {
	case "object":
		return g.object(s, at)
	case "array":
		items := g.spec.resolve(s["items"])
		out := []any{}
		low := toInt(s["minItems"])
		for range low + g.IntN(5) {
			g.count(at, "[]")
			out = append(out, g.value(items, name, under(at, "[]"), true))
		}
		return out
	case "integer":
		low, high := toInt(s["minimum"]), toInt(s["maximum"])
		if high == 0 {
			high = 5000
		}
		return low + g.IntN(high-low+1)
	case "number":
		return math.Round(g.Float64()*1e5) / 100
	case "boolean":
		return g.IntN(2) == 0
	}
	if list := enumOf(s); len(list) > 0 {
		raw, _ := s["enum"].([]any)
		for i, v := range raw { // the first ones more often
			if g.IntN(3) == 0 || i == len(raw)-1 {
				return v
			}
		}
	}
	return g.text(s, name)
}

func (g *Generator) count(at, step string) {
	if at != "" {
		g.Seen[under(at, step)]++
	}
}

// under is the place of a child.
func under(at, step string) string {
	if at == "" {
		return ""
	}
	if step == "[]" || strings.HasSuffix(at, "|") {
		return at + step
	}
	return at + "." + step
}

func (g *Generator) object(s object, at string) any {
	out := object{}
	required := requiredOf(s)
	properties, _ := s["properties"].(object)
	for _, name := range sortedKeys(properties) {
		if !slices.Contains(required, name) && !g.has(name) {
			continue
		}
		g.count(at, name)
		out[name] = g.value(g.spec.resolve(properties[name]), name, under(at, name), true)
	}
	if extra := g.spec.resolve(s["additionalProperties"]); extra != nil {
		for range g.IntN(6) {
			key := ""
			switch s["x-keys"] {
			case "uuid":
				key = g.uuid()
			case "date":
				key = g.date()
			case "int":
				key = strconv.Itoa(g.IntN(90000))
			default:
				key = g.word()
			}
			if _, ok := out[key]; !ok {
				g.count(at, "*")
				out[key] = g.value(extra, "", under(at, "*"), true)
			}
		}
	}
	return out
}
