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
	digits   lengths // those of digits alone
	mixed    [longest + 1][]ended
	own      []*pattern
	shortest int
}

// ended is a scheme with what its numbers may begin and end with: most are told by that.
type ended struct {
	*compiled
	first, last ending
}

// ending is which bytes may stand at an end of a number, a bit a kind.
type ending uint8

func endingOf(c byte) ending {
	if c-'0' <= 9 {
		return 1
	}
	return 2
}

func (r run) ending() ending {
	switch r.kind {
	case 'd':
		return 1
	case 'x':
		return 3
	}
	return 2
}

func (n *compiled) ended() (e ended) {
	e.compiled = n
	if n.prefix != "" {
		e.first = 2
	}
	for _, s := range n.shapes {
		for i, r := range s {
			if e.first |= r.ending(); r.min > 0 {
				s = s[i:]
				break
			}
		}
		for i := len(s) - 1; i >= 0; i-- {
			if e.last |= s[i].ending(); s[i].min > 0 {
				break
			}
		}
	}
	return e
}

// Room is what Whole works in, so that nothing is made anew.
type Room [longest + 1]byte

// Choose prepares the classes of set.
func (s *Scanner) Choose(set Set) *Choice {
	c := &Choice{shortest: longest}
	for i, list := range s.numbers {
		for _, n := range list {
			switch {
			case !set.Has(n.class), n.bare:
				continue
			case n.plain():
				c.digits[i] = append(c.digits[i], n)
			default:
				c.mixed[i] = append(c.mixed[i], n.ended())
			}
			c.shortest = min(c.shortest, i)
		}
	}
	for i := range s.whole {
		if p := &s.whole[i]; set.Has(p.class) {
			c.own = append(c.own, p)
		}
	}
	return c
}

// Whole appends the classes of c that accept the whole of v.
func (c *Choice) Whole(v []byte, room *Room, to []Class) []Class {
	if len(v) < c.shortest && len(c.own) == 0 {
		return to
	}
	if compacted, ok := compact(room[:0], v); ok && len(compacted) >= c.shortest {
		first, last := endingOf(compacted[0]), endingOf(compacted[len(compacted)-1])
		if first&last == 1 && allDigits(compacted) {
			for _, n := range c.digits[len(compacted)] {
				if (n.check == nil || n.check(compacted)) && (n.form == nil || n.form(v)) {
					to = append(to, n.class)
				}
			}
		}
		list := c.mixed[len(compacted)]
		for i := range list {
			n := &list[i]
			if n.first&first == 0 || n.last&last == 0 {
				continue
			}
			if ok, _ := n.accepts(compacted, v); ok {
				to = append(to, n.class)
			}
		}
	}
	for _, p := range c.own {
		if end, ok := ahead(p.elements, v, 0); ok && end == len(v) && (p.check == nil || p.check(v)) {
			to = append(to, p.class)
		}
	}
	return to
}

// plain numbers are of digits alone, without a prefix, so that their length is their shape.
func (n *compiled) plain() bool {
	for _, s := range n.shapes {
		for _, r := range s {
			if r.kind != 'd' {
				return false
			}
		}
	}
	return n.prefix == ""
}

func allDigits(c []byte) bool {
	for _, b := range c {
		if b-'0' > 9 {
			return false
		}
	}
	return true
}

// Numeral says whether v is written as numbers are: digits, perhaps letters, and the signs
// between groups.
func Numeral(v []byte) bool {
	var room [longest + 1]byte
	c, ok := compact(room[:0], v)
	return ok && hasDigit(c)
}

// Digits appends the digits and letters of v in capitals, without the signs between
// groups: equal for numbers that are the same however they are written.
func Digits(to, v []byte) []byte {
	var room [longest + 1]byte
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
			all = append(all, Scheme{Class: n.class, Words: splitWords(n.scheme), Loose: n.loose || n.asked || n.check == nil, Chance: n.chance()})
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
	var c [longest]byte
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
