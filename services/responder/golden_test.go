package responder_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/contract"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/policy"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/responder"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/encoding/json"
)

// goldenCases is asserted so that no case is lost.
const goldenCases = 18

// header is the first line of a case.
type header struct {
	Case        string   `json:"case"`
	Levels, Ops []string // of RISK-01 that may be acted on, and of the actions
	Risk        float64
	Findings    int // different RISK-01 findings; 0 is one, or none without levels
	Held        bool
	About       string
}

// line is a finding or, with a verdict, what a person says.
type line struct {
	T                           float64
	ID, Rule, Sev, Who, Verdict string
	Conf                        float64
	N                           uint64
	IP                          []string
	Replayed, Refused, Unproven bool
	Held                        string
}

var base = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

func (l *line) record(t testing.TB) (topic, key string, value []byte, at time.Time) {
	t.Helper()
	at = base.Add(time.Duration(l.T * float64(time.Second)))
	var err error
	if l.Verdict != "" {
		v := risk.Verdict{Tenant: "default", Finding: l.ID, Rule: l.Rule, Principal: l.Who, Verdict: risk.Answer(l.Verdict), Person: "ann", At: at}
		value, err = risk.EncodeVerdict(&v)
		topic, key = schemas.TopicVerdicts, string(v.Key())
	} else {
		f := finding.Finding{ID: l.ID, Tenant: "default", Detector: "d", Rule: l.Rule, Title: "t", Severity: finding.Severity(l.Sev), Confidence: l.Conf, Count: max(l.N, 1), Held: l.Held,
			Time: at, FirstSeen: at, LastSeen: at, Subject: finding.Subject{Principal: l.Who, Addresses: l.IP, Credential: "c1", KeyID: "k1"},
			Source: &finding.Source{Replayed: l.Replayed, Refused: l.Refused, Unproven: l.Unproven}}
		value, err = finding.Encode(&f)
		topic, key = schemas.TopicFindings, l.ID
	}
	if err != nil {
		t.Fatal(err)
	}
	return topic, key, value, at
}

func load(t testing.TB, file string) (h header, ls []line) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(bytes.NewReader(b))
	for n := 0; sc.Scan(); n++ {
		d := json.NewDecoder(bytes.NewReader(sc.Bytes()))
		d.DisallowUnknownFields()
		if n == 0 {
			err = d.Decode(&h)
		} else {
			var l line
			err = d.Decode(&l)
			ls = append(ls, l)
		}
		if err != nil {
			t.Fatalf("%s:%d: %v", file, n+1, err)
		}
	}
	return h, ls
}

// result is what comes out of a run.
type result struct {
	findings   []finding.Finding
	ops        []string
	principals map[string]*risk.Principal // the latest of each; nil is a tombstone
	// all are the outputs by their key, in order, for comparing runs; actions apart.
	all     map[string][]string
	actions []string
}

// host runs the responder under its policy, as a service does, in memory.
type host struct {
	t     testing.TB
	local *runner.Local
	// loose: outputs are not held against their schemas, which takes most of the time.
	loose bool
	result
}

func start(t testing.TB, cfg responder.Config, partitions int) *host {
	t.Helper()
	h := &host{t: t}
	h.principals, h.all = map[string]*risk.Principal{}, map[string][]string{}
	m, err := responder.NewMetrics(nil)
	must(t, err)
	signer, err := action.NewSigner()
	must(t, err)
	rules, err := policy.New(policy.Defaults(), responder.Name, signer, prometheus.NewRegistry())
	must(t, err)
	findings, err := responder.Findings(cfg, m)
	must(t, err)
	merger, err := responder.Merger(cfg, m)
	must(t, err)
	o := runner.DefaultOptions()
	o.Logger, o.Registry, o.Matcher, o.Lateness = slog.New(slog.DiscardHandler), prometheus.NewRegistry(), &catalog.Lexical{}, cfg.Window
	h.local, err = runner.NewLocal(runner.LocalOptions{
		Options: o, Partitions: partitions, CloseAdvance: 10 * time.Second,
		Read: []runner.ReadStage{
			{Name: "responder", Topic: schemas.TopicFindings, New: findings, PartialKinds: []string{responder.Kind}},
			{Name: "responder-verdicts", Topic: schemas.TopicVerdicts, New: responder.Verdicts()},
		},
		Merge:   []runner.MergeStage{{Name: "responder-merge", Kind: responder.Kind, New: policy.WrapMerger(merger, rules)}},
		Finding: h.finding, Record: h.record,
	})
	must(t, err)
	return h
}

func (h *host) finding(_ string, f finding.Finding) {
	b, err := finding.Encode(&f)
	must(h.t, err)
	h.fits("finding", b)
	h.findings, h.all[f.ID] = append(h.findings, f), append(h.all[f.ID], string(b))
}

func (h *host) record(_ string, r detect.Record) {
	switch r.Topic {
	case schemas.TopicPrincipals:
		h.all[string(r.Key)] = append(h.all[string(r.Key)], string(r.Value))
		if r.Value == nil {
			h.principals[string(r.Key)] = nil
			return
		}
		h.fits("principal", r.Value)
		p, err := risk.DecodePrincipal(r.Value)
		must(h.t, err)
		h.principals[string(r.Key)] = &p
	case schemas.TopicActions:
		if r.Value == nil {
			return // its end
		}
		a, err := action.Decode(r.Value)
		must(h.t, err)
		if !strings.HasPrefix(a.Issuer, "responder-merge/RISK-01/") {
			h.t.Errorf("issuer %q", a.Issuer)
		}
		h.ops, h.actions = append(h.ops, string(a.Op)), append(h.actions, string(r.Value))
	}
}

func (h *host) fits(schema string, b []byte) {
	if !h.loose {
		must(h.t, contract.Validate(schema, b))
	}
}

func (h *host) tell(l *line) {
	h.t.Helper()
	topic, key, value, at := l.record(h.t)
	h.local.Tell(topic, []byte(key), value, at)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/RISK-01/*.jsonl")
	must(t, err)
	if len(files) != goldenCases {
		t.Fatalf("%d cases, want %d", len(files), goldenCases)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			want, lines := load(t, file)
			h := start(t, responder.Defaults(), 1)
			for i := range lines {
				h.tell(&lines[i])
				if i+1 < len(lines) && lines[i+1].T-lines[i].T > 3 { // a service is idle then
					h.local.Idle(base.Add(time.Duration((lines[i].T + 3) * float64(time.Second))))
				}
			}
			h.local.Close()
			who := want.About
			if who == "" {
				who = lines[len(lines)-1].Who
			}
			check(t, &want, h, "default|"+who)
		})
	}
}

func check(t *testing.T, want *header, h *host, who string) {
	t.Helper()
	byLevel := map[finding.Severity]string{finding.Medium: "throttle", finding.High: "challenge", finding.Critical: "block"}
	var got []string
	ids := map[string]bool{}
	for _, f := range h.findings {
		ids[f.ID] = true
		got = append(got, byLevel[f.Severity])
		if f.Summary == "" || f.Counterfactual == "" || len(f.Features) < 5 || len(f.Evidence) == 0 || f.LastSeen.Before(f.FirstSeen) || f.Count == 0 {
			t.Errorf("incomplete: %+v", f)
		}
		terms, err := responder.Explain(&f)
		if err != nil || len(terms) == 0 {
			t.Errorf("it does not explain itself: %v", err)
		}
		t.Log(f.Summary, "/", f.Counterfactual)
	}
	if !slices.Equal(got, want.Levels) {
		t.Errorf("%s: levels %v, want %v", want.Case, got, want.Levels)
	}
	if !slices.Equal(h.ops, want.Ops) && len(h.ops)+len(want.Ops) > 0 {
		t.Errorf("%s: actions %v, want %v", want.Case, h.ops, want.Ops)
	}
	if n := max(want.Findings, min(len(want.Levels), 1)); len(ids) != n {
		t.Errorf("%d findings, want %d", len(ids), n)
	}
	p := h.principals[who]
	switch {
	case p == nil && want.Risk == 0:
	case p == nil:
		t.Errorf("no record of %s", who)
	case math.Abs(p.Risk-want.Risk) > 0.5 || (p.Held != "") != want.Held || math.Abs(p.RiskAt(p.Updated)-p.Risk) > 1e-9:
		t.Errorf("%s: %s", want.Case, p.Summary)
	}
}

// traffic is findings and verdicts about a few principals, at random but repeatable.
func traffic(n int) []line {
	r := rand.New(rand.NewPCG(7, 7))
	rules := []string{"BOLA-01", "TOK-01", "RECON-01", "RATE-01", "SIG-XSS", "JWT-01"}
	severities := []string{"low", "medium", "high", "critical"}
	var ls []line
	for i := range n {
		l := line{T: 20*float64(i) + 3*r.Float64(), ID: fmt.Sprintf("f%d", r.IntN(n/2)), Who: fmt.Sprintf("sub:%d", r.IntN(9))}
		l.Rule = rules[len(l.ID)%len(rules)]
		if r.IntN(6) == 0 {
			l.Verdict = string(risk.Answers()[r.IntN(4)])
		} else {
			l.Sev, l.Conf, l.N = severities[r.IntN(4)], r.Float64(), uint64(1+r.IntN(9))
			l.Replayed = r.IntN(10) == 0
		}
		ls = append(ls, l)
	}
	return ls
}

// TestSimulation: the same in random cuts, with the state saved and restored between,
// gives the same outputs as never having stopped. Actions are compared where the cuts are
// alike: in one great leap of event time all but the last findings are too old to act on.
func TestSimulation(t *testing.T) {
	ls := traffic(600)
	cfg := responder.Defaults()
	cfg.MaxActors, cfg.MaxParts, cfg.MaxVerdicts, cfg.Forget = 2, 5, 40, time.Hour
	run := func(cut func(i int) (flush, restart bool)) *host {
		h := start(t, cfg, 3)
		h.loose = true
		for i := range ls {
			h.tell(&ls[i])
			flush, restart := cut(i)
			if flush {
				h.local.Flush()
			}
			if restart {
				must(t, h.local.Restart())
			}
		}
		h.local.Close()
		return h
	}
	leap := run(func(int) (bool, bool) { return false, false })
	steps := run(func(int) (bool, bool) { return true, false })
	n, tombstones := 0, 0
	for _, list := range leap.all {
		n += len(list)
		tombstones += len(slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s != "" }))
	}
	if n < 600 || tombstones < 50 || len(steps.actions) < 20 {
		t.Fatalf("%d outputs, %d tombstones, %d actions: too little happens", n, tombstones, len(steps.actions))
	}
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		got := run(func(int) (bool, bool) { return r.IntN(7) == 0, r.IntN(20) == 0 })
		if !reflect.DeepEqual(got.all, leap.all) {
			t.Errorf("seed %d: cuts and restarts change what comes out", seed)
		}
		got = run(func(int) (bool, bool) { return true, r.IntN(20) == 0 })
		if !reflect.DeepEqual(got.all, leap.all) || !slices.Equal(got.actions, steps.actions) {
			t.Errorf("seed %d: restarts change what comes out", seed)
		}
	}
}

// TestOrderWithinTheWindow: which partition is read first changes nothing.
func TestOrderWithinTheWindow(t *testing.T) {
	var ls []line
	for i, rule := range []string{"BOLA-01", "TOK-01", "RATE-01", "RECON-01"} {
		ls = append(ls, line{T: 0.4 * float64(i), ID: fmt.Sprint("f", i), Rule: rule, Sev: "high", Conf: 0.7, Who: "sub:a"})
	}
	var want map[string][]string
	for turn := range len(ls) {
		h := start(t, responder.Defaults(), 1)
		for i := range ls {
			h.tell(&ls[(i+turn)%len(ls)])
		}
		h.local.Close()
		if turn == 0 {
			want = h.all
		} else if !reflect.DeepEqual(h.all, want) {
			t.Errorf("begun with the %d-th: %v, want %v", turn, h.all, want)
		}
	}
}
