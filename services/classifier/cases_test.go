package classifier

import (
	"os"
	"testing"

	"github.com/segmentio/encoding/json"
)

// valueCases are what a recognizer must find in single values, and must not.
type valueCases struct {
	Type     string
	Positive []struct{ Value, Masked, Path string }
	Negative []struct{ Value, Why, Path string }
}

// How many cases testdata holds: one that is lost must be noticed.
const positives, negatives = 55, 72

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

// found is the first match of typ in value that passes, under a field's path.
func found(words dictionary, typ Type, value, path string) (match, bool) {
	for _, m := range scan([]byte(value), nil) {
		if m.typ == typ && m.pass && (!recognizers[typ].needsName || words.names(path)&(1<<typ) != 0) {
			return m, true
		}
	}
	return match{}, false
}

func TestValues(t *testing.T) {
	words := newDictionary()
	pos, neg := 0, 0
	for _, r := range recognizers {
		var cases valueCases
		readJSON(t, "testdata/"+r.name+".json", &cases)
		for _, c := range cases.Positive {
			pos++
			m, ok := found(words, r.typ, c.Value, c.Path)
			if !ok {
				t.Errorf("%s: %q is one and was not found", r.name, c.Value)
				continue
			}
			if got := r.mask([]byte(c.Value[m.start:m.end])); got != c.Masked {
				t.Errorf("%s: %q is shown as %q, want %q", r.name, c.Value, got, c.Masked)
			}
		}
		for _, c := range cases.Negative {
			neg++
			if _, ok := found(words, r.typ, c.Value, c.Path); ok {
				t.Errorf("%s: %q is none (%s) and was found", r.name, c.Value, c.Why)
			}
		}
	}
	if pos != positives || neg != negatives {
		t.Errorf("%d positive and %d negative cases, want %d and %d", pos, neg, positives, negatives)
	}
}

func TestNames(t *testing.T) {
	d := newDictionary()
	for path, want := range map[string]Type{
		"user.cards[].pan": PAN, "creditCardNumber": PAN, "card2": PAN, "cc_num": PAN, "customer.primaryPAN": PAN, "PANNumber": PAN,
		"iban": IBAN, "debtor.bankAccount": IBAN, "EMail": Email, "e.mail": Email, "SSN": SSN, "social-security": SSN, "socialSecurityNumber": SSN,
		"tax_id": SSN, "access_token": JWT, "apiKey": CloudKey,
	} {
		if d.names(path)&(1<<want) == 0 {
			t.Errorf("%q does not name %s", path, want)
		}
	}
	for _, path := range []string{"", "id", "data[].value", "company", "lessnoise", "pandemic", "discard", "tax.id"} {
		if got := d.names(path); got&(1<<PAN|1<<SSN) != 0 {
			t.Errorf("%q names types %b", path, got)
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
	if _, err := Factory(c); err == nil {
		t.Error("a detector without a key was made")
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c.MaxSample, c.ConfirmAt, c.MaxValue = 4, 1.5, 0
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"max_sample", "confirm_at", "max_value"} {
		if !contains(err.Error(), "classifier."+name) {
			t.Errorf("%q does not name %s", err, name)
		}
	}
}
