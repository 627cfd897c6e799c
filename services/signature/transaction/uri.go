package transaction

import (
	"net/url"
	"strings"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// uri makes REQUEST_URI and its parts out of what the request line says.
func (t *Tx) uri(s string) {
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s = s[:i]
	}
	path, query := s, ""
	if i := strings.IndexByte(s, '?'); i >= 0 {
		path, query = s[:i], s[i+1:]
	}
	// What needs no escape comes out of the standard library as it went in.
	if !plainPath(path) || hasControl(query) {
		if u, err := url.ParseRequestURI(s); err == nil {
			path, query, s = u.Path, u.RawQuery, u.String()
		} else {
			t.set(seclang.URIParseError, "1")
		}
	}
	t.set(seclang.RequestURI, s)
	t.set(seclang.RequestFilename, path)
	t.set(seclang.QueryString, query)
	if i := strings.LastIndexAny(path, `/\`); i >= 0 && i+1 < len(path) {
		t.set(seclang.RequestBasename, path[i+1:])
	} else {
		t.set(seclang.RequestBasename, path)
	}
	t.pairs(query)
	t.query = len(t.args.values)
}

// plainPath says whether path is absolute and of bytes that a URL never escapes.
func plainPath(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	for i := range len(path) {
		c := path[i]
		switch {
		case c|0x20-'a' < 26, c-'0' < 10, c >= '-' && c <= '/', c == '_', c == '~':
		default:
			return false
		}
	}
	return true
}

// hasControl says whether s holds a byte that makes the standard library refuse a URL.
func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// pairs adds the parameters of a query or a form to args, at most cfg.Arguments.
func (t *Tx) pairs(s string) {
	for n := 0; s != ""; {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		if pair == "" {
			continue
		}
		if n == t.cfg.Arguments {
			t.manyArguments()
			return
		}
		n++
		name, value, _ := strings.Cut(pair, "=")
		t.args.add(t.unescape(name), t.unescape(value))
	}
}

func (t *Tx) manyArguments() {
	t.clipped |= ClippedArguments
	t.set(seclang.ArgumentsLimitReached, "1")
}

// unescape decodes plus signs and percent escapes; an escape that is none stays.
func (t *Tx) unescape(s string) string {
	i := 0
	for i < len(s) && s[i] != '+' && s[i] != '%' {
		i++
	}
	if i == len(s) {
		return s
	}
	t.arena.reserve(len(s))
	b := t.arena.block
	start := len(b)
	b = append(b, s[:i]...)
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(s) && digit(s[i+1]) < 16 && digit(s[i+2]) < 16:
			c = digit(s[i+1])<<4 | digit(s[i+2])
			i += 2
		}
		b = append(b, c)
	}
	t.arena.block = b
	return t.arena.since(start)
}

// digit is the value of a hexadecimal digit, 16 or more for any other byte.
func digit(c byte) byte {
	switch {
	case c-'0' < 10:
		return c - '0'
	case c|0x20-'a' < 6:
		return c | 0x20 - 'a' + 10
	}
	return 255
}
