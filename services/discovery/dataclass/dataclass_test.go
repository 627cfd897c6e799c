package dataclass

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/discovery/order"
	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

var good = Statement{Method: "GET", Template: "/users/{int}", Classes: []string{"email", "iban"}, Fields: []string{"high iban account.iban", "medium email [].owner name.email"}}

func TestRoundTrip(t *testing.T) {
	for _, s := range []Statement{good, {Method: "POST", Template: "/graphql#query Me"}} {
		b := Append(nil, &s)
		got, err := Decode(b)
		if err != nil || !reflect.DeepEqual(got, s) || !Is(b) || order.Is(b) {
			t.Errorf("%+v came back as %+v: %v", s, got, err)
		}
	}
	if Is(msgp.AppendUint8(nil, 2)) || Is(nil) {
		t.Error("a difference is taken for a statement")
	}
}

func TestValidate(t *testing.T) {
	cases := map[string]func(*Statement){
		"the method has 0 bytes":   func(s *Statement) { s.Method = "" },
		"the method has 65 bytes":  func(s *Statement) { s.Method = strings.Repeat("X", 65) },
		"the template has 0 bytes": func(s *Statement) { s.Template = "" },
		"is no name of a class":    func(s *Statement) { s.Classes = []string{"a\nb"} },
		"must be sorted":           func(s *Statement) { s.Classes = []string{"iban", "email"} },
		`"a" stands behind "a"`:    func(s *Statement) { s.Classes = []string{"a", "a"} },
		"65 classes":               func(s *Statement) { s.Classes = make([]string, 65) },
		"101 fields":               func(s *Statement) { s.Fields = make([]string, 101) },
		`"high iban" is no field`:  func(s *Statement) { s.Fields = []string{"high iban"} },
		`"a b b" stands behind`:    func(s *Statement) { s.Fields = []string{"a b c", "a b b"} },
	}
	for want, change := range cases {
		s := good
		change(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said of %+v: %v", want, s, err)
		}
		if _, err := Decode(Append(nil, &s)); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%q: read all the same: %v", want, err)
		}
	}
	if len(cases) != 10 {
		t.Errorf("%d cases", len(cases))
	}
}

func TestJoin(t *testing.T) {
	if got := Join([]string{"email", "ip"}, []string{"email", "iban"}); !slices.Equal(got, []string{"email", "iban", "ip"}) {
		t.Errorf("%v", got)
	}
	if got := Join(nil, nil); got != nil {
		t.Errorf("%v of nothing", got)
	}
}

// Hostile lengths make nothing, and whatever is read is valid and comes back.
func FuzzDecode(f *testing.F) {
	f.Add(Append(nil, &good))
	f.Add([]byte{version, 0x93, 0xa1, 'G', 0xa1, '/', 0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Decode(b)
		if err != nil {
			return
		}
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		again, err := Decode(Append(nil, &s))
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("%+v came back as %+v: %v", s, again, err)
		}
	})
}

// A statement of a classifier that knows no fields is read all the same.
func TestStatementWithoutFields(t *testing.T) {
	b := msgp.AppendArrayHeader(msgp.AppendUint8(nil, version), 3)
	b = msgp.AppendString(msgp.AppendString(b, "GET"), "/users/{int}")
	b = msgp.AppendString(msgp.AppendArrayHeader(b, 1), "email")
	s, err := Decode(b)
	if err != nil || !slices.Equal(s.Classes, []string{"email"}) || s.Fields != nil {
		t.Errorf("%+v: %v", s, err)
	}
}

func TestField(t *testing.T) {
	if severity, class, path := SplitField(Field("high", "us.ssn", "owner name.ssn")); severity != "high" || class != "us.ssn" || path != "owner name.ssn" {
		t.Errorf("%q %q %q", severity, class, path)
	}
}
