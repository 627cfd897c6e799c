package transaction

import (
	"mime"
	"strings"
)

// disposition is what a part's Content-Disposition says of a file.
type disposition struct {
	// filename is the name that counts; other is the one that a server with other
	// ideas about "filename*" would take, if there is one.
	filename, other   string
	charset, language string
	extended          bool // there is a sound "filename*"
	malformed         bool // it does not parse, or parsers may disagree about it
	repeated          bool // a parameter comes twice
	quoted            bool // "filename*" is in quotes, which it must not be
}

// parseDisposition reads s. The standard library decodes "filename*" of two charsets
// only and says nothing of others, so that parameter is looked for in s itself.
func parseDisposition(s string) (d disposition) {
	_, params, err := mime.ParseMediaType(s)
	if err != nil {
		d.malformed = s != ""
		d.repeated = s != "" && repeats(s)
		return d
	}
	d.filename = params["filename"]
	plain, hasPlain := parameter(s, "filename")
	plain, _ = unquote(plain)
	// A name in numbered pieces is not put together here; who does may see another.
	d.malformed = inPieces(s)
	raw, ok := parameter(s, "filename*")
	if !ok {
		if d.malformed && hasPlain {
			if d.filename != plain {
				d.other = d.filename
			}
			d.filename = plain
		}
		return d
	}
	raw, d.quoted = unquote(raw)
	charset, rest, ok := strings.Cut(raw, "'")
	language, value, ok2 := strings.Cut(rest, "'")
	if !ok || !ok2 {
		d.malformed = true
		return d
	}
	d.charset, d.language, d.extended = charset, language, true
	var bad bool
	d.filename, bad = percentDecode(value)
	d.malformed = d.malformed || bad
	if plain != d.filename {
		d.other = plain
	}
	return d
}

// parameters calls f with each piece of s between semicolons outside of quotes,
// split at its first '=', until f says false.
func parameters(s string, f func(name, value string, assigned bool) bool) {
	piece := func(p string) bool {
		name, value, assigned := strings.Cut(p, "=")
		return f(name, value, assigned)
	}
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ';' && !quoted:
			if !piece(s[start:i]) {
				return
			}
			start = i + 1
		}
	}
	piece(s[start:])
}

// parameter is the value of the first parameter called name.
func parameter(s, name string) (value string, ok bool) {
	parameters(s, func(n, v string, assigned bool) bool {
		if assigned && strings.EqualFold(strings.TrimSpace(n), name) {
			value, ok = strings.TrimSpace(v), true
		}
		return !ok
	})
	return value, ok
}

// inPieces says whether s has a "filename*0" or its like.
func inPieces(s string) (found bool) {
	parameters(s, func(n, _ string, assigned bool) bool {
		n, ok := strings.CutPrefix(strings.ToLower(strings.TrimSuffix(strings.TrimSpace(n), "*")), "filename*")
		found = assigned && ok && n != "" && strings.Trim(n, "0123456789") == ""
		return !found
	})
	return found
}

// repeats says whether a parameter comes twice.
func repeats(s string) (found bool) {
	seen := make(map[string]bool)
	parameters(s, func(n, _ string, assigned bool) bool {
		n = strings.ToLower(strings.TrimSpace(n))
		found = assigned && seen[n]
		seen[n] = seen[n] || assigned
		return !found
	})
	return found
}

// unquote takes the quotes off s, and the backslashes within, if it has quotes.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s, false
	}
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b), true
}

// percentDecode decodes the escapes of s; one that is none stays as it is and is bad.
func percentDecode(s string) (_ string, bad bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, false
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '%':
			b = append(b, s[i])
		case i+2 < len(s) && digit(s[i+1]) < 16 && digit(s[i+2]) < 16:
			b = append(b, digit(s[i+1])<<4|digit(s[i+2]))
			i += 2
		default:
			b, bad = append(b, '%'), true
		}
	}
	return string(b), bad
}
