package redact

import "bytes"

// json masks the values of secret keys. It walks from quote to quote and looks
// at each byte once, whatever stands between.
func (e *editor) json(names *Names) {
	in := e.in
	for i := 0; i < len(in); {
		if in[i] != '"' {
			i++
			continue
		}
		start := i + 1
		end := start
		// more: the text may hold a name and a value of its own.
		more, escaped := false, false
	scan:
		for end < len(in) {
			switch inString[in[end]] {
			case 0:
			case quoteByte:
				break scan
			case escapeByte:
				escaped = true
				end++
			default:
				more = true
			}
			end++
		}
		end = min(end, len(in))
		next := skipSpace(in, min(end+1, len(in)))
		if next >= len(in) || in[next] != ':' {
			if more { // JSON within JSON, GraphQL text, a query string
				e.text(names, start, end)
			}
			i = end + 1
			continue
		}
		i = next + 1
		if key := in[start:end]; names.Has(key) || escaped && escapedKey(key, names) {
			i = e.jsonValue(skipSpace(in, i), key)
		}
	}
}

const (
	quoteByte = iota + 1
	escapeByte
	separatorByte
)

// inString is what a byte means inside a JSON string.
var inString = [256]uint8{'"': quoteByte, '\\': escapeByte, ':': separatorByte, '=': separatorByte, '>': separatorByte}

// jsonValue masks the value that begins at i and gives the place behind it.
func (e *editor) jsonValue(i int, key []byte) int {
	in := e.in
	depth := 0
	for i < len(in) {
		switch c := in[i]; {
		case c == '"':
			end := stringEnd(in, i+1)
			next := skipSpace(in, min(end+1, len(in)))
			// Keys of a nested object stay; everything they hold goes.
			if isKey := depth > 0 && next < len(in) && in[next] == ':'; !isKey && end > i+1 {
				e.replace(i+1, end, mask(in[i+1:end]), key)
			}
			i = end + 1
		case c == '{' || c == '[':
			depth++
			i++
		case c == '}' || c == ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		case c == '-' || c >= '0' && c <= '9':
			end := i + 1
			for end < len(in) && isNumber(in[end]) {
				end++
			}
			e.replace(i, end, []byte("0"), key)
			i = end
		case c == ',' || c == ':' || c == ' ' || c == '\t' || c == '\r' || c == '\n':
			if c == ',' && depth == 0 {
				return i
			}
			i++
			continue
		default: // true, false, null, or what no JSON has
			end := i + 1
			for end < len(in) && !bytes.ContainsRune([]byte(",]}{[\": \t\r\n"), rune(in[end])) {
				end++
			}
			switch string(in[i:end]) {
			case "true", "false", "null":
			default:
				e.replace(i, end, []byte(Mark), key)
			}
			i = end
		}
		if depth == 0 {
			return i
		}
	}
	return len(in)
}

// stringEnd is the place of the quote that ends the string which begins at i,
// or the end of the input.
func stringEnd(in []byte, i int) int {
	for from := i; ; {
		q := bytes.IndexByte(in[from:], '"')
		if q < 0 {
			return len(in)
		}
		q += from
		b := q
		for b > i && in[b-1] == '\\' {
			b--
		}
		if (q-b)%2 == 0 {
			return q
		}
		from = q + 1
	}
}

// escapedKey is Has for a key that is written with escapes: pass\u0077ord.
func escapedKey(key []byte, names *Names) bool {
	if len(key) > 6*maxName || bytes.IndexByte(key, '\\') < 0 {
		return false
	}
	return names.Has(unescape(nil, key))
}

func skipSpace(in []byte, i int) int {
	for i < len(in) && (in[i] == ' ' || in[i] == '\t' || in[i] == '\r' || in[i] == '\n') {
		i++
	}
	return i
}

func isNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}
