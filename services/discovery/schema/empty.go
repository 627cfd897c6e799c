package schema

import (
	"bytes"

	"github.com/segmentio/encoding/json"
)

// frame is a container that empties is in: the key or list it was reached by.
type frame struct {
	list     bool
	from, to int // of the key in the text, of what stands there now
}

// hasEmpty says whether b may hold an empty list or object.
func hasEmpty(b []byte) bool {
	for _, pair := range [...][2]byte{{'[', ']'}, {'{', '}'}} {
		for rest := b; ; {
			i := bytes.IndexByte(rest, pair[1])
			if i < 0 {
				break
			}
			j := i - 1
			for j >= 0 && rest[j] <= ' ' {
				j--
			}
			if j >= 0 && rest[j] == pair[0] {
				return true
			}
			rest = rest[i+1:]
		}
	}
	return false
}

// empties adds the empty lists and objects of a JSON text, which no leaf shows. What
// does not read as JSON ends it.
func (w *walk) empties(b []byte) {
	stack := w.r.stack[:0]
	key := [2]int{}
	opened := byte(0) // the container that the byte before opened
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case ' ', '\n', '\r', '\t', ':':
			continue
		case '{', '[':
			if len(stack) > 64 {
				return
			}
			stack = append(stack, frame{list: c == '[', from: key[0], to: key[1]})
			key = [2]int{}
			opened = c
			continue
		case '}', ']':
			if len(stack) == 0 {
				return
			}
			if opened != 0 {
				w.empty(b, stack)
			}
			stack = stack[:len(stack)-1]
		case '"':
			from := i + 1
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			key = [2]int{from, min(i, len(b))} // or a value: then no container follows it
		case ',':
			key = [2]int{}
		}
		opened = 0
	}
	w.r.stack = stack[:0]
}

// empty adds the container on top of the stack.
func (w *walk) empty(b []byte, stack []frame) {
	at := int32(w.key.In)
	for i, f := range stack {
		if i == 0 {
			continue // the root
		}
		step := "[]"
		if !stack[i-1].list {
			step = unquote(b[f.from:f.to])
		}
		stopped := ""
		if at, stopped = w.r.descend(at, step); stopped != "" {
			w.m.Dropped++
			return
		}
	}
	n := &w.r.nodes[at]
	if n.message != w.r.number {
		w.present(n.parent)
		w.open(at)
	} else if at != int32(w.key.In) { // the root was counted with the body
		w.m.fields[n.field].seen += w.whole
	}
	f := &w.m.fields[n.field]
	if stack[len(stack)-1].list {
		f.types[tArray]++
		return
	}
	f.types[tObject]++
	f.objects += w.whole
}

// unquote is a key without its escapes.
func unquote(key []byte) string {
	if bytes.IndexByte(key, '\\') < 0 {
		return string(key)
	}
	var text string
	if err := json.Unmarshal(append(append([]byte{'"'}, key...), '"'), &text); err != nil {
		return string(key)
	}
	return text
}

// present makes sure that n counts as there: no leaf may have shown it.
func (w *walk) present(n int32) {
	x := &w.r.nodes[n]
	if x.message != w.r.number {
		w.present(x.parent) // the root is open
		w.open(n)
	}
}
