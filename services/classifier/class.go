package classifier

import _ "embed"

//go:embed classes.txt
var classTable string

// Categories of classes.
const (
	Payment    = "payment"
	Bank       = "bank"
	Identity   = "identity" // numbers that a state or a tax office gives
	Contact    = "contact"
	Person     = "person"
	Location   = "location"
	Network    = "network"
	Vehicle    = "vehicle"
	Health     = "health"
	Education  = "education"
	Credential = "credential"
	Reference  = "reference" // never said
)

var categories = []string{Payment, Bank, Identity, Contact, Person, Location, Network, Vehicle, Health, Education, Credential, Reference}

// class is what is known of a class of data.
type class struct {
	name, category string
	words          []string // of names that agree, in lower case, without signs
	// needsName: without a name that agrees, no value is even a candidate.
	needsName bool
	// checksum: the validator has arithmetic or a form that chance does not pass.
	checksum bool
	// Log odds of the class among fields with such candidates, before any value: where
	// the name agrees and where it is silent.
	named, unnamed float64
	// Share of values that pass where the field is of the class, and where it holds
	// other values of the same shape.
	passTrue, passRandom float64
	// enough is how many different values confirm a field whatever its name; 0 leaves it
	// to the configuration.
	enough int
	// numeral classes are the whole of a value: a field is of one of them at most.
	numeral bool
	check   func(v []byte, now int64) verdict // of classes that the scanner does not know
	// begins are the kinds of bytes that a value may begin with where no name speaks for the class;
	// 0 for all. maybe then settles most values before check.
	begins beginning
	maybe  func(v []byte) bool
	// Where the name agrees, another check may do, with other shares; nil and 0 for the same.
	namedCheck             func(v []byte, now int64) verdict
	namedTrue, namedRandom float64
	how                    string // "... are <how>"
}

// quiet classes explain values away.
func (c *class) quiet() bool { return c.category == Reference }

func (c *class) secret() bool { return c.category == Credential }

// verdict is what a value is to a class.
type verdict uint8

const (
	silent verdict = iota // no such thing: neither for nor against
	failed
	passed
)
