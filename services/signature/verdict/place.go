package verdict

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/pack"
)

// place is what was found where: a leaf, a header, the path.
type place struct {
	location, name string // in the words of findings
	key            string // name without indexes
	text           string
	leaf           *content.Leaf
	context        context
	crs            []*signature.Hit
	pack           []*pack.Hit
}

// places puts the hits together.
func places(hits []pack.Hit, res *signature.Result, doc *content.Document) []place {
	var all []place
	for i := range hits {
		h := &hits[i]
		p := find(&all, h)
		p.pack = append(p.pack, h)
	}
	for i := range res.Hits {
		h := &res.Hits[i]
		// The core rule set takes text of a type that it does not know for a form, of
		// which a table of lines is one long name.
		if h.Class == signature.Enforcement || h.Class.Outbound() || doc.Format == content.Text && h.Location == "request.body" && h.Name == h.Value && h.Name != "" {
			continue
		}
		p := join(&all, h, doc)
		p.crs = append(p.crs, h)
	}
	for i := range all {
		p := &all[i]
		switch p.location {
		case "request.header", "request.credential":
			p.context = header
		case "request.path", "request.line", "request.uri":
			p.context = path
		default:
			p.text = condensed(p.text)
			p.context = shape(p.text)
			// What reads like a line of a log, a header or a statement is no sentence,
			// though words stand in it.
			switch {
			case p.context == prose && len(p.text) <= shortBytes && (slices.ContainsFunc(p.pack, breaksLine) || p.statement()),
				p.context == long && len(p.text) <= lineBytes && strings.IndexByte(p.text, '\n') < 0 && p.statement():
				p.context = short
			case (p.context == token || p.context == short) && p.fragment():
				p.context = markup
			}
		}
	}
	return all
}

// statement says whether both rule sets take the text for SQL.
func (p *place) statement() bool {
	return slices.ContainsFunc(p.pack, func(h *pack.Hit) bool { return h.Rule.Class == signature.SQLi && h.Rule.Strength > pack.Hint }) &&
		slices.ContainsFunc(p.crs, func(h *signature.Hit) bool { return h.Class == signature.SQLi })
}

// lineBytes is how long a line may be that is one statement and no program.
const lineBytes = 1 << 10

// formatting are elements that texts are laid out with.
var formatting = wordSet(`!doctype a article b blockquote br code div em figure h1 h2 h3 h4 h5 h6 html i img li ol p pre section span strong table u ul`)

// fragment says whether the text is what an editor of texts makes of a few words: markup
// from its start to its end, in which nothing was found but that it is markup.
func (p *place) fragment() bool {
	s := strings.TrimSpace(p.text)
	if len(s) < 3 || s[0] != '<' || s[len(s)-1] != '>' || !strings.Contains(s, "</") && !strings.Contains(s, "/>") {
		return false
	}
	name, _, _ := strings.Cut(s[1:], ">")
	name, _, _ = strings.Cut(name, " ")
	return formatting[strings.ToLower(strings.TrimRight(name, "/"))] &&
		!slices.ContainsFunc(p.pack, func(h *pack.Hit) bool { return h.Rule.Strength > pack.Hint }) &&
		!slices.ContainsFunc(p.crs, func(h *signature.Hit) bool { return h.Class != signature.XSS && h.Class != signature.Protocol })
}

func breaksLine(h *pack.Hit) bool {
	return h.Rule.Strength == pack.Sure && (h.Rule.Class == signature.Forging || h.Rule.Class == signature.Protocol)
}

func find(all *[]place, h *pack.Hit) *place {
	location, name := where(h)
	for i := range *all {
		p := &(*all)[i]
		if p.leaf == h.Leaf && p.location == location && p.name == name {
			return p
		}
	}
	*all = append(*all, place{location: location, name: name, key: canonical(name), text: strings.Clone(h.Whole), leaf: h.Leaf})
	return &(*all)[len(*all)-1]
}

func where(h *pack.Hit) (location, name string) {
	switch h.Kind {
	case pack.URI, pack.Path:
		return "request.uri", ""
	case pack.Token:
		return "request.credential", ""
	case pack.Response:
		return "response.body", ""
	}
	if h.Leaf == nil {
		return "request.body", ""
	}
	name = h.Leaf.Path
	if h.Leaf.Location == content.Path {
		name = ""
	}
	return leafLocations[h.Leaf.Location], name
}

// join is the place of a hit of the core rule set: that of a leaf of the same name
// where the pack found something, else one of its own.
func join(all *[]place, h *signature.Hit, doc *content.Document) *place {
	location, key := h.Location, canonical(h.Name)
	switch {
	case location == "request.path" || location == "request.line" || location == "request.query" && h.Name == "":
		location, key = "request.uri", ""
	case location == "request.header" || location == "request.cookie":
		key = strings.ToLower(key)
	}
	best := -1
	for i := range *all {
		p := &(*all)[i]
		if p.key != key || !sameLocation(p.location, location) {
			continue
		}
		if best < 0 || likeness(p.text, h.Value) > likeness((*all)[best].text, h.Value) {
			best = i
		}
	}
	if best >= 0 {
		return &(*all)[best]
	}
	p := place{location: location, name: h.Name, key: key, text: h.Value}
	if l := leafOf(doc, location, key, h.Value); l != nil {
		p.leaf, p.text = l, string(l.Value)
	}
	*all = append(*all, p)
	return &(*all)[len(*all)-1]
}

// leafOf is the leaf that an engine's hit is about: of that name, and beginning like
// its value. What an engine shows was transformed, and says little of its lines.
func leafOf(doc *content.Document, location, key, value string) *content.Leaf {
	if key == "" {
		return nil
	}
	var best *content.Leaf
	alike := -1
	for i := range doc.Leaves {
		l := &doc.Leaves[i]
		// A key ends in its leaf's name; few leaves pass that are another.
		if !strings.HasSuffix(key, l.Name) || !sameLocation(leafLocations[l.Location], location) || canonical(l.Path) != key {
			continue
		}
		if n := likeness(string(l.Value[:min(len(l.Value), 64)]), value); n > alike {
			best, alike = l, n
		}
	}
	return best
}

// leafLocations are the locations of leaves in the words of findings.
var leafLocations = [...]string{content.Path: "request.path", content.Query: "request.query", content.Header: "request.header", content.Cookie: "request.cookie", content.Body: "request.body"}

func sameLocation(a, b string) bool {
	if b == "request.parameter" {
		return a == "request.query" || a == "request.body" || a == "request.parameter"
	}
	return a == b
}

// likeness is how many bytes two texts begin with alike, without regard to case.
func likeness(a, b string) int {
	n := min(len(a), len(b), 64)
	for i := range n {
		if a[i]|0x20 != b[i]|0x20 {
			return i
		}
	}
	return n
}

// canonical is the name of a leaf without indexes, which engine and leaves write
// in different ways: "items.0.note" and "items[].note" are "items.note".
func canonical(name string) string {
	if !strings.ContainsAny(name, "0123456789[") {
		return name
	}
	var b strings.Builder
	for part := range strings.SplitSeq(name, ".") {
		part = strings.ReplaceAll(part, "[]", "")
		if part == "" || strings.Trim(part, "0123456789") == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	return b.String()
}
