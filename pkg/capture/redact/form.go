package redact

import "bytes"

// pairs masks name=value&name=value between from and to.
func (e *editor) pairs(names *Names, from, to int) { e.pairsWith(names, from, to, nil) }

func (e *editor) pairsWith(names *Names, from, to int, with func(name, value []byte) []byte) {
	in := e.in
	for from < to {
		end := to
		if i := bytes.IndexAny(in[from:to], "&;"); i >= 0 {
			end = from + i
		}
		eq := bytes.IndexByte(in[from:end], '=')
		if eq > 0 && from+eq+1 < end {
			name, value := in[from:from+eq], in[from+eq+1:end]
			if len(name) <= 3*maxName && (bytes.IndexByte(name, '%') >= 0 || bytes.IndexByte(name, '+') >= 0) {
				name = unescape(nil, name)
			}
			if names.hasLast(name) {
				if with != nil {
					e.replace(from+eq+1, end, with(name, value), name)
				} else {
					e.replace(from+eq+1, end, mask(value), name)
				}
			} else if with == nil {
				e.text(names, from+eq+1, end)
			}
		}
		from = end + 1
	}
}

// multipart masks the parts of secret fields.
func (e *editor) multipart(names *Names) {
	e.parts(func(name []byte, file bool, from, to int) bool {
		if file || !names.hasLast(name) {
			return false
		}
		e.replace(from, to, mask(e.in[from:to]), name)
		return true
	})
}

// maxPartHeaders bounds the headers of a part in bytes, or a body of nothing but names
// would be searched through for each of them.
const maxPartHeaders = 8 << 10

// parts finds the values of a multipart form, and the names of its files. It looks
// for the parts' headers instead of the boundary, so a wrong boundary hides nothing.
// Where each gives false the search goes on within the value.
func (e *editor) parts(each func(name []byte, file bool, from, to int) bool) {
	in := e.in
	for i := 0; i < len(in); {
		m := bytes.Index(in[i:], []byte("name="))
		if m < 0 {
			return
		}
		begin := i + m + len("name=")
		name, after := parameter(in, begin)
		if at := i + m; at > 0 && in[at-1] == 'e' { // filename=
			i = begin
			if e.file(begin, name, each) {
				i = after
			}
			continue
		}
		i = after
		heads := in[i:min(len(in), i+maxPartHeaders)]
		gap, skip := bytes.Index(heads, []byte("\r\n\r\n")), 4
		if lf := bytes.Index(heads, []byte("\n\n")); lf >= 0 && (gap < 0 || lf < gap) {
			gap, skip = lf, 2
		}
		if gap < 0 {
			continue
		}
		value := i + gap + skip
		if m := bytes.Index(in[i:i+gap], []byte("filename=")); m >= 0 {
			begin := i + m + len("filename=")
			name, _ := parameter(in, begin)
			e.file(begin, name, each)
		}
		end := len(in)
		if n := bytes.Index(in[value:], []byte("\n--")); n >= 0 {
			end = value + n
			if end > value && in[end-1] == '\r' {
				end--
			}
		}
		if end > value && each(name, false, value, end) {
			i = end
		}
	}
}

// file shows the name of a file, which begins at or behind the quote at begin.
func (e *editor) file(begin int, name []byte, each func(name []byte, file bool, from, to int) bool) bool {
	if len(name) == 0 {
		return false
	}
	from := begin + bytes.Index(e.in[begin:], name)
	return each(nil, true, from, from+len(name))
}

// parameter reads a quoted or bare header parameter at i.
func parameter(in []byte, i int) ([]byte, int) {
	if i < len(in) && in[i] == '"' {
		end := stringEnd(in, i+1)
		return in[i+1 : end], end
	}
	end := i
	for end < len(in) && in[end] != ';' && in[end] != '\r' && in[end] != '\n' {
		end++
	}
	return bytes.TrimSpace(in[i:end]), end
}

// unescape undoes %XX, +, \uXXXX and the simple backslash escapes, leniently:
// what is no escape stays. It appends to dst.
func unescape(dst, in []byte) []byte {
	for i := 0; i < len(in); i++ {
		switch c := in[i]; {
		case c == '+':
			dst = append(dst, ' ')
		case c == '%' && i+2 < len(in) && hex(in[i+1]) >= 0 && hex(in[i+2]) >= 0:
			dst = append(dst, byte(hex(in[i+1])<<4|hex(in[i+2])))
			i += 2
		case c == '\\' && i+5 < len(in) && in[i+1] == 'u' && hex(in[i+2]) >= 0 && hex(in[i+3]) >= 0 && hex(in[i+4]) >= 0 && hex(in[i+5]) >= 0:
			v := hex(in[i+2])<<12 | hex(in[i+3])<<8 | hex(in[i+4])<<4 | hex(in[i+5])
			if v > 0x7f {
				v = 'x' // only ASCII matters to who asks
			}
			dst = append(dst, byte(v))
			i += 5
		case c == '\\' && i+1 < len(in):
			i++
			switch in[i] {
			case 'n':
				dst = append(dst, '\n')
			case 'r':
				dst = append(dst, '\r')
			case 't':
				dst = append(dst, '\t')
			case 'b':
				dst = append(dst, '\b') // no blank: it does not make a value look like an attack
			case 'f':
				dst = append(dst, '\f')
			default:
				dst = append(dst, in[i])
			}
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
