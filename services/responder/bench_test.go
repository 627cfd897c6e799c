package responder_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/responder"
)

// BenchmarkFuse is one finding, from its partial to the record and RISK-01, of ten
// thousand principals with up to eight findings each.
func BenchmarkFuse(b *testing.B) {
	m, err := responder.NewMetrics(nil)
	must(b, err)
	read, err := responder.Findings(responder.Defaults(), m)
	must(b, err)
	r, out := read(0), &detect.Out{}
	rules := []string{"BOLA-01", "TOK-01", "RECON-01", "RATE-01", "SIG-XSS", "ENUM-01", "CRED-01", "TXN-01"}
	const n = 80_000
	for i := range n {
		at := base.Add(time.Duration(i) * 10 * time.Millisecond)
		r.Read(&finding.Finding{ID: fmt.Sprint("f", i), Tenant: "default", Detector: "d", Rule: rules[i/10_000], Title: "title", Severity: finding.Medium, Confidence: 0.7, Count: 1,
			Time: at, FirstSeen: at, LastSeen: at, Subject: finding.Subject{Principal: fmt.Sprintf("sub:%032x", i%10_000), Addresses: []string{"192.0.2.7"}}}, detect.Source{}, out)
	}
	merger := newMerger(b)
	sink := &detect.Out{}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i == n {
			i, merger = 0, newMerger(b)
		}
		merger.Merge(&out.Partials[i], sink)
		if i%100 == 99 {
			merger.(detect.Advancer).Advance(base.Add(time.Duration(i)*10*time.Millisecond), sink)
			sink.Reset()
		}
		i++
	}
}
