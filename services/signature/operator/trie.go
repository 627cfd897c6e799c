package operator

// trie holds words; a branch with one word left is kept as its text.
type trie struct {
	nodes   []node
	labels  []byte   // of the edges, those of a node one after the other
	targets []uint32 // nodes that they lead to
	root    [256]uint32
}

type node struct {
	tail  string // what is left of the only word below
	first uint32 // edge
	edges uint16
	ends  bool // a word ends here
}

// newTrie takes words that are sorted, each once.
func newTrie(words []string) *trie {
	t := &trie{}
	t.add(words, 0)
	for i := range t.nodes[0].edges {
		t.root[t.labels[i]] = t.targets[i]
	}
	return t
}

// add makes the node of words that share their first depth bytes.
func (t *trie) add(words []string, depth int) uint32 {
	at := uint32(len(t.nodes))
	t.nodes = append(t.nodes, node{})
	if depth > 0 && len(words) == 1 {
		t.nodes[at].tail = words[0][depth:]
		t.nodes[at].ends = len(words[0]) == depth
		return at
	}
	n := node{ends: len(words[0]) == depth, first: uint32(len(t.labels))}
	if n.ends {
		words = words[1:]
	}
	var branches [][]string
	for len(words) > 0 {
		c, same := words[0][depth], 1
		for same < len(words) && words[same][depth] == c {
			same++
		}
		t.labels = append(t.labels, c)
		t.targets = append(t.targets, 0)
		branches = append(branches, words[:same])
		words = words[same:]
	}
	n.edges = uint16(len(branches))
	for i, b := range branches {
		t.targets[int(n.first)+i] = t.add(b, depth+1)
	}
	t.nodes[at] = n
	return at
}

// longest is the length of the longest word at the start of s, -1 if there is none.
func (t *trie) longest(s string) int {
	best := -1
	if t.nodes[0].ends {
		best = 0
	}
	if s == "" {
		return best
	}
	at := t.root[lowerByte(s[0])]
	for i := 1; at != 0; i++ {
		n := &t.nodes[at]
		if n.ends {
			best = i
		}
		if n.edges == 0 {
			if n.tail != "" && beginsFolded(s[i:], n.tail) {
				best = i + len(n.tail)
			}
			return best
		}
		if i == len(s) {
			return best
		}
		c := lowerByte(s[i])
		at = 0
		for e := n.first; e < n.first+uint32(n.edges); e++ {
			if t.labels[e] == c {
				at = t.targets[e]
				break
			}
		}
	}
	return best
}

// beginsFolded says whether s begins with word, ASCII letters of s in either case.
func beginsFolded(s, word string) bool {
	if len(s) < len(word) {
		return false
	}
	for i := range len(word) {
		if lowerByte(s[i]) != word[i] {
			return false
		}
	}
	return true
}
