package spec

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
)

// bodies compares the schemas of messages.
func (w *drifting) bodies() {
	for i := range w.e.request {
		w.body("request body", &w.e.request[i], w.p.op.Request, w.p.op.Where)
	}
	for i := range w.e.responses {
		b := &w.e.responses[i]
		var documented []Body
		where := w.p.op.Where
		known := false
		for _, s := range w.p.op.Statuses {
			if covers(s.Name, b.Status) {
				known, where = true, s.Where
			}
		}
		if !known {
			continue // the status itself is a drift
		}
		for _, d := range w.p.op.Responses {
			if covers(d.Status, b.Status) {
				documented = append(documented, d)
			}
		}
		w.body("response "+b.Status, b, documented, where)
	}
}

// covers says whether a documented status speaks of an observed status or class.
func covers(documented, observed string) bool {
	d, o := strings.ToLower(documented), strings.ToLower(observed)
	if d == "default" || d == o {
		return true
	}
	if len(d) != 3 || len(o) != 3 || d[0] != o[0] {
		return false
	}
	return d[1:] == "xx" || o[1:] == "xx"
}

// body compares one message with the documented ones that it could be, and says
// what differs from the one that fits best.
func (w *drifting) body(what string, b *catalog.Body, documented []Body, where Place) {
	seen := b.Seen
	if seen == 0 {
		seen = widest(&b.Schema)
	}
	if len(documented) == 0 {
		w.say(finding.Low, "body", what, where, seen, w.e.hits,
			"a %s came with %s, and %s documents none", what, many(seen, "transaction"), where)
		return
	}
	var fits []Body
	var media []string
	for _, d := range documented {
		media = append(media, d.Media)
		if sameMedia(d.Media, b.Media) {
			fits = append(fits, d)
		}
	}
	if len(fits) == 0 {
		w.say(finding.Low, "media", what+":"+b.Media, documented[0].Where, seen, w.e.hits,
			"the %s was %s in %s, and %s documents only %s", what, b.Media, many(seen, "transaction"), documented[0].Where, strings.Join(slices.Compact(media), ", "))
		return
	}
	if byNumber(&b.Schema) {
		return
	}
	var best []Difference
	for i, d := range fits {
		try := &drifting{c: w.c, e: w.e, p: w.p}
		n := &walker{w: try, what: what, text: !strings.Contains(b.Media, "json"), counted: b.Seen > 0}
		n.walk(&b.Schema, d.Schema, "", d.Where)
		if i == 0 || len(try.out) < len(best) {
			best = try.out
		}
	}
	w.out = append(w.out, best...)
}

// byNumber says that a message of protobuf was read without its descriptor: documents
// call its fields by name.
func byNumber(s *catalog.Schema) bool {
	for i := range s.Properties {
		if strings.Trim(s.Properties[i].Name, "0123456789") != "" {
			return false
		}
	}
	return len(s.Properties) > 0
}

// widest is the largest count in a schema, for messages that were not counted.
func widest(s *catalog.Schema) uint64 {
	var n uint64
	for _, t := range s.Types {
		n = max(n, t.Count)
	}
	for i := range s.Properties {
		n = max(n, widest(&s.Properties[i].Schema))
	}
	for _, c := range [...]*catalog.Schema{s.Additional, s.Items} {
		if c != nil {
			n = max(n, widest(c))
		}
	}
	return n
}

func sameMedia(documented, observed string) bool {
	if documented == observed || observed == "" || documented == "" || documented == "*/*" {
		return true
	}
	prefix, ok := strings.CutSuffix(documented, "*")
	return ok && strings.HasPrefix(observed, prefix)
}

// walker goes through an observed schema and the documented one together.
type walker struct {
	w       *drifting
	what    string
	text    bool // types are guessed from text
	counted bool // presence was counted
}

func (n *walker) walk(o *catalog.Schema, doc *Schema, path string, where Place) {
	if doc.Free() {
		return
	}
	if doc.Where.File != "" {
		where = doc.Where
	}
	n.types(o, doc, path, where)
	v := constrained{w: n.w, name: n.what + ":" + path, field: n.field(path), text: n.text, seen: o, doc: doc, where: where}
	v.compare()
	if o.Items != nil {
		n.walk(o.Items, doc.Items, path+"[]", where)
	}
	if o.Additional != nil && doc.Additional != nil {
		n.walk(o.Additional, doc.Additional, join(path, "{...}"), where)
	}
	// An object of no documented properties may have any.
	open := doc.Additional == nil && len(doc.Properties) == 0 && !doc.Closed || !mayBe(doc, "object")
	for i := range o.Properties {
		q := &o.Properties[i]
		at := join(path, q.Name)
		switch p := doc.Property(q.Name); {
		case p != nil:
			n.walk(&q.Schema, p.Schema, at, where)
		case doc.Additional != nil:
			n.walk(&q.Schema, doc.Additional, at, where)
		case !open:
			count := max(q.Schema.Seen, widest(&q.Schema))
			n.w.say(finding.Low, "parameter", n.what+":"+at, where, count, o.Seen,
				"field %q of the %s was seen %s, and the schema at %s does not document it", at, n.what, times(count), where)
		}
	}
	n.required(o, doc, path)
}

func mayBe(s *Schema, typ string) bool { return len(s.Types) == 0 || slices.Contains(s.Types, typ) }

func (n *walker) types(o *catalog.Schema, doc *Schema, path string, where Place) {
	list := o.Types
	if len(list) == 0 { // of fields alone it is seen by what is below
		switch {
		case o.Items != nil:
			list = []catalog.Tally{{Name: "array", Count: widest(o.Items)}}
		case len(o.Properties) > 0 || o.Additional != nil:
			list = []catalog.Tally{{Name: "object", Count: widest(o)}}
		}
	}
	for _, t := range list {
		if accepts(doc.Types, t.Name, n.text) {
			continue
		}
		n.w.say(finding.Low, "type", n.what+":"+path, where, t.Count, o.Seen,
			"%s was %s %s, and %s says %s", n.field(path), article(t.Name), times(t.Count), where, strings.Join(doc.Types, " or "))
	}
}

func (n *walker) field(path string) string {
	if path == "" {
		return "the " + n.what
	}
	return "field \"" + path + "\" of the " + n.what
}

// required looks for properties that are not always there.
func (n *walker) required(o *catalog.Schema, doc *Schema, path string) {
	if !n.counted || len(o.Properties) == 0 {
		return
	}
	objects := o.Seen
	for _, t := range o.Types {
		if t.Name == "object" {
			objects = t.Count
		}
	}
	for i := range doc.Properties {
		p := &doc.Properties[i]
		if !p.Required {
			continue
		}
		var have uint64
		k, found := slices.BinarySearchFunc(o.Properties, p.Name, func(q catalog.Property, name string) int { return strings.Compare(q.Name, name) })
		if found {
			have = min(o.Properties[k].Schema.Seen, objects)
		}
		if lacks := objects - have; n.w.missing(lacks, objects) {
			n.w.say(finding.Low, "required", n.what+":"+join(path, p.Name), doc.Where, lacks, objects,
				"%d of %d messages lack field %q of the %s, which %s requires", lacks, objects, join(path, p.Name), n.what, doc.Where)
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
