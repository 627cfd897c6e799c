package signature_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/contract"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/prometheus/client_golang/prometheus"
)

// spelled is an engine that finds what the query spells out: class, score and field,
// as "sqli 5 note", several with a comma between.
type spelled struct{}

var classes = map[string]signature.Class{"sqli": signature.SQLi, "rce": signature.RCE, "xss": signature.XSS, "scanner": signature.Scanner, "leak": signature.Leak}

func (spelled) Version() string { return "spelled" }

func (spelled) Match(e *event.Event) (signature.Result, error) {
	var res signature.Result
	if len(e.Query) == 0 {
		return res, nil
	}
	for part := range strings.SplitSeq(string(e.Query), ",") {
		w := strings.Fields(part)
		if len(w) != 3 {
			return res, errors.New("not spelled out")
		}
		score, err := strconv.Atoi(w[1])
		if err != nil {
			return res, err
		}
		c, location := classes[w[0]], "request.body"
		if c.Outbound() {
			location = "response.body"
			res.Outbound += score
		} else {
			res.Inbound += score
		}
		res.Hits = append(res.Hits, signature.Hit{Rule: 1000 * int(c), Class: c, Score: score, Message: "m", Location: location, Name: w[2], Value: "v"})
	}
	return res, nil
}

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// step is n events that differ in time, and in {i} in path, address and token.
type step struct {
	At, Every            time.Duration
	N                    int
	Sub, Token, IP, Path string
	Q                    string
	Status               uint16
	Replayed, Enforced   bool
	// Advance moves the watermark instead.
	Advance bool
}

func (s *step) events(seq *uint64) (es []*event.Event) {
	for i := range max(1, s.N) {
		fill := func(text string) []byte { return []byte(strings.ReplaceAll(text, "{i}", strconv.Itoa(i))) }
		e := &event.Event{Tenant: []byte("default"), RequestTime: start.Add(s.At + time.Duration(i)*s.Every).UnixNano(), Method: []byte("POST"), Authority: []byte("api"),
			Path: fill(s.Path), Query: []byte(s.Q), Status: s.Status, Client: event.Client{Address: fill(s.IP)}}
		if s.Status == 0 {
			e.Status = 404
		}
		if s.Path == "" {
			e.Path = []byte("/a")
		}
		if s.IP == "" {
			e.Client.Address = []byte("192.0.2.7")
		}
		if host, path, ok := strings.Cut(string(e.Path), "/"); ok && host != "" {
			e.Authority, e.Path = []byte(host), []byte("/"+path)
		}
		e.Identity.Subject, e.Identity.Credential = fill(s.Sub), fill(s.Token)
		if s.Replayed {
			e.Flags |= event.Replayed
		}
		if s.Enforced {
			e.Flags |= event.Enforced
		}
		*seq++
		binary.BigEndian.PutUint64(e.ID[8:], *seq)
		es = append(es, e)
	}
	return es
}

// trace is what a detector puts out, a line each: the finding's number, its time from the
// start, rule, severity, count, who, where, and "update" where nobody may act on it.
type trace struct {
	numbers map[string]int
	lines   []string
	full    []string // the findings, JSON
	schema  bool     // whether each is held against the contract, which takes long
}

func (tr *trace) take(t testing.TB, out *detect.Out) {
	t.Helper()
	if tr.numbers == nil {
		tr.numbers = map[string]int{}
	}
	for i := range out.Findings {
		f := &out.Findings[i]
		if tr.numbers[f.ID] == 0 {
			tr.numbers[f.ID] = len(tr.numbers) + 1
		}
		line := fmt.Sprintf("#%d %s %s %s x%d %s %s", tr.numbers[f.ID], f.Time.Sub(start), f.Rule, f.Severity, f.Count, f.Subject.Principal, f.Subject.Endpoint)
		if !out.Acts(i) {
			line += " update"
		}
		tr.lines = append(tr.lines, strings.TrimSpace(line))
		b, err := finding.Encode(f)
		if err != nil {
			t.Fatal(err)
		}
		if tr.schema {
			if err := contract.Validate("finding", b); err != nil {
				t.Errorf("%s: %v", b, err)
			}
		}
		if f.LastSeen.Before(f.FirstSeen) || len(f.Events) == 0 || uint64(len(f.Events)) > f.Count || f.Confidence <= 0 || f.Confidence >= 1 {
			t.Errorf("malformed: %s", b)
		}
		tr.full = append(tr.full, string(b))
	}
	out.Reset()
}

func newDetector(t testing.TB, cfg signature.Config, reg prometheus.Registerer) detect.Detector {
	t.Helper()
	f, err := signature.Factory(cfg, spelled{}, nil, reg)
	if err != nil {
		t.Fatal(err)
	}
	return f(0)
}

func detectOne(d detect.Detector, e *event.Event, out *detect.Out) {
	var tx detect.Tx
	tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.DefaultLimits)
	d.(detect.Preparer).Prepare(&tx)
	d.Detect(&tx, out)
}

// metric is the value of a counter, by the end of its name.
func metric(t *testing.T, reg *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	fs, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fs {
		if f.GetName() == "mirador_signature_"+name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}
