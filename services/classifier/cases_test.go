package classifier

import (
	"os"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/segmentio/encoding/json"
)

// valueCases are what a recognizer must find in single values, and must not.
type valueCases struct {
	Type     string // of the file
	Positive []struct{ Value, Masked, Path string }
	Negative []struct{ Value, Why, Path string }
}

// How many cases testdata holds: one that is lost must be noticed.
const positives, negatives = 55, 70

func readJSON(t testing.TB, path string, to any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// caseFiles are the classes that values are given of. Keys of providers are of a class
// each.
var caseFiles = []string{"card", "iban", "email", "us.ssn", "secret.jwt", "secret.provider"}

// found is the first piece of a value under a field's path that is of the class.
func found(t *Tables, class, value, path string) (hit, bool) {
	h := hits{tables: t}
	n := t.naming(path, t.memo.hash(path))
	h.leaf(&content.Leaf{Path: path, Name: path[strings.LastIndexByte(path, '.')+1:]}, []byte(value), n, request, start.UnixNano())
	for _, m := range h.list {
		if name := t.classes[m.class].name; name == class || class == "secret.provider" && t.classes[m.class].secret() && name != "secret.jwt" {
			return m, true
		}
	}
	return hit{}, false
}

func TestValues(t *testing.T) {
	tables, err := NewTables(nil)
	if err != nil {
		t.Fatal(err)
	}
	pos, neg := 0, 0
	for _, class := range caseFiles {
		var cases valueCases
		readJSON(t, "testdata/"+class+".json", &cases)
		for _, c := range cases.Positive {
			pos++
			m, ok := found(tables, class, c.Value, c.Path)
			if !ok {
				t.Errorf("%s: %q is one and was not found", class, c.Value)
				continue
			}
			if got := tables.mask(tables.classes[m.class], []byte(c.Value[m.start:m.end])); got != c.Masked {
				t.Errorf("%s: %q is shown as %q, want %q", class, c.Value, got, c.Masked)
			}
		}
		for _, c := range cases.Negative {
			neg++
			if _, ok := found(tables, class, c.Value, c.Path); ok {
				t.Errorf("%s: %q is none (%s) and was found", class, c.Value, c.Why)
			}
		}
	}
	if pos != positives || neg != negatives {
		t.Errorf("%d positive and %d negative cases, want %d and %d", pos, neg, positives, negatives)
	}
}

func TestNames(t *testing.T) {
	tables, err := NewTables(nil)
	if err != nil {
		t.Fatal(err)
	}
	named := func(path, class string) bool { return has(tables.words.names(path), tables.byName[class]) }
	for path, want := range map[string]string{
		"user.cards[].pan": "card", "creditCardNumber": "card", "card2": "card", "cc_num": "card", "customer.primaryPAN": "card", "PANNumber": "card",
		"iban": "iban", "debtor.bankAccount": "iban", "EMail": "email", "e.mail": "email", "SSN": "us.ssn", "social-security": "us.ssn", "socialSecurityNumber": "us.ssn",
		"tax_id": "us.ssn", "access_token": "secret.jwt", "apiKey": "secret.generic", "customer.name": "", "customerName": "person.name", "first_name": "person.name",
		"date_of_birth": "birthdate", "patient.mrn": "medical-record", "abaRoutingNumber": "us.rtn", "shipping.address.line1": "person.address", "resourceType": "health.fhir",
		"card.cvv2": "payment.cvv", "geo.lat": "geo.coordinates", "x-mac-address": "mac", "driversLicense": "driving-licence", "nationalId.cpf": "br.cpf",
	} {
		if want != "" && !named(path, want) {
			t.Errorf("%q does not name %s", path, want)
		}
	}
	for _, path := range []string{"", "id", "data[].value", "company", "lessnoise", "pandemic", "discard", "pinned", "mapping"} {
		for _, class := range []string{"card", "us.ssn", "payment.pin", "person.name"} {
			if named(path, class) {
				t.Errorf("%q names %s", path, class)
			}
		}
	}
}

// TestSipHash holds the hash against the vectors of its authors: key 00..0f,
// input 00..(n-1).
func TestSipHash(t *testing.T) {
	k := hashKey{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	in := make([]byte, 64)
	for i := range in {
		in[i] = byte(i)
	}
	for n, want := range map[int]uint64{0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5} {
		if got := k.sum(in[:n]); got != want {
			t.Errorf("SipHash of %d bytes is %x, want %x", n, got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	c := Defaults()
	if _, err := Factory(c, testClasses(t, c)); err == nil {
		t.Error("a detector without a key was made")
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c.MaxSample, c.ConfirmAt, c.MaxValue, c.NewAfter = 4, 1.5, 0, 0
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"max_sample", "confirm_at", "max_value", "new_after"} {
		if !contains(err.Error(), "classifier."+name) {
			t.Errorf("%q does not name %s", err, name)
		}
	}
}
