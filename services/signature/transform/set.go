package transform

// Set is a set of bytes.
type Set [4]uint64

// Bytes is the set of the bytes of s.
func Bytes(s string) Set {
	var b Set
	for i := range len(s) {
		b.Add(s[i])
	}
	return b
}

// Range is the set from lo to hi, both included.
func Range(lo, hi byte) Set {
	var b Set
	for c := int(lo); c <= int(hi); c++ {
		b.Add(byte(c))
	}
	return b
}

// Of is the set of the bytes in s, for comparing it with several others.
func Of(s string) Set {
	// Four words in registers: an indexed array would wait for each store.
	var w0, w1, w2, w3 uint64
	for i := range len(s) {
		c := s[i]
		bit := uint64(1) << (c & 63)
		switch c >> 6 {
		case 0:
			w0 |= bit
		case 1:
			w1 |= bit
		case 2:
			w2 |= bit
		default:
			w3 |= bit
		}
	}
	return Set{w0, w1, w2, w3}
}

// Add puts c into the set.
func (b *Set) Add(c byte) { b[c>>6] |= 1 << (c & 63) }

// Has says whether c is in the set.
func (b *Set) Has(c byte) bool { return b[c>>6]>>(c&63)&1 != 0 }

// Union is what is in either.
func (b Set) Union(o Set) Set {
	return Set{b[0] | o[0], b[1] | o[1], b[2] | o[2], b[3] | o[3]}
}

// Without is what is in b and not in o.
func (b Set) Without(o Set) Set {
	return Set{b[0] &^ o[0], b[1] &^ o[1], b[2] &^ o[2], b[3] &^ o[3]}
}

// Meets says whether the two have a byte in common.
func (b *Set) Meets(o *Set) bool {
	return b[0]&o[0]|b[1]&o[1]|b[2]&o[2]|b[3]&o[3] != 0
}

// Empty says whether nothing is in the set.
func (b *Set) Empty() bool { return b[0]|b[1]|b[2]|b[3] == 0 }
