package signature_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/policy"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/prometheus/client_golang/prometheus"
)

// What policy makes of grouped findings: at most what it would make of each event by
// itself, and as early.
func TestActionsOfGroups(t *testing.T) {
	strong, weak := "sqli 15 note", "sqli 5 note"
	for name, c := range map[string]struct {
		config func(*signature.Config)
		steps  []step
		want   []string // after which event, from 0: what; "end" for what the end of time brings
	}{
		"the first event acts, the others do not": {
			steps: []step{{Q: strong, Sub: "m", Token: "t", N: 9}}, want: []string{"0 credential t"}},
		"an event that counts for more acts when it comes": {
			steps: []step{{Q: weak, Sub: "m", Token: "t", N: 5}, {Q: strong, Sub: "m", Token: "t", N: 3}}, want: []string{"5 credential t"}},
		"a new token is acted on when it comes": {
			steps: []step{{Q: strong, Sub: "m", Token: "t0", N: 5}, {Q: strong, Sub: "m", Token: "t1", N: 3}}, want: []string{"0 credential t0", "5 credential t1"}},
		"an attack that outlasts its action is acted on again": {
			steps: []step{{Q: strong, Sub: "m", Token: "t", N: 8, Every: time.Minute}}, want: []string{"0 credential t", "4 credential t"}},
		"a credential that the API refused is nobody's, however often": {
			steps: []step{{Q: strong, Sub: "victim", Token: "own", Status: 401, N: 20, Every: time.Second}}, want: []string{"0 address 192.0.2.7"}},
		"replayed events act neither when they come nor when their group ends": {
			steps: []step{{Q: strong, Replayed: true, N: 3}, {At: 10 * time.Minute, Q: weak}}, want: nil},
		"nor when it is forgotten": {config: func(c *signature.Config) { c.MaxWindows = 1 },
			steps: []step{{Q: strong, Replayed: true, N: 3}, {Q: weak, IP: "198.51.100.1"}}, want: nil},
		"the first live event acts, whatever was replayed before": {
			steps: []step{{Q: strong, Replayed: true, N: 3}, {Q: strong, N: 2}}, want: []string{"3 address 192.0.2.7"}},
		"a scan acts by its rules": {config: func(c *signature.Config) { c.ScanEndpoints = 2 },
			steps: []step{{Q: weak, Path: "/w{i}x", N: 6}, {Q: strong, Path: "/v{i}x", N: 6}}, want: []string{"6 address 192.0.2.7"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := signature.Defaults()
			if c.config != nil {
				c.config(&cfg)
			}
			factory, err := signature.Factory(cfg, spelled{}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			signer, err := action.NewSigner()
			if err != nil {
				t.Fatal(err)
			}
			pc := policy.Defaults()
			pc.ClockGuard = false // the end of time is far from the events
			p, err := policy.New(pc, "signature", signer, prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			d := policy.Wrap(factory, p)(0)
			var got []string
			var out detect.Out
			acted := func(when string) {
				for _, r := range out.Records {
					if r.Value == nil {
						continue // an action that ended
					}
					a, err := action.Decode(r.Value)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, when+" "+string(a.Target.Type)+" "+a.Target.Value)
				}
				out.Reset()
			}
			n := 0
			var seq uint64
			for i := range c.steps {
				for _, e := range c.steps[i].events(&seq) {
					detectOne(d, e, &out)
					acted(strconv.Itoa(n))
					n++
				}
			}
			d.(detect.Advancer).Advance(start.Add(24*time.Hour), &out)
			acted("end")
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
