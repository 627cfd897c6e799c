package gate

// automaton finds which of many strings a text holds, in any case of ASCII: Aho and
// Corasick's, with every transition written out over the bytes that occur. States are
// numbered breadth first, so those that ordinary text visits lie together.
type automaton struct {
	class  [256]uint8
	stride uint32
	next   []uint32 // row offset; hit is set where strings end
	outs   []uint32 // by state: the first of its outputs in of, and one beyond
	of     []uint32
}

const hit = 1 << 31

// newAutomaton takes folded strings with their owners; an owner may have several.
func newAutomaton(strs []string, owner []uint32) *automaton {
	a := &automaton{}
	classes := uint8(1) // 0 is what no string holds
	for _, s := range strs {
		for i := range len(s) {
			if a.class[s[i]] == 0 {
				a.class[s[i]] = classes
				classes++
			}
		}
	}
	for b := byte('A'); b <= 'Z'; b++ {
		a.class[b] = a.class[b|0x20]
	}
	a.stride = uint32(classes)

	type node struct {
		child map[uint8]int
		own   []uint32
	}
	nodes := []node{{child: map[uint8]int{}}}
	for i, s := range strs {
		at := 0
		for j := range len(s) {
			c := a.class[s[j]]
			to, ok := nodes[at].child[c]
			if !ok {
				to = len(nodes)
				nodes = append(nodes, node{child: map[uint8]int{}})
				nodes[at].child[c] = to
			}
			at = to
		}
		nodes[at].own = append(nodes[at].own, owner[i])
	}
	// Breadth first: a state's number is its place in order.
	order := []int{0}
	number := make([]uint32, len(nodes))
	for i := 0; i < len(order); i++ {
		for c := uint8(1); c < classes; c++ {
			if to, ok := nodes[order[i]].child[c]; ok {
				number[to] = uint32(len(order))
				order = append(order, to)
			}
		}
	}
	fail := make([]uint32, len(nodes))
	outputs := make([][]uint32, len(nodes))
	a.next = make([]uint32, uint32(len(nodes))*a.stride)
	for n, at := range order {
		state := uint32(n)
		outputs[n] = nodes[at].own
		if state != 0 {
			outputs[n] = append(outputs[n][:len(outputs[n]):len(outputs[n])], outputs[fail[state]]...)
		}
		for c := uint32(0); c < a.stride; c++ {
			back := uint32(0)
			if state != 0 {
				back = a.next[fail[state]*a.stride+c] &^ hit / a.stride
			}
			if to, ok := nodes[at].child[uint8(c)]; ok {
				fail[number[to]] = back
				back = number[to]
			}
			a.next[state*a.stride+c] = back * a.stride
		}
	}
	a.outs = make([]uint32, len(nodes)+1)
	for n, out := range outputs {
		a.of = append(a.of, out...)
		a.outs[n+1] = uint32(len(a.of))
	}
	for i, to := range a.next {
		if n := to / a.stride; a.outs[n] != a.outs[n+1] {
			a.next[i] = to | hit
		}
	}
	return a
}

// scan sets the bit of every owner of a string that s holds.
func (a *automaton) scan(s string, got []uint64) {
	row := uint32(0)
	next := a.next
	for i := range len(s) {
		row = next[row+uint32(a.class[s[i]])]
		if row >= hit {
			row &^= hit
			n := row / a.stride
			for _, o := range a.of[a.outs[n]:a.outs[n+1]] {
				got[o>>6] |= 1 << (o & 63)
			}
		}
	}
}
