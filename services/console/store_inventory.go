package console

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/pkg/catalog"
)

// endpointRow is an endpoint in a list.
type endpointRow struct {
	ID, Host, Method, Template, Protocol, Source string
	TrailingSlash                                bool
	Hits                                         uint64
	Status                                       map[string]uint64 // by class, as "2xx"
	Auth, Exposure                               []catalog.Tally   // of what was answered 2xx, where the record tells
	FirstSeen, LastSeen                          time.Time
	Sensitive                                    uint64 // confirmed sensitive fields
	Callers                                      uint64
	Risk, Likelihood, Impact                     uint64
}

// Label is "METHOD host/template".
func (e *endpointRow) Label() string { return e.Method + " " + e.Host + e.Path() }

// Path is the template as its clients spell it.
func (e *endpointRow) Path() string {
	return (&catalog.Endpoint{Template: e.Template, TrailingSlash: e.TrailingSlash}).Path()
}

// Band of the risk.
func (e *endpointRow) Band() string { return riskBand(int(e.Risk)) }

// inventoryRows is every endpoint that the text lets through, with the values it
// has of each facet, in the order of facets(), and whether each facet is content
// with them. Fields count for what their endpoint was merged into, each once.
const inventoryRows = `(
SELECT e.id AS id, e.host AS host, e.method AS method, e.template AS template, e.trailing_slash AS trailing_slash, e.protocol AS protocol, e.source AS source,
    e.hits AS hits, e.first_seen AS first_seen, e.last_seen AS last_seen, e.callers AS callers, e.risk AS risk, e.likelihood AS likelihood, e.impact AS impact,
    e.statuses.name AS status_names, e.statuses.count AS status_counts, e.exposure.name AS exposure_names, e.exposure.count AS exposure_counts,
    if(empty(e.auth_served.name), e.auth.name, e.auth_served.name) AS auth_names, if(empty(e.auth_served.name), e.auth.count, e.auth_served.count) AS auth_counts,
    f.n AS sensitive,
    [
        [multiIf(e.risk >= {high:UInt64}, 'high', e.risk >= {medium:UInt64}, 'medium', 'low')],
        CAST(exposure_names, 'Array(String)'),
        CAST(auth_names, 'Array(String)'),
        if(sensitive > 0, ['yes'], []),
        arrayFilter(d -> e.first_seen >= {now:DateTime64(6, 'UTC')} - toIntervalDay(toUInt16(d)), {new:Array(String)}),
        arrayFilter(d -> e.last_seen < {now:DateTime64(6, 'UTC')} - toIntervalDay(toUInt16(d)), {unseen:Array(String)}),
        [toString(e.method)],
        [toString(e.protocol)],
        [toString(e.host)]
    ] AS has_values,
    arrayMap((v, p) -> empty(p) OR hasAny(v, p), has_values, {picked:Array(Array(String))}) AS passes
FROM (
    SELECT * FROM v_endpoints
    WHERE tenant = {tenant:String}
    AND arrayAll(w -> positionCaseInsensitiveUTF8(concat(method, ' ', host, template, if(trailing_slash, '/', '')), w) > 0, splitByWhitespace({text:String}))
) AS e
LEFT JOIN (
    SELECT if(a.endpoint_id != '', a.endpoint_id, f.endpoint_id) AS part_of, uniqExact(f.direction, f.location, f.path, f.type) AS n
    FROM (SELECT endpoint_id, direction, location, path, type FROM v_fields WHERE tenant = {tenant:String} AND confirmed) AS f
    LEFT JOIN (SELECT alias_id, endpoint_id FROM v_endpoint_aliases WHERE tenant = {tenant:String}) AS a ON f.endpoint_id = a.alias_id
    GROUP BY part_of
) AS f ON e.id = f.part_of
)`

func (s *store) inventoryArgs(f inventory) []arg {
	kinds := facets()
	picked := make([][]string, len(kinds))
	for i := range picked {
		picked[i] = []string{} // nil would be NULL
		if i < len(f.Picked) {
			picked[i] = append(picked[i], f.Picked[i]...)
		}
	}
	return []arg{
		named("text", f.Text), named("picked", picked), stamp("now", s.now()), named("high", highRisk), named("medium", mediumRisk),
		named("new", kinds[facetIndex("new")].names()), named("unseen", kinds[facetIndex("unseen")].names()),
	}
}

// endpoints is one page of what f lets through, of size rows.
func (s *store) endpoints(ctx context.Context, f inventory, size int) ([]endpointRow, error) {
	var out []endpointRow
	err := s.query(ctx, "endpoints", `
SELECT id, host, method, template, trailing_slash, protocol, source, hits, first_seen, last_seen, callers, risk, likelihood, impact, sensitive,
    status_names, status_counts, exposure_names, exposure_counts, auth_names, auth_counts
FROM `+inventoryRows+` WHERE arrayAll(p -> p, passes)
ORDER BY `+f.order()+` LIMIT {size:UInt32} OFFSET {skip:UInt32}`, func(r driver.Rows) error {
		var v endpointRow
		var statusNames, exposureNames, authNames []string
		var statusCounts, exposureCounts, authCounts []uint64
		err := r.Scan(&v.ID, &v.Host, &v.Method, &v.Template, &v.TrailingSlash, &v.Protocol, &v.Source, &v.Hits, &v.FirstSeen, &v.LastSeen, &v.Callers, &v.Risk, &v.Likelihood, &v.Impact, &v.Sensitive,
			&statusNames, &statusCounts, &exposureNames, &exposureCounts, &authNames, &authCounts)
		v.Status = map[string]uint64{}
		for i, n := range statusNames {
			v.Status[n] = statusCounts[i]
		}
		v.Exposure, v.Auth = tallies(exposureNames, exposureCounts), tallies(authNames, authCounts)
		out = append(out, v)
		return err
	}, append(s.inventoryArgs(f), named("size", size), named("skip", size*(max(f.Page, 1)-1)))...)
	return out, err
}

func tallies(names []string, counts []uint64) []catalog.Tally {
	var out []catalog.Tally
	for i, n := range names {
		out = append(out, catalog.Tally{Name: n, Count: counts[i]})
	}
	return out
}

// facetCount is how many endpoints have a value of a facet.
type facetCount struct {
	Value string
	Count uint64
}

// maxChoices bounds the values of one facet that are counted; a text finds the
// hosts beyond.
const maxChoices = 100

// facetCounts are the counts by facet, in the order of facets(), the most frequent
// first, and how many endpoints f lets through. A facet counts what all others let
// through: so its own values stay to choose from.
func (s *store) facetCounts(ctx context.Context, f inventory) (counts [][]facetCount, all uint64, err error) {
	counts = make([][]facetCount, len(facets()))
	err = s.query(ctx, "endpoint facets", `
SELECT t.1 AS facet, t.2 AS value, count() AS n FROM (
    SELECT arrayJoin(arrayConcat(
        if(misses = 0, [(toUInt32(0), '')], []),
        arrayFlatten(arrayMap((i, v, ok) -> if(misses = toUInt32(NOT ok), arrayMap(x -> (i, x), arrayFilter(x -> x != '', v)), []), arrayEnumerate(has_values), has_values, passes))
    )) AS t
    FROM (SELECT has_values, passes, toUInt32(arrayCount(p -> NOT p, passes)) AS misses FROM `+inventoryRows+`)
)
GROUP BY facet, value ORDER BY facet, n DESC, value LIMIT {most:UInt32} BY facet`, func(r driver.Rows) error {
		var facet uint32
		var c facetCount
		err := r.Scan(&facet, &c.Value, &c.Count)
		if facet == 0 {
			all = c.Count
		} else if int(facet) <= len(counts) {
			counts[facet-1] = append(counts[facet-1], c)
		}
		return err
	}, append(s.inventoryArgs(f), named("most", maxChoices))...)
	return counts, all, err
}
