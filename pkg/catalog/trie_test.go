package catalog

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func TestLearnedTemplates(t *testing.T) {
	for _, c := range cases(t, "testdata/learned.tsv", 4, 30) {
		l := NewLive(&Lexical{})
		for label := range strings.FieldsSeq(c[0]) {
			method, template, _ := strings.Cut(label, ":")
			l.Apply(endpoint("h", method, template))
		}
		method, path, _ := strings.Cut(c[1], ":")
		m := l.Match("default", "h", method, []byte(path))
		var values []string
		for _, v := range m.Values {
			values = append(values, fmt.Sprintf("%d:%s:%s", v.Index, v.Type, v.Text))
		}
		got := m.Template
		if !m.Known {
			got += " unknown"
		}
		if got != c[2] || strings.Join(values, " ") != c[3] {
			t.Errorf("%s of %s gives %q %q, want %q %q", c[1], c[0], got, values, c[2], c[3])
		}
		if m.ID != ID("default", "h", method, m.Template) || m.Label != method+" h"+m.Template {
			t.Errorf("%s: id or label of %+v", c[1], m)
		}
	}
}

// A literal of an endpoint that was superseded and cut from the list still finds
// the endpoint that took it over.
func TestLearnedWithoutSupersedes(t *testing.T) {
	l := NewLive(&Lexical{})
	jane, john := endpoint("h", "GET", "/users/jane"), endpoint("h", "GET", "/users/john")
	merged := endpoint("h", "GET", "/users/{string}", jane.ID)
	l.Apply(jane)
	l.Apply(john)
	l.Apply(merged)
	l.Remove(john.ID)
	for _, path := range []string{"/users/jane", "/users/john", "/users/none", "/users/42"} {
		if m := l.Match("default", "h", "GET", []byte(path)); m.ID != merged.ID || !m.Known || len(m.Values) != 1 {
			t.Errorf("%s gives %+v", path, m)
		}
	}
	l.Apply(john) // a person split it off
	if m := l.Match("default", "h", "GET", []byte("/users/john")); m.ID != john.ID || len(m.Values) != 0 {
		t.Errorf("a literal does not beat {string}: %+v", m)
	}
	if m := l.Match("other", "h", "GET", []byte("/users/none")); m.Known {
		t.Errorf("another tenant: %+v", m)
	}
	l.Remove(merged.ID)
	if m := l.Match("default", "h", "GET", []byte("/users/none")); m.Known || m.Template != "/users/none" {
		t.Errorf("after the removal: %+v", m)
	}
}

// Whatever is put in and taken out in whatever order, the trie that is left
// answers like one that was made of the rest alone.
func TestTrieForgetsNothingAndKeepsNothing(t *testing.T) {
	segments := []string{"a", "b", "a.json", "{int}", wildSegment, wildSegment + ".json"}
	r := rand.New(rand.NewPCG(1, 2))
	template := func() string {
		var b strings.Builder
		for range 1 + r.IntN(3) {
			b.WriteString("/" + segments[r.IntN(len(segments))])
		}
		return b.String()
	}
	s := site{"t", "h"}
	for range 200 {
		var grown, made tries
		kept := map[string]bool{}
		for range 30 {
			x, present := template(), r.IntN(3) > 0
			grown.put(s, "GET", x, "id"+x, present)
			kept[x] = present
		}
		for x, present := range kept {
			if present {
				made.put(s, "GET", x, "id"+x, true)
			}
		}
		var got, want *branch
		if p := grown.shard(s).Load(); p != nil {
			got = (*p)[s]
		}
		if p := made.shard(s).Load(); p != nil {
			want = (*p)[s]
		}
		for range 50 {
			x := template()
			gotID, gotOK := "", false
			wantID, wantOK := "", false
			if got != nil {
				gotID, gotOK = grown.find(s, "GET", x)
			}
			if want != nil {
				wantID, wantOK = made.find(s, "GET", x)
			}
			if gotID != wantID || gotOK != wantOK {
				t.Fatalf("%s gives %q, want %q", x, gotID, wantID)
			}
		}
		for x, present := range kept {
			grown.put(s, "GET", x, "id"+x, false)
			_ = present
		}
		if p := grown.shard(s).Load(); len(*p) != 0 {
			t.Fatalf("%v is left of an empty trie", reflect.ValueOf((*p)[s]))
		}
	}
}

// Templates that share their beginnings must not make a match expensive.
func TestMatchIsBounded(t *testing.T) {
	l := NewLive(&Lexical{})
	for i := range 1 << 10 {
		var b strings.Builder
		for bit := range 10 {
			b.WriteString([]string{"/a", "/" + wildSegment}[i>>bit&1])
		}
		l.Apply(endpoint("h", "GET", b.String()+"/end"))
	}
	m := l.Match("default", "h", "GET", []byte(strings.Repeat("/a", 10)+"/other"))
	if m.Known {
		t.Errorf("%+v", m)
	}
	steps := maxSteps
	if _, ok := (*l.tries.shard(site{"default", "h"}).Load())[site{"default", "h"}].find(strings.Repeat("a/", 10)+"other", "GET", &steps); ok || steps >= 0 {
		t.Errorf("%d steps were left of a walk that should run out of them", steps)
	}
}

func FuzzLearnedMatch(f *testing.F) {
	f.Add("/users/{string}", "/users/jane")
	f.Add("/{string}/{string}.json", "/a/42.json")
	f.Add("/a/{string}/c", "/a//b/c;x=1")
	f.Add("/a/@{string}/{string}:b", "/a/@b/c:b")
	f.Fuzz(func(t *testing.T, template, path string) {
		if !strings.HasPrefix(template, "/") {
			return
		}
		l := NewLive(&Lexical{})
		e := endpoint("h", "GET", template)
		l.Apply(e)
		before := (&Lexical{}).Match("default", "h", "GET", []byte(path))
		m := l.Match("default", "h", "GET", []byte(path))
		if m.Known && m.ID != e.ID || !m.Known && !reflect.DeepEqual(m, before) {
			t.Fatalf("%q with %q gives %+v", path, template, m)
		}
		l.Remove(e.ID)
		if got := l.Match("default", "h", "GET", []byte(path)); !reflect.DeepEqual(got, before) {
			t.Fatalf("after the removal %q gives %+v, want %+v", path, got, before)
		}
	})
}

func BenchmarkLearnedMatch(b *testing.B) {
	l := NewLive(&Lexical{})
	for i := range 5_000 {
		l.Apply(endpoint("bank.example", "GET", fmt.Sprintf("/c%d/{int}", i)))
		l.Apply(endpoint("bank.example", "GET", fmt.Sprintf("/d%d/{string}/cards", i)))
		l.Apply(endpoint("bank.example", "GET", fmt.Sprintf("/f%d/{string}.json", i)))
	}
	for _, c := range []struct{ name, path string }{
		{"literal", "/c77/42"}, {"learned", "/d77/jane/cards"}, {"unknown", "/d77/jane/cards/other"},
		{"affixed", "/f77/jane.json"},
	} {
		b.Run(c.name, func(b *testing.B) {
			path := []byte(c.path)
			b.ReportAllocs()
			for b.Loop() {
				l.Match("default", "bank.example", "GET", path)
			}
		})
	}
}
