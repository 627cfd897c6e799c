package catalog

import "math"

// Types of a path segment that varies. They stand in braces in a template.
const (
	TypeInt    = "int"    // 42, -1, 1,2,3
	TypeBool   = "bool"   // true, false: no name of anything
	TypeNumber = "number" // 52.5200, with three or more places: "1.0" is a version
	TypeUUID   = "uuid"
	TypeULID   = "ulid"
	TypeHex    = "hex" // object ids, digests
	TypeDate   = "date"
	TypeEmail  = "email"
	TypeIP     = "ip"
	TypeIBAN   = "iban"
	TypeToken  = "token" // a JWT
	TypeCode   = "code"  // ORD-10025, P156HUFHA476: letters and a number
	TypeID     = "id"    // cus_NffrFeUfNV2Hib, or a random string
	TypeString = "string"
	TypeRest   = "rest" // what lies beyond the limits of a path
)

// Bounds of the rules. They hold for single segments of API paths; where a rule
// is not from the shape of a standard, its bound is the smallest that types no
// literal of 9,605 published operations.
const (
	minHex          = 16 // any hex of this length is an id ...
	minShortHex     = 8  // ... and from this length with minShortDigits digits
	minShortDigits  = 3
	minRandom       = 12
	minRandomSwitch = 5
	minLetters      = 16 // random letters with fewer than two digits
	minIrregular    = 4
	minSuffix       = 8 // the random part after a prefix
	minCode         = 8 // upper-case letters with three or more digits
	randomEntropy   = 3.0
	suffixEntropy   = 2.8
)

// shape is what one pass over a segment counts.
type shape struct {
	digits, upper, lower  int
	hex                   int // a-f and A-F
	dash, underscore, dot int
	colon, at, comma      int
	equals, plus          int
	odd                   int // bytes that never stand in the name of a resource
	switches              int // changes between lower, upper and digit
	irregular             int // letter runs that words in camel case do not have
}

const (
	classNone = iota
	classLower
	classUpper
	classDigit
)

// classes is the class of every byte.
var classes = func() (t [256]uint8) {
	for b := range t {
		switch {
		case b >= 'a' && b <= 'z':
			t[b] = classLower
		case b >= 'A' && b <= 'Z':
			t[b] = classUpper
		case b >= '0' && b <= '9':
			t[b] = classDigit
		}
	}
	return t
}()

func measure(s []byte) (c shape) {
	var counts [4]int
	last, run := uint8(classNone), 0
	for _, b := range s {
		class := classes[b]
		counts[class]++
		if class == classNone {
			c.mark(b)
			continue
		}
		if l := b | 0x20; l >= 'a' && l <= 'f' {
			c.hex++
		}
		if class == last {
			run++
			continue
		}
		if last != classNone {
			c.switches++
			c.irregular += irregular(last, run)
		}
		last, run = class, 1
	}
	c.lower, c.upper, c.digits = counts[classLower], counts[classUpper], counts[classDigit]
	c.irregular += irregular(last, run)
	return c
}

// isWord is the short way for what nearly every literal is.
func isWord(s []byte) bool {
	if len(s) >= minLetters {
		return false
	}
	for _, b := range s {
		if classes[b] != classLower && b != '-' && b != '_' {
			return false
		}
	}
	return true
}

// irregular says whether a run of letters is one that camel case seldom has:
// one lower-case letter alone, or upper-case letters in a row.
func irregular(class uint8, run int) int {
	if class == classLower && run == 1 || class == classUpper && run > 1 {
		return 1
	}
	return 0
}

func (c *shape) mark(b byte) {
	switch b {
	case '-':
		c.dash++
	case '_':
		c.underscore++
	case '.':
		c.dot++
	case ':':
		c.colon++
	case '@':
		c.at++
	case ',':
		c.comma++
	case '=':
		c.equals++
	case '+':
		c.plus++
	case '~', '!', '$', '&', '\'', '(', ')', '*', ';':
	default:
		c.odd++
	}
}

// Classify is the type of one decoded path segment or name, or "" when it reads
// as a literal. It is the lexer: it knows nothing of other traffic. It is pure
// and does not allocate.
func Classify(s []byte) string {
	if isWord(s) {
		if string(s) == "true" || string(s) == "false" {
			return TypeBool
		}
		return ""
	}
	c := measure(s)
	if c.odd > 0 {
		return TypeString
	}
	if c.digits == 0 && c.at == 0 && len(s) < minLetters {
		return ""
	}
	n := len(s)
	switch {
	case c.digits == n, n > 1 && c.digits == n-1 && (s[0] == '-' || s[0] == '+'):
		return TypeInt
	case isVersion(s):
		return ""
	case c.dash == 4 && isUUID(s):
		return TypeUUID
	case isDate(s):
		return TypeDate
	case c.at == 1 && isEmail(s):
		return TypeEmail
	case c.dot == 1 && isDecimal(s):
		return TypeNumber
	case (c.dot == 3 || c.colon >= 2) && isIP(s):
		return TypeIP
	case c.comma > 0:
		return listType(s)
	case c.dot == 2 && isToken(s):
		return TypeToken
	}
	alnum := c.digits + c.upper + c.lower
	if alnum == n {
		switch {
		case isIBAN(s, &c): // before hex: some have no letter beyond F
			return TypeIBAN
		case c.digits+c.hex == n && (n >= minHex || n >= minShortHex && c.digits >= minShortDigits):
			return TypeHex
		case n == 26 && isULID(s):
			return TypeULID
		}
	}
	switch {
	case isRandom(s, &c):
		return TypeID
	case isCode(s, &c):
		return TypeCode
	case isPrefixed(s):
		return TypeID
	}
	return ""
}

// isRandom is a random string of base62, or of base64 for URLs: by digits
// among letters, or, where chance left digits out, by runs of letters that no
// words have.
func isRandom(s []byte, c *shape) bool {
	body := c.digits + c.upper + c.lower + c.dash + c.underscore + c.plus
	padding := len(s) - body
	if padding > 2 || padding != c.equals || body < minRandom {
		return false
	}
	// Names of several words have separators; in random base64 one byte in 32 is one.
	if (c.dash+c.underscore)*8 > len(s) {
		return false
	}
	if c.digits >= 2 && c.switches >= minRandomSwitch {
		return entropyAtLeast(s, randomEntropy)
	}
	return c.digits < 2 && body >= minLetters && c.irregular >= minIrregular && entropyAtLeast(s, randomEntropy)
}

// isPrefixed is prefix_random, as cus_NffrFeUfNV2Hib: words, a separator, and a
// part that looks random and holds a digit, which "credit_transactions" does not.
func isPrefixed(s []byte) bool {
	i := len(s) - 1
	for i >= 0 && s[i] != '_' && s[i] != '-' {
		i--
	}
	if i <= 0 || !isLetter(s[0]) {
		return false
	}
	rest := s[i+1:]
	c := measure(rest)
	if len(rest) < minSuffix || c.digits+c.upper+c.lower != len(rest) {
		return false
	}
	switch { // "oauth2client" and the like have one digit
	case c.digits >= 2, c.digits == 1 && len(rest) >= minLetters:
	case c.digits == 1 && c.irregular >= 2:
	case len(rest) >= minRandom && c.irregular >= minIrregular-1:
	default:
		return false
	}
	return entropyAtLeast(rest, suffixEntropy)
}

// isCode is a number with letters, as invoices and tickets have: up to ten
// letters and then five digits, or three behind a separator; words joined by
// '-' that end in four digits; or upper case with three digits or more.
func isCode(s []byte, c *shape) bool {
	n := len(s)
	if c.lower == 0 && c.upper > 0 && c.digits >= 3 && n >= minCode && c.digits+c.upper+c.dash == n {
		return true
	}
	tail := 0
	for tail < n && isDigit(s[n-1-tail]) {
		tail++
	}
	if tail < 3 || tail == n {
		return false
	}
	head := s[:n-tail]
	separated := false
	if last := head[len(head)-1]; last == '-' || last == '_' {
		separated = true
		head = head[:len(head)-1]
	}
	if len(head) == 0 || !isLetter(head[0]) {
		return false
	}
	letters := true
	for _, b := range head {
		if !isLetter(b) {
			letters = false
			if b != '-' && b != '_' && !isDigit(b) {
				return false
			}
		}
	}
	switch {
	case letters && len(head) <= 10:
		return tail >= 5 || separated
	default:
		return separated && tail >= 4
	}
}

// listType is the type of a comma-joined list whose items all have one, as
// "1,2,3"; a list of words is a literal.
func listType(s []byte) string {
	typ, start := "", 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != ',' {
			continue
		}
		t := Classify(s[start:i])
		if t == "" || typ != "" && t != typ {
			return ""
		}
		typ, start = t, i+1
	}
	return typ
}

// entropyAtLeast compares the Shannon entropy of s, in bits a byte. Segments
// are short, so counts fit a byte each and the table stays on the stack.
func entropyAtLeast(s []byte, bits float64) bool {
	var count [256]uint8
	n := min(len(s), 255)
	for _, b := range s[:n] {
		count[b]++
	}
	sum := 0.0
	for _, b := range s[:n] {
		if k := count[b]; k > 0 {
			sum += float64(k) * math.Log2(float64(k))
			count[b] = 0
		}
	}
	return math.Log2(float64(n))-sum/float64(n) >= bits-1e-9
}

func isDigit(b byte) bool  { return b >= '0' && b <= '9' }
func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }
