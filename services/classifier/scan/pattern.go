package scan

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kinds of credentials, a line each:
//
//	name entropy pattern       where its literal begins, it is tried
//	name entropy ~key pattern  the value that is assigned to a name with key in it
//
// A pattern is literals and {alphabet:count} or {alphabet:least-most}. Entropy is the
// least, in bits a character.
//
//go:embed secrets.txt
var secrets string

type pattern struct {
	class    Class
	entropy  float64
	elements []element
	anchor   int // the element whose literal the automaton looks for
	// digits: a value without one was not drawn by chance. It is looked for behind the
	// first lead bytes, which are a literal.
	digits bool
	lead   int
	marked bool                // there is a sign in it that no word has
	check  func(v []byte) bool // nil for none
}

// Own is a class that a deployment adds: a pattern as those of credentials.
type Own struct {
	Name, Pattern string
	Check         func(v []byte) bool // nil for none
}

type element struct {
	literal  string
	alphabet *[256]bool
	min, max int
}

var alphabets = func() map[byte]*[256]bool {
	m := map[byte]*[256]bool{}
	for name, bytes := range map[byte]string{
		'd': "0-9", 'h': "0-9a-fA-F", 'a': "a-zA-Z", 'n': "0-9a-zA-Z", 'N': "0-9A-Z", 'w': "0-9a-zA-Z_-", 'e': "0-9a-zA-Z_=-",
		'b': "0-9a-zA-Z+/", 'p': "0-9a-zA-Z_=.-", 'k': "0-9a-zA-Z_=/+-", '=': "=", 't': "0-9a-zA-Z%", 'c': "0-9a-zA-Z_.~-",
		'q': "!-!#-&*-.0-9;-;=-=A-Z_-_a-z~-~", 'A': "2-7A-Z",
	} {
		t := &[256]bool{}
		for i := 0; i < len(bytes); i++ {
			from, to := bytes[i], bytes[i]
			if i+2 < len(bytes) && bytes[i+1] == '-' {
				to = bytes[i+2]
				i += 2
			}
			for c := int(from); c <= int(to); c++ {
				t[c] = true
			}
		}
		m[name] = t
	}
	return m
}()

// OwnError says which of a deployment's own classes is wrong.
type OwnError struct {
	Name string
	Err  error
}

func (e *OwnError) Error() string { return fmt.Sprintf("class %q: %v", e.Name, e.Err) }

func (e *OwnError) Unwrap() error { return e.Err }

func compilePattern(text string) (es []element, err error) {
	if text == "" {
		return nil, errors.New("an empty pattern")
	}
	for text != "" {
		if text[0] != '{' {
			n := strings.IndexByte(text, '{')
			if n < 0 {
				n = len(text)
			}
			// What the automaton looks for begins with a letter or digit.
			lead := 0
			for lead < n && kinds[text[lead]] == other {
				lead++
			}
			if lead > 0 && lead < n {
				n = lead
			}
			es, text = append(es, element{literal: text[:n]}), text[n:]
			continue
		}
		body, rest, ok := strings.Cut(text[1:], "}")
		if !ok || len(body) < 3 || alphabets[body[0]] == nil || body[1] != ':' {
			return nil, fmt.Errorf("pattern %q: want {alphabet:count}", text)
		}
		low, high, ranged := strings.Cut(body[2:], "-")
		e := element{alphabet: alphabets[body[0]]}
		if e.min, err = strconv.Atoi(low); err != nil {
			return nil, fmt.Errorf("pattern %q: %w", text, err)
		}
		e.max = e.min
		if ranged {
			if e.max, err = strconv.Atoi(high); err != nil {
				return nil, fmt.Errorf("pattern %q: %w", text, err)
			}
		}
		es, text = append(es, e), rest
	}
	return es, nil
}

func (s *Scanner) addPatterns() error {
	for _, text := range strings.Split(secrets, "\n") {
		f := strings.Fields(text)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) < 3 {
			return fmt.Errorf("secrets.txt: %q: want name, entropy and pattern", text)
		}
		entropy, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			return fmt.Errorf("secrets.txt: %q: %w", text, err)
		}
		p := pattern{class: s.class("secret." + f[0]), entropy: entropy}
		if err := p.compile(strings.ReplaceAll(f[len(f)-1], "{uuid}", "{h:8}-{h:4}-{h:4}-{h:4}-{h:12}")); err != nil {
			return fmt.Errorf("secrets.txt: %w", err)
		}
		if f[0] == "connection-string" {
			p.check = opens
		}
		index := uint16(len(s.patterns))
		for _, key := range f[2 : len(f)-1] {
			s.trie.add(strings.TrimPrefix(key, "~"), output{kind: isVendor, index: index})
		}
		if len(f) > 3 {
			s.patterns = append(s.patterns, p)
		} else if !s.addAnchored(p) {
			return fmt.Errorf("secrets.txt: %q has no literal", text)
		}
	}
	return nil
}

// addOwn adds a class of the deployment's. Without a literal to look for, it is tried on
// whole values only.
func (s *Scanner) addOwn(o *Own) error {
	if slices.Contains(s.names, o.Name) {
		return errors.New("there is such a class already")
	}
	p := pattern{class: s.class(o.Name), check: o.Check}
	if err := p.compile(o.Pattern); err != nil {
		return err
	}
	p.digits = false
	s.whole = append(s.whole, p)
	s.addAnchored(p)
	return nil
}

func (p *pattern) compile(text string) (err error) {
	if p.elements, err = compilePattern(text); err != nil {
		return err
	}
	for _, e := range p.elements {
		p.marked = p.marked || strings.Contains(e.literal, "|")
		p.digits = p.digits || e.alphabet != nil && e.alphabet['0'] && e.min >= 14
	}
	p.lead = len(p.elements[0].literal)
	return nil
}

// addAnchored has the automaton look for the first literal of p that begins with a letter or
// digit. It says whether there is one.
func (s *Scanner) addAnchored(p pattern) bool {
	for p.anchor < len(p.elements) && (p.elements[p.anchor].literal == "" || kinds[p.elements[p.anchor].literal[0]] == other) {
		p.anchor++
	}
	if p.anchor == len(p.elements) {
		return false
	}
	s.trie.add(p.elements[p.anchor].literal, output{kind: isPrefix, index: uint16(len(s.patterns))})
	s.patterns = append(s.patterns, p)
	return true
}

// ahead matches the elements from the first on at i, and says where they end.
func ahead(es []element, text []byte, i int) (end int, ok bool) {
	for k, e := range es {
		if e.literal != "" {
			if len(text)-i < len(e.literal) || string(text[i:i+len(e.literal)]) != e.literal {
				return i, false
			}
			i += len(e.literal)
			continue
		}
		n := 0
		for i < len(text) && n < e.max && e.alphabet[text[i]] {
			i, n = i+1, n+1
		}
		if n < e.min || k == len(es)-1 && n > 1 && i < len(text) && e.alphabet[text[i]] {
			return i, false
		}
	}
	return i, true
}

// behind matches the elements before i, from the last back.
func behind(es []element, text []byte, i int) (start int, ok bool) {
	for k := len(es) - 1; k >= 0; k-- {
		e := es[k]
		if e.literal != "" {
			i -= len(e.literal)
			if i < 0 || string(text[i:i+len(e.literal)]) != e.literal {
				return i, false
			}
			continue
		}
		n := 0
		for i > 0 && n < e.max && e.alphabet[text[i-1]] {
			i, n = i-1, n+1
		}
		if n < e.min {
			return i, false
		}
	}
	return i, true
}
