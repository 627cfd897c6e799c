package spec

import (
	"cmp"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/finding"
)

// leaks says which fields of answers hold sensitive data that no schema of an answer of the operation
// has (DATA-10). The guards of drifts are not asked: that a field holds such data is known of many
// different values, whoever asked for them. Where the document has no schema for answers, or one that
// allows anything, nothing is beyond it.
func (c *comparison) leaks(e *observed, p *pattern) {
	var schemas []Body
	for _, r := range p.op.Responses {
		if !r.Schema.Free() {
			schemas = append(schemas, r)
		}
	}
	if len(schemas) == 0 || len(schemas) < len(p.op.Responses) && slices.ContainsFunc(p.op.Responses, func(r Body) bool { return r.Schema.Free() && covers(r.Status, "2xx") }) {
		return
	}
	for _, f := range e.carries {
		if slices.ContainsFunc(schemas, func(b Body) bool { return b.Schema.has(f.Path) }) {
			continue
		}
		where := cmp.Or(schemas[0].Schema.Where, schemas[0].Where, p.op.Where)
		d := c.difference(Leak, finding.Severity(f.Severity), e, p, where)
		d.Aspect, d.Name, d.Count, d.Of = f.Class, "response:"+f.Path, e.answered, e.hits
		d.Summary = e.label + ": field \"" + f.Path + "\" of the answer holds values of the class " + f.Class + ", and no schema of " + p.op.Where.String() + " has it."
		c.out = append(c.out, d)
	}
}

// has says whether a document of schema s may hold a value at path by what s says: "data[].owner.ssn".
func (s *Schema) has(path string) bool {
	for part := range strings.SplitSeq(path, ".") {
		name := strings.TrimRight(part, "[]")
		if name != "" {
			if s.Free() {
				return true
			}
			switch q := s.Property(name); {
			case q != nil:
				s = q.Schema
			case s.Additional != nil:
				s = s.Additional
			default:
				// An object of no documented properties may have any.
				return len(s.Properties) == 0 && !s.Closed && mayBe(s, "object")
			}
		}
		for range (len(part) - len(name)) / 2 {
			if s.Free() || s.Items == nil {
				return true
			}
			s = s.Items
		}
	}
	return true
}
