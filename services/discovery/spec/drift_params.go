package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
)

// parameters compares those of the path, query and headers.
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
	w.paramValues(q, doc, schema)
}

// paramValues compares the values of a parameter. Those of a list may stand in one.
func (w *drifting) paramValues(q *catalog.Param, doc *Param, schema *Schema) {
	if q.Schema != nil && !slices.Contains(doc.Schema.Types, "array") {
		v := constrained{w: w, name: doc.In + ":" + doc.Name, field: fmt.Sprintf("%s parameter %q", doc.In, doc.Name), text: true, seen: q.Schema, doc: schema, where: doc.Where}
		v.compare()
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
		w.paramValues(q, doc, doc.Schema)
	}
}
