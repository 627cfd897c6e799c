package console

import (
	"context"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// findingRow is a finding in a list.
type findingRow struct {
	ID, Detector, Rule, Title, Severity string
	Confidence                          float64
	Count                               uint64
	Time, FirstSeen, LastSeen           time.Time
	Principal, Endpoint, EndpointID     string
	Addresses                           []string
	Summary                             string
}

const findingColumns = `id, detector, rule, title, severity, confidence, count, ts, first_seen, last_seen, principal, endpoint, endpoint_id, addresses, summary`

func scanFinding(r driver.Rows, f *findingRow) error {
	return r.Scan(&f.ID, &f.Detector, &f.Rule, &f.Title, &f.Severity, &f.Confidence, &f.Count, &f.Time, &f.FirstSeen, &f.LastSeen,
		&f.Principal, &f.Endpoint, &f.EndpointID, &f.Addresses, &f.Summary)
}

// findingConditions let everything through that is left empty. Text is looked for
// as it stands: % and _ mean themselves.
const findingConditions = `
tenant = {tenant:String}
AND ts >= {from:DateTime64(6, 'UTC')} AND ts <= {to:DateTime64(6, 'UTC')}
AND ({severity:String} = '' OR has(splitByChar(',', {severity:String}), severity))
AND ({detector:String} = '' OR detector = {detector:String})
AND ({rule:String} = '' OR rule = {rule:String})
AND ({principal:String} = '' OR principal = {principal:String} OR has(addresses, {principal:String}))
AND ` + ofEndpoint + `
AND ({text:String} = '' OR positionCaseInsensitiveUTF8(concatWithSeparator('\n', summary, title, rule, endpoint, principal, service, arrayStringConcat(addresses, ' '), id), {text:String}) > 0)`

func (s *store) findingArgs(f findingFilter) []arg {
	from, to := f.bounds(s.now())
	return []arg{
		stamp("from", from), stamp("to", to), named("severity", strings.Join(f.Severity, ",")), named("detector", f.Detector),
		named("rule", f.Rule), named("principal", f.Principal), named("endpoint", f.Endpoint), named("text", f.Text),
	}
}

// findings is one page of what f lets through, the newest first, of size rows.
func (s *store) findings(ctx context.Context, f findingFilter, size int) ([]findingRow, error) {
	var out []findingRow
	err := s.query(ctx, "findings", `SELECT `+findingColumns+` FROM v_findings WHERE `+findingConditions+`
ORDER BY ts DESC, id LIMIT {size:UInt32} OFFSET {skip:UInt32}`, func(r driver.Rows) error {
		var v findingRow
		err := scanFinding(r, &v)
		out = append(out, v)
		return err
	}, append(s.findingArgs(f), named("size", size), named("skip", size*(max(f.Page, 1)-1)))...)
	return out, err
}

// findingSums are of everything that a filter lets through, not of one page.
type findingSums struct {
	All        uint64
	BySeverity map[string]uint64
}

func (s *store) findingSums(ctx context.Context, f findingFilter) (findingSums, error) {
	out := findingSums{BySeverity: map[string]uint64{}}
	err := s.query(ctx, "finding sums", `SELECT severity, count() FROM v_findings WHERE `+findingConditions+`
GROUP BY severity LIMIT 100`, func(r driver.Rows) error {
		var severity string
		var n uint64
		err := r.Scan(&severity, &n)
		out.BySeverity[severity] += n
		out.All += n
		return err
	}, s.findingArgs(f)...)
	return out, err
}

// choices are what the filter offers.
type choices struct{ Rules, Detectors []string }

func (s *store) findingChoices(ctx context.Context) (choices, error) {
	var c choices
	err := s.query(ctx, "finding choices", `
SELECT arraySort(groupUniqArray(500)(rule)), arraySort(groupUniqArray(50)(detector))
FROM v_findings WHERE tenant = {tenant:String}`, func(r driver.Rows) error {
		return r.Scan(&c.Rules, &c.Detectors)
	})
	return c, err
}
