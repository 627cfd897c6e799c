package classifier

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
)

// FieldID is the id of a field that carries a type.
func FieldID(tenant, endpointID, direction, location, path, typ string) string {
	h := sha256.New()
	for _, p := range [...]string{tenant, endpointID, direction, location, path, typ} {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func (m *merger) record(key endpointKey, ep *endpoint, at place, f *field, r *recognizer, k *kind, probability float64, confirmed bool) *catalog.Field {
	return &catalog.Field{
		ID: fieldID(key, at, r), Tenant: key.tenant, EndpointID: key.id, Endpoint: ep.label,
		Direction: at.direction.String(), Location: at.location.String(), Path: at.path, Type: r.name,
		Confidence: probability, Confirmed: confirmed,
		Seen: f.seen, Matched: k.tally.Matched, Distinct: k.sample.distinct(m.cfg.MaxSample), Masked: k.masked(),
		FirstSeen: time.Unix(0, k.tally.First).UTC(), LastSeen: time.Unix(0, k.tally.Last).UTC(),
	}
}

func fieldID(key endpointKey, at place, r *recognizer) string {
	return FieldID(key.tenant, key.id, at.direction.String(), at.location.String(), at.path, r.name)
}

func (k *kind) masked() []string {
	var ms []string
	for _, s := range k.shapes {
		ms = append(ms, s.Masked)
	}
	return ms
}

func (m *merger) finding(rule *finding.Rule, key endpointKey, ep *endpoint, at place, f *field, r *recognizer, k *kind, e evidence) finding.Finding {
	fi := finding.From(rule, key.tenant)
	fi.ID = finding.ID(key.tenant, rule.Detector, rule.ID, fieldID(key, at, r))
	fi.Confidence, fi.Count = r.probability(e), k.tally.Events
	fi.FirstSeen, fi.LastSeen = time.Unix(0, k.tally.First).UTC(), time.Unix(0, k.tally.Last).UTC()
	fi.Time = fi.LastSeen
	fi.Subject = finding.Subject{Endpoint: ep.label, EndpointID: key.id, Service: ep.service}
	for _, ref := range k.events {
		fi.Events = append(fi.Events, ref.ID)
	}
	location := at.direction.String() + "." + at.location.String()
	for _, shape := range k.masked() {
		fi.Evidence = append(fi.Evidence, finding.Evidence{Location: location, Path: at.path, Masked: shape})
	}
	distinct := k.sample.distinct(m.cfg.MaxSample)
	named := 0.0
	if e.named {
		named = 1
	}
	fi.Features = []finding.Number{
		{Name: "seen", Value: float64(f.seen)}, {Name: "matched", Value: float64(k.tally.Matched)},
		{Name: "failed", Value: float64(k.tally.Failed)}, {Name: "distinct", Value: float64(distinct)},
		{Name: "named", Value: named}, {Name: "log_odds", Value: math.Round(r.logit(e)*100) / 100},
	}
	fi.Baseline = []finding.Number{{Name: "passes_by_chance", Value: r.passRandom}}
	where := at.location.String()
	if at.path != "" {
		where += " field " + at.path
	}
	fi.Summary = fmt.Sprintf("%d of %d values of the %s %s at %s are %s; %d different ones, %d of that shape failed the check.",
		k.tally.Matched, f.seen, at.direction, where, ep.label, r.how, distinct, k.tally.Failed)
	fi.Counterfactual = m.counterfactual(r, e)
	fi.Versions.Detector = Version
	return fi
}

// counterfactual says how little would not have been enough.
func (m *merger) counterfactual(r *recognizer, e evidence) string {
	need := m.cfg.ConfirmDistinct
	if r.checksum && e.named {
		need = min(need, m.cfg.ConfirmNamed)
	}
	if r.enough > 0 {
		need = min(need, r.enough)
	}
	if need == 1 {
		return "No value of that shape would not alert."
	}
	return fmt.Sprintf("%d or fewer different values that pass would not alert.", need-1)
}
