package redact

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/segmentio/encoding/json"
)

// jsonValues walks from value to value.
func (e *editor) jsonValues(visit Visitor) {
	in := e.in
	var room [16][]byte
	names := room[:0]
	var name, label []byte // label names the value beside it
	var t table
	for i := 0; i < len(in); {
		switch c := in[i]; c {
		case '"':
			end := stringEnd(in, i+1)
			next := skipSpace(in, min(end+1, len(in)))
			text := plainText(in[i+1 : end])
			if next < len(in) && in[next] == ':' {
				e.visitString(visit, i+1, end, nil, text, true)
				name = text
				i = next + 1
				continue
			}
			e.visitString(visit, i+1, end, t.name(naming(name, label)), text, false)
			t.read(name, text)
			if labels.Has(name) {
				label = text
			}
			i = end + 1
		case '{', '[':
			if c == '{' {
				label = nil
			}
			if len(names) < maxDepth {
				names = append(names, name)
			}
			t.open(c, name)
			i++
		case '}', ']':
			if c == '}' {
				label = nil
			}
			t.close()
			if n := len(names); n > 0 {
				name, names = names[n-1], names[:n-1]
			}
			i++
		case ',', ':', ' ', '\t', '\r', '\n':
			if c == ',' && len(names) > 0 { // the next of an array goes by the array's name
				name = names[len(names)-1]
			}
			t.next(c)
			i++
		default:
			end := i + 1
			for end < len(in) && bytes.IndexByte(jsonEnds, in[end]) < 0 {
				end++
			}
			next := skipSpace(in, end)
			for end > i && in[end-1] == ' ' {
				end--
			}
			if next < len(in) && in[next] == ':' { // a name without quotes, as GraphQL has them
				e.word(visit, i, end, nil, true)
				name, i = lastWord(in[i:end]), next+1
				continue
			}
			e.word(visit, i, end, t.name(naming(name, label)), false)
			i = end
		}
	}
}

// labels are members that name the value of the same object: {"name":"phone","value":1}.
var labels = NewNames("name", "key", "field", "label", "attribute")

func naming(name, label []byte) []byte {
	if len(label) > 0 && len(label) <= maxName && (string(name) == "value" || string(name) == "values") {
		return label
	}
	return name
}

// word shows what stands without quotes: a number, or text where no JSON is.
func (e *editor) word(visit Visitor, from, to int, name []byte, structure bool) {
	word := e.in[from:to]
	switch string(word) {
	case "true", "false", "null":
		return
	}
	if r, ok := visit(name, word, structure); ok {
		if number(word) && !number(r) {
			r = []byte("0")
		}
		e.put(from, to, r)
	}
}

// lastWord is the name at the end of text.
func lastWord(text []byte) []byte {
	text = bytes.TrimRight(text, "'")
	i := len(text)
	for i > 0 && nameByte(text[i-1]) {
		i--
	}
	return text[i:]
}

// jsonEnds end what stands without quotes. A blank does not: in what is no JSON at all a
// card may be written in four groups.
var jsonEnds = []byte(",]}{[\":\t\r\n")

func (e *editor) visitString(visit Visitor, from, to int, name, text []byte, structure bool) {
	if from == to {
		return
	}
	if r, ok := visit(name, text, structure); ok {
		quoted := json.AppendEscape(nil, string(r), 0)
		e.put(from, to, quoted[1:len(quoted)-1])
	}
}

// number says whether b is a number of JSON.
func number(b []byte) bool {
	return len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9') && json.Valid(b)
}

// put is replace for a field that is not to be noted.
func (e *editor) put(from, to int, with []byte) {
	if e.out == nil {
		e.out = make([]byte, 0, len(e.in)+32)
	}
	e.out = append(append(e.out, e.in[e.copied:from]...), with...)
	e.copied = to
}

// plainText undoes the escapes of a JSON string, leniently: what is none stays.
func plainText(in []byte) []byte {
	if bytes.IndexByte(in, '\\') < 0 {
		return in
	}
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		if in[i] != '\\' || i+1 == len(in) {
			out = append(out, in[i])
			continue
		}
		i++
		switch c := in[i]; c {
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'u':
			r, ok := unit(in, i+1)
			if !ok {
				out = append(out, '\\', c)
				continue
			}
			i += 4
			if utf16.IsSurrogate(r) && i+2 < len(in) && in[i+1] == '\\' && in[i+2] == 'u' {
				if low, ok := unit(in, i+3); ok {
					if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
						r, i = both, i+6
					}
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	return out
}

// unit is the UTF-16 unit of the four hex digits at i.
func unit(in []byte, i int) (r rune, ok bool) {
	if i+4 > len(in) {
		return 0, false
	}
	for _, c := range in[i : i+4] {
		h := hex(c)
		if h < 0 {
			return 0, false
		}
		r = r<<4 | rune(h)
	}
	return r, true
}
