package redact

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/segmentio/encoding/json"
)

// Visitor is shown a value: the name of its field, nil where there is none, and its
// text with escapes undone. structure says that it is no value but belongs to the
// document, as the names of members do; data may stand there too (a map by e-mail
// address). It gives what shall stand there instead, and whether anything shall. Both
// slices are its own until it returns, and what it gives is used before the next call.
type Visitor func(name, value []byte, structure bool) ([]byte, bool)

// maxDepth bounds the containers of a document whose names are remembered; what lies
// deeper goes by the last of them.
const maxDepth = 256

// Values shows every value of a body to visit and puts the replacements in. Like Body
// it scans and does not parse, so it works on what was cut or is no proper document.
// The number of a JSON document stays a number: a replacement that is none becomes 0.
// readable is false for a body that it cannot look into.
func Values(data []byte, contentType string, visit Visitor) (out []byte, readable bool) {
	if len(data) == 0 {
		return data, true
	}
	e := &editor{in: data}
	kind := kindOf(data, contentType)
	if packed(contentType) || kind != multipartBody && bytes.IndexByte(data, 0) >= 0 { // no text, or UTF-16
		return data, false
	}
	switch kind {
	case jsonBody:
		e.jsonValues(visit)
	case multipartBody:
		e.multipartValues(visit)
	case formBody:
		e.pairValues(visit)
	case textBody:
		if bytes.HasPrefix(bytes.ToLower([]byte(contentType)), []byte("text/event-stream")) {
			e.eventValues(visit)
		} else {
			e.textValues(visit)
		}
	default:
		return data, false
	}
	return e.result().Data, true
}

// QueryValues is Values of a raw query string.
func QueryValues(query []byte, visit Visitor) []byte {
	e := &editor{in: query}
	e.pairValues(visit)
	return e.result().Data
}

// jsonValues walks from value to value.
func (e *editor) jsonValues(visit Visitor) {
	in := e.in
	var room [16][]byte
	names := room[:0]
	var name []byte
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
			e.visitString(visit, i+1, end, name, text, false)
			i = end + 1
		case '{', '[':
			if len(names) < maxDepth {
				names = append(names, name)
			}
			i++
		case '}', ']':
			if n := len(names); n > 0 {
				name, names = names[n-1], names[:n-1]
			}
			i++
		case ',', ':', ' ', '\t', '\r', '\n':
			if c == ',' && len(names) > 0 { // the next of an array goes by the array's name
				name = names[len(names)-1]
			}
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
			e.word(visit, i, end, name, false)
			i = end
		}
	}
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

// number says whether b is a number of JSON, leniently.
func number(b []byte) bool {
	digits := false
	for _, c := range b {
		if !isNumber(c) {
			return false
		}
		digits = digits || c >= '0' && c <= '9'
	}
	return digits
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

// bodyKind is what a body is scanned as.
type bodyKind uint8

const (
	binaryBody bodyKind = iota
	jsonBody
	formBody
	multipartBody
	textBody
)

// kindOf goes by the first byte before the content type: a document that begins like
// JSON is taken for JSON whatever it calls itself.
func kindOf(data []byte, contentType string) bodyKind {
	mt := strings.ToLower(contentType)
	if i := strings.IndexByte(mt, ';'); i >= 0 {
		mt = mt[:i]
	}
	first := firstByte(data)
	switch {
	case first == '{' || first == '[' || strings.Contains(mt, "json"):
		return jsonBody
	case strings.HasPrefix(mt, "multipart/"):
		return multipartBody
	case strings.Contains(mt, "x-www-form-urlencoded"), mt == "" && looksLikeForm(data):
		return formBody
	case binary(mt):
		return binaryBody
	}
	return textBody
}

// packed says whether a format writes numbers and lengths in binary, so that no zero
// byte need tell it from text.
func packed(contentType string) bool {
	mt := strings.ToLower(contentType)
	for _, f := range [...]string{"msgpack", "messagepack", "cbor", "bson", "avro", "thrift", "flatbuffer", "smile"} {
		if strings.Contains(mt, f) {
			return true
		}
	}
	return false
}
