package chsink

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/segmentio/encoding/json"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Endpoints is the sink of mirador.catalog into the table endpoints. One
// goroutine at a time.
type Endpoints struct {
	*table
	tenant                         *dictionary
	id                             *proto.ColStr
	deleted                        *proto.ColBool
	host, method, protocol, origin *dictionary
	template                       *proto.ColStr
	trailingSlash                  *proto.ColBool
	version                        *proto.ColInt64
	supersedes                     *texts
	first, last                    *moments
	hits                           *proto.ColUInt64
	statuses, auth                 tallies
	paramPlaces                    *words
	paramNames, paramTypes         *texts
	paramCounts                    *array[*proto.ColUInt64]
	services                       *words
	authServed, exposure           tallies
	callers, peak                  *proto.ColUInt64
	perMinute                      *proto.ColFloat64
	latency                        [3]*proto.ColFloat64
	response                       *proto.ColFloat64
	dataClasses                    *words
	risk, likelihood, impact       *proto.ColUInt64
	record                         *proto.ColStr
}

// NewEndpoints makes the sink. metrics may be nil.
func NewEndpoints(cfg Config, metrics *Metrics) (*Endpoints, error) {
	t, err := newTable("endpoints", cfg, metrics)
	if err != nil {
		return nil, err
	}
	return &Endpoints{
		table: t, tenant: t.dictionary("tenant"), id: t.text("id"), deleted: t.flag("deleted"), host: t.dictionary("host"),
		method: t.dictionary("method"), template: t.text("template"), trailingSlash: t.flag("trailing_slash"), protocol: t.dictionary("protocol"),
		origin: t.dictionary("source"), version: t.signed("version"), supersedes: t.texts("supersedes"),
		first: t.moments("first_seen"), last: t.moments("last_seen"), hits: t.unsigned("hits"),
		statuses: t.tallies("statuses"), auth: t.tallies("auth"),
		paramPlaces: t.words("params.place"), paramNames: t.texts("params.name"), paramTypes: t.texts("params.types"),
		paramCounts: with(t, "params.count", newArray(new(proto.ColUInt64))),
		services:    t.words("services"),
		authServed:  t.tallies("auth_served"), exposure: t.tallies("exposure"), callers: t.unsigned("callers"),
		perMinute: t.float("per_minute"), peak: t.unsigned("peak"),
		latency:  [3]*proto.ColFloat64{t.float("latency_p50_ms"), t.float("latency_p95_ms"), t.float("latency_p99_ms")},
		response: t.float("response_p95_bytes"), dataClasses: t.words("data_classes"),
		risk: t.unsigned("risk"), likelihood: t.unsigned("likelihood"), impact: t.unsigned("impact"),
		record: t.text("record"),
	}, nil
}

// Append adds the row of r: an endpoint, or, where r has no value, its removal.
// An error means that r is neither; the batch is then as before. Nothing of r is
// kept.
func (s *Endpoints) Append(r *kgo.Record, topicID [16]byte) error {
	var e catalog.Endpoint
	if err := latest(r, &e, &e.Tenant, &e.ID); err != nil {
		return s.poison(r, err)
	}
	s.source.append(r, topicID)
	s.tenant.appendString(e.Tenant)
	s.id.Append(e.ID)
	s.deleted.Append(r.Value == nil)
	s.host.appendString(e.Host)
	s.method.appendString(e.Method)
	s.template.Append(e.Template)
	s.trailingSlash.Append(e.TrailingSlash)
	s.protocol.appendString(e.Protocol)
	s.origin.appendString(e.Source)
	s.version.Append(e.Version)
	appendTexts(s.supersedes, e.Supersedes)
	s.first.append(e.FirstSeen)
	s.last.append(e.LastSeen)
	s.hits.Append(e.Hits)
	s.statuses.append(e.Statuses)
	s.auth.append(e.Auth)
	for i := range e.Params {
		p := &e.Params[i]
		s.paramPlaces.data.appendString(p.In)
		s.paramNames.data.Append(p.Name)
		s.paramTypes.data.Append(typeNames(p.Types))
		s.paramCounts.data.Append(p.Count)
	}
	s.paramPlaces.end()
	s.paramNames.end()
	s.paramTypes.end()
	s.paramCounts.end()
	appendWords(s.services, e.Services)
	s.observed(&e)
	s.record.AppendBytes(r.Value)
	s.added(2*len(r.Value) + len(r.Key))
	return nil
}

// observed fills the columns of who asks, how often and what it takes.
func (s *Endpoints) observed(e *catalog.Endpoint) {
	s.authServed.append(e.AuthServed)
	s.exposure.append(e.Exposure)
	s.callers.Append(e.Callers)
	s.perMinute.Append(e.Rate.PerMinute)
	s.peak.Append(e.Rate.Peak)
	s.latency[0].Append(e.Measures.Latency.P50)
	s.latency[1].Append(e.Measures.Latency.P95)
	s.latency[2].Append(e.Measures.Latency.P99)
	s.response.Append(e.Measures.Response.P95)
	appendWords(s.dataClasses, e.DataClasses)
	s.risk.Append(uint64(max(e.Risk.Score, 0)))
	s.likelihood.Append(uint64(max(e.Risk.Likelihood, 0)))
	s.impact.Append(uint64(max(e.Risk.Impact, 0)))
}

// typeNames lists the names, the most frequent first.
func typeNames(types []catalog.Tally) string {
	sorted := slices.Clone(types)
	slices.SortStableFunc(sorted, func(a, b catalog.Tally) int {
		switch {
		case a.Count > b.Count:
			return -1
		case a.Count < b.Count:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	names := make([]string, len(sorted))
	for i := range sorted {
		names[i] = sorted[i].Name
	}
	return strings.Join(names, ", ")
}

// tallies are a Nested column of names and counts.
type tallies struct {
	names  *words
	counts *array[*proto.ColUInt64]
}

func (t *table) tallies(name string) tallies {
	return tallies{names: t.words(name + ".name"), counts: with(t, name+".count", newArray(new(proto.ColUInt64)))}
}

func (c *tallies) append(list []catalog.Tally) {
	for _, v := range list {
		c.names.data.appendString(v.Name)
		c.counts.data.Append(v.Count)
	}
	c.names.end()
	c.counts.end()
}

var errIncomplete = errors.New("tenant and id are required")

// latest reads a record of a compacted topic with the key tenant|id into v, whose
// tenant and id are given. A tombstone leaves all but these empty.
func latest(r *kgo.Record, v any, tenant, id *string) error {
	if r.Value == nil {
		var ok bool
		if *tenant, *id, ok = catalog.SplitKey(r.Key); !ok {
			return errNoKey
		}
	} else if err := json.Unmarshal(r.Value, v); err != nil {
		return fmt.Errorf("malformed record: %w", err)
	}
	if *tenant == "" || *id == "" {
		return errIncomplete
	}
	return nil
}
