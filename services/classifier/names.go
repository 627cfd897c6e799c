package classifier

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/miradorhq/mirador/services/classifier/scan"
)

// dictionary says of a word, which may be several joined, which classes it names.
type dictionary map[string][]uint16

func newDictionary(classes []*class) dictionary {
	d := dictionary{}
	for i, c := range classes {
		seen := map[string]bool{}
		for _, w := range c.words {
			if w != "" && !seen[w] {
				seen[w] = true
				d[w] = append(d[w], uint16(i))
			}
		}
	}
	return d
}

const (
	maxWord  = 48 // bytes of the longest word looked up
	maxWords = 4  // that are joined into one
)

// names are the classes that the words of a path name, each once, "user.creditCard[]" having the
// words user, credit and card. Neighbours are tried as one word too, so that
// social_security, SocialSecurityNumber and customer.name agree.
func (d dictionary) names(path string) (found []uint16) {
	var ends [maxWords]string // the words that end here, the shortest first
	n := 0
	word := func(w string) {
		copy(ends[1:], ends[:maxWords-1])
		ends[0] = ""
		n = min(n+1, maxWords)
		for k := range n {
			ends[k] += w
			if len(ends[k]) > maxWord {
				n = k
				break
			}
			for _, c := range d[ends[k]] {
				if !has(found, c) {
					found = append(found, c)
				}
			}
		}
	}
	for w := range splitName(path) {
		word(w)
	}
	return found
}

func has(list []uint16, c uint16) bool {
	for _, x := range list {
		if x == c {
			return true
		}
	}
	return false
}

// splitName goes through the words of a path in lower case. Digits are of no word:
// "card2" is a card.
func splitName(path string) func(func(string) bool) {
	return func(yield func(string) bool) {
		var word []byte
		before := byte(0)
		for i := range len(path) {
			c := path[i]
			switch {
			case 'A' <= c && c <= 'Z':
				// A new word at a change to upper case, and before the last capital of a
				// row: "cardPAN", "PANNumber".
				if len(word) > 0 && ('a' <= before && before <= 'z' || i+1 < len(path) && 'a' <= path[i+1] && path[i+1] <= 'z' && 'A' <= before && before <= 'Z') {
					if !yield(string(word)) {
						return
					}
					word = word[:0]
				}
				word = append(word, c|0x20)
			case 'a' <= c && c <= 'z':
				word = append(word, c)
			case '0' <= c && c <= '9':
			default:
				if len(word) > 0 && !yield(string(word)) {
					return
				}
				word = word[:0]
			}
			before = c
		}
		if len(word) > 0 {
			yield(string(word))
		}
	}
}

// naming is what a path says.
type naming struct {
	path    string
	classes []uint16
	among   *scan.Choice // the numbers that the whole of a value may be
	checks  []asked      // classes that the scanner does not know, which it may be
	// logsIn: a field of this name in a request lets somebody in.
	logsIn bool
	// assigns: a credential is told by its name, so that it is scanned along.
	assigns bool
	calls   bool      // digits of this name are called
	begins  beginning // what any of checks asks for
}

// asked is a class that a value is checked for, and whether the name speaks for it.
type asked struct {
	*class
	id     uint16
	named  bool
	begins beginning // of the values to be checked
}

// memo remembers what paths say. It forgets by overwriting: what it answers does not
// depend on what it holds.
type memo struct {
	seed  maphash.Seed
	slots [1 << 13]atomic.Pointer[naming]
}

// naming is that of path, whose hash is given.
func (t *Tables) naming(path string, hash uint64) *naming {
	slot := &t.memo.slots[hash%uint64(len(t.memo.slots))]
	if n := slot.Load(); n != nil && n.path == path {
		return n
	}
	n := &naming{path: strings.Clone(path), classes: t.words.names(path)}
	among, numbers := slices.Clone(t.telling), false
	n.among = t.unnamed
	for _, i := range t.checks {
		n.check(t.classes[i], i)
	}
	for _, i := range n.classes {
		switch c := t.classes[i]; {
		case c.numeral:
			among.Add(scan.Class(i))
			numbers = true
		case c.check != nil && !has(t.checks, i):
			n.check(c, i)
		}
		switch t.classes[i].name {
		case "secret.password":
			n.logsIn, n.assigns = true, true
		case "secret.generic":
			n.assigns = true
		case "phone":
			n.calls = true
		}
	}
	if numbers {
		n.among = t.scanner.Choose(among)
	}
	slot.Store(n)
	return n
}

// check has the values asked about c, number i.
func (n *naming) check(c *class, i uint16) {
	a := asked{class: c, id: i, named: has(n.classes, i), begins: c.begins}
	if a.named || c.needsName || c.begins == 0 {
		a.begins = anyhow
	}
	n.begins |= a.begins
	n.checks = append(n.checks, a)
}
