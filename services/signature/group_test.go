package signature_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/prometheus/client_golang/prometheus"
)

// groupCases is asserted so that no case is lost.
const groupCases = 20

func TestGroups(t *testing.T) {
	raw, err := os.ReadFile("testdata/groups.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name   string
		Config map[string]any
		Steps  []step
		Want   []string
		// Says are pieces of the last finding's record.
		Says []string
	}
	if err := yaml.UnmarshalWithOptions(raw, &cases, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if len(cases) != groupCases {
		t.Errorf("%d cases, want %d", len(cases), groupCases)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			cfg := signature.Defaults()
			b, err := yaml.Marshal(c.Config)
			if err != nil {
				t.Fatal(err)
			}
			if err := yaml.UnmarshalWithOptions(b, &cfg, yaml.Strict()); err != nil {
				t.Fatal(err)
			}
			d := newDetector(t, cfg, nil)
			tr := trace{schema: true}
			var out detect.Out
			var seq uint64
			for i := range c.Steps {
				if s := &c.Steps[i]; s.Advance {
					d.(detect.Advancer).Advance(start.Add(s.At), &out)
					tr.take(t, &out)
				} else {
					for _, e := range s.events(&seq) {
						detectOne(d, e, &out)
						tr.take(t, &out)
					}
				}
			}
			if !slices.Equal(tr.lines, c.Want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(tr.lines, "\n  "), strings.Join(c.Want, "\n  "))
			}
			for _, s := range c.Says {
				if len(tr.full) == 0 || !strings.Contains(tr.full[len(tr.full)-1], s) {
					t.Errorf("no word of %q in the last of %q", s, tr.full)
				}
			}
		})
	}
}

// Ten thousand attacks on one endpoint are one finding, written a dozen times; ten
// thousand on a thousand endpoints are one more than there are before it is a scan.
func TestTenThousandAreFew(t *testing.T) {
	for name, c := range map[string]struct {
		step               step
		findings, writings int
		scans              float64
	}{
		"one endpoint":   {step{N: 10_000, Every: 20 * time.Millisecond, Q: "sqli 5 note"}, 1, 18, 0},
		"many endpoints": {step{N: 10_000, Every: 20 * time.Millisecond, Path: "/w{i}x/y", Q: "sqli 5 note"}, 5, 22, 1},
	} {
		t.Run(name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			d := newDetector(t, signature.Defaults(), reg)
			var tr trace
			var out detect.Out
			var seq uint64
			for _, e := range c.step.events(&seq) {
				detectOne(d, e, &out)
				tr.take(t, &out)
			}
			d.(detect.Advancer).Advance(start.Add(time.Hour), &out)
			tr.take(t, &out)
			if len(tr.numbers) != c.findings || len(tr.lines) > c.writings || metric(t, reg, "scans_total") != c.scans {
				t.Errorf("%d findings, written %d times, %v scans", len(tr.numbers), len(tr.lines), metric(t, reg, "scans_total"))
			}
			if got := metric(t, reg, "rule_findings_total") + metric(t, reg, "updates_total"); got > float64(len(tr.lines)) {
				t.Errorf("%v writings counted, there were %d", got, len(tr.lines))
			}
			t.Logf("%d findings, written %d times; the last: %s", len(tr.numbers), len(tr.lines), tr.full[len(tr.full)-1])
		})
	}
}

// Who makes up one token, one address or one endpoint a request makes no finding a
// request of it, and no more state than there is room for.
func TestMadeUpNamesAreBounded(t *testing.T) {
	for name, s := range map[string]step{
		"tokens the API takes":    {Sub: "m", Token: "t{i}", Status: 200},
		"tokens the API refuses":  {Sub: "m{i}", Token: "t{i}", Status: 401},
		"addresses of one caller": {Sub: "m", Token: "t", IP: "198.51.100.{i}"},
		"hosts and endpoints":     {Path: "h{i}/w{i}x/{i}"},
	} {
		t.Run(name, func(t *testing.T) {
			s.N, s.Every, s.Q = 250, 10*time.Millisecond, "sqli 5 note"
			d := newDetector(t, signature.Defaults(), nil)
			var tr trace
			var out detect.Out
			var seq uint64
			for _, e := range s.events(&seq) {
				detectOne(d, e, &out)
				tr.take(t, &out)
			}
			if len(tr.numbers) > 5 || len(tr.lines) > 30 {
				t.Errorf("%d findings, written %d times", len(tr.numbers), len(tr.lines))
			}
		})
	}
}

// A full table ends what was least used, and says how many there were of it.
func TestFullTableEndsTheLeastUsed(t *testing.T) {
	reg := prometheus.NewRegistry()
	cfg := signature.Defaults()
	cfg.MaxWindows = 4
	d := newDetector(t, cfg, reg)
	var tr trace
	var out detect.Out
	var seq uint64
	for _, s := range []step{{IP: "192.0.2.1", N: 3, Q: "sqli 5 note"}, {At: time.Second, IP: "198.51.100.{i}", N: 4, Q: "sqli 5 note"}} {
		for _, e := range s.events(&seq) {
			detectOne(d, e, &out)
			tr.take(t, &out)
		}
	}
	if !slices.Contains(tr.lines, "#1 0s SIG-SQLI high x3 ip:192.0.2.1 POST api/a update") || metric(t, reg, "windows_forgotten_total") != 2 {
		t.Errorf("forgotten %v: %s", metric(t, reg, "windows_forgotten_total"), strings.Join(tr.lines, "\n"))
	}
	var b bytes.Buffer
	if err := d.(detect.Stateful).Snapshot(&b); err != nil || b.Len() > 16<<10 {
		t.Errorf("state of %d bytes (%v)", b.Len(), err)
	}
}

// Updates may not rest on memory that the finding put out before shares.
func TestFindingsShareNothing(t *testing.T) {
	d := newDetector(t, signature.Defaults(), nil)
	var out detect.Out
	var seq uint64
	var kept []finding.Finding
	var before []string
	for i := range 40 {
		s := step{At: time.Duration(i) * time.Second, Sub: "m", IP: fmt.Sprintf("192.0.2.%d", i%12), Q: fmt.Sprintf("sqli %d f%c", 5+i, 'a'+i%20)}
		detectOne(d, s.events(&seq)[0], &out)
		for _, f := range out.Findings {
			kept = append(kept, f)
			b, _ := finding.Encode(&f)
			before = append(before, string(b))
		}
		out.Reset()
	}
	for i := range kept {
		if b, _ := finding.Encode(&kept[i]); string(b) != before[i] {
			t.Errorf("finding %d changed after it was put out:\n%s\n%s", i, before[i], b)
		}
	}
	if len(kept) < 10 {
		t.Errorf("only %d findings", len(kept))
	}
}
