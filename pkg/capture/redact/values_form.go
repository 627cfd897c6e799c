package redact

import (
	"bytes"
	"net/url"
)

// pairValues shows the values of name=value&name=value, and the names as structure; what
// has no '=' is a value.
func (e *editor) pairValues(visit Visitor) {
	in := e.in
	for from := 0; from < len(in); {
		end := len(in)
		if i := bytes.IndexAny(in[from:], "&;"); i >= 0 {
			end = from + i
		}
		var name []byte
		value := from
		if eq := bytes.IndexByte(in[from:end], '='); eq >= 0 {
			name = Percent(in[from : from+eq])
			value = from + eq + 1
			if r, ok := visit(nil, name, true); ok {
				e.put(from, from+eq, []byte(url.QueryEscape(string(r))))
			}
		}
		if value < end {
			if r, ok := visit(name, Percent(in[value:end]), false); ok {
				e.put(value, end, []byte(url.QueryEscape(string(r))))
			}
		}
		from = end + 1
	}
}

// Percent undoes the escapes of a query or form, %XX and +, leniently: what is none
// stays. It gives in itself where there is nothing to undo.
func Percent(in []byte) []byte {
	if bytes.IndexByte(in, '%') < 0 && bytes.IndexByte(in, '+') < 0 {
		return in
	}
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		switch c := in[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(in) && hex(in[i+1]) >= 0 && hex(in[i+2]) >= 0:
			out = append(out, byte(hex(in[i+1])<<4|hex(in[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

// multipartValues shows the parts, the names of files, and line by line what stands
// outside of named parts, where some put whole documents. What holds a zero byte is no
// text and is taken out: a file that nobody looked into must not pass.
func (e *editor) multipartValues(visit Visitor) {
	seen := 0
	e.parts(func(name []byte, file bool, from, to int) bool {
		e.between(visit, seen, from)
		seen = max(seen, to)
		value := e.in[from:to]
		switch {
		case bytes.IndexByte(value, 0) >= 0:
			e.put(from, to, nil)
		case file:
			if r, ok := visit([]byte("filename"), value, false); ok {
				e.put(from, to, bytes.Map(unquotable, r))
			}
		default:
			if r, ok := visit(name, value, false); ok {
				e.put(from, to, r)
			}
		}
		return true
	})
	e.between(visit, seen, len(e.in))
}

// between shows lines of a multipart body but for its boundaries.
func (e *editor) between(visit Visitor, from, to int) {
	for from < to {
		end := to
		if i := bytes.IndexByte(e.in[from:to], '\n'); i >= 0 {
			end = from + i
		}
		line := bytes.TrimSuffix(e.in[from:end], []byte{'\r'})
		switch {
		case bytes.IndexByte(line, 0) >= 0:
			e.put(from, from+len(line), nil)
		case len(line) > 0 && !bytes.HasPrefix(line, []byte("--")):
			if r, ok := visit(nil, line, true); ok {
				e.put(from, from+len(line), r)
			}
		}
		from = end + 1
	}
}

func unquotable(r rune) rune {
	if r == '"' || r == '\r' || r == '\n' {
		return '_'
	}
	return r
}
