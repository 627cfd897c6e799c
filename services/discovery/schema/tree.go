package schema

import (
	"strings"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// node is a field in the making, shared by all messages: what is known of a path
// before a value is looked at, and where the reader stands in the message at hand.
type node struct {
	path   string
	parent int32
	depth  int
	// item: there may be many in the same parent: an element of a list, or a value
	// under a name that is data.
	item bool
	// personal: values are never kept.
	personal bool

	message uint32 // number of the body that it was last met in
	field   int32  // index of its field in the message
	// instance numbers what stands there now; within is the parent's instance that it
	// stands in; typed is the instance that is known to be a container.
	instance, within, typed uint32
}

// ref is the path of a leaf as a parser names it.
type ref struct {
	in   Place
	path string
	node int32
	// cut is set where the node is only the last that limits allow on the path: it is
	// then a container of what.
	cut  bool
	what uint8
	skip bool
	next int32 // the ref that followed last time
}

// step names a child.
type step struct {
	parent int32
	name   string
}

const (
	// cachedPaths, cachedMedia and cachedWords bound what a reader remembers between
	// messages.
	cachedPaths = 8192
	cachedMedia = 256
	cachedWords = 4096
	none        = -1
)

// reset forgets all paths.
func (r *Reader) reset() {
	clear(r.refs)
	r.nodes, r.refs, r.last = r.nodes[:0], r.refs[:0], none
	for i := range r.paths {
		clear(r.paths[i])
		r.nodes = append(r.nodes, node{parent: none}) // the root of the place
	}
	clear(r.steps)
}

// at is the ref of a path. Messages repeat the order of their paths, so mostly one
// comparison finds it.
func (r *Reader) at(in Place, path string) *ref {
	if r.last != none {
		if n := r.refs[r.last].next; n != none && r.refs[n].in == in && r.refs[n].path == path {
			r.last = n
			return &r.refs[n]
		}
	}
	n, ok := r.paths[in][path]
	if !ok {
		n = int32(len(r.refs))
		made := ref{in: in, path: path, next: none}
		if in == Request || in == Response {
			r.resolve(&made)
		} else {
			r.name(&made)
		}
		r.refs = append(r.refs, made)
		r.paths[in][path] = n
	}
	if r.last != none {
		r.refs[r.last].next = n
	}
	r.last = n
	return &r.refs[n]
}

// name is the place of a parameter, whose path is its name.
func (r *Reader) name(to *ref) {
	to.skip = to.in == Header && r.header != nil && !r.header(to.path)
	if to.skip {
		return
	}
	if to.path == "" || !isName(to.path, r.limits.Name) {
		to.cut = true
		return
	}
	to.node = r.child(int32(to.in), to.path, false)
}

// resolve makes the nodes of a path of a body, as far as limits allow.
func (r *Reader) resolve(to *ref) {
	var stopped string
	to.node, stopped = r.descend(int32(to.in), to.path)
	if stopped != "" {
		to.cut, to.what = true, tObject
		if stopped == "[]" {
			to.what = tArray
		}
	}
}

// descend goes from a node down a path. Where a limit ends it, it gives the step
// that was not taken.
func (r *Reader) descend(at int32, path string) (node int32, stopped string) {
	take := func(name string, item bool) bool {
		p := &r.nodes[at]
		if p.depth >= r.limits.Depth || len(p.path)+1+len(name) > r.limits.Name || !isName(name, r.limits.Name) {
			stopped = name
			return false
		}
		at = r.child(at, name, item)
		return true
	}
	for rest, more := path, path != ""; more; {
		var part string
		part, rest, more = strings.Cut(rest, ".")
		name := strings.TrimRight(part, "[]")
		if i := strings.IndexByte(name, '@'); i > 0 {
			// The dots of the domain are no separators of the path.
			take("{email}", true)
			break
		}
		ok := true
		if typ := dataName(name); typ != "" {
			ok = take("{"+typ+"}", true)
		} else if name != "" {
			ok = take(name, false)
		}
		for range strings.Count(part[len(name):], "[]") {
			ok = ok && take("[]", true)
		}
		if !ok {
			break
		}
	}
	return at, stopped
}

// child is the node of name under parent, made if needed.
func (r *Reader) child(parent int32, name string, item bool) int32 {
	if n, ok := r.steps[step{parent, name}]; ok {
		return n
	}
	p := &r.nodes[parent]
	made := node{parent: parent, depth: p.depth + 1, item: item, personal: p.personal}
	switch {
	case name == "[]":
		made.path = p.path + "[]"
	case p.path == "":
		made.path = name
	default:
		made.path = p.path + "." + name
	}
	if !item {
		made.personal = isPersonal(name)
	}
	n := int32(len(r.nodes))
	r.nodes = append(r.nodes, made)
	r.steps[step{parent, name}] = n
	return n
}

// dataName is the type of a name that is a value, as in objects that have ids for
// keys. Else every user would be a field.
func dataName(name string) string {
	if !strings.ContainsAny(name, "0123456789") {
		return ""
	}
	switch typ := catalog.Classify([]byte(name)); typ {
	case catalog.TypeInt, catalog.TypeUUID, catalog.TypeULID, catalog.TypeHex, catalog.TypeDate, catalog.TypeIP,
		catalog.TypeIBAN, catalog.TypeToken, catalog.TypeID:
		return typ
	}
	return ""
}

// isName keeps out what no document could show.
func isName(s string, limit int) bool {
	if len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
