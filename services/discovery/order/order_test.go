package order

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

var good = Order{Op: Split, Method: "GET", Template: "/users/{string}/orders", Segment: 1, Name: "me", Person: "ann", At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}

func TestRoundTrip(t *testing.T) {
	whole := Order{Op: Pin, Template: "/", Segment: Whole, Person: "a@b", At: good.At}
	all := Order{Op: Merge, Template: "/a/b", Segment: 1, Name: All, Person: "ann", At: good.At}
	for _, o := range []Order{good, whole, all} {
		b := Append(nil, &o)
		got, err := Decode(b)
		if err != nil || got != o || !Is(b) {
			t.Errorf("%+v came back as %+v: %v", o, got, err)
		}
	}
	if Is(msgp.AppendUint8(nil, 2)) || Is(nil) {
		t.Error("a difference is taken for an order")
	}
}

func TestValidate(t *testing.T) {
	cases := map[string]func(*Order){
		"is not one of":         func(o *Order) { o.Op = "burn" },
		"the method":            func(o *Order) { o.Method = strings.Repeat("X", 65) },
		"begin with a slash":    func(o *Order) { o.Template = "users" },
		"segments, at most":     func(o *Order) { o.Template = strings.Repeat("/a", 257) },
		"segment 4":             func(o *Order) { o.Segment = 3 },
		"segment 0":             func(o *Order) { o.Segment = Whole },
		"the name must":         func(o *Order) { o.Name = "a/b" },
		"takes no name":         func(o *Order) { o.Op = Merge },
		"unpin takes no name":   func(o *Order) { o.Op, o.Segment, o.Name = Unpin, Whole, "zelda" },
		"not a name":            func(o *Order) { o.Person = "a|b" },
		"it is of the year":     func(o *Order) { o.At = time.Time{} },
		"cannot be shown":       func(o *Order) { o.Method = "GET\n" },
		"be text and have at":   func(o *Order) { o.Template = "/\xff" },
		"without slash, braces": func(o *Order) { o.Name = "{int}" },
	}
	for want, change := range cases {
		o := good
		change(&o)
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said of %+v: %v", want, o, err)
		}
		if _, err := Decode(Append(nil, &o)); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%q: read all the same: %v", want, err)
		}
	}
	err := (&Order{}).Validate()
	for _, want := range []string{"is not one of", "begin with a slash", "segment 1", "not a name", "year"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("an empty order lacks %q: %v", want, err)
		}
	}
	if len(cases) != 14 {
		t.Errorf("%d cases", len(cases))
	}
}

// Hostile lengths make nothing, and whatever is read is valid and comes back.
func FuzzDecode(f *testing.F) {
	f.Add(Append(nil, &good))
	f.Add([]byte{version, 0x97, 0xdb, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := Decode(b)
		if err != nil {
			return
		}
		if err := o.Validate(); err != nil {
			t.Fatal(err)
		}
		again, err := Decode(Append(nil, &o))
		if err != nil || again != o {
			t.Fatalf("%+v came back as %+v: %v", o, again, err)
		}
	})
}
