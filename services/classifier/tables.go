package classifier

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/miradorhq/mirador/services/classifier/scan"
)

// Tables are all classes, the deployment's own among them. They never change.
type Tables struct {
	scanner    *scan.Scanner
	classes    []*class // the scanner's first, by its numbers
	byName     map[string]uint16
	words      dictionary
	telling    scan.Set     // numbers that need no name
	unnamed    *scan.Choice // the same
	checks     []uint16     // classes that the scanner does not know and that need no name
	scanned    int          // how many of classes the scanner finds
	jwt, phone uint16
	own        bool // a deployment's own are among them
	memo       memo
	rooms      sync.Pool // of *[]scan.Match, for Find
}

// curated are numbers of one check digit that are common enough to be met without a name.
var curated = []string{"us.rtn", "vin", "in_.aadhaar", "nl.bsn", "gb.nhs", "au.tfn", "ca.sin", "es.dni", "it.codicefiscale", "imei", "ean", "us.npi"}

// tellingChance is the share of random numbers that pass, up to which a number needs no
// name.
const tellingChance = 0.015

// NewTables makes the tables of all classes and those of own.
func NewTables(own []Custom) (*Tables, error) {
	var added []scan.Own
	for i := range own {
		if own[i].Pattern != "" {
			added = append(added, scan.Own{Name: own[i].Name, Pattern: own[i].Pattern, Check: validators[own[i].Validator]})
		}
	}
	s, err := scan.New(added...)
	if err != nil {
		return nil, err
	}
	s.Quicken()
	t := &Tables{scanner: s, byName: map[string]uint16{}, memo: memo{seed: maphash.MakeSeed()}}
	for _, name := range s.Classes() {
		t.add(&class{name: name, category: categoryOf(name)})
	}
	t.scanned = len(t.classes)
	for _, c := range ownClasses() {
		t.add(c)
	}
	schemes := s.Schemes()
	for i := range schemes {
		t.scheme(&schemes[i])
	}
	if err := t.read(classTable); err != nil {
		return nil, err
	}
	for i := range own {
		if own[i].Pattern == "" && t.class(own[i].Name) != nil {
			return nil, &scan.OwnError{Name: own[i].Name, Err: errors.New("there is such a class already")}
		}
		t.custom(&own[i])
	}
	t.own = len(own) > 0
	t.odds()
	t.words, t.unnamed = newDictionary(t.classes), s.Choose(t.telling)
	return t, nil
}

// add takes c in; a class of the scanner's that has the name gives way.
func (t *Tables) add(c *class) {
	if i, ok := t.byName[c.name]; ok {
		t.classes[i] = c
		return
	}
	t.byName[c.name] = uint16(len(t.classes))
	t.classes = append(t.classes, c)
}

func (t *Tables) class(name string) *class {
	if i, ok := t.byName[name]; ok {
		return t.classes[i]
	}
	return nil
}

// Classes are the names of all classes.
func (t *Tables) Classes() []string {
	names := make([]string, 0, len(t.classes))
	for _, c := range t.classes {
		names = append(names, c.name)
	}
	return names
}

func categoryOf(name string) string {
	switch {
	case strings.HasPrefix(name, "secret."):
		return Credential
	case strings.HasPrefix(name, "crypto."):
		return Bank
	}
	return Identity
}

// scheme takes over what the scanner knows of a kind of numbers.
func (t *Tables) scheme(n *scan.Scheme) {
	c := t.classes[n.Class]
	c.numeral, c.needsName, c.checksum, c.passRandom = true, n.Loose, !n.Loose, n.Chance
	for _, w := range n.Words {
		c.words = append(c.words, strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(w)))
	}
	if n.Chance > tellingChance {
		c.needsName = true
	}
}

// read reads the lines of the table.
func (t *Tables) read(text string) error {
	for i, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		c := t.class(f[0])
		if c == nil || len(f) < 2 {
			return fmt.Errorf("classifier: classes.txt: line %d: %q is no class", i+1, f[0])
		}
		c.category = f[1]
		if len(f) > 2 {
			c.words = append(strings.Split(strings.ToLower(f[2]), ","), wordsBeyondNames(c)...)
		}
	}
	return nil
}

// wordsBeyondNames are the scanner's words for a class of numbers, which a line of the
// table adds to unless they are words of many a field.
func wordsBeyondNames(c *class) (words []string) {
	for _, w := range c.words {
		switch w {
		case "provider", "account", "reference", "rf", "vehicle", "credit", "visa", "amex", "mastercard", "social":
		default:
			words = append(words, w)
		}
	}
	return words
}

// odds sets what follows from category and scheme.
func (t *Tables) odds() {
	for _, name := range curated {
		t.class(name).needsName = false
	}
	for i, c := range t.classes {
		if c.passTrue == 0 {
			c.passTrue = 0.99
		}
		switch {
		case c.numeral:
			c.named, c.unnamed = 2.2, -6.9
			if c.how == "" {
				c.how = "numbers of the class " + c.name + " by length, form and check digits"
			}
		case c.secret() && c.named == 0:
			c.named, c.unnamed, c.checksum, c.passRandom, c.enough = 2.2, -3, true, 1e-6, 1
			c.how = "credentials of the kind " + c.name + " by prefix, length, alphabet and checksum where there is one"
		case c.named == 0:
			c.named, c.unnamed, c.passRandom = 2.2, -3, 0.05
			c.how = "values of the class " + c.name + " by their form"
		}
		if c.needsName && c.checksum {
			// What one check digit alone tells: only its name lets it be asked at all.
			c.unnamed = -20
		}
		if c.needsName && !c.checksum {
			c.unnamed = -20
			if c.numeral {
				c.passRandom = 0.6 // that so many different ones have the same form
			}
		}
		if c.numeral && !c.needsName && (!c.quiet() || slices.Contains(curated, c.name)) {
			t.telling.Add(scan.Class(i))
		}
	}
	// One in a thousand fields of such digits holds cards; "card_id" names them too.
	card := t.class("card")
	card.named, card.passRandom, card.how = 0, 0.023, "card numbers by Luhn check, issuer range and length"
	t.class("iban").how = "IBANs by country, length and check digits"
	t.class("email").how = "e-mail addresses by their form"
	ssn := t.class("us.ssn")
	// Without a name only the form with dashes is one: the scanner sees to that.
	ssn.needsName, ssn.unnamed, ssn.passRandom = false, -4, 0.6
	ssn.how = "US social security numbers by area rules, under a name that says so or in their own form"
	t.jwt, t.phone = t.byName["secret.jwt"], t.byName["phone"]
	jwt := t.classes[t.jwt]
	jwt.how = "JSON web tokens whose header and claims parse"
	generic := t.class("secret.generic")
	generic.needsName, generic.passRandom, generic.enough = true, 0.05, 3
	password := t.class("secret.password")
	password.needsName, password.passRandom, password.enough, password.check = true, 0.3, 3, checkPassword
	for i, c := range t.classes {
		if c.check != nil && !c.needsName {
			t.checks = append(t.checks, uint16(i))
		}
	}
	// Patterns of fewer signs than chance needs to make one now and then.
	mbi := t.class("us.mbi")
	mbi.needsName, mbi.passRandom = false, 0.01
	t.telling.Add(scan.Class(t.byName["us.mbi"]))
}
