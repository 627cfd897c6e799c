package catalog

import "strings"

// Holds is the schema of what requests carry at a place: in is query, header, cookie or
// body, path names the value as package content does ("user.cards[].pan"). It is nil
// where nothing is known of the place. Of bodies of several media types the one that
// was seen most says it.
func (e *Endpoint) Holds(in, path string) *Schema {
	if in != "body" {
		for i := range e.Params {
			if p := &e.Params[i]; p.In == in && p.Name == path {
				return p.Schema
			}
		}
		return nil
	}
	var best *Schema
	var seen uint64
	for i := range e.Request {
		b := &e.Request[i]
		if s := b.Schema.at(path); s != nil && (best == nil || b.Seen > seen) {
			best, seen = s, b.Seen
		}
	}
	return best
}

// at follows path into s. A name with a dot in it is not found: nothing tells it from
// two names.
func (s *Schema) at(path string) *Schema {
	for path != "" && s != nil {
		if rest, ok := strings.CutPrefix(path, "[]"); ok {
			s, path = s.Items, strings.TrimPrefix(rest, ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		if end == 0 {
			return nil
		}
		s, path = s.property(path[:end]), strings.TrimPrefix(path[end:], ".")
	}
	return s
}

func (s *Schema) property(name string) *Schema {
	for i := range s.Properties {
		if s.Properties[i].Name == name {
			return &s.Properties[i].Schema
		}
	}
	return s.Additional
}
