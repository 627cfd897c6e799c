package console

import (
	"context"
	"errors"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
)

// errNotFound says that there is no such row for the tenant.
var errNotFound = errors.New("not found")

// findingFull is all of one finding.
type findingFull struct {
	findingRow
	Credential, Session, KeyID, Service, JA4 string
	Events                                   []string
	Evidence                                 []evidence
	Features                                 []feature
	Counterfactual, Held, Remediation        string
	OWASP, CWE, Attack                       []string
	DetectorVersion, RulesVersion, Catalog   string
	Received                                 time.Time
}

type evidence struct{ Location, Path, Masked, Note string }

// feature is a number the decision was made from, beside what is normal.
type feature struct {
	Name            string
	Value, Baseline float64
	Seen, Usual     bool // whether there is a Value, a Baseline
}

func (s *store) finding(ctx context.Context, id string) (*findingFull, error) {
	var f *findingFull
	err := s.query(ctx, "finding", `SELECT `+findingColumns+`,
    credential, session, key_id, service, ja4, events,
    evidence.location, evidence.path, evidence.masked, evidence.note,
    features.name, features.value, baseline.name, baseline.value,
    counterfactual, JSONExtractString(record, 'held'), remediation, owasp, cwe, attack, detector_version, rules_version, catalog_version, received
FROM v_findings WHERE tenant = {tenant:String} AND id = {id:String} LIMIT 1`, func(r driver.Rows) error {
		f = &findingFull{}
		var location, path, masked, note, featureNames, baselineNames []string
		var featureValues, baselineValues []float64
		v := &f.findingRow
		err := r.Scan(&v.ID, &v.Detector, &v.Rule, &v.Title, &v.Severity, &v.Confidence, &v.Count, &v.Time, &v.FirstSeen, &v.LastSeen,
			&v.Principal, &v.Endpoint, &v.EndpointID, &v.Addresses, &v.Summary,
			&f.Credential, &f.Session, &f.KeyID, &f.Service, &f.JA4, &f.Events, &location, &path, &masked, &note,
			&featureNames, &featureValues, &baselineNames, &baselineValues, &f.Counterfactual, &f.Held, &f.Remediation,
			&f.OWASP, &f.CWE, &f.Attack, &f.DetectorVersion, &f.RulesVersion, &f.Catalog, &f.Received)
		for i := range location {
			f.Evidence = append(f.Evidence, evidence{location[i], path[i], masked[i], note[i]})
		}
		f.Features = features(featureNames, featureValues, baselineNames, baselineValues)
		return err
	}, named("id", id))
	if err == nil && f == nil {
		err = errNotFound
	}
	return f, err
}

// features joins both lists by name, in the order of the first, then of the second.
func features(names []string, values []float64, baseNames []string, baseValues []float64) []feature {
	var out []feature
	index := map[string]int{}
	for i, n := range names {
		index[n] = len(out)
		out = append(out, feature{Name: n, Value: values[i], Seen: true})
	}
	for i, n := range baseNames {
		j, ok := index[n]
		if !ok {
			j = len(out)
			out = append(out, feature{Name: n})
		}
		out[j].Baseline, out[j].Usual = baseValues[i], true
	}
	return out
}

// eventRow is a transaction in a list.
type eventRow struct {
	ID                                string
	Time                              time.Time
	Method, Host, Path, Endpoint      string
	EndpointID, Principal, Address    string
	Sensor, IdentityScheme, UserAgent string
	Status                            uint16
	Duration                          time.Duration
	RequestBytes, ResponseBytes       uint64
	Flags                             uint32
}

const eventColumns = `toString(event_id), ts, method, host, path, endpoint, endpoint_id, principal, client_address, sensor, identity_scheme, user_agent, status, duration_us, request_bytes, response_bytes, flags`

func eventTargets(v *eventRow, us *uint64) []any {
	return []any{&v.ID, &v.Time, &v.Method, &v.Host, &v.Path, &v.Endpoint, &v.EndpointID, &v.Principal, &v.Address, &v.Sensor, &v.IdentityScheme,
		&v.UserAgent, &v.Status, us, &v.RequestBytes, &v.ResponseBytes, &v.Flags}
}

// supporting are the events of ids that the audit log holds. Ids that are no UUID
// are of a file and never there.
func (s *store) supporting(ctx context.Context, ids []string) ([]eventRow, error) {
	known := uuids(ids)
	if len(known) == 0 {
		return nil, nil
	}
	var out []eventRow
	err := s.query(ctx, "supporting events", `SELECT `+eventColumns+`
FROM v_events WHERE tenant = {tenant:String} AND event_id IN {ids:Array(UUID)} ORDER BY ts, event_id LIMIT 100`, func(r driver.Rows) error {
		var v eventRow
		var us uint64
		err := r.Scan(eventTargets(&v, &us)...)
		v.Duration = time.Duration(us) * time.Microsecond
		out = append(out, v)
		return err
	}, named("ids", known))
	return out, err
}

func uuids(ids []string) []string {
	var out []string
	for _, id := range ids {
		if u, err := uuid.Parse(id); err == nil {
			out = append(out, u.String())
		}
	}
	return out
}

// related are the newest other findings of the same principal.
func (s *store) related(ctx context.Context, f *findingFull) ([]findingRow, error) {
	if f.Principal == "" || f.Principal == "none" {
		return nil, nil
	}
	var out []findingRow
	err := s.query(ctx, "related findings", `SELECT `+findingColumns+`
FROM v_findings WHERE tenant = {tenant:String} AND principal = {principal:String} AND id != {id:String}
ORDER BY ts DESC, id LIMIT 10`, func(r driver.Rows) error {
		var v findingRow
		err := scanFinding(r, &v)
		out = append(out, v)
		return err
	}, named("principal", f.Principal), named("id", f.ID))
	return out, err
}
