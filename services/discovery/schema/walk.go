package schema

import "github.com/miradorhq/mirador/pkg/content"

// walk follows the leaves of one body in their order, and tells where an object
// ends and the next begins by the rule that an object has a key once.
type walk struct {
	r   *Reader
	m   *Message
	key Key
	// whole is what presence counts by: 0 in a body that was cut.
	whole uint64
	// sequence: the root is one of several.
	sequence bool
	textual  bool
	at       int32 // node of the leaf before
}

// open starts a new instance of n, whose parent is open.
func (w *walk) open(n int32) {
	x := &w.r.nodes[n]
	f, _ := w.r.field(w.m, x, w.key)
	f.seen += w.whole
	w.r.instances++
	x.instance = w.r.instances
	if x.parent == none {
		return
	}
	p := &w.r.nodes[x.parent]
	x.within = p.instance
	t := tObject
	if isList(x) {
		t = tArray
	}
	w.contains(p, t)
}

func isList(n *node) bool {
	l := len(n.path)
	return l >= 2 && n.path[l-1] == ']' && n.path[l-2] == '['
}

// contains notes once an instance that n is a container.
func (w *walk) contains(n *node, t int) {
	if n.typed == n.instance {
		return
	}
	n.typed = n.instance
	f := &w.m.fields[n.field]
	f.types[t]++
	if t == tObject {
		f.objects += w.whole
	}
}

// leaf adds a leaf; cut says that the end of its text is missing.
func (w *walk) leaf(l *content.Leaf, cut bool) {
	to := w.r.at(w.key.In, l.Path)
	w.enter(to.node)
	n := &w.r.nodes[to.node]
	if to.cut {
		w.m.Dropped++
		w.contains(n, int(to.what))
		return
	}
	if cut && l.Type == content.String {
		return // half a value would be none of those that there are
	}
	w.r.value(&w.m.fields[n.field], l.Value, l.Type, w.textual)
}

// enter goes from the leaf before to n.
func (w *walk) enter(n int32) {
	nodes := w.r.nodes
	before := w.at
	w.at = n
	root := int32(w.key.In)
	if before == none {
		before = root
		if n == root {
			return // opened with the body
		}
	}
	// The container that both stand in, and the child of it on the way to n.
	shared, child, other := n, int32(none), before
	for nodes[shared].depth > nodes[other].depth {
		shared, child = nodes[shared].parent, shared
	}
	for nodes[other].depth > nodes[shared].depth {
		other = nodes[other].parent
	}
	for shared != other {
		shared, child = nodes[shared].parent, shared
		other = nodes[other].parent
	}
	again := child == none || // n itself
		nodes[child].within == nodes[shared].instance && nodes[child].message == w.r.number // a key that was there
	if !again {
		w.down(shared, n)
		return
	}
	// The innermost that may come again, from where the two part upwards.
	from := shared
	for from != none && !nodes[from].item {
		from = nodes[from].parent
	}
	if from == none && w.sequence {
		from = root
	}
	if from == none {
		w.down(shared, n) // a key twice in one object: a value more, no presence
		return
	}
	w.open(from)
	w.down(from, n)
}

// down opens what lies between from and n, where it is not of the same instances.
func (w *walk) down(from, n int32) {
	chain := w.r.chain[:0]
	for at := n; at != from; at = w.r.nodes[at].parent {
		chain = append(chain, at)
	}
	w.r.chain = chain
	for i := len(chain) - 1; i >= 0; i-- {
		x := &w.r.nodes[chain[i]]
		if x.message != w.r.number || x.within != w.r.nodes[x.parent].instance {
			w.open(chain[i])
		}
	}
}
