package platform

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestRiskTravels: findings that lie in different partitions become one risk and one
// signed action under the responder's issuer; a restart between them loses nothing, and
// what a person says reaches whoever holds the principal.
func TestRiskTravels(t *testing.T) {
	cfg := onKFake(t, 3)
	cfg.Stages.IdleAdvance = 300 * time.Millisecond
	stop := serve(t, cfg, "responder")
	defer func() { stop() }()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cl := follow(t, cfg, schemas.TopicPrincipals, schemas.TopicActions)
	say := func(id, rule string) {
		now := time.Now().UTC()
		f := finding.Finding{ID: id, Tenant: "default", Detector: "behavior", Rule: rule, Title: rule, Severity: finding.High, Confidence: 0.9, Count: 3,
			Time: now, FirstSeen: now, LastSeen: now, Subject: finding.Subject{Principal: "sub:a", Credential: "c1", KeyID: "k1"}}
		b, err := finding.Encode(&f)
		check(t, err)
		check(t, cl.ProduceSync(ctx, &kgo.Record{Topic: schemas.TopicFindings, Key: []byte(id), Value: b}).FirstErr())
	}
	var ops []string
	var last risk.Principal
	until := func(what string, ok func() bool) {
		t.Helper()
		for !ok() {
			fetches := cl.PollFetches(ctx)
			if ctx.Err() != nil {
				t.Fatalf("%s: never; risk %v, actions %v", what, last, ops)
			}
			fetches.EachRecord(func(r *kgo.Record) {
				if r.Value == nil {
					return
				}
				if r.Topic == schemas.TopicPrincipals {
					p, err := risk.DecodePrincipal(r.Value)
					check(t, err)
					last = p
					return
				}
				a, err := action.Decode(r.Value)
				check(t, err)
				ops = append(ops, fmt.Sprintf("%s %s %s", a.Op, a.Target.Type, a.Target.Value))
			})
		}
	}
	say("f1", "BOLA-01")
	until("a challenge", func() bool { return len(ops) == 1 && last.Level == risk.Challenge })
	stop()
	stop = serve(t, cfg, "responder")
	say("f2", "TOK-01")
	until("a block", func() bool { return len(ops) == 2 && last.Level == risk.Block })
	if ops[0] != "challenge credential c1" || ops[1] != "block credential c1" || last.Findings != 2 {
		t.Errorf("%v; %s", ops, last.Summary)
	}
	v := risk.Verdict{Tenant: "default", Finding: "f2", Rule: "TOK-01", Principal: "sub:a", Verdict: risk.False, Person: "ann", At: time.Now()}
	b, err := risk.EncodeVerdict(&v)
	check(t, err)
	check(t, cl.ProduceSync(ctx, &kgo.Record{Topic: schemas.TopicVerdicts, Key: v.Key(), Value: b}).FirstErr())
	until("the verdict counts", func() bool { return last.Level == risk.Challenge && last.Risk < 73 })
}
