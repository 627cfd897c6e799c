package console

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// fieldRow is a sensitive field.
type fieldRow struct {
	ID, EndpointID, Endpoint, Direction, Location, Path, Type string
	Confidence                                                float64
	Confirmed                                                 bool
	Seen, Matched, Distinct                                   uint64
	Masked                                                    []string
	FirstSeen, LastSeen                                       time.Time
}

// ofEndpoint is true of what is about the endpoint of the parameter, or about one
// that was merged into it.
const ofEndpoint = `({endpoint:String} = '' OR endpoint_id = {endpoint:String} OR endpoint_id IN (
    SELECT alias_id FROM v_endpoint_aliases WHERE {endpoint:String} != '' AND tenant = {tenant:String} AND endpoint_id = {endpoint:String}))`

const fieldConditions = `
tenant = {tenant:String}
AND ({id:String} = '' OR id = {id:String})
AND ({kind:String} = '' OR type = {kind:String})
AND ({place:String} = '' OR direction = {place:String})
AND ` + ofEndpoint + `
AND ({all:Bool} OR confirmed)
AND ({text:String} = '' OR positionCaseInsensitiveUTF8(concatWithSeparator(' ', type, endpoint, location, path), {text:String}) > 0)`

func listArgs(f listFilter) []arg {
	return []arg{named("id", f.ID), named("kind", f.Kind), named("place", f.Place), named("text", f.Text)}
}

// fields is a page of sensitive fields, the surest first; of one endpoint if
// endpoint is not empty.
func (s *store) fields(ctx context.Context, f listFilter, endpoint string, size int) ([]fieldRow, error) {
	var out []fieldRow
	err := s.query(ctx, "fields", `
SELECT id, endpoint_id, endpoint, direction, location, path, type, confidence, confirmed, seen, matched, distinct_values, masked, first_seen, last_seen
FROM v_fields WHERE `+fieldConditions+`
ORDER BY confirmed DESC, matched DESC, endpoint, path, type LIMIT {size:UInt32} OFFSET {skip:UInt32}`, func(r driver.Rows) error {
		var v fieldRow
		err := r.Scan(&v.ID, &v.EndpointID, &v.Endpoint, &v.Direction, &v.Location, &v.Path, &v.Type, &v.Confidence, &v.Confirmed, &v.Seen, &v.Matched,
			&v.Distinct, &v.Masked, &v.FirstSeen, &v.LastSeen)
		out = append(out, v)
		return err
	}, append(listArgs(f), named("endpoint", endpoint), named("all", f.All), named("size", size), named("skip", size*(max(f.Page, 1)-1)))...)
	return out, err
}

// fieldChoices are all types, and how many fields f lets through.
func (s *store) fieldChoices(ctx context.Context, f listFilter) (types []string, n uint64, err error) {
	err = s.query(ctx, "field choices", `
SELECT arraySort(groupUniqArray(200)(type)), (SELECT count() FROM v_fields WHERE `+fieldConditions+`)
FROM v_fields WHERE tenant = {tenant:String}`, func(r driver.Rows) error {
		return r.Scan(&types, &n)
	}, append(listArgs(f), named("endpoint", ""), named("all", f.All))...)
	return types, n, err
}
