package chsink

import (
	"slices"
	"strings"
	"testing"
)

// asked writes down what it is asked to mask.
type asked struct{ all []string }

func (a *asked) note(s string, v []byte) []byte {
	a.all = append(a.all, s+"="+string(v))
	return []byte("masked")
}

func (a *asked) Path(v []byte) []byte         { return a.note("path", v) }
func (a *asked) Query(v []byte) []byte        { return a.note("query", v) }
func (a *asked) Header(name, v []byte) []byte { return a.note(strings.ToLower(string(name)), v) }
func (a *asked) Claim(name, v []byte) []byte  { return a.note("claim "+string(name), v) }
func (a *asked) Body(v []byte, kind string, truncated bool) ([]byte, bool) {
	if truncated {
		kind += " truncated"
	}
	return a.note(kind, v), true
}

// Everything that a client sends goes through Masking before it is kept.
func TestEverythingKeptIsMasked(t *testing.T) {
	var a asked
	settings := DefaultEventSettings()
	settings.Headers, settings.Bodies, settings.Masking = true, true, &a
	s, err := NewEvents(DefaultConfig(), firstSegment{}, settings, nil)
	must(t, err)
	e := full()
	must(t, s.Append(record(&e, 0, 1), [16]byte{1}))
	slices.Sort(a.all)
	const want = `application/json truncated={"a":1} application/json={"ok":true} claim iss="idp" client-subject=CN=partner path=/accounts/1 query=a=1 server=bank user-agent=curl/8 x-a=1 x-a=2`
	if got := strings.Join(a.all, " "); got != want {
		t.Errorf("asked for %s\nwant %s", got, want)
	}
	if got := s.columns.claimValues.data.Row(0); got != "masked" {
		t.Errorf("claim %q is kept", got)
	}
}
