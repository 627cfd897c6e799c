package scan

import "strings"

// Class is a class of sensitive data, a number of one Scanner.
type Class uint16

// set is a bounded set of small numbers: which words stand near, which are asked for.
type set [maxWords / 64]uint64

// maxWords is how many there may be.
const maxWords = 1024

func (s *set) add(i uint16) { s[i>>6] |= 1 << (i & 63) }

func (s *set) has(i uint16) bool { return s[i>>6]&(1<<(i&63)) != 0 }

// Match is a piece of a text that is sensitive.
type Match struct {
	Class      Class
	Start, End int
	// Score is how sure the scanner is, to 1.
	Score float32
}

// Scores, by what speaks for a match.
const (
	scoreProven = 0.99 // arithmetic that chance hardly passes, and a name or a form of its own
	scoreFirm   = 0.95 // arithmetic that chance hardly passes
	scoreNamed  = 0.9  // a name and a check digit
	scoreShape  = 0.75 // a form that hardly anything else has, or a name and a shape
	// scoreAmong: one of the schemes that accept a value by which none is told apart.
	// One check digit is worth no more than none there: of twenty schemes of nine digits
	// two accept any number.
	scoreAmong = 0.5
)

// Name is the name of class c, stable between versions: "card", "br.cpf",
// "secret.github-pat".
func (s *Scanner) Name(c Class) string { return s.names[c] }

// Classes are the names of all classes.
func (s *Scanner) Classes() []string { return append([]string(nil), s.names...) }

// class is the class called name, made where there is none.
func (s *Scanner) class(name string) Class {
	for i, n := range s.names {
		if n == name {
			return Class(i)
		}
	}
	s.names = append(s.names, name)
	return Class(len(s.names) - 1)
}

// Secret says whether c is a credential.
func (s *Scanner) Secret(c Class) bool { return strings.HasPrefix(s.names[c], "secret.") }
