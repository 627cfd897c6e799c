package content

import "strings"

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
	path, name string
	key        string // as looked up: a name, "[]" or "@attribute"
	children   []int32
	index      map[string]int32 // only once there are many children
	next       int              // the child expected next: objects of a list keep their order
	mark       uint64
	cut        bool // the name did not fit Limits.PathBytes
}

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
	n.nodes = append(n.nodes, made) // p is not valid from here
	return at
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
