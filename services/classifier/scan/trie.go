package scan

import "fmt"

// trie is an automaton over bytes in small letters, begun anew at every word.
type trie struct {
	nodes   [][256]uint16 // the next node of a byte, until it is sealed
	states  []state       // of the nodes from then on
	rows    [][256]uint16 // the next node of a byte, of those that have several
	outputs [][]output
	// starts has a bit for the five low bits of each of three bytes that a literal may
	// begin with, in either case: it settles most words at one look.
	starts [1 << 9]uint64
}

// speaks marks the number of a node that has outputs, once the trie is sealed, so that others are passed
// without a look at them.
const speaks = 1 << 15

// state is a node as it is walked through. Nine of ten have one next node at most, so that a row of their
// own for each would be megabytes in which hardly anything stands near what was looked at before.
type state struct {
	next   uint16 // node behind only, or the row
	only   byte
	branch bool // next is a row
}

// kinds of outputs.
const (
	isWord = iota
	isPrefix
	isVendor
	isKey
	isURL
	isMonth
	isPrivate
	isUser
	isManifest
)

type output struct {
	kind  uint8
	index uint16
}

var folded = func() (t [256]uint8) {
	for i := range t {
		t[i] = uint8(i)
	}
	for c := 'A'; c <= 'Z'; c++ {
		t[c] = uint8(c) | 0x20
	}
	return t
}()

func (t *trie) add(literal string, o output) {
	for third := range 32 {
		if len(literal) > 2 {
			third = int(literal[2] & 31)
		}
		for second := range 32 {
			if len(literal) > 1 {
				second = int(literal[1] & 31)
			}
			n := int(literal[0]&31)<<10 | second<<5 | third
			t.starts[n>>6] |= 1 << (n & 63)
		}
	}
	node := uint16(0)
	for i := range len(literal) {
		c := folded[literal[i]]
		next := t.nodes[node][c]
		if next == 0 {
			next = uint16(len(t.nodes))
			t.nodes = append(t.nodes, [256]uint16{})
			t.nodes[node][c] = next
		}
		node = next
	}
	for int(node) >= len(t.outputs) {
		t.outputs = append(t.outputs, nil)
	}
	for _, have := range t.outputs[node] {
		if have == o {
			return
		}
	}
	t.outputs[node] = append(t.outputs[node], o)
}

// seal is called once all is added.
func (t *trie) seal() error {
	if len(t.nodes) > speaks {
		return fmt.Errorf("scan: the automaton has %d nodes, at most %d can be told apart", len(t.nodes), speaks)
	}
	mark := func(next uint16) uint16 {
		if int(next) < len(t.outputs) && len(t.outputs[next]) > 0 {
			next |= speaks
		}
		return next
	}
	t.states = make([]state, len(t.nodes))
	for i := range t.nodes {
		var row [256]uint16
		st, children := &t.states[i], 0
		for c, next := range t.nodes[i] {
			if next != 0 {
				row[c] = mark(next)
				st.only, st.next = byte(c), row[c]
				children++
			}
		}
		if children > 1 {
			st.next, st.branch = uint16(len(t.rows)), true
			t.rows = append(t.rows, row)
		}
	}
	t.nodes = nil
	return nil
}

func (s *Scanner) addScheme(d *scheme) {
	n := &compiled{scheme: d, class: s.class(d.name), shapes: compileShapes(d.shapes)}
	for _, w := range s.wordsOf(d) {
		n.words.add(s.word(w))
	}
	s.numbers.add(n)
	for i, list := range s.numbers {
		if len(list) > 0 && list[len(list)-1] == n {
			s.asking[i].join(&n.words)
		}
	}
	if d.firm {
		s.firm.add(n)
	}
}

func (s *set) join(other *set) {
	for i := range s {
		s[i] |= other[i]
	}
}

func (s *set) meets(other *set) bool {
	for i := range s {
		if s[i]&other[i] != 0 {
			return true
		}
	}
	return false
}
