package lookalike

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// maxSent is how much of a path is shown.
const maxSent = 256

// isValue says whether text stands for a parameter on the way that was found.
func (w *walk) isValue(text string) bool {
	for i, name := range w.names {
		if name == "" && strings.TrimRight(w.segments[i], blanks) == text {
			return true
		}
	}
	return false
}

// spelled is the path in the spelling of the catalog.
func (w *walk) spelled() string {
	var b strings.Builder
	for i, name := range w.names {
		b.WriteByte('/')
		if name == "" {
			name = w.segments[i]
		}
		b.WriteString(name)
	}
	return b.String()
}

// separators between segments, in the ways to write them.
var separators = [...]string{"/", "\\", "%2f", "%5c", "%252f", "%255c"}

// sent is the path as it was sent, without what it says of anybody: every segment that
// is a value stands as its type, and so does what matrix parameters hold. The
// tricks stay to be seen, for they are what the finding is about.
func (w *walk) sent(path string) string {
	if path == "" {
		return "/"
	}
	var b strings.Builder
	for path != "" && b.Len() < maxSent {
		segment, separator := cut(path)
		path = path[len(segment)+len(separator):]
		b.WriteString(w.shown(segment))
		b.WriteString(separator)
	}
	if path != "" {
		b.WriteString("...")
	}
	return b.String()
}

// cut is the first segment of path and the separator behind it.
func cut(path string) (segment, separator string) {
	for i := range len(path) {
		if c := path[i]; c != '/' && c != '\\' && c != '%' {
			continue
		}
		for _, s := range separators {
			if len(path)-i >= len(s) && strings.EqualFold(path[i:i+len(s)], s) {
				return path[:i], path[i : i+len(s)]
			}
		}
	}
	return path, ""
}

// shown is one segment, masked. What is not printed stands percent-encoded.
func (w *walk) shown(raw string) string {
	name, matrix, has := strings.Cut(raw, ";")
	text, _ := decode(name)
	text, _ = decode(text)
	text, behind, encoded := strings.Cut(text, ";") // a parameter whose ';' is encoded
	meant, out := strings.TrimRight(text, blanks), name
	switch typed, found := catalog.Template([]byte(text)); {
	case meant == "", slices.ContainsFunc(w.names, func(s string) bool { return strings.EqualFold(s, meant) }):
		if encoded && behind != "" {
			out = text + "%3b{" + catalog.TypeString + "}"
		}
	case len(found) > 0:
		out = typed[1:]
	case w.isValue(meant):
		out = "{" + catalog.TypeString + "}"
	}
	if has {
		out += ";"
		if matrix != "" {
			out += "{" + catalog.TypeString + "}"
		}
	}
	var b strings.Builder
	for i := range len(out) {
		if c := out[i]; c < 0x21 || c > 0x7e {
			fmt.Fprintf(&b, "%%%02x", c)
			continue
		}
		b.WriteByte(out[i])
	}
	if b.Len() > maxSent {
		return b.String()[:maxSent]
	}
	return b.String()
}
