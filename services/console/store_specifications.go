package console

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/services/discovery/spec"
)

// differenceRow is a difference between a specification and what was observed.
type differenceRow struct {
	ID, Kind, Severity, Summary string
	Endpoint, EndpointID        string
	Aspect, Name                string
	Pointer, Place              string
	Count                       uint64
	Said                        time.Time
}

// Line of the document, 0 where the difference is about what it does not hold.
func (d differenceRow) Line() int {
	i := strings.LastIndexByte(d.Place, ':')
	n, err := strconv.Atoi(d.Place[i+1:])
	if i < 0 || err != nil {
		return 0
	}
	return n
}

// ofDocument are findings of INV-01 and DATA-10 that were held against a version of a document,
// and said or said again lately: what was mended is not said any more.
const ofDocument = `tenant = {tenant:String} AND rule IN ('INV-01', 'DATA-10') AND has({digests:Array(String)}, catalog_version) AND received >= {since:DateTime64(6, 'UTC')}`

// differenceKind is the first word of the title, in lower case.
const differenceKind = `lower(extract(title, '^[A-Za-z]+'))`

// kinds are counts by kind.
type kinds map[string]uint64

// All of them.
func (k kinds) All() uint64 {
	var n uint64
	for _, v := range k {
		n += v
	}
	return n
}

// Names of the kinds, in the order of the page.
func (k kinds) Names() []string {
	return []string{string(spec.Shadow), string(spec.Zombie), string(spec.Orphan), string(spec.Drift), string(spec.Leak)}
}

// differenceSums are the counts of each digest.
func (s *store) differenceSums(ctx context.Context, digests []string, since time.Time) (map[string]kinds, error) {
	out := map[string]kinds{}
	err := s.query(ctx, "difference sums", `SELECT catalog_version, `+differenceKind+` AS kind, count() FROM v_findings WHERE `+ofDocument+`
GROUP BY catalog_version, kind`, func(r driver.Rows) error {
		var digest, kind string
		var n uint64
		err := r.Scan(&digest, &kind, &n)
		if out[digest] == nil {
			out[digest] = kinds{}
		}
		out[digest][kind] += n
		return err
	}, named("digests", digests), stamp("since", since))
	return out, err
}

// differences are those of one document, the worst first, up to size.
func (s *store) differences(ctx context.Context, digest, kind string, since time.Time, size int) ([]differenceRow, error) {
	var out []differenceRow
	err := s.query(ctx, "differences", `SELECT id, `+differenceKind+` AS kind, severity, summary, endpoint, endpoint_id, evidence.note[2], evidence.path[2],
    evidence.path[1], evidence.note[1], count, received
FROM v_findings WHERE `+ofDocument+` AND ({kind:String} = '' OR kind = {kind:String})
ORDER BY indexOf(['critical', 'high', 'medium', 'low', 'info'], severity), kind, endpoint, evidence.path[2], id LIMIT {size:UInt32}`, func(r driver.Rows) error {
		var d differenceRow
		err := r.Scan(&d.ID, &d.Kind, &d.Severity, &d.Summary, &d.Endpoint, &d.EndpointID, &d.Aspect, &d.Name, &d.Pointer, &d.Place, &d.Count, &d.Said)
		out = append(out, d)
		return err
	}, named("digests", []string{digest}), stamp("since", since), named("kind", kind), named("size", size))
	return out, err
}
