package content

import (
	"encoding/binary"
	"strings"
)

// names is a tree of the names seen, kept from one parse to the next: endpoints
// repeat their names, so in the steady state a leaf's path costs one comparison
// and no allocation. Its strings are never changed and may be kept by anyone.
type names struct {
	nodes []node
	// instance numbers the objects met; a child marked with the number of the
	// object being read is a duplicate key.
	instance uint64
	limit    int // bytes of a path that the tree was made with
}

type node struct {
	key string // as looked up: a name, "[]" or "@attribute"
	// word is the start of the key with the quote after it as JSON has it, mask the
	// bytes of it that count. A key that JSON would write another way has none.
	word, mask uint64
	mark       uint64
	first      int32 // the child that an object began with the last time
	follow     int32 // the node that came after this one the last time
	cut        bool  // the name did not fit Limits.PathBytes
	path, name string
	next       int // the child expected next: objects of a list keep their order
	children   []int32
	index      map[string]int32 // only once there are many children
}

// none is no node where a child is meant: it is the root of a location.
const none = 0

const (
	// keepNodes is how large the tree may be at the start of a parse; names that
	// are really values (ids as keys) would otherwise grow it for ever.
	keepNodes = 8192
	// manyChildren is where a map beats looking at each.
	manyChildren = 12
)

// reset makes the tree ready for a message.
func (n *names) reset(limit int) {
	if len(n.nodes) > keepNodes || n.limit != limit {
		n.limit = limit
		clear(n.nodes)
		n.nodes = n.nodes[:0]
	}
	if len(n.nodes) == 0 {
		for range int(Body) + 1 { // a root for each location
			n.nodes = append(n.nodes, node{})
		}
	}
	for l := range int(Body) + 1 {
		n.nodes[l].next = 0
	}
}

// object starts an object: duplicates are counted inside it alone.
func (n *names) object() uint64 {
	n.instance++
	return n.instance
}

// child is the node of key under parent. key is not kept.
func (n *names) child(parent int32, key []byte, limit int) int32 {
	p := &n.nodes[parent]
	if p.next < len(p.children) {
		if c := p.children[p.next]; n.nodes[c].key == string(key) {
			p.next++
			return c
		}
	}
	return n.find(parent, key, limit)
}

func (n *names) find(parent int32, key []byte, limit int) int32 {
	p := &n.nodes[parent]
	long := len(key) > limit
	if long {
		key = key[:limit]
	}
	if p.index != nil {
		if i, ok := p.index[string(key)]; ok {
			p.next = int(i) + 1
			return p.children[i]
		}
	} else {
		for i, c := range p.children {
			if n.nodes[c].key == string(key) {
				p.next = i + 1
				return c
			}
		}
	}
	return n.add(parent, string(key), limit, long)
}

func (n *names) add(parent int32, key string, limit int, long bool) int32 {
	p := &n.nodes[parent]
	made := node{key: key, name: strings.TrimPrefix(key, "@")}
	switch {
	case key == "[]":
		made.path, made.name = p.path+key, p.name
	case isStep(key):
		made.name = p.name
		if made.path = key; p.path != "" {
			made.path = p.path + "." + key
		}
	case p.path == "":
		made.path = key
	default:
		made.path = p.path + "." + key
	}
	if long || len(made.path) > limit {
		made.path, made.cut = p.path, true
	}
	at := int32(len(n.nodes))
	p.children = append(p.children, at)
	p.next = len(p.children)
	if p.index != nil {
		p.index[key] = int32(len(p.children) - 1)
	} else if len(p.children) > manyChildren {
		p.index = make(map[string]int32, 2*manyChildren)
		for i, c := range p.children {
			if c != at {
				p.index[n.nodes[c].key] = int32(i)
			}
		}
		p.index[key] = int32(len(p.children) - 1)
	}
	made.word, made.mask = asJSON(key)
	n.nodes = append(n.nodes, made) // p is not valid from here
	return at
}

// asJSON is the word and mask of a key.
func asJSON(key string) (word, mask uint64) {
	for i := range len(key) {
		if c := key[i]; c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
			return 0, 0
		}
	}
	for i := range min(len(key)+1, 8) {
		c := byte('"')
		if i < len(key) {
			c = key[i]
		}
		word |= uint64(c) << (8 * i)
		mask |= 0xff << (8 * i)
	}
	return word, mask
}

// expect says whether the name in quotes that b has at i, and the colon behind it,
// is that of child or of the one after it, and where the value begins.
func (n *names) expect(child int32, b []byte, i int) (found int32, end int) {
	if i+9 > len(b) || b[i] != '"' {
		return none, 0
	}
	x := binary.LittleEndian.Uint64(b[i+1:])
	for range 2 {
		if child == none {
			break
		}
		c := &n.nodes[child]
		if (x^c.word)&c.mask == 0 && c.mask != 0 && !c.cut {
			end = i + 1 + len(c.key)
			if end+1 < len(b) && b[end] == '"' && b[end+1] == ':' && (len(c.key) < 8 || string(b[i+9:end]) == c.key[8:]) {
				return child, end + 2
			}
		}
		child = c.follow
	}
	return none, 0
}

// follows remembers that child came after before, or first in parent.
func (n *names) follows(parent, before, child int32) {
	if before == none {
		n.nodes[parent].first = child
	} else {
		n.nodes[before].follow = child
	}
}

// isStep says whether key is a step into a value: what is found there bears the
// value's name.
func isStep(key string) bool {
	switch key {
	case "{json}", "{base64}", "{percent}", "{jwt}", "{graphql}":
		return true
	}
	return false
}

// lookup is the path of the names below parent, "" where no message had them.
func (n *names) lookup(parent int32, keys ...string) string {
	for _, key := range keys {
		p := &n.nodes[parent]
		next, ok := int32(-1), false
		if p.index != nil {
			var i int32
			if i, ok = p.index[key]; ok {
				next = p.children[i]
			}
		} else {
			for _, c := range p.children {
				if n.nodes[c].key == key {
					next, ok = c, true
					break
				}
			}
		}
		if !ok || n.nodes[next].cut {
			return ""
		}
		parent = next
	}
	return n.nodes[parent].path
}

// seen marks child as met in the object and says whether it had been.
func (n *names) seen(child int32, object uint64) bool {
	c := &n.nodes[child]
	if c.mark == object {
		return !c.cut
	}
	c.mark = object
	return false
}

// rewind expects the first child of parent next.
func (n *names) rewind(parent int32) { n.nodes[parent].next = 0 }
