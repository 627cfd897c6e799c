package chsink

import (
	"github.com/ClickHouse/ch-go/proto"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Findings is the sink of mirador.findings into the table findings. One goroutine
// at a time.
type Findings struct {
	*table
	c findingColumns
}

type findingColumns struct {
	tenant                                        *dictionary
	id                                            *proto.ColStr
	detector, rule, title, severity               *dictionary
	confidence                                    *proto.ColFloat64
	count                                         *proto.ColUInt64
	ts, first, last                               *moments
	principal, credential, session                *proto.ColStr
	addresses, events                             *texts
	keyID, endpoint, endpointID, service, ja4     *dictionary
	evidenceLocation                              *words
	evidencePath, evidenceMasked, evidenceNote    *texts
	features, baseline                            numbers
	summary, counterfactual, record               *proto.ColStr
	owasp, cwe, attack                            *words
	remediation                                   *dictionary
	detectorVersion, rulesVersion, catalogVersion *dictionary
}

// NewFindings makes the sink. metrics may be nil.
func NewFindings(cfg Config, metrics *Metrics) (*Findings, error) {
	t, err := newTable("findings", cfg, metrics)
	if err != nil {
		return nil, err
	}
	return &Findings{table: t, c: findingColumns{
		tenant: t.dictionary("tenant"), id: t.text("id"), detector: t.dictionary("detector"), rule: t.dictionary("rule"),
		title: t.dictionary("title"), severity: t.dictionary("severity"), confidence: t.float("confidence"),
		count: t.unsigned("count"), ts: t.moments("ts"), first: t.moments("first_seen"), last: t.moments("last_seen"),
		principal: t.text("principal"), addresses: t.texts("addresses"), credential: t.text("credential"),
		session: t.text("session"), keyID: t.dictionary("key_id"), endpoint: t.dictionary("endpoint"),
		endpointID: t.dictionary("endpoint_id"), service: t.dictionary("service"), ja4: t.dictionary("ja4"),
		events: t.texts("events"), evidenceLocation: t.words("evidence.location"), evidencePath: t.texts("evidence.path"),
		evidenceMasked: t.texts("evidence.masked"), evidenceNote: t.texts("evidence.note"),
		features: t.numbers("features"), baseline: t.numbers("baseline"),
		summary: t.text("summary"), counterfactual: t.text("counterfactual"),
		owasp: t.words("owasp"), cwe: t.words("cwe"), attack: t.words("attack"), remediation: t.dictionary("remediation"),
		detectorVersion: t.dictionary("detector_version"), rulesVersion: t.dictionary("rules_version"),
		catalogVersion: t.dictionary("catalog_version"), record: t.text("record"),
	}}, nil
}

// Append adds the row of r. An error means that r is no finding; the batch is
// then as before. Nothing of r is kept.
func (s *Findings) Append(r *kgo.Record, topicID [16]byte) error {
	f, err := finding.Decode(r.Value)
	if err != nil {
		return s.poison(r, err)
	}
	s.source.append(r, topicID)
	c := &s.c
	c.tenant.appendString(f.Tenant)
	c.id.Append(f.ID)
	c.detector.appendString(f.Detector)
	c.rule.appendString(f.Rule)
	c.title.appendString(f.Title)
	c.severity.appendString(string(f.Severity))
	c.confidence.Append(f.Confidence)
	c.count.Append(f.Count)
	c.ts.append(f.Time)
	c.first.append(f.FirstSeen)
	c.last.append(f.LastSeen)
	c.appendSubject(&f.Subject)
	appendTexts(c.events, f.Events)
	for i := range f.Evidence {
		e := &f.Evidence[i]
		c.evidenceLocation.data.appendString(e.Location)
		c.evidencePath.data.Append(e.Path)
		c.evidenceMasked.data.Append(e.Masked)
		c.evidenceNote.data.Append(e.Note)
	}
	c.evidenceLocation.end()
	c.evidencePath.end()
	c.evidenceMasked.end()
	c.evidenceNote.end()
	c.features.append(f.Features)
	c.baseline.append(f.Baseline)
	c.summary.Append(f.Summary)
	c.counterfactual.Append(f.Counterfactual)
	appendWords(c.owasp, f.OWASP)
	appendWords(c.cwe, f.CWE)
	appendWords(c.attack, f.ATTACK)
	c.remediation.appendString(f.Remediation)
	c.detectorVersion.appendString(f.Versions.Detector)
	c.rulesVersion.appendString(f.Versions.Rules)
	c.catalogVersion.appendString(f.Versions.Catalog)
	c.record.AppendBytes(r.Value)
	s.added(2 * len(r.Value)) // as columns and as it is
	return nil
}

func (c *findingColumns) appendSubject(s *finding.Subject) {
	c.principal.Append(s.Principal)
	appendTexts(c.addresses, s.Addresses)
	c.credential.Append(s.Credential)
	c.session.Append(s.Session)
	c.keyID.appendString(s.KeyID)
	c.endpoint.appendString(s.Endpoint)
	c.endpointID.appendString(s.EndpointID)
	c.service.appendString(s.Service)
	c.ja4.appendString(s.JA4)
}

// numbers are a Nested column of names and values.
type numbers struct {
	names  *words
	values *array[*proto.ColFloat64]
}

func (t *table) numbers(name string) numbers {
	return numbers{names: t.words(name + ".name"), values: with(t, name+".value", newArray(new(proto.ColFloat64)))}
}

func (n *numbers) append(list []finding.Number) {
	for _, v := range list {
		n.names.data.appendString(v.Name)
		n.values.data.Append(v.Value)
	}
	n.names.end()
	n.values.end()
}
