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

// FieldID is the id of a field that carries a class.
func FieldID(tenant, endpointID, direction, location, path, class string) string {
	h := sha256.New()
	for _, p := range [...]string{tenant, endpointID, direction, location, path, class} {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func (m *merger) record(s *saying) *catalog.Field {
	return &catalog.Field{
		ID: s.id(), Tenant: s.key.tenant, EndpointID: s.key.id, Endpoint: s.ep.label,
		Direction: s.at.direction.String(), Location: s.at.location.String(), Path: s.at.path, Type: s.class.name, Category: s.category,
		Confidence: s.probability, Confirmed: s.kind.confirmed,
		Seen: s.f.seen, Matched: s.tally.Matched, Distinct: s.sample.distinct(m.cfg.MaxSample), Masked: s.masked(),
		FirstSeen: time.Unix(0, s.tally.First).UTC(), LastSeen: time.Unix(0, s.tally.Last).UTC(),
	}
}

func (s *saying) id() string {
	return FieldID(s.key.tenant, s.key.id, s.at.direction.String(), s.at.location.String(), s.at.path, s.class.name)
}

func (k *kind) masked() []string {
	var ms []string
	for _, s := range k.shapes {
		ms = append(ms, s.Masked)
	}
	return ms
}

func (m *merger) finding(x *exposure, s *saying) finding.Finding {
	fi := finding.From(x.rule, s.key.tenant)
	fi.ID = finding.ID(s.key.tenant, x.rule.Detector, x.rule.ID, s.id())
	if x.severity != nil {
		fi.Severity = x.severity(s)
	}
	o := x.occurrence(s)
	fi.Confidence, fi.Count = s.probability, o.Events
	if !x.holds(s, m) { // what was new turned out, by a later partition, to be as old as the watch
		fi.Confidence = 0
	}
	fi.FirstSeen, fi.LastSeen = time.Unix(0, o.First).UTC(), time.Unix(0, o.Last).UTC()
	fi.Time = fi.LastSeen
	fi.Subject = finding.Subject{Endpoint: s.ep.label, EndpointID: s.key.id, Service: s.ep.service}
	for _, ref := range o.Refs {
		fi.Events = append(fi.Events, ref.ID)
	}
	location := s.at.direction.String() + "." + s.at.location.String()
	for _, shape := range s.masked() {
		fi.Evidence = append(fi.Evidence, finding.Evidence{Location: location, Path: s.at.path, Masked: shape})
	}
	distinct := s.sample.distinct(m.cfg.MaxSample)
	named := 0.0
	if s.evidence.named {
		named = 1
	}
	fi.Features = []finding.Number{
		{Name: "seen", Value: float64(s.f.seen)}, {Name: "matched", Value: float64(s.tally.Matched)},
		{Name: "failed", Value: float64(s.tally.Failed)}, {Name: "distinct", Value: float64(distinct)},
		{Name: "named", Value: named}, {Name: "log_odds", Value: math.Round(s.logit(s.evidence)*100) / 100},
	}
	fi.Baseline = []finding.Number{{Name: "passes_by_chance", Value: s.passRandom}}
	where := s.at.location.String()
	if s.at.path != "" {
		where += " field " + s.at.path
	}
	fi.Summary = fmt.Sprintf("%d of %d values of the %s %s at %s are %s; %d different ones, %d of that shape failed the check%s.",
		s.tally.Matched, s.f.seen, s.at.direction, where, s.ep.label, s.how, distinct, s.tally.Failed, x.story(s, m))
	fi.Counterfactual = m.counterfactual(s.class, s.evidence)
	fi.Versions.Detector = Version
	return fi
}

// counterfactual says how little would not have been enough.
func (m *merger) counterfactual(c *class, e evidence) string {
	need := m.cfg.ConfirmDistinct
	if c.checksum && e.named {
		need = min(need, m.cfg.ConfirmNamed)
	}
	if c.enough > 0 {
		need = min(need, c.enough)
	}
	if need == 1 {
		return "No value of that shape would not alert."
	}
	return fmt.Sprintf("%d or fewer different values that pass would not alert.", need-1)
}
