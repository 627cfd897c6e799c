package responder_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/responder"
)

func TestValidate(t *testing.T) {
	c := responder.Defaults()
	must(t, c.Validate())
	for want, change := range map[string]func(*responder.Config){
		"throttle 70, challenge 60": func(c *responder.Config) { c.Throttle = 70 },
		"independent 0":             func(c *responder.Config) { c.Independent = 0 },
		"half_lives.login 1s":       func(c *responder.Config) { c.HalfLives = map[string]time.Duration{"login": time.Second} },
		"BOLA-* is in objects and in other": func(c *responder.Config) {
			c.Families = map[string][]string{"objects": {"BOLA-*"}, "other": {"BOLA-*"}}
		},
		`ignore: "*X*" is neither`: func(c *responder.Config) { c.Ignore = []string{"*X*"} },
		"prior: strength is 0":     func(c *responder.Config) { c.Prior.Strength = 0 },
		"window 2m0s":              func(c *responder.Config) { c.Window = 2 * time.Minute },
		"max_findings 0":           func(c *responder.Config) { c.MaxParts = 0 },
		"forget_after 1s":          func(c *responder.Config) { c.Forget = time.Second },
	} {
		c := responder.Defaults()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func newMerger(t testing.TB) detect.Merger {
	t.Helper()
	m, err := responder.NewMetrics(nil)
	must(t, err)
	f, err := responder.Merger(responder.Defaults(), m)
	must(t, err)
	return f(0)
}

func FuzzRestore(f *testing.F) {
	h := newMerger(f)
	out := &detect.Out{}
	m, err := responder.NewMetrics(nil)
	must(f, err)
	read, err := responder.Findings(responder.Defaults(), m)
	must(f, err)
	for _, l := range traffic(40) {
		topic, _, value, _ := l.record(f)
		r := read(0)
		if topic != "mirador.findings" {
			r = responder.Verdicts()(0)
		}
		v, _, err := r.Parse(value)
		must(f, err)
		r.Read(v, detect.Source{}, out)
	}
	sink := &detect.Out{}
	for i := range out.Partials {
		h.Merge(&out.Partials[i], sink)
	}
	h.(detect.Advancer).Advance(base.Add(10*time.Minute), sink)
	var b bytes.Buffer
	must(f, h.(detect.Stateful).Snapshot(&b))
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMerger(t)
		if err := m.(detect.Stateful).Restore(bytes.NewReader(b)); err != nil {
			if !errors.Is(err, responder.ErrSnapshot) {
				t.Fatal(err)
			}
			return
		}
		m.(detect.Advancer).Advance(base.Add(time.Hour), &detect.Out{})
	})
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte{0x92, 0xc0, 0xc0})
	out := &detect.Out{}
	for _, l := range traffic(4) {
		if l.Verdict != "" {
			continue
		}
		_, _, value, _ := l.record(f)
		m, err := responder.NewMetrics(nil)
		must(f, err)
		read, err := responder.Findings(responder.Defaults(), m)
		must(f, err)
		r := read(0)
		v, _, err := r.Parse(value)
		must(f, err)
		r.Read(v, detect.Source{}, out)
	}
	for i := range out.Partials {
		f.Add(out.Partials[i].Payload)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, out := newMerger(t), &detect.Out{}
		m.Merge(&detect.Partial{Kind: responder.Kind, Payload: b}, out)
		m.(detect.Advancer).Advance(time.Unix(0, 1<<62), out)
	})
}
