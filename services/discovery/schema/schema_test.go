package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/discovery/wire"
)

var limits = Limits{Fields: 2000, Keys: 100, Depth: 12, Name: 200, Words: 20}

// read adds a response body to f through r.
func read(r *Reader, f *Fields, l Limits, body string, cut bool) (dropped int) {
	e := event.Event{Status: 200, ResponseBody: event.Body{Data: []byte(body), ContentType: []byte("application/json"), Truncated: cut}}
	var doc content.Document
	content.ParseResponse(&e, &doc, content.DefaultLimits)
	var m Message
	r.Begin()
	r.Body(&m, &doc, &Body{In: Response, Class: 2, ContentType: e.ResponseBody.ContentType, Text: []byte(body), Cut: cut})
	return f.Observe(&m, l) + m.Dropped
}

// line is a schema as the cases write it: the path, "!" where required, types, and
// what else there is.
func lines(path string, s *catalog.Schema, required bool) []string {
	var b strings.Builder
	b.WriteString(path)
	if required {
		b.WriteByte('!')
	}
	for _, t := range s.Types {
		fmt.Fprintf(&b, " %s=%d", t.Name, t.Count)
	}
	fmt.Fprintf(&b, " seen=%d", s.Seen)
	if s.Format != "" {
		b.WriteString(" " + s.Format)
	}
	if s.Minimum != nil {
		fmt.Fprintf(&b, " %v..%v", *s.Minimum, *s.Maximum)
	}
	if len(s.Enum) > 0 {
		b.WriteString(" " + strings.Join(s.Enum, "|"))
	}
	out := []string{b.String()}
	for i := range s.Properties {
		p := &s.Properties[i]
		out = append(out, lines(path+"."+p.Name, &p.Schema, p.Schema.Required)...)
	}
	if s.Additional != nil {
		out = append(out, lines(path+".*", s.Additional, false)...)
	}
	if s.Items != nil {
		out = append(out, lines(path+"[]", s.Items, false)...)
	}
	return out
}

// Each case is bodies, each seen a number of times, and the schema they make.
func TestCases(t *testing.T) {
	b, err := os.ReadFile("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for l := range bytes.Lines(b) {
		n++
		var c struct {
			Name   string
			Bodies []struct {
				Times int
				Cut   bool
				Text  string
			}
			Schema []string
		}
		if err := json.Unmarshal(l, &c); err != nil {
			t.Fatalf("case %d: %v", n, err)
		}
		t.Run(c.Name, func(t *testing.T) {
			var f Fields
			r := NewReader(limits, nil)
			for _, body := range c.Bodies {
				for range max(body.Times, 1) {
					read(r, &f, limits, body.Text, body.Cut)
				}
			}
			got := f.Bodies(Response)
			if len(got) != 1 {
				t.Fatalf("%d bodies", len(got))
			}
			if s := lines("", &got[0].Schema, false); !slices.Equal(s, c.Schema) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(s, "\n"), strings.Join(c.Schema, "\n"))
			}
		})
	}
	if n != 22 {
		t.Fatalf("%d cases, want 22", n)
	}
}

// body is a random JSON text with what makes merging hard: names that are data,
// mixed types, values that end an enumeration, empty containers.
func body(r *rand.Rand, depth int) string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	if depth == 0 || r.IntN(3) == 0 {
		return pick("1", "-2.5", "1e3", "true", "null", `"open"`, `"closed"`, `"not one word"`, `""`, `"2026-01-02"`, `"a@b.example"`, "{}", "[]",
			fmt.Sprintf("%d", r.IntN(1e6)), fmt.Sprintf(`"w%c%c"`, 'a'+r.IntN(26), 'a'+r.IntN(26)))
	}
	var parts []string
	if r.IntN(3) == 0 {
		for range r.IntN(4) {
			parts = append(parts, body(r, depth-1))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	for range r.IntN(5) {
		key := pick("id", "name", "state", "items", "a.b", "user@x", fmt.Sprintf("k%c%c", 'a'+r.IntN(26), 'a'+r.IntN(26)), fmt.Sprint(r.IntN(1000)), "3c1da8b0-fce6-4b8e-b5e3-fd007472206b")
		parts = append(parts, fmt.Sprintf("%q:%s", key, body(r, depth-1)))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// Random cuts, random orders and random trips over the wire give equal bytes.
func TestJoiningIsCommutativeAndAssociative(t *testing.T) {
	for seed := range uint64(40) {
		l := limits
		if seed%2 == 1 { // the limit of names pushes out; the one of fields is not met
			l.Keys, l.Words = 5, 3
		}
		if seed%5 == 2 { // and the other way round
			l.Fields = 40
			l.Keys = 1000
		}
		r := rand.New(rand.NewPCG(seed, 3))
		bodies := make([]string, 150)
		for i := range bodies {
			bodies[i] = body(r, 4)
		}
		learn := func(list []string) *Fields {
			f, reader := &Fields{}, NewReader(l, nil)
			for _, b := range list {
				read(reader, f, l, b, len(b)%7 == 0)
			}
			return f
		}
		all := learn(bodies)
		want := all.Append(nil)
		if l.Fields == 40 && all.Len() != 40 || l.Keys == 5 && !strings.Contains(string(want), anyName) {
			t.Fatalf("seed %d: the limit was not met, %d fields", seed, all.Len())
		}
		for round := range 4 {
			r.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
			var pieces []*Fields
			for rest := bodies; len(rest) > 0; {
				n := min(1+r.IntN(40), len(rest))
				pieces = append(pieces, learn(rest[:n]))
				rest = rest[n:]
			}
			for len(pieces) > 1 {
				i := r.IntN(len(pieces) - 1)
				if r.IntN(2) == 0 {
					w := wire.Reader{B: pieces[i+1].Append(nil)}
					pieces[i].Decode(&w, l)
					if w.Err != nil || len(w.B) > 0 {
						t.Fatal(w.Err, len(w.B))
					}
				} else {
					pieces[i].Add(pieces[i+1], l)
				}
				pieces = slices.Delete(pieces, i+1, i+2)
			}
			if got := pieces[0].Append(nil); !bytes.Equal(got, want) {
				t.Fatalf("seed %d round %d: got\n%swant\n%s", seed, round, without(pieces[0], all), without(all, pieces[0]))
			}
		}
	}
}

// without shows the fields of f that o does not have alike.
func without(f, o *Fields) string {
	show := func(x *Field) string {
		return fmt.Sprintf("%s seen=%d objects=%d messages=%d types=%v words=%v free=%v\n", x.Key.Path, x.seen, x.objects, x.messages, x.types, x.words, x.free)
	}
	var others, b strings.Builder
	for _, x := range o.list {
		others.WriteString(show(x))
	}
	for _, x := range f.list {
		if s := show(x); !strings.Contains(others.String(), s) {
			b.WriteString(s)
		}
	}
	return b.String()
}

// What people are called and write must not be kept, however few they are.
func TestPersonalValuesAreNotKept(t *testing.T) {
	var f Fields
	r := NewReader(limits, nil)
	for i := range 600 {
		who := []string{"alice", "Bob", "carol"}[i%3]
		read(r, &f, limits, fmt.Sprintf(`{"firstName":%q,"user":%q,"names":[%q],"by_login":{"x":%q},"kind":%q,"mail":"%s@x.example","card":"4111111111111111","about":"%s said so","city":%q}`,
			who, who, who, who, []string{"a", "b"}[i%2], who, who, who), false)
	}
	b := string(f.Append(nil))
	for _, who := range []string{"alice", "Bob", "carol", "4111"} {
		// One name stands under a key that says nothing; it must be the only one.
		if n := strings.Count(b, who); n > 1 || who == "4111" && n > 0 {
			t.Errorf("%s is kept %d times", who, n)
		}
	}
	if s := f.Bodies(Response)[0].Schema; !slices.Equal(s.Properties[slices.IndexFunc(s.Properties, func(p catalog.Property) bool { return p.Name == "kind" })].Schema.Enum, []string{"a", "b"}) {
		t.Errorf("kind lost its values: %+v", s)
	}
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 15) + "1" + strings.Repeat("}", 15)
	long := fmt.Sprintf(`{%q:1,"ok":1}`, strings.Repeat("n", 300))
	var f Fields
	r := NewReader(limits, nil)
	if n := read(r, &f, limits, deep, false); n != 1 || f.Len() != 13 {
		t.Errorf("%d dropped, %d fields of a deep body", n, f.Len())
	}
	f = Fields{}
	if n := read(r, &f, limits, long, false); n != 1 || f.Len() != 2 {
		t.Errorf("%d dropped, %d fields beside a long name", n, f.Len())
	}
	f = Fields{}
	small := limits
	small.Fields = 10
	dropped := 0
	for i := range 100 {
		dropped += read(r, &f, small, fmt.Sprintf(`{"k%c%c":{"x":1}}`, 'a'+i%26, 'a'+i/26), false)
	}
	if f.Len() != 10 || dropped == 0 {
		t.Errorf("%d fields, %d dropped", f.Len(), dropped)
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 3))
	var some Fields
	reader := NewReader(limits, nil)
	for range 3 {
		read(reader, &some, limits, body(r, 2), false)
	}
	f.Add(some.Append(nil))
	f.Add([]byte{0x90})
	f.Fuzz(func(t *testing.T, b []byte) {
		var got Fields
		w := wire.Reader{B: b}
		got.Decode(&w, limits)
		if w.Err != nil {
			if !errors.Is(w.Err, wire.ErrMalformed) {
				t.Fatal(w.Err)
			}
			return
		}
		once := got.Append(nil)
		var again Fields
		w = wire.Reader{B: once}
		again.Decode(&w, limits)
		if w.Err != nil {
			t.Fatal(w.Err)
		}
		if !bytes.Equal(once, again.Append(nil)) {
			t.Fatalf("%x and %x", once, again.Append(nil))
		}
		got.Bodies(Request)
		got.Bodies(Response)
		got.Params(9, 500)
	})
}

// Any body gives a schema.
func FuzzBody(f *testing.F) {
	r := rand.New(rand.NewPCG(2, 3))
	for range 20 {
		f.Add(body(r, 4))
	}
	f.Add(`[[],{"":[]},{"a":{"":{}}},"]",{"b":[{}`)
	f.Fuzz(func(t *testing.T, text string) {
		var fields Fields
		reader := NewReader(limits, nil)
		read(reader, &fields, limits, text, false)
		read(reader, &fields, limits, text, true)
		if fields.Len() > limits.Fields {
			t.Fatalf("%d fields", fields.Len())
		}
		for _, b := range fields.Bodies(Response) {
			if _, err := json.Marshal(b); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Lengths are those that documents speak of: characters, not bytes.
func TestLengthsAreInCharacters(t *testing.T) {
	var f Fields
	r := NewReader(limits, nil)
	for _, text := range []string{"Jürgen Groß", "日本", "é€😀ab"} {
		read(r, &f, limits, fmt.Sprintf(`{"a":%q}`, text), false)
	}
	if s := f.Bodies(Response)[0].Schema.Properties[0].Schema; s.MinLength != 2 || s.MaxLength != 11 {
		t.Errorf("%d to %d characters", s.MinLength, s.MaxLength)
	}
}

// Bounds tell the range and not the value of one person.
func TestBoundsAreCoarse(t *testing.T) {
	for _, c := range []struct {
		low, high, min, max float64
	}{
		{1, 99999, 1, 99999}, {-12.5, 19.99, -12.5, 19.99}, {5, 5425233430109903, 5, 5.4e15}, {52.520008, 60.1, 53, 60.1}, {-183726451, 1000000, -1.8e8, 1e6},
	} {
		f := Field{seen: 2}
		f.types[tNumber] = 2
		f.number(c.low)
		f.number(c.high)
		s := f.describe(2)
		if s.Minimum == nil || *s.Minimum != c.min || *s.Maximum != c.max {
			t.Errorf("%v to %v: %v to %v", c.low, c.high, s.Minimum, s.Maximum)
		}
	}
	f := Field{seen: 2}
	f.types[tInteger] = 2
	f.number(5425233430109903)
	if s := f.describe(2); s.Minimum != nil || s.Maximum != nil {
		t.Errorf("of one account number: %v to %v", *s.Minimum, *s.Maximum)
	}
}
