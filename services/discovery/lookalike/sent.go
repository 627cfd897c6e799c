package lookalike

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// maxSent is how much of a path is shown.
const maxSent = 256

// values are the segments that stand for parameters on the way that was found.
func (w *walk) values() []string {
	var out []string
	for i, name := range w.names {
		if name == "" {
			out = append(out, w.segments[i])
		}
	}
	return out
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
func sent(path string, values []string) string {
	if path == "" {
		return "/"
	}
	var b strings.Builder
	for path != "" && b.Len() < maxSent {
		segment, separator := cut(path)
		path = path[len(segment)+len(separator):]
		b.WriteString(shown(segment, values))
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
func shown(raw string, values []string) string {
	name, matrix, has := strings.Cut(raw, ";")
	text, _ := decode(name)
	text, _ = decode(text)
	text, behind, encoded := strings.Cut(text, ";") // a parameter whose ';' is encoded
	out := name
	switch typed, found := catalog.Template([]byte(name)); {
	case slices.Contains(values, text), slices.Contains(values, strings.TrimRight(text, blanks)):
		out = "{" + catalog.TypeString + "}"
		if len(found) > 0 {
			out = typed[1:]
		}
	case len(found) > 0 && found[0].Type != catalog.TypeString:
		out = typed[1:]
	case encoded && behind != "":
		out = text + "%3b{" + catalog.TypeString + "}"
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
