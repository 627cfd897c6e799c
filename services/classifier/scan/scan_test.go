package scan

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func scanner(t testing.TB) *Scanner {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func lines[T any](t testing.TB, file string) (rows []T) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		var row T
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			t.Fatalf("%s: line %d: %v", file, len(rows)+1, err)
		}
		rows = append(rows, row)
	}
	return rows
}

// textCase is a text with all that is to be found in it: class, piece, mask.
type textCase struct {
	Text string
	Want [][3]string
}

func TestText(t *testing.T) {
	s := scanner(t)
	cases := lines[textCase](t, "testdata/text.jsonl")
	empty := 0
	for _, c := range cases {
		got := s.Text([]byte(c.Text), nil)
		if len(c.Want) == 0 {
			empty++
		}
		var have []string
		for _, m := range got {
			v := []byte(c.Text[m.Start:m.End])
			have = append(have, s.Name(m.Class)+" "+string(v)+" "+string(s.Mask(nil, m.Class, v)))
		}
		for _, w := range c.Want {
			if !contains(have, strings.Join(w[:], " ")) {
				t.Errorf("%q: no %q in %q", c.Text, w, have)
			}
		}
		if len(have) != len(c.Want) {
			t.Errorf("%q: %d matches, want %d: %q", c.Text, len(have), len(c.Want), have)
		}
	}
	if len(cases) != wantTexts || empty != wantEmpty {
		t.Errorf("%d cases of which %d have nothing; want %d and %d", len(cases), empty, wantTexts, wantEmpty)
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// valueCase is a value, the class that must be the best or tie, and whether it is one.
type valueCase struct {
	Class, Value, Name string
	Valid              bool
}

func TestValue(t *testing.T) {
	s := scanner(t)
	cases := lines[valueCase](t, "testdata/values.jsonl")
	for _, c := range cases {
		if best(s, c.Value, c.Name, c.Class) != c.Valid {
			t.Errorf("%s %q named %q: best is %v, want %v", c.Class, c.Value, c.Name, !c.Valid, c.Valid)
		}
	}
	if len(cases) != wantValues {
		t.Errorf("%d cases, want %d", len(cases), wantValues)
	}
}

// best says whether the class is the best or ties for the value.
func best(s *Scanner, value, name, class string) bool {
	var top, mine float32
	for _, m := range s.Value([]byte(value), name, nil) {
		top = max(top, m.Score)
		if s.Name(m.Class) == class {
			mine = max(mine, m.Score)
		}
	}
	return mine > 0 && mine == top
}

// Of numbers of a scheme's shape drawn by chance no more than its check lets through
// may be accepted, and some: a check that accepts all or none is broken.
func TestChecksDecide(t *testing.T) {
	s := scanner(t)
	r := rand.New(rand.NewPCG(1, 2))
	seen, checked := map[*compiled]bool{}, 0
	for _, list := range s.numbers {
		for _, n := range list {
			if seen[n] || n.loose || n.bare || n.check == nil {
				continue
			}
			seen[n] = true
			checked++
			const draws = 4000
			passed := 0
			for range draws {
				shape := n.shapes[r.IntN(len(n.shapes))]
				if n.fits(draw(r, shape)) {
					passed++
				}
			}
			if passed > draws/4 {
				t.Errorf("%s accepts %d of %d by chance", n.name, passed, draws)
			}
		}
	}
	if checked != wantChecked {
		t.Errorf("%d schemes with a check, want %d", checked, wantChecked)
	}
}

func draw(r *rand.Rand, s shape) (c []byte) {
	for _, one := range s {
		for range one.min + r.IntN(one.max-one.min+1) {
			switch one.kind {
			case 'd':
				c = append(c, '0'+byte(r.IntN(10)))
			case 'a':
				c = append(c, 'A'+byte(r.IntN(26)))
			case 'x':
				c = append(c, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[r.IntN(36)])
			default:
				c = append(c, one.kind)
			}
		}
	}
	return c
}

func TestClasses(t *testing.T) {
	s := scanner(t)
	secrets, countries := 0, map[string]bool{}
	for c, name := range s.names {
		if s.Secret(Class(c)) {
			secrets++
		} else if i := strings.IndexByte(strings.Replace(name, "_", "", 1), '.'); i == 2 {
			countries[name[:2]] = true
		}
	}
	if secrets < 150 || len(countries) < 40 {
		t.Errorf("%d kinds of credentials, numbers of %d countries; want 150 and 40 at least", secrets, len(countries))
	}
	t.Logf("%d classes, %d kinds of credentials, numbers of %d countries", len(s.names), secrets, len(countries))
}

func FuzzText(f *testing.F) {
	s := scanner(f)
	for _, c := range lines[textCase](f, "testdata/text.jsonl") {
		f.Add(c.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first := s.Text([]byte(text), nil)
		for i, m := range first {
			if m.Start < 0 || m.Start >= m.End || m.End > len(text) || m.Score <= 0 || m.Score > 1 {
				t.Fatalf("match %+v of %d bytes", m, len(text))
			}
			if got := s.Mask(nil, m.Class, []byte(text[m.Start:m.End])); utf8.ValidString(text) && utf8.RuneCount(got) != utf8.RuneCountInString(text[m.Start:m.End]) {
				t.Fatalf("mask %q of %q", got, text[m.Start:m.End])
			}
			if again := s.Text([]byte(text), nil); again[i] != m {
				t.Fatalf("twice differs: %+v, %+v", m, again[i])
			}
		}
	})
}

func FuzzValue(f *testing.F) {
	s := scanner(f)
	for _, c := range lines[valueCase](f, "testdata/values.jsonl") {
		f.Add(c.Value, c.Name)
	}
	f.Fuzz(func(t *testing.T, value, name string) {
		for _, m := range s.Value([]byte(value), name, nil) {
			if m.Start < 0 || m.Start >= m.End || m.End > len(value) {
				t.Fatalf("match %+v of %d bytes", m, len(value))
			}
		}
	})
}
