package scan

// Set is a set of classes.
type Set []uint64

// Add takes c in.
func (s *Set) Add(c Class) {
	for int(c>>6) >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[c>>6] |= 1 << (c & 63)
}

// Has says whether c is in s.
func (s Set) Has(c Class) bool { return int(c>>6) < len(s) && s[c>>6]&(1<<(c&63)) != 0 }

// Choice is some classes of numbers, and of a deployment's own patterns, that the whole of a
// value is asked about.
type Choice struct {
	rows     [Longest + 1][]whole // what may be digits alone
	mixed    [Longest + 1][]whole // what may have letters
	own      []*pattern
	shortest int
}

// whole is one form of the numbers of a scheme, of one length: a bit a place that must be a digit, or
// a letter. Most values are settled by comparing these.
type whole struct {
	digits, letters uint64
	class           Class
	literal         bool // some letters are given
	check           func(c []byte) bool
	form            func(v []byte) bool
	prefix          string // of the scheme
	shape           shape
}

// Room is what Whole works in, so that nothing is made anew.
type Room [Longest + 1]byte

// Choose prepares the classes of set.
func (s *Scanner) Choose(set Set) *Choice {
	c := &Choice{shortest: Longest}
	seen := map[*compiled]bool{}
	for _, list := range s.numbers {
		for _, n := range list {
			if seen[n] || !set.Has(n.class) || n.bare {
				continue
			}
			seen[n] = true
			for _, one := range n.shapes {
				c.add(n, one, "")
				if n.prefix != "" {
					c.add(n, one, n.prefix)
				}
			}
		}
	}
	for i := range s.whole {
		if p := &s.whole[i]; set.Has(p.class) {
			c.own = append(c.own, p)
		}
	}
	return c
}

// add takes in one shape of n, of every length that it has, behind prefix.
func (c *Choice) add(n *compiled, of shape, prefix string) {
	least, most := of.bounds()
	for length := least; length <= most && length+len(prefix) <= Longest; length++ {
		w := whole{class: n.class, check: n.check, form: n.form, prefix: prefix, literal: prefix != "", letters: 1<<len(prefix) - 1, shape: of}
		at, spare := len(prefix), length-least
		for _, r := range of {
			size := r.min
			if r.max > r.min {
				size = min(r.min+spare, r.max)
			}
			for ; size > 0; size-- {
				switch r.kind {
				case 'd':
					w.digits |= 1 << at
				case 'x':
				case 'a':
					w.letters |= 1 << at
				default:
					w.letters |= 1 << at
					w.literal = true
				}
				at++
			}
		}
		total := length + len(prefix)
		if w.letters == 0 {
			c.rows[total] = append(c.rows[total], w)
		}
		if w.digits != 1<<total-1 {
			c.mixed[total] = append(c.mixed[total], w)
		}
		c.shortest = min(c.shortest, total)
	}
}

// accepts says whether c, which is v in compact form, is a number of the form that it has by its digits
// and letters.
func (w *whole) accepts(c, v []byte) bool {
	if w.form != nil && !w.form(v) {
		return false
	}
	if w.literal {
		if string(c[:len(w.prefix)]) != w.prefix || !w.shape.fits(c[len(w.prefix):]) {
			return false
		}
	}
	return w.check == nil || w.check(c[len(w.prefix):])
}

// Whole appends the classes of c that accept the whole of v.
func (c *Choice) Whole(v []byte, room *Room, to []Class) []Class {
	if len(v) < c.shortest && len(c.own) == 0 {
		return to
	}
	number, digits, ok := placed(room, v)
	switch {
	case !ok:
	case digits == 1<<len(number)-1:
		to = of(c.rows[len(number)], number, v, to)
	default:
		letters := ^digits & (1<<len(number) - 1)
		list := c.mixed[len(number)]
		for i := range list {
			w := &list[i]
			if digits&w.digits == w.digits && letters&w.letters == w.letters && w.accepts(number, v) {
				to = append(to, w.class)
			}
		}
	}
	return c.patterns(v, to)
}

// of appends the classes of list that accept number, which is v in compact form and has no letter.
func of(list []whole, number, v []byte, to []Class) []Class {
	for i := range list {
		if w := &list[i]; w.accepts(number, v) {
			to = append(to, w.class)
		}
	}
	return to
}

// Row is Whole for a v of ASCII digits alone.
func (c *Choice) Row(v []byte, to []Class) []Class {
	if len(v) <= Longest {
		to = of(c.rows[len(v)], v, v, to)
	}
	return c.patterns(v, to)
}

// patterns appends the classes of a deployment's own that are the whole of v.
func (c *Choice) patterns(v []byte, to []Class) []Class {
	for _, p := range c.own {
		if end, ok := ahead(p.elements, v, 0); ok && end == len(v) && (p.check == nil || p.check(v)) {
			to = append(to, p.class)
		}
	}
	return to
}

// placed is compact, and has a bit for each place of a digit.
func placed(room *Room, v []byte) (number []byte, digits uint64, ok bool) {
	n := 0
	for _, b := range v {
		c := signs[b]
		if c <= between {
			if c == between {
				continue
			}
			// A sign beyond ASCII, or none that a number has.
			if number, ok = compact(room[:0], v); ok {
				for i, c := range number {
					if c <= '9' {
						digits |= 1 << i
					}
				}
			}
			return number, digits, ok
		}
		if n == Longest {
			return nil, 0, false
		}
		if c <= '9' {
			digits |= 1 << n
		}
		room[n] = c
		n++
	}
	return room[:n], digits, n > 0
}

// Numeral says whether v is written as numbers are: digits, perhaps letters, and the signs
// between groups.
func Numeral(v []byte) bool {
	var room [Longest + 1]byte
	c, ok := compact(room[:0], v)
	return ok && hasDigit(c)
}

// Digits appends the digits and letters of v in capitals, without the signs between
// groups: equal for numbers that are the same however they are written.
func Digits(to, v []byte) []byte {
	var room [Longest + 1]byte
	c, _ := compact(room[:0], v)
	return append(to, c...)
}

// Scheme is what a class of numbers is told by.
type Scheme struct {
	Class Class
	// Words are names of fields and words in a text that speak for it.
	Words []string
	// Loose: a shape alone, so that nothing but a name makes a number one.
	Loose bool
	// Chance is the share of random numbers of the shape that pass.
	Chance float64
}

// trials is how many numbers a chance is measured with: so that one in a hundred is
// told from one in ten.
const trials = 1000

// Schemes are the classes of numbers. They take some milliseconds to measure.
func (s *Scanner) Schemes() (all []Scheme) {
	seen := map[Class]bool{}
	for _, list := range s.numbers {
		for _, n := range list {
			if seen[n.class] || n.bare {
				continue
			}
			seen[n.class] = true
			all = append(all, Scheme{Class: n.class, Words: s.wordsOf(n.scheme), Loose: n.loose || n.asked || n.check == nil, Chance: n.chance()})
		}
	}
	return all
}

// chance measures how many random numbers pass, the same ones each time.
func (n *compiled) chance() float64 {
	state, passed := uint64(0x9e3779b97f4a7c15), 0
	draw := func(below int) int { // xorshift: the same on every machine
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		return int((state >> 11) % uint64(below))
	}
	var c [Longest]byte
	for range trials {
		s := n.shapes[draw(len(n.shapes))]
		i := 0
		for _, r := range s {
			for range r.min + draw(r.max-r.min+1) {
				switch r.kind {
				case 'a':
					c[i] = 'A' + byte(draw(26))
				case 'd', 'x':
					c[i] = '0' + byte(draw(10))
				default:
					c[i] = r.kind
				}
				i++
			}
		}
		if n.fits(c[:i]) {
			passed++
		}
	}
	return float64(passed+1) / (trials + 1)
}
