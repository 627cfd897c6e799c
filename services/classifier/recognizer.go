package classifier

import (
	"math"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/finding"
)

// Type is a type of sensitive data.
type Type uint8

const (
	PAN Type = iota
	IBAN
	Email
	SSN
	JWT
	CloudKey
	types // how many there are
)

func (t Type) String() string { return recognizers[t].name }

// recognizer is what is known of a type. A new one is a file of its own: its
// validator, its rule, its cases in testdata, and its entry below.
type recognizer struct {
	typ      Type
	name     string // in records; never changed
	checksum bool   // the validator has arithmetic or a parser that chance does not pass
	// needsName: without a name that agrees, no value is even a candidate.
	needsName bool
	// Log odds of the type among fields with such candidates, before any value:
	// where the name agrees and where it is silent.
	named, unnamed float64
	// Share of values that pass the validator where the field is of the type, and
	// where it holds other values of the same shape.
	passTrue, passRandom float64
	// enough is how many different values confirm a field whatever its name; 0
	// leaves it to the configuration.
	enough    int
	words     []string // of names that agree, in lower case
	how       string   // "... are <how>"
	mask      func(value []byte) string
	normalize func(to, value []byte) []byte // equal for values that mean the same
	rule      func(place) *finding.Rule     // nil where the type belongs
}

var recognizers = [types]*recognizer{&pan, &iban, &email, &ssn, &jwt, &cloudKey}

// typeNamed is the type called name.
func typeNamed(name string) (Type, bool) {
	for _, r := range recognizers {
		if r.name == name {
			return r.typ, true
		}
	}
	return 0, false
}

type direction uint8

const (
	request direction = iota
	response
)

func (d direction) String() string { return [...]string{"request", "response"}[d] }

// place is where a field stands in its endpoint.
type place struct {
	direction direction
	location  content.Location
	path      string
}

func (p place) inURL() bool {
	return p.direction == request && (p.location == content.Path || p.location == content.Query)
}

// evidence is what the different values of a field say.
type evidence struct {
	passed, failed int // different values of the type's shape
	named          bool
}

// logit is the log odds that the field is of the type.
func (r *recognizer) logit(e evidence) float64 {
	l := r.unnamed
	if e.named {
		l = r.named
	}
	l += float64(e.passed) * math.Log(r.passTrue/r.passRandom)
	l += float64(e.failed) * math.Log((1-r.passTrue)/(1-r.passRandom))
	return l
}

// probability is the posterior probability, rounded to six places: the sums
// behind it must not differ in the last bit between machines.
func (r *recognizer) probability(e evidence) float64 {
	p := 1 / (1 + math.Exp(-r.logit(e)))
	return math.Round(p*1e6) / 1e6
}

// confirmed says whether e passes the bar of c.
func (r *recognizer) confirmed(c *Config, e evidence) bool {
	if r.needsName && !e.named || r.probability(e) < c.ConfirmAt {
		return false
	}
	return e.passed >= c.ConfirmDistinct ||
		e.passed >= c.ConfirmNamed && r.checksum && e.named ||
		r.enough > 0 && e.passed >= r.enough
}

// dictionary says of a word which types it names, as a set of bits.
type dictionary map[string]uint8

func newDictionary() dictionary {
	d := dictionary{}
	for _, r := range recognizers {
		for _, w := range r.words {
			d[w] |= 1 << r.typ
		}
	}
	return d
}

// maxWord is the longest word looked up, in bytes.
const maxWord = 32

// names is the set of types that the words of a path name, "user.creditCard[]"
// having the words user, credit and card. Neighbours are tried as one word too,
// so that social_security and SocialSecurityNumber agree.
func (d dictionary) names(path string) (set uint8) {
	var word, joined [maxWord]byte
	n, m, before := 0, 0, byte(0)
	end := func() {
		if n == 0 {
			return
		}
		set |= d[string(word[:n])]
		if m+n > maxWord {
			m = 0
		}
		m += copy(joined[m:], word[:n])
		set |= d[string(joined[:m])]
		n = 0
	}
	for i := range len(path) {
		c := path[i]
		switch {
		case 'A' <= c && c <= 'Z':
			// A new word at a change to upper case, and before the last capital of a
			// row: "cardPAN", "PANNumber".
			if 'a' <= before && before <= 'z' || i+1 < len(path) && 'a' <= path[i+1] && path[i+1] <= 'z' {
				end()
			}
			c |= 0x20
		case 'a' <= c && c <= 'z':
		case '0' <= c && c <= '9':
			before = path[i]
			continue // "card2" is a card
		default:
			end()
			if c == '.' {
				m = 0
			}
			before = c
			continue
		}
		before = path[i]
		if n < maxWord {
			word[n] = c
			n++
		}
	}
	end()
	return set
}
