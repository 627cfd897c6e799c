package transaction

import (
	"strconv"
	"unsafe"
)

// requestJSON adds the scalars of a JSON body to ARGS_POST.
func (t *Tx) requestJSON(body string) error {
	values, truncated, err := t.flatten(t.args.values, body, t.cfg.RequestDepth)
	t.args.values = values
	if truncated {
		t.manyArguments()
	}
	return err
}

// responseJSON adds the scalars of a JSON body to RESPONSE_ARGS. An error makes
// variables that no rule can name, so it is let go.
func (t *Tx) responseJSON(body string) {
	values, truncated, _ := t.flatten(t.answers, body, t.cfg.ResponseDepth)
	t.answers = values
	if truncated {
		t.manyArguments()
	}
}

// Names of JSON values are whole paths, so a body of long paths would be many times
// itself: what they may take is bounded by its size.
const (
	flattenFactor = 8
	flattenFloor  = 4096
)

// flatten adds the scalars of body to values, as "json.items.0.sku", and the length
// of each array under the array's own name. Sound JSON within all limits is read in
// one pass; anything else is read anew by the parser that says exactly where such
// reading ends.
func (t *Tx) flatten(values []Value, body string, depth int) ([]Value, bool, error) {
	f := flattener{t: t, b: unsafe.Slice(unsafe.StringData(body), len(body)), values: values, path: append(t.path[:0], "json"...),
		left: t.cfg.Arguments, lengths: t.cfg.Arguments, budget: max(flattenFloor, flattenFactor*len(body))}
	sound := f.document(depth)
	t.path = f.path
	if sound {
		return f.values, false, nil
	}
	return t.flattenBroken(f.values[:len(values)], body, depth)
}

// flattener reads JSON by its grammar. All methods return false where the document
// is not sound or passes a limit.
type flattener struct {
	t             *Tx
	b             []byte
	i             int
	values        []Value
	path          []byte
	left, lengths int // values, and lengths of arrays, that may still come
	budget        int // bytes that these may take
}

func (f *flattener) document(depth int) bool {
	f.space()
	if depth <= 0 || f.i == len(f.b) {
		return false
	}
	if c := f.b[f.i]; c == '{' || c == '[' {
		// depth counts this container.
		if !f.value(depth + 1) {
			return false
		}
	} else {
		// A document that is one scalar counts as an array of it.
		if !f.element(0, depth) || !f.length(1) {
			return false
		}
	}
	f.space()
	return f.i == len(f.b)
}

func (f *flattener) space() {
	for f.i < len(f.b) && (f.b[f.i] == ' ' || f.b[f.i] == '\n' || f.b[f.i] == '\r' || f.b[f.i] == '\t') {
		f.i++
	}
}

// is passes c, and the space before it, if it comes next.
func (f *flattener) is(c byte) bool {
	if f.i < len(f.b) && f.b[f.i] != c {
		f.space()
	}
	if f.i < len(f.b) && f.b[f.i] == c {
		f.i++
		return true
	}
	return false
}

// value reads the value that starts here; depth is that of the container around it.
func (f *flattener) value(depth int) bool {
	if f.i == len(f.b) {
		return false
	}
	switch c := f.b[f.i]; c {
	case '"':
		s, ok := f.text()
		return ok && f.leaf(f.path, s)
	case '{':
		return depth > 1 && f.object(depth-1)
	case '[':
		return depth > 1 && f.array(depth-1)
	case 't':
		return f.literal("true", "true")
	case 'f':
		return f.literal("false", "false")
	case 'n':
		return f.literal("null", "")
	default:
		return (c == '-' || c-'0' < 10) && f.number()
	}
}

func (f *flattener) object(depth int) bool {
	f.i++
	if f.is('}') {
		return true
	}
	for {
		if f.space(); f.left <= 0 || f.i == len(f.b) || f.b[f.i] != '"' {
			return false
		}
		name, ok := f.text()
		if !ok || !f.is(':') {
			return false
		}
		f.space()
		parent := len(f.path)
		f.path = append(append(f.path, '.'), name...)
		if !f.value(depth) {
			return false
		}
		f.path = f.path[:parent]
		if !f.is(',') {
			return f.is('}')
		}
	}
}

func (f *flattener) array(depth int) bool {
	f.i++
	if f.is(']') {
		return true
	}
	for n := 0; ; n++ {
		if f.space(); !f.element(n, depth) {
			return false
		}
		if !f.is(',') {
			return f.is(']') && f.length(n+1)
		}
	}
}

func (f *flattener) element(n, depth int) bool {
	if f.left <= 0 {
		return false
	}
	parent := len(f.path)
	f.path = strconv.AppendInt(append(f.path, '.'), int64(n), 10)
	ok := f.value(depth)
	f.path = f.path[:parent]
	return ok
}

// length adds the length of the array whose name is the path.
func (f *flattener) length(n int) bool {
	f.lengths--
	f.left++ // it does not count as a value
	return f.lengths >= 0 && f.leaf(f.path, f.t.number(n))
}

func (f *flattener) leaf(path []byte, text string) bool {
	f.left--
	if f.budget -= len(path) + len(text); f.budget < 0 {
		return false
	}
	a := &f.t.arena
	a.reserve(len(path))
	start := len(a.block)
	a.block = append(a.block, path...)
	f.values = append(f.values, Value{a.since(start), text})
	return true
}

func (f *flattener) literal(word, text string) bool {
	if len(f.b)-f.i < len(word) || view(f.b[f.i:f.i+len(word)]) != word {
		return false
	}
	f.i += len(word)
	return f.leaf(f.path, text)
}

func (f *flattener) number() bool {
	b, start := f.b, f.i
	i := start
	if b[i] == '-' {
		i++
	}
	first := i
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	if i == first || b[first] == '0' && i > first+1 {
		return false
	}
	if i < len(b) && b[i] == '.' {
		i++
		fraction := i
		for i < len(b) && b[i]-'0' < 10 {
			i++
		}
		if i == fraction {
			return false
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		exponent := i
		for i < len(b) && b[i]-'0' < 10 {
			i++
		}
		if i == exponent {
			return false
		}
	}
	f.i = i
	return f.leaf(f.path, view(b[start:i]))
}
