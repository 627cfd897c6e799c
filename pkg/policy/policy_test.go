package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// said is a detector that says what it is told to.
type said struct {
	next   []finding.Finding
	update bool // for the record alone
}

func (s *said) Detect(_ *detect.Tx, out *detect.Out) {
	for _, f := range s.next {
		if s.update {
			out.Update(f)
		} else {
			out.Finding(f)
		}
	}
}
func (s *said) Merge(_ *detect.Partial, out *detect.Out) {
	out.Findings = append(out.Findings, s.next...)
}

func testSigner(t testing.TB) *action.Signer {
	t.Helper()
	s, err := action.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newPolicy(t testing.TB, cfg Config, s *action.Signer) *Policy {
	t.Helper()
	p, err := New(cfg, "test", s, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type goldenCase struct {
	Name   string
	Config map[string]any
	Note   string
	Steps  []struct {
		At, Lag                                                             time.Duration
		Rule, ID, Tenant, Principal, Credential, Session, Address, Endpoint string
		Severity                                                            finding.Severity
		Confidence                                                          float64
		Count                                                               uint64
		Status                                                              uint16
		Replayed, Enforced, Advance, Breaker, Update                        bool
		Outcome                                                             string
		Want                                                                []string
	}
}

func TestGoldenCases(t *testing.T) {
	raw, err := os.ReadFile("testdata/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []goldenCase
	if err := yaml.UnmarshalWithOptions(raw, &cases, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 36 {
		t.Errorf("%d cases, want 36: adjust the number when one is added", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { runGolden(t, c) })
	}
}

func runGolden(t *testing.T, c goldenCase) {
	cfg := Defaults()
	if c.Config != nil {
		b, err := yaml.Marshal(c.Config)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalWithOptions(b, &cfg, yaml.Strict()); err != nil {
			t.Fatal(err)
		}
	}
	signer := testSigner(t)
	p := newPolicy(t, cfg, signer)
	verifier, err := action.NewVerifier(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	inner := &said{}
	d := Wrap(func(int32) detect.Detector { return inner }, p)(3)
	for i, s := range c.Steps {
		var out detect.Out
		at := start.Add(s.At)
		if s.Advance {
			d.(detect.Advancer).Advance(at, &out)
		} else {
			f := finding.Finding{ID: s.ID, Rule: s.Rule, Tenant: s.Tenant, Severity: s.Severity, Confidence: s.Confidence, Count: s.Count, Time: at, LastSeen: at}
			f.Subject = finding.Subject{Principal: s.Principal, Credential: s.Credential, Session: s.Session, Endpoint: s.Endpoint}
			if s.Address != "" {
				f.Subject.Addresses = []string{s.Address}
			}
			f.ID, f.Tenant, f.Severity = or(f.ID, fmt.Sprint("f", i)), or(f.Tenant, "default"), or(f.Severity, finding.High)
			f.Confidence, f.Count = or(f.Confidence, 0.9), or(f.Count, 1)
			inner.next, inner.update = []finding.Finding{f}, s.Update
			e := &event.Event{Tenant: []byte(f.Tenant), Status: s.Status}
			if s.Replayed {
				e.Flags |= event.Replayed
			}
			if s.Enforced {
				e.Flags |= event.Enforced
			}
			before := counted(t, p, s.Outcome)
			d.Detect(&detect.Tx{Event: e, Tenant: f.Tenant, Time: at, Source: detect.Source{Offset: int64(100 + i), BrokerTime: at.Add(s.Lag)}}, &out)
			if counted(t, p, s.Outcome) != before+1 {
				t.Errorf("step %d: outcome is not %s", i, s.Outcome)
			}
			if breaker := len(out.Findings) == 2 && out.Findings[1].Rule == BreakerRule; breaker != s.Breaker {
				t.Errorf("step %d: breaker finding: %v, want %v", i, breaker, s.Breaker)
			}
		}
		if got := describe(t, verifier, &out); !slices.Equal(got, s.Want) && len(got)+len(s.Want) > 0 {
			t.Errorf("step %d: %q, want %q", i, got, s.Want)
		}
	}
}

func counted(t *testing.T, p *Policy, outcome string) float64 {
	t.Helper()
	var m dto.Metric
	if err := p.decisions.WithLabelValues(outcome).Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

func or[T comparable](v, other T) T {
	var zero T
	if v == zero {
		return other
	}
	return v
}

// describe opens every record, checks what holds for all, and writes each as the
// cases do.
func describe(t *testing.T, v *action.Verifier, out *detect.Out) []string {
	t.Helper()
	var lines []string
	for _, r := range out.Records {
		rec := action.Record{Key: r.Key, Value: r.Value}
		for _, h := range r.Headers {
			rec.Headers = append(rec.Headers, action.Header{Key: h.Key, Value: h.Value})
		}
		o, err := v.Open(rec)
		if err != nil {
			t.Fatal(err)
		}
		if r.Topic != schemas.TopicActions {
			t.Errorf("topic %s", r.Topic)
		}
		if o.Tombstone {
			if r.Urgent {
				t.Error("a tombstone is not urgent")
			}
			lines = append(lines, "tombstone "+o.Key)
			continue
		}
		a := o.Action
		if r.Urgent != (a.Op != action.Log) {
			t.Errorf("urgent %v for %s", r.Urgent, a.Op)
		}
		if len(a.Findings) == 0 || a.Revision < 100 || a.EventTime.IsZero() || a.ID == "" || len(a.Guards) != 3 {
			t.Errorf("action lacks something: %+v", a)
		}
		line := fmt.Sprintf("%s %s %s %s %s", a.Op, a.Target.Type, a.Target.Value, a.NotAfter.Sub(a.NotBefore), a.Mode)
		if a.Scope != "*" {
			line += " +" + a.Scope
		}
		lines = append(lines, line)
	}
	return lines
}

func TestDefaultsAreValid(t *testing.T) {
	c := Defaults()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.Mode != action.DryRun {
		t.Error("default mode must be dry_run")
	}
}

func TestValidateReportsEverything(t *testing.T) {
	c := Defaults()
	c.Mode, c.WidestIPv6, c.MaxAge = "on", 48, 0
	c.TTL = []time.Duration{time.Hour, time.Minute}
	c.Targets = []action.TargetType{"cidr"}
	c.Caps = Caps{Tracked: -1}
	c.NeverBlock.CIDRs = []string{"10.0.0.0/33"}
	c.Rules = map[string]Rule{"A*B": {Op: "kill", Mode: "x", Scope: "y", MinSeverity: "z", MinConfidence: 2, TTL: []time.Duration{48 * time.Hour}}}
	err := c.Validate()
	if err == nil {
		t.Fatal("valid")
	}
	for _, want := range []string{"mode \"on\"", "widest_ipv6", "max_event_age", "ttl: step 1m0s", "targets: \"cidr\"", "caps.active", "caps.new_per_minute",
		"caps.offenders", "caps.hold", "10.0.0.0/33", "one star", "op \"kill\"", "mode \"x\"", "scope \"y\"", "min_severity \"z\"", "min_confidence 2", "48h"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not speak of %s", want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	s := testSigner(t)
	if _, err := New(Defaults(), "test", nil, prometheus.NewRegistry()); err == nil {
		t.Error("took no signer")
	}
	if _, err := New(Defaults(), "a/b", s, prometheus.NewRegistry()); err == nil {
		t.Error("took a service that breaks the key")
	}
}

// full has every optional interface and notes the calls.
type full struct {
	said
	calls []string
	state string
}

func (f *full) Prepare(*detect.Tx)             { f.calls = append(f.calls, "prepare") }
func (f *full) Advance(time.Time, *detect.Out) { f.calls = append(f.calls, "advance") }
func (f *full) Flush(*detect.Out)              { f.calls = append(f.calls, "flush") }
func (f *full) Snapshot(w io.Writer) error     { _, err := io.WriteString(w, f.state); return err }
func (f *full) Restore(r io.Reader) error      { b, err := io.ReadAll(r); f.state = string(b); return err }

func TestOptionalInterfacesPassThrough(t *testing.T) {
	inner := &full{state: "of the inner one"}
	p := newPolicy(t, Defaults(), testSigner(t))
	d := Wrap(func(int32) detect.Detector { return inner }, p)(0)
	var out detect.Out
	d.(detect.Preparer).Prepare(nil)
	d.(detect.Advancer).Advance(start, &out)
	d.(detect.Flusher).Flush(&out)
	if got := strings.Join(inner.calls, " "); got != "prepare advance flush" {
		t.Errorf("calls: %s", got)
	}
	var buf bytes.Buffer
	if err := d.(detect.Stateful).Snapshot(&buf); err != nil {
		t.Fatal(err)
	}
	again := &full{}
	m := WrapMerger(func(int32) detect.Merger { return again }, p)(0)
	if _, ok := m.(detect.Preparer); ok {
		t.Error("a merger has no Prepare")
	}
	if err := m.(detect.Stateful).Restore(&buf); err != nil {
		t.Fatal(err)
	}
	if again.state != "of the inner one" {
		t.Errorf("inner state %q", again.state)
	}
	plain := Wrap(func(int32) detect.Detector { return &said{} }, p)(0)
	plain.(detect.Preparer).Prepare(nil)
	if err := plain.(detect.Stateful).Snapshot(&buf); err != nil {
		t.Fatal(err)
	}
	if err := m.(detect.Stateful).Restore(&buf); !errors.Is(err, ErrSnapshot) {
		t.Errorf("took the snapshot of another detector: %v", err)
	}
}

// captured can be captured as well.
type captured struct{ full }

func (c *captured) Capture() (write func(io.Writer) error) {
	state := c.state
	return func(w io.Writer) error { _, err := io.WriteString(w, state); return err }
}

func TestCaptureIsTheSnapshotOfItsMoment(t *testing.T) {
	p := newPolicy(t, Defaults(), testSigner(t))
	slow := &captured{full{state: "of the inner one"}}
	quick := &full{state: "of the inner one"}
	for _, inner := range []detect.Detector{slow, quick, &said{}} {
		d := Wrap(func(int32) detect.Detector { return inner }, p)(0)
		var want, got bytes.Buffer
		if err := d.(detect.Stateful).Snapshot(&want); err != nil {
			t.Fatal(err)
		}
		write := d.(detect.Capturer).Capture()
		slow.state, quick.state = "later", "later"
		d.(detect.Advancer).Advance(start, new(detect.Out))
		if err := write(&got); err != nil || !bytes.Equal(want.Bytes(), got.Bytes()) {
			t.Errorf("%T: %q, want %q (%v)", inner, got.Bytes(), want.Bytes(), err)
		}
		slow.state, quick.state = "of the inner one", "of the inner one"
		if err := d.(detect.Capturer).Capture()(broken{}); !errors.Is(err, errBroken) {
			t.Errorf("%T: lost the error: %v", inner, err)
		}
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestMergerActsByWatermark(t *testing.T) {
	s := testSigner(t)
	inner := &said{}
	m := WrapMerger(func(int32) detect.Merger { return inner }, newPolicy(t, Defaults(), s))(5)
	say := func(at time.Time, watermark time.Time) *detect.Out {
		inner.next = []finding.Finding{{ID: "f", Tenant: "default", Rule: "CRED-01", Severity: finding.High, Confidence: 1, Count: 20,
			Time: at, LastSeen: at, Subject: finding.Subject{Addresses: []string{"192.0.2.7"}}}}
		var out detect.Out
		m.Merge(&detect.Partial{Watermark: watermark.UnixNano()}, &out)
		return &out
	}
	if out := say(start, start.Add(2*time.Minute)); len(out.Records) != 0 {
		t.Fatal("acted on a finding two minutes behind the watermark")
	}
	out := say(start.Add(time.Minute), start.Add(2*time.Minute))
	if len(out.Records) != 1 {
		t.Fatal("did not act")
	}
	a, err := action.Decode(out.Records[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	if a.Issuer != "test-merge/CRED-01/5" || a.Target.Value != "192.0.2.7" || a.Revision != start.Add(time.Minute).UnixNano() {
		t.Errorf("action %+v", a)
	}
	var end detect.Out
	m.(detect.Advancer).Advance(start.Add(time.Hour), &end)
	if len(end.Records) != 1 || end.Records[0].Value != nil {
		t.Fatalf("no tombstone: %+v", end.Records)
	}
}
