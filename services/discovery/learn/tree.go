// Package learn finds the templates of a host's paths: which segments are names
// that developers gave, and which are values.
//
// The lexer of package catalog types a segment by its shape alone. What has no
// shape of a value, a user's name or a short random id, it leaves literal; so
// every value becomes an endpoint. The Tree sees what the lexer made of all paths
// of a host and finds places where literals are values: there are many of them,
// each is rare, beneath them is the same (names of the next level, methods, fields
// of the messages), typed values stand beside them, or their texts are no words
// that APIs are made of. No sign decides alone; they add up.
//
// This is deliberately not a clustering of requests by similar responses, on which
// patents exist (US 10,873,618; 11,586,487; 11,997,110; 12,645,516): paths are
// put into a prefix tree and the children of one node are compared, as schema
// matching and web structure mining did long before. Fields of messages are one
// sign among several, compared as sets of names, and everything works without.
package learn

import (
	"cmp"
	"slices"
	"strings"
)

// Config bounds a tree. Start from Defaults.
type Config struct {
	// MaxNodes of a tree. Beyond it the leaves that were fed least recently go.
	MaxNodes int
	// MaxChildren are the literals remembered a node, and three times as many that read
	// like names. Beyond it the rarest are counted as {string}, or as {string}.json and
	// the like.
	MaxChildren int
	// MaxFields are the names of fields remembered an endpoint and direction: those
	// with the smallest hash.
	MaxFields int
	// Weights of the signs.
	Weights Weights
}

// Defaults are what a service uses unless configured.
func Defaults() Config {
	return Config{MaxNodes: 50_000, MaxChildren: 64, MaxFields: 24, Weights: Fitted()}
}

// Sample is what some transactions showed of one lexical template.
type Sample struct {
	Method, Template string
	// Prefix is the text of the first typed segment, where that may be a name.
	Prefix Prefix
	// Hits counts answers that show that the endpoint exists.
	Hits uint64
	// Response and Request count the fields of the messages.
	Response, Request []Field
}

// Field is the name of a field, hashed, and in how many messages it was.
type Field struct {
	Hash  uint32
	Count uint64
}

// Tree holds what was seen of one host. One goroutine at a time.
type Tree struct {
	cfg   Config
	root  *node
	nodes int
	clock uint64 // samples fed
	view  *view
	dirty bool
	pins  Pins

	evicted, folded uint64
}

// node is a place in the paths of a host.
type node struct {
	children map[string]*node // by segment of the lexical template
	uses     []use            // sorted by method
	hits     uint64           // of it and all below
	last     uint64           // clock of the last sample
	literals int32            // children that are literals
	kind     kind             // whether it reads like a name, where that was asked
	prefix   *Prefix          // texts of the segment, where it may be a name
}

// kind of a literal is worked out where literals have no room.
type kind uint8

const (
	unknown kind = iota
	named
	strange
)

// use is one method at a place.
type use struct {
	method            string
	hits              uint64
	response, request []Field // sorted by hash
}

// New makes an empty tree.
func New(cfg Config) *Tree {
	return &Tree{cfg: cfg, root: &node{}, nodes: 1}
}

// overflow is the child that stands for literals that found no room.
const overflow = "{string}"

// Add takes a sample. Adding is commutative as long as no limit is met.
func (t *Tree) Add(s Sample) {
	if s.Hits == 0 {
		return
	}
	t.clock++
	t.dirty = true
	n, typed := t.root, false
	n.touch(s.Hits, t.clock)
	for rest := strings.TrimPrefix(s.Template, "/"); rest != ""; {
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		n = t.child(n, segment, s.Hits)
		n.touch(s.Hits, t.clock)
		if first := isTyped(segment) && !typed; first {
			typed = true
			n.had(s.Prefix)
		}
	}
	u := n.use(s.Method)
	u.hits += s.Hits
	u.response = addFields(u.response, s.Response, t.cfg.MaxFields)
	u.request = addFields(u.request, s.Request, t.cfg.MaxFields)
	if t.nodes > t.cfg.MaxNodes {
		t.evict()
	}
}

func (n *node) touch(hits, clock uint64) {
	n.hits += hits
	n.last = clock
}

func isTyped(segment string) bool { return strings.IndexByte(segment, '{') >= 0 }

// child is the child of n for a segment, made if needed. Where n has as many
// literals as it may, the rarest is folded into {string}.
func (t *Tree) child(n *node, segment string, hits uint64) *node {
	if c := n.children[segment]; c != nil {
		return c
	}
	if !isTyped(segment) && int(n.literals) >= t.cfg.MaxChildren {
		if rarest, full := n.rarest(isName(segment), t.cfg.MaxChildren); full {
			t.folded++
			if n.children[rarest].hits > hits {
				return t.child(n, n.spill(segment), hits)
			}
			old := n.children[rarest]
			delete(n.children, rarest)
			n.literals--
			t.absorb(t.child(n, n.spill(rarest), 0), old)
		}
	}
	if n.children == nil {
		n.children = map[string]*node{}
	}
	c := &node{}
	n.children[strings.Clone(segment)] = c
	if !isTyped(segment) {
		n.literals++
	}
	t.nodes++
	return c
}

// namesFor is how many times the room of other literals names have.
const namesFor = 3

// isName says whether a text reads like a name that a developer gave.
func isName(s string) bool { return oddness(s) < nameless }

// rarest is the literal of n that was seen least among those that read like names, or
// among the others, and full whether there is no room for one more of them: values that
// come by the thousand shall not drive out an API that has a hundred collections.
func (n *node) rarest(names bool, room int) (rarest string, full bool) {
	count := 0
	for k, c := range n.children {
		if isTyped(k) {
			continue
		}
		if c.kind == unknown {
			if c.kind = strange; isName(k) {
				c.kind = named
			}
		}
		if (c.kind == named) != names {
			continue
		}
		count++
		if r := n.children[rarest]; r == nil || c.hits < r.hits || c.hits == r.hits && k > rarest {
			rarest = k
		}
	}
	if names {
		room *= namesFor
	}
	return rarest, count >= room
}

// absorb adds o, which is no longer in the tree, to n.
func (t *Tree) absorb(n, o *node) {
	t.nodes--
	n.hits += o.hits
	if n.prefix != nil || o.prefix != nil {
		n.had(Prefix{Varies: true})
	}
	n.last = max(n.last, o.last)
	for i := range o.uses {
		u := n.use(o.uses[i].method)
		u.hits += o.uses[i].hits
		u.response = addFields(u.response, o.uses[i].response, t.cfg.MaxFields)
		u.request = addFields(u.request, o.uses[i].request, t.cfg.MaxFields)
	}
	for _, k := range sortedKeys(o.children) {
		t.absorb(t.child(n, k, o.children[k].hits), o.children[k])
	}
}

func (n *node) use(method string) *use {
	i, found := slices.BinarySearchFunc(n.uses, method, func(u use, m string) int { return strings.Compare(u.method, m) })
	if !found {
		n.uses = slices.Insert(n.uses, i, use{method: strings.Clone(method)})
	}
	return &n.uses[i]
}

// addFields adds counts; both lists are sorted by hash. Of too many the smallest
// hashes stay, and one that went can never come back: so the order is no matter.
func addFields(to, from []Field, limit int) []Field {
	for _, f := range from {
		i, found := slices.BinarySearchFunc(to, f, func(a, b Field) int { return cmp.Compare(a.Hash, b.Hash) })
		if found {
			to[i].Count += f.Count
		} else if i < limit {
			to = slices.Insert(to, i, f)
			to = to[:min(len(to), limit)]
		}
	}
	return to
}

// evict takes away a tenth of the nodes, leaves first, those that were fed least
// recently.
func (t *Tree) evict() {
	for t.nodes > t.cfg.MaxNodes-t.cfg.MaxNodes/10 {
		type leaf struct {
			parent *node
			key    string
			last   uint64
		}
		var leaves []leaf
		var walk func(n *node)
		walk = func(n *node) {
			for k, c := range n.children {
				if len(c.children) == 0 {
					leaves = append(leaves, leaf{n, k, c.last})
				} else {
					walk(c)
				}
			}
		}
		walk(t.root)
		slices.SortFunc(leaves, func(a, b leaf) int { return cmp.Or(cmp.Compare(a.last, b.last), strings.Compare(a.key, b.key)) })
		for _, l := range leaves[:min(len(leaves), max(1, t.cfg.MaxNodes/10))] {
			delete(l.parent.children, l.key)
			if !isTyped(l.key) {
				l.parent.literals--
			}
			t.nodes--
			t.evicted++
		}
	}
}

// Nodes is how many nodes there are, Evicted how many went because of MaxNodes,
// and Folded how many literals were counted as {string} because of MaxChildren.
func (t *Tree) Nodes() int      { return t.nodes }
func (t *Tree) Evicted() uint64 { return t.evicted }
func (t *Tree) Folded() uint64  { return t.folded }

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
