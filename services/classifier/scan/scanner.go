// Package scan finds sensitive data in text: what its form and its arithmetic prove,
// wherever it stands.
//
// One pass looks at every byte once. At the beginning of each word, and of each part of
// a camelCase or snake_case word, an automaton follows all literals at once: the
// prefixes of keys, and the words that name data. Where a literal ends, or a word with
// digits does, a candidate is proposed; a validator decides: check digits, lengths,
// alphabets, entropy. There is no loop over expressions, and nothing is allocated where
// nothing is found.
//
// Many numbers prove themselves (cards, IBANs). Most national numbers do not: of
// twenty schemes of nine digits two accept any nine digits by chance. Those are found in
// text only beside a word that names them, and as values under all schemes that accept
// them, with equal scores.
package scan

import "sync"

// Scanner is the tables. It is safe for concurrent use.
type Scanner struct {
	names          []string
	trie           trie
	words          map[string]uint16
	spoken         map[string][]string // words of languages, by class
	version        uint16              // the word: four numbers behind it are no address
	general        set                 // words that ask for a number of a person or company of any country
	phones, births set                 // words of telephones and of birth
	numbers        lengths
	asking         [Longest + 1]set // words that ask for a number of a length
	firm           lengths          // those that need no word
	patterns       []pattern
	whole          []pattern // the deployment's own, for values
	own            own
	quick          bool
	work           sync.Pool // of *Work
}

// line is what one call knows.
type line struct {
	s      *Scanner
	text   []byte
	to     []Match
	done   int // numbers that begin before it are part of a match
	looked int // up to where there is no blob
	near   [8]hit
	hits   int
	words  set               // that stand before what is looked at
	room   [Longest + 1]byte // of a number in compact form
}

// hit is a word that names data.
type hit struct {
	word uint16
	end  int
}

// kinds of bytes, which the loop goes by.
const (
	other = iota
	lower
	upper
	digit
)

var kinds = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-0x20] = lower, upper
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = digit
	}
	for c := 0x80; c < 0x100; c++ {
		if !wide(byte(c)) {
			t[c] = lower
		}
	}
	return t
}()

// wide says that c begins a character of three bytes that is no letter of a word: signs of typography,
// and Chinese, Japanese and Korean ones, of which words need no space between them.
func wide(c byte) bool { return c >= 0xe2 && c < 0xf0 }

// begins says whether a word may begin at i.
func (l *line) begins(i int) bool {
	t := l.text
	return i == 0 || kinds[t[i-1]] == other || i >= 3 && wide(t[i-3]) && t[i-2]&0xc0 == 0x80 && t[i-1]&0xc0 == 0x80
}

// Work is what a scan works in, so that nothing is made anew. It is one goroutine's; the zero value
// is ready.
type Work struct {
	line line
	text []byte // a name and a value behind it
}

func (s *Scanner) borrow() *Work {
	if w, ok := s.work.Get().(*Work); ok {
		return w
	}
	return &Work{}
}

// Text appends the matches in text to to, in the order of their ends.
func (s *Scanner) Text(text []byte, to []Match) []Match {
	w := s.borrow()
	defer s.work.Put(w)
	return s.TextIn(w, text, to)
}

// TextIn is Text for who has a Work.
func (s *Scanner) TextIn(w *Work, text []byte, to []Match) []Match {
	l := w.begin(s, text, to)
	l.scan()
	return l.end()
}

func (w *Work) begin(s *Scanner, text []byte, to []Match) *line {
	l := &w.line
	l.s, l.text, l.to, l.done, l.looked, l.hits = s, text, to, 0, 0, 0
	return l
}

func (l *line) end() []Match {
	to := l.to
	l.s, l.text, l.to = nil, nil, nil
	return to
}

func (l *line) scan() {
	text := l.text
	before, start, mask := uint8(other), 0, uint8(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		k := kinds[c]
		if k == other {
			if before != other && mask&(1<<digit) != 0 {
				l.token(start, i)
			}
			before = other
			if acts[c] {
				i = l.sign(start, i)
			}
			continue
		}
		switch {
		case before == other:
			start, mask = i, 0
			l.walk(i)
		case k == upper && before != upper:
			if i >= l.looked && i-start >= withinBlob {
				if end := l.blob(i); end > i {
					for j := i; j < end; j++ {
						if kinds[text[j]] == other {
							start = j + 1
							l.walk(start)
						}
					}
					i, before, mask = end-1, kinds[text[end-1]], mask|1<<digit
					continue
				}
			}
			l.walk(i)
		case k == digit && text[i-1] >= 0x80: // of a script without spaces, or behind its signs
			start, mask = i, 0
		case before == digit && c >= 0x80:
			l.token(start, i)
			start, mask = i, 0
			l.walk(i)
		}
		mask |= 1 << k
		before = k
		switch { // within a run nothing begins or ends
		case k == upper:
		case c >= 0x80:
			for i+1 < len(text) && kinds[text[i+1]] == lower {
				i++
			}
		default:
			for i+1 < len(text) && runs[text[i+1]] != 0 {
				i++
				mask |= runs[text[i]]
			}
			before = kinds[text[i]]
		}
	}
	if before != other && mask&(1<<digit) != 0 {
		l.token(start, len(text))
	}
}

// sign looks at one of the signs that acts has, at i behind the word that begins at start. It gives back
// the last byte that is done with.
func (l *line) sign(start, i int) int {
	text := l.text
	switch text[i] {
	case '@':
		l.email(i)
	case '=':
		l.joined(i)
	case ':':
		end := i
		if i > 0 && (text[i-1] == '"' || text[i-1] == '\'') {
			end--
		}
		if end > 1 && secretEnding(text[end-2], text[end-1]) {
			l.joined(i)
		}
		if i+1 < len(text) && (text[i+1] == ':' || start+4 >= i && i > start) {
			l.address6(start, i)
		}
	case '\\':
		if i+1 < len(text) && (text[i+1] == 'n' || text[i+1] == 't' || text[i+1] == 'r') {
			return i + 1 // an escape is no beginning of a word
		}
	default:
		l.walk(i)
		return i + min(2, len(text)-1-i)
	}
	return i
}

// acts are the signs that something is told by, wide ones among them.
var acts = func() (t [256]bool) {
	for c := range t {
		t[c] = wide(byte(c))
	}
	for _, c := range "@=:\\" {
		t[c] = true
	}
	return t
}()

// runs is the kind of small letters and digits of ASCII as a bit, 0 for other bytes.
var runs = func() (t [256]uint8) {
	for c := range 0x80 {
		if k := kinds[c]; k == lower || k == digit {
			t[c] = 1 << k
		}
	}
	return t
}()

// walk follows the automaton from i.
func (l *line) walk(i int) {
	if t := l.text; i+2 < len(t) {
		n := int(t[i]&31)<<10 | int(t[i+1]&31)<<5 | int(t[i+2]&31)
		if l.s.trie.starts[n>>6]>>(n&63)&1 == 0 {
			return
		}
	}
	t := &l.s.trie
	st := t.states[0]
	for j := i; j < len(l.text); j++ {
		c, node := folded[l.text[j]], uint16(0)
		switch {
		case st.branch:
			node = t.rows[st.next][c]
		case st.only == c:
			node = st.next
		}
		if node == 0 {
			return
		}
		if node&speaks != 0 {
			node &^= speaks
			for _, o := range t.outputs[node] {
				l.output(o, i, j+1)
			}
		}
		st = t.states[node]
	}
}

func (l *line) output(o output, start, end int) {
	switch o.kind {
	case isWord:
		if wordEnds(l.text, end) && !(start > 0 && l.text[start-1] == 'i' && kinds[l.text[start]] == upper) { // an iPhone is no telephone number
			l.near[l.hits%len(l.near)] = hit{o.index, end}
			l.hits++
		}
	case isPrefix:
		l.prefixed(&l.s.patterns[o.index], start)
	case isVendor:
		l.vendor(&l.s.patterns[o.index], start, end)
	case isKey:
		l.generic(start, end)
	case isPrivate:
		l.privateKey(start, end)
	case isUser:
		l.credentials(start, end)
	case isManifest:
		l.manifest(end)
	case isURL:
		l.url(start, end)
	case isMonth:
		if wordEnds(l.text, end) {
			l.month(int(o.index), start, end)
		}
	}
}

// add appends a match, unless the same or a longer one of the class is there.
func (l *line) add(c Class, start, end int, score float32) {
	for i := len(l.to) - 1; i >= 0 && i >= len(l.to)-16; i-- {
		if m := &l.to[i]; m.Class == c && m.Start <= start && start < m.End {
			if end > m.End {
				m.End = end
			}
			m.Score = max(m.Score, score)
			return
		}
	}
	l.to = append(l.to, Match{Class: c, Start: start, End: end, Score: score})
}
