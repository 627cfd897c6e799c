package behavior_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

// partners are five programs that each know the ids of their own hundred accounts from
// elsewhere, and read them every morning for days. No list ever names one.
func partners(days int, seq *uint64) (es []*event.Event) {
	for day := range days {
		for p := range 5 {
			s := step{T: float64(day*86400 + p*600), Every: 1, N: 100, IP: fmt.Sprintf("198.51.100.%d", p), Sub: fmt.Sprintf("partner%d", p), U: fmt.Sprintf("/accounts/{i+%d}/balance", 5000+1000*p)}
			for _, e := range s.events(seq) {
				e.Identity.Scheme = []byte("api-key")
				es = append(es, e)
			}
		}
	}
	return es
}

// foreignReads are the findings of BOLA-01.
func foreignReads(t *testing.T, es []*event.Event) []finding.Finding {
	t.Helper()
	slices.SortStableFunc(es, func(a, b *event.Event) int { return a.Time().Compare(b.Time()) })
	first, _ := whole.events(t, es)
	return slices.DeleteFunc(first, func(f finding.Finding) bool { return f.Rule != "BOLA-01" })
}

// An API with a handful of programs as clients: none alerts on its own accounts, not
// even on the first day, and one that turns to those of another does.
func TestHandfulOfPartners(t *testing.T) {
	var seq uint64
	es := partners(4, &seq)
	if first := foreignReads(t, es); len(first) != 0 {
		t.Fatalf("an ordinary program alerts: %s", first[0].Summary)
	}
	theft := step{T: 3*86400 + 40000, Every: 20, N: 60, IP: "198.51.100.1", Sub: "partner1", U: "/accounts/{i+8000}/balance"}
	for _, e := range theft.events(&seq) {
		e.Identity.Scheme = []byte("api-key")
		es = append(es, e)
	}
	first := foreignReads(t, es)
	if len(first) == 0 || first[0].Subject.Principal != "sub:partner1" || first[0].Count > 40 {
		t.Fatalf("%d findings of the one that reads another's accounts", len(first))
	}
	t.Log(first[0].Summary)
}

// A kind of object that most clients read without having been shown it is open to all;
// one that the same clients read of their own is not opened by it.
func TestPublicKindIsRecognised(t *testing.T) {
	var seq uint64
	var es []*event.Event
	for c := range 60 {
		s := step{T: float64(c * 300), Every: 2, N: 12, IP: "198.51.100.1", Sub: fmt.Sprintf("c%d", c), U: "/products/{i+1}"}
		es = append(es, s.events(&seq)...)
		s = step{T: float64(c*300 + 100), Every: 1, N: 1, IP: "198.51.100.1", Sub: fmt.Sprintf("c%d", c), U: "/accounts", Resp: fmt.Sprintf(`{"items":[{"id":%d}]}`, 7000+c)}
		es = append(es, s.events(&seq)...)
		s = step{T: float64(c*300 + 110), Every: 1, N: 1, IP: "198.51.100.1", Sub: fmt.Sprintf("c%d", c), U: fmt.Sprintf("/accounts/%d", 7000+c)}
		es = append(es, s.events(&seq)...)
	}
	last := len(es) + 200
	s := step{T: 20000, Every: 2, N: 200, IP: "198.51.100.1", Sub: "c3", U: "/products/{r}"}
	es = append(es, s.events(&seq)...)
	s = step{T: 21000, Every: 2, N: 40, IP: "198.51.100.1", Sub: "c3", U: "/accounts/{i+7004}"}
	es = append(es, s.events(&seq)...)
	first := foreignReads(t, es)
	for _, f := range first {
		if f.FirstSeen.Before(es[last].Time()) {
			t.Errorf("a public kind alerts: %s", f.Summary)
		}
	}
	if len(first) == 0 {
		t.Error("accounts of others were read and nothing was said")
	}
}
