package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
)

// drifts says in what an endpoint is used or answers otherwise than documented.
func (c *comparison) drifts(e *observed, p *pattern) {
	w := &drifting{c: c, e: e, p: p}
	w.parameters()
	w.statuses()
	w.auth()
	w.bodies()
	if extra := len(w.out) - c.o.MaxDrifts; extra > 0 {
		d := c.difference(Drift, finding.Low, e, p, p.op.Where)
		d.Aspect, d.Name, d.Count = "more", "", uint64(extra)
		d.Summary = fmt.Sprintf("%s differs from %s in %d more ways.", e.label, p.op.Where, extra)
		w.out = append(w.out[:c.o.MaxDrifts], d)
	}
	c.out = append(c.out, w.out...)
}

type drifting struct {
	c   *comparison
	e   *observed
	p   *pattern
	out []Difference
}

// say adds a drift that enough transactions show.
func (w *drifting) say(severity finding.Severity, aspect, name string, where Place, count, of uint64, format string, args ...any) {
	if count < uint64(w.c.o.MinCount) {
		return
	}
	d := w.c.difference(Drift, severity, w.e, w.p, where)
	d.Aspect, d.Name, d.Count, d.Of = aspect, name, count, max(of, count)
	d.Summary = w.e.label + ": " + fmt.Sprintf(format, args...) + "."
	w.out = append(w.out, d)
}

// missing says whether so many of that many are more than truncation explains.
func (w *drifting) missing(n, of uint64) bool {
	return n >= uint64(w.c.o.MinCount) && float64(n) >= w.c.o.MissingShare*float64(of)
}

func (w *drifting) parameters() {
	counts := map[[2]string]uint64{}
	for i := range w.e.params {
		q := &w.e.params[i]
		if q.In == "path" {
			continue // compared by the template
		}
		doc := w.documented(q.In, q.Name)
		if doc != nil {
			counts[[2]string{doc.In, doc.Name}] += q.Count
			w.paramType(q, doc)
			continue
		}
		if w.credential(q.In, q.Name) || q.In == "cookie" {
			continue // cookies belong to whoever set them, not to an operation
		}
		w.say(finding.Low, "parameter", q.In+":"+q.Name, w.p.op.Where, q.Count, w.e.answered,
			"%s parameter %q came with %s, and %s does not document it", q.In, q.Name, many(q.Count, "served request"), w.p.op.Where)
	}
	w.pathTypes()
	for i := range w.p.op.Params {
		doc := &w.p.op.Params[i]
		if !doc.Required || doc.In != "query" && !(doc.In == "header" && strings.HasPrefix(doc.Name, "x-")) {
			continue
		}
		have := min(counts[[2]string{doc.In, doc.Name}], w.e.answered)
		if n := w.e.answered - have; w.missing(n, w.e.answered) {
			w.say(finding.Low, "required", doc.In+":"+doc.Name, doc.Where, n, w.e.answered,
				"%d of %d requests answered 2xx came without the %s parameter %q that %s requires", n, w.e.answered, doc.In, doc.Name, doc.Where)
		}
	}
}

// documented finds the parameter of an observed name: that of an object or list may
// carry more, "filter[name]", "filter.name", "ids[]".
func (w *drifting) documented(in, name string) *Param {
	find := func(name string) *Param {
		for i := range w.p.op.Params {
			p := &w.p.op.Params[i]
			if p.In == in && (p.Name == name || in == "header" && strings.EqualFold(p.Name, name)) || p.In == "querystring" && in == "query" {
				return p
			}
		}
		return nil
	}
	if p := find(name); p != nil {
		return p
	}
	if i := strings.IndexAny(name, "[."); i > 0 {
		if p := find(name[:i]); p != nil {
			return p
		}
		return find(name[:i] + "[]")
	}
	if p := find(name + "[]"); p != nil {
		return p
	}
	// A form-exploded object has its properties for names.
	for i := range w.p.op.Params {
		p := &w.p.op.Params[i]
		if p.In == in && p.Schema != nil && slices.Contains(p.Schema.Types, "object") && (p.Schema.Property(name) != nil || p.Schema.Additional != nil) {
			return p
		}
	}
	return nil
}

// credential says whether a parameter is how the operation authenticates.
func (w *drifting) credential(in, name string) bool {
	return slices.ContainsFunc(w.p.op.Auth, func(a Auth) bool { return a.In == in && strings.EqualFold(a.Name, name) })
}

func (w *drifting) paramType(q *catalog.Param, doc *Param) {
	if doc.Schema.Free() || doc.Name != q.Name {
		return
	}
	schema := doc.Schema
	if schema.Items != nil && slices.Contains(schema.Types, "array") {
		schema = schema.Items
	}
	for _, t := range q.Types {
		// A list may stand in one value, "1,2,3": text says nothing then.
		if typ := jsonType(t.Name); !accepts(schema.Types, typ, true) && !(schema != doc.Schema && typ == "string") {
			w.say(finding.Low, "type", q.In+":"+q.Name, doc.Where, t.Count, q.Count,
				"%s parameter %q held %s in %s, and %s says %s", q.In, q.Name, article(t.Name), many(t.Count, "request"), doc.Where, strings.Join(schema.Types, " or "))
		}
	}
}

// pathTypes compares the parameters of the path, which have one order in both.
func (w *drifting) pathTypes() {
	learned := segments(w.e.template)
	values := map[int]*catalog.Param{}
	var path []*catalog.Param
	for i := range w.e.params {
		if w.e.params[i].In == "path" {
			path = append(path, &w.e.params[i])
		}
	}
	names := catalog.ParamNames(w.e.template)
	n := 0
	for i, s := range learned {
		if strings.IndexByte(s, '{') < 0 {
			continue
		}
		if n < len(names) {
			for _, p := range path {
				if p.Name == names[n] {
					values[i] = p
				}
			}
		}
		n++
	}
	for i, s := range w.p.segments {
		q := values[i]
		if q == nil || !strings.HasPrefix(s, "{") || strings.IndexByte(s, '}') != len(s)-1 {
			continue
		}
		doc := w.documented("path", s[1:len(s)-1])
		if doc == nil || doc.Schema.Free() {
			continue
		}
		for _, t := range q.Types {
			if !accepts(doc.Schema.Types, jsonType(t.Name), true) && !slices.Contains(doc.Schema.Types, "array") {
				w.say(finding.Low, "type", "path:"+doc.Name, doc.Where, t.Count, q.Count,
					"path parameter %q held %s in %s, and %s says %s", doc.Name, article(t.Name), many(t.Count, "request"), doc.Where, strings.Join(doc.Schema.Types, " or "))
			}
		}
	}
}

// accepts says whether a value of type got may stand where want is documented. text
// says that the type was guessed from text: every value is a string then.
func accepts(want []string, got string, text bool) bool {
	if len(want) == 0 || slices.Contains(want, got) {
		return true
	}
	if got == "integer" && slices.Contains(want, "number") {
		return true
	}
	return text && (got == "null" || slices.Contains(want, "string") || slices.Contains(want, "object"))
}

// many is "1 request", "2 requests".
func many(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func article(typ string) string {
	switch typ[0] {
	case 'a', 'e', 'i', 'o', 'u':
		if typ != "uuid" {
			return "an " + typ
		}
	}
	return "a " + typ
}

// statuses compares classes, which is what is counted.
func (w *drifting) statuses() {
	if len(w.p.op.Statuses) == 0 {
		return
	}
	for _, t := range w.e.statuses {
		if len(t.Name) != 3 || t.Name[1:] != "xx" || t.Name == "1xx" {
			continue
		}
		if slices.ContainsFunc(w.p.op.Statuses, func(s Status) bool { return s.Name == "default" || s.Name[:1] == t.Name[:1] }) {
			continue
		}
		var names []string
		for _, s := range w.p.op.Statuses {
			names = append(names, s.Name)
		}
		w.say(finding.Low, "status", t.Name, w.p.op.Where, t.Count, w.e.hits,
			"%d of %d answers were %s, and %s documents only %s", t.Count, w.e.hits, t.Name, w.p.op.Where, strings.Join(names, ", "))
	}
}

// auth looks for requests that were served with other credentials than documented,
// or with none.
func (w *drifting) auth() {
	o := w.p.op
	if o.Anonymous || len(o.Auth) == 0 {
		return // none is needed, or the document does not say
	}
	var want []string
	for _, a := range o.Auth {
		if !slices.Contains(want, a.Kind) {
			want = append(want, a.Kind)
		}
	}
	where := o.AuthWhere
	if where.File == "" {
		where = o.Where
	}
	for _, t := range w.e.served {
		if slices.Contains(want, "other") || t.Name == "other" || admitted(want, t.Name) {
			continue
		}
		severity, how := finding.Medium, "with "+t.Name
		if t.Name == "none" {
			severity, how = finding.High, "without credentials"
		}
		w.say(severity, "auth", t.Name, where, t.Count, w.e.answered,
			"at least %s got 2xx %s, and %s requires %s", many(t.Count, "request"), how, where, strings.Join(want, " or "))
	}
}

func admitted(want []string, scheme string) bool {
	for _, w := range want {
		switch {
		case w == scheme, w == "bearer" && scheme == "jwt",
			w == "authorization" && (scheme == "jwt" || scheme == "bearer" || scheme == "basic" || scheme == "api-key"),
			w == "api-key" && (scheme == "bearer" || scheme == "jwt"): // a key may be a token
			return true
		}
	}
	return false
}
