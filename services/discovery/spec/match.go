package spec

import (
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// pattern is an operation at one of its servers.
type pattern struct {
	spec     *Specification
	op       *Operation
	host     string
	segments []string
	// rest: the last segment is a parameter of any number of segments ({path+}).
	rest bool
}

// fit says how well a template that was learned and one that is documented are the
// same. Less is better.
type fit struct {
	// merged segments are literals of the document where learning saw a parameter: the
	// learned endpoint is that operation and others.
	merged int
	// covered segments are learned literals, or have some around their value, where the
	// document has a parameter.
	covered int
}

func (f fit) less(g fit) bool {
	if f.merged != g.merged {
		return f.merged < g.merged
	}
	return f.covered < g.covered
}

func newPattern(s *Specification, o *Operation, at Server) pattern {
	p := pattern{spec: s, op: o, host: at.Host, segments: segments(at.Path + o.Template)}
	if n := len(p.segments); n > 0 {
		last := p.segments[n-1]
		p.rest = strings.HasPrefix(last, "{") && (strings.HasSuffix(last, "+}") || strings.HasSuffix(last, "*}") || strings.HasSuffix(last, "=**}"))
	}
	return p
}

// segments of a path; empty ones fall away, as they do in the catalog.
func segments(path string) []string {
	var out []string
	for s := range strings.SplitSeq(path, "/") {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// covers compares the documented segments with learned ones.
func (p *pattern) covers(learned []string) (f fit, ok bool) {
	want := p.segments
	for i, l := range learned {
		if l == "{"+catalog.TypeRest+"}" && i == len(learned)-1 { // cut by the limits of the catalog
			return fit{f.merged + 1, f.covered}, len(want) > i
		}
		if p.rest && i >= len(want)-1 {
			return fit{f.merged, f.covered + 1}, true
		}
		if i >= len(want) {
			return f, false
		}
		switch segment(want[i], l) {
		case different:
			return f, false
		case merged:
			f.merged++
		case covered:
			f.covered++
		}
	}
	return f, len(learned) == len(want)
}

type relation int

const (
	different relation = iota
	same
	covered
	merged
)

// segment compares one documented segment with one that was learned.
func segment(want, learned string) relation {
	wantParam, learnedParam := strings.IndexByte(want, '{') >= 0, strings.IndexByte(learned, '{') >= 0
	switch {
	case wantParam && glob(want, learned):
		if learnedParam && (isWhole(learned) || !isWhole(want)) {
			return same
		}
		return covered // {name} is documented, {string}.json was learned
	case want == learned:
		return same
	case strings.Contains(learned, "{"+catalog.TypeString+"}") && glob(learned, want):
		return merged
	case wantParam:
		return different
	case learnedParam:
		// A literal that looks like a value: /2010-04-01/accounts.
		if t, _ := catalog.Template([]byte(want)); t == "/"+learned {
			return same
		}
	}
	return different
}

// isWhole says whether a parameter is all of a segment.
func isWhole(segment string) bool {
	return segment[0] == '{' && strings.IndexByte(segment, '}') == len(segment)-1
}

// glob says whether text is pattern with something in the place of each {name}.
func glob(pattern, text string) bool {
	head, rest, param := cutParam(pattern)
	if !strings.HasPrefix(text, head) {
		return false
	}
	if !param {
		return text == head
	}
	text = text[len(head):]
	for {
		if text == "" {
			return false // a parameter is not empty
		}
		var literal string
		literal, rest, param = cutParam(rest)
		switch {
		case !param: // the last: it ends the text
			return len(text) > len(literal) && strings.HasSuffix(text, literal)
		case literal == "":
			continue // two parameters side by side
		}
		i := strings.Index(text[1:], literal)
		if i < 0 {
			return false
		}
		text = text[1+i+len(literal):]
	}
}

// cutParam splits a pattern at its first {name}.
func cutParam(pattern string) (literal, rest string, ok bool) {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return pattern, "", false
	}
	end := strings.IndexByte(pattern[open:], '}')
	if end < 0 {
		return pattern, "", false
	}
	return pattern[:open], pattern[open+end+1:], true
}

// hostCovers says whether a documented host is that of an endpoint. Both may be
// templates: who documents one of the hosts of a template documents their API.
func hostCovers(want, host string) bool {
	return want == "" || want == host || strings.IndexByte(want, '{') >= 0 && glob(want, host) || strings.IndexByte(host, '{') >= 0 && glob(host, want)
}
