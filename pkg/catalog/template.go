package catalog

import (
	"bytes"
	"sync"
)

// Limits bound the work on one path and the length of what it becomes. The zero
// value of a field means its default.
type Limits struct {
	// Path is how many bytes of a path are read, Segments how many segments; what
	// lies beyond stands as {rest}.
	Path     int
	Segments int
	// Segment is the longest segment in bytes, decoded, that can be a literal or
	// have a type; a longer one is {string}.
	Segment int
}

// DefaultLimits are what a service uses unless configured. The longest literal
// of 9,605 published operations has 38 bytes, the deepest path 17 segments.
var DefaultLimits = Limits{Path: 1024, Segments: 24, Segment: 128}

func (l Limits) withDefaults() Limits {
	if l.Path <= 0 {
		l.Path = DefaultLimits.Path
	}
	if l.Segments <= 0 {
		l.Segments = DefaultLimits.Segments
	}
	if l.Segment <= 0 {
		l.Segment = DefaultLimits.Segment
	}
	return l
}

// Template is the path with every typed segment in braces, under DefaultLimits,
// and the values that were typed. Empty segments and a trailing slash fall away,
// percent-encoding is undone, and so are path parameters behind ';'. The result
// consists of '/', of bytes that a path may hold undecoded, and of {type}.
func Template(path []byte) (string, []Value) {
	t := newTemplater()
	defer t.release()
	t.run(path, DefaultLimits)
	return string(t.out), t.copyValues()
}

// templater is one run over a path.
type templater struct {
	out    []byte
	text   []byte // the decoded texts of all values, one after the other
	values []span
	// segment is where percent-encoding is undone.
	segment []byte
	// Which limits cut something off.
	pathCut, segmentCut bool
}

// Runs share their buffers: they would escape to the heap on every request.
var templaters = sync.Pool{New: func() any {
	return &templater{out: make([]byte, 0, 256), text: make([]byte, 0, 256), segment: make([]byte, 0, 256)}
}}

func newTemplater() *templater { return templaters.Get().(*templater) }

// release gives t back; nothing of it may be used afterwards.
func (t *templater) release() {
	*t = templater{out: t.out[:0], text: t.text[:0], segment: t.segment[:0], values: t.values[:0]}
	templaters.Put(t)
}

type span struct {
	index      int
	typ        string
	start, end int
}

// run appends the template of path to t.out.
func (t *templater) run(path []byte, l Limits) {
	path = originForm(path)
	whole := path
	if len(path) > l.Path {
		t.pathCut = true
		// The segment that the limit falls into is cut too: half of one is no name.
		path = path[:bytes.LastIndexByte(path[:l.Path], '/')+1]
	}
	before := len(t.out)
	var last []byte // the segment before, when it is a literal
	index := 0
	for len(path) > 0 {
		var raw []byte
		if i := bytes.IndexByte(path, '/'); i >= 0 {
			raw, path = path[:i], path[i+1:]
		} else {
			raw, path = path, nil
		}
		if len(raw) == 0 {
			continue
		}
		if index == l.Segments {
			t.pathCut = true
			break
		}
		s := t.decode(raw)
		if len(s) == 0 {
			continue
		}
		last = t.add(s, index, last, l.Segment, len(bytes.Trim(path, "/")) > 0)
		index++
	}
	if t.pathCut {
		t.out = append(t.out, '/')
		t.typed(index, TypeRest, whole[min(len(whole), l.Path):min(len(whole), l.Path+l.Segment)])
	}
	if len(t.out) == before {
		t.out = append(t.out, '/')
	}
}

// originForm takes scheme and authority off a target in absolute form.
func originForm(path []byte) []byte {
	if len(path) > 0 && path[0] == '/' {
		return path
	}
	for _, scheme := range [...]string{"http://", "https://"} {
		if len(path) >= len(scheme) && string(path[:len(scheme)]) == scheme {
			rest := path[len(scheme):]
			if i := bytes.IndexByte(rest, '/'); i >= 0 {
				return rest[i:]
			}
			return nil
		}
	}
	return path
}

// decode undoes percent-encoding and drops path parameters. A '%' that starts
// no code stays, which makes the segment a string. The result is valid until the
// next call.
func (t *templater) decode(raw []byte) []byte {
	if i := bytes.IndexByte(raw, ';'); i >= 0 {
		raw = raw[:i]
	}
	if bytes.IndexByte(raw, '%') < 0 {
		return raw
	}
	out := t.segment[:0]
	for i := 0; i < len(raw); i++ {
		if raw[i] == '%' && i+2 < len(raw) && isHex(raw[i+1]) && isHex(raw[i+2]) {
			out = append(out, unhex(raw[i+1])<<4|unhex(raw[i+2]))
			i += 2
			continue
		}
		out = append(out, raw[i])
	}
	t.segment = out
	return out
}

func unhex(b byte) byte {
	if isDigit(b) {
		return b - '0'
	}
	return b | 0x20 - 'a' + 10
}

// add appends one decoded segment and returns it when it is a literal.
func (t *templater) add(s []byte, index int, last []byte, limit int, more bool) []byte {
	t.out = append(t.out, '/')
	if len(s) > limit {
		t.segmentCut = true
		t.typed(index, TypeString, s)
		return nil
	}
	typ := Classify(s)
	if typ == TypeInt && more && isVersionNumber(s, index, last) {
		typ = ""
	}
	if typ != "" {
		t.typed(index, typ, s)
		return nil
	}
	if head, stem, tail, typ := affixes(s); typ != "" {
		t.out = append(t.out, head...)
		t.typed(index, typ, stem)
		t.out = append(t.out, tail...)
		return nil
	}
	t.out = append(t.out, s...)
	return s
}

func (t *templater) typed(index int, typ string, text []byte) {
	start := len(t.text)
	t.text = append(t.text, text...)
	t.values = append(t.values, span{index, typ, start, len(t.text)})
	t.out = append(t.out, '{')
	t.out = append(t.out, typ...)
	t.out = append(t.out, '}')
}

// copyValues gives the values a memory of their own: one string for all texts.
func (t *templater) copyValues() []Value {
	if len(t.values) == 0 {
		return nil
	}
	text := string(t.text)
	out := make([]Value, len(t.values))
	for i, v := range t.values {
		out[i] = Value{Index: v.index, Type: v.typ, Text: text[v.start:v.end]}
	}
	return out
}

// isVersionNumber is one digit where APIs put their version: as the first
// segment (/1/boards), or behind "api" or "rest" (/rest/api/2/issue). An object
// stands behind the name of its collection.
func isVersionNumber(s []byte, index int, last []byte) bool {
	if len(s) != 1 || s[0] == '0' {
		return false
	}
	return index == 0 || bytes.EqualFold(last, []byte("api")) || bytes.EqualFold(last, []byte("rest"))
}

// affixes finds a value inside a literal: 42.json, 42:cancel, Orders(42). The
// type is "" when there is none.
func affixes(s []byte) (head, stem, tail []byte, typ string) {
	if n := len(s); s[n-1] == ')' && isLetter(s[0]) {
		if i := bytes.IndexByte(s, '('); i > 0 && i < n-2 {
			typ := Classify(bytes.Trim(s[i+1:n-1], "'"))
			if typ == "" {
				typ = TypeString // a key, whatever it looks like
			}
			return s[:i+1], s[i+1 : n-1], s[n-1:], typ
		}
	}
	end := len(s)
	for range 2 { // .tar.gz
		i := suffix(s[:end])
		if i < 0 {
			return nil, nil, nil, ""
		}
		if typ := Classify(s[:i]); typ != "" {
			return nil, s[:i], s[i:], typ
		}
		end = i
	}
	return nil, nil, nil, ""
}
