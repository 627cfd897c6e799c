package console

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/pkg/risk"
)

// principalRow is a principal with the risk of this moment.
type principalRow struct {
	risk.Principal
	Now float64 // risk
}

// leastRisk is what a principal must have left to be listed.
const leastRisk = 1

// principals are those of the highest risk now, size of them behind skip.
func (s *store) principals(ctx context.Context, size, skip int) (out []principalRow, all uint64, err error) {
	now := s.now()
	err = s.query(ctx, "principals", `SELECT record, count() OVER () FROM v_principals
WHERE tenant = {tenant:String} AND risk_now >= {least:Float64} ORDER BY risk_now DESC, id LIMIT {size:UInt32} OFFSET {skip:UInt32}`, func(r driver.Rows) error {
		var record string
		if err := r.Scan(&record, &all); err != nil {
			return err
		}
		p, err := risk.DecodePrincipal([]byte(record))
		out = append(out, principalRow{p, p.RiskAt(now)})
		return err
	}, named("least", float64(leastRisk)), named("size", size), named("skip", skip))
	return out, all, err
}

func (s *store) principal(ctx context.Context, id string) (*principalRow, error) {
	var out *principalRow
	err := s.query(ctx, "principal", `SELECT record FROM v_principals WHERE tenant = {tenant:String} AND id = {id:String} LIMIT 1`, func(r driver.Rows) error {
		var record string
		if err := r.Scan(&record); err != nil {
			return err
		}
		p, err := risk.DecodePrincipal([]byte(record))
		out = &principalRow{p, p.RiskAt(s.now())}
		return err
	}, named("id", id))
	return out, err
}

// verdict is what was said of a finding; nil is nothing.
func (s *store) verdict(ctx context.Context, finding string) (*risk.Verdict, error) {
	var out *risk.Verdict
	err := s.query(ctx, "verdict", `SELECT detector, rule, principal, verdict, person, ts, note FROM v_verdicts
WHERE tenant = {tenant:String} AND id = {id:String} LIMIT 1`, func(r driver.Rows) error {
		v := risk.Verdict{Tenant: s.tenant, Finding: finding}
		var answer string
		err := r.Scan(&v.Detector, &v.Rule, &v.Principal, &answer, &v.Person, &v.At, &v.Note)
		v.Verdict = risk.Answer(answer)
		out = &v
		return err
	}, named("id", finding))
	return out, err
}

// ruleRow is how right a rule was, by what people said.
type ruleRow struct {
	Detector, Rule, Title string
	Findings, Unknown     uint64
	Confidence            float64 // mean of its findings
	Said                  risk.Tally
	Precision, Low, High  float64 // after the verdicts, and where nine tenths of the belief lie
}

// Answered is how many verdicts say something.
func (r *ruleRow) Answered() uint64 { return r.Said.True + r.Said.Benign + r.Said.False }

// rules are all that have findings, those that were answered most first.
func (s *store) rules(ctx context.Context, prior risk.Prior) ([]ruleRow, error) {
	var out []ruleRow
	err := s.query(ctx, "precision", `SELECT detector, rule, title, findings, confidence, said_true, said_benign, said_false, said_unknown
FROM v_rule_verdicts WHERE tenant = {tenant:String}
ORDER BY said_true + said_benign + said_false DESC, findings DESC, rule LIMIT 1000`, func(r driver.Rows) error {
		var v ruleRow
		err := r.Scan(&v.Detector, &v.Rule, &v.Title, &v.Findings, &v.Confidence, &v.Said.True, &v.Said.Benign, &v.Said.False, &v.Unknown)
		belief := prior.Posterior(v.Confidence, v.Said)
		v.Precision = belief.Mean()
		v.Low, v.High = belief.Interval(0.9)
		out = append(out, v)
		return err
	})
	return out, err
}
