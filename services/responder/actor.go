package responder

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/services/keyed"
)

// actor is the state of one principal.
type actor struct {
	_msgpack          struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant, Principal string
	Parts             keyed.List[part]
	// First and Last are ns of the first and the newest event, Findings how many there
	// were so far.
	First, Last                int64
	Findings                   uint64
	Addresses                  keyed.List[string]
	Credential, Session, KeyID string
	// Start is when RISK-01 began, 0 for not; Level its strength, Emitted when it was put
	// out last.
	Start, Emitted int64
	Level          uint8
}

// part is a finding that speaks against the actor.
type part struct {
	_msgpack                       struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Finding, Rule, Title, Severity string
	Confidence                     float64
	Count                          uint64
	Raised, At                     int64
}

func (a *actor) valid(cfg *Config) error {
	if a.Tenant == "" || a.Principal == "" || len(a.Parts) > max(cfg.MaxParts, 1000) || len(a.Addresses) > maxAddresses || int(a.Level) >= len(levels) {
		return fmt.Errorf("principal %.80q of %d findings, %d addresses, level %d", a.Principal, len(a.Parts), len(a.Addresses), a.Level)
	}
	for i := range a.Parts {
		if c := a.Parts[i].Confidence; !(c >= 0 && c <= 1) {
			return fmt.Errorf("finding with a confidence of %v", c)
		}
	}
	return nil
}

// take puts s in, by the id of its finding. isNew says that the finding was not known;
// taken is false for an update that a newer one overtook.
func (a *actor) take(s *sign) (isNew, taken bool) {
	i := slices.IndexFunc(a.Parts, func(p part) bool { return p.Finding == s.Finding })
	if i >= 0 && a.Parts[i].Raised > s.Raised {
		return false, false
	}
	if i < 0 {
		isNew, i = true, len(a.Parts)
		a.Parts = append(a.Parts, part{})
		a.Findings++
	}
	a.Parts[i] = part{Finding: s.Finding, Rule: s.Rule, Title: s.Title, Severity: s.Severity, Confidence: s.Confidence, Count: s.Count, Raised: s.Raised, At: s.At}
	if a.First == 0 || s.First < a.First {
		a.First = s.First
	}
	a.Last = max(a.Last, s.At)
	for _, addr := range slices.Backward(s.Addresses) {
		a.Addresses = slices.DeleteFunc(a.Addresses, func(b string) bool { return b == addr })
		a.Addresses = slices.Insert(a.Addresses, 0, addr)
	}
	a.Addresses = a.Addresses[:min(len(a.Addresses), maxAddresses)]
	if s.Credential != "" || s.Session != "" {
		a.Credential, a.Session, a.KeyID = cmp.Or(s.Credential, a.Credential), cmp.Or(s.Session, a.Session), s.KeyID
	}
	return isNew, true
}

// parts are the findings with what they are worth, the strongest at t first.
func (a *actor) parts(cfg *Config, said *opinions, t time.Time) []risk.Part {
	ps := make([]risk.Part, len(a.Parts))
	for i := range a.Parts {
		p := &a.Parts[i]
		family := cfg.family(p.Rule)
		v := risk.Part{
			Family: family, Rule: p.Rule, Finding: p.Finding, Title: p.Title, Severity: finding.Severity(p.Severity),
			Weight: finding.Severity(p.Severity).Weight(), HalfLife: cfg.halfLife(family).Seconds(), At: instant(p.At), Count: p.Count,
			Deterministic: matches(cfg.Deterministic, p.Rule), Verdict: said.of(a.Tenant, p.Finding),
		}
		switch v.Verdict {
		case risk.True:
			v.Precision = 1
		case risk.BenignTrue, risk.False:
			v.Precision = 0
		default:
			v.Precision = cfg.Prior.Posterior(p.Confidence, said.tally(a.Tenant, p.Rule)).Mean()
		}
		ps[i] = v
	}
	slices.SortFunc(ps, func(x, y risk.Part) int {
		return cmp.Or(cmp.Compare(y.Share(t), x.Share(t)), cmp.Compare(x.Finding, y.Finding))
	})
	return ps
}

// trim leaves out what is weakest of ps, which are sorted, where there is too much.
func (a *actor) trim(ps []risk.Part, most int) []risk.Part {
	if len(ps) <= most {
		return ps
	}
	ps = ps[:most]
	a.Parts = slices.DeleteFunc(a.Parts, func(p part) bool {
		return !slices.ContainsFunc(ps, func(q risk.Part) bool { return q.Finding == p.Finding })
	})
	return ps
}

func key(tenant, rest string) uint64 {
	h := sha256.New()
	fmt.Fprintf(h, "%d:%s%s", len(tenant), tenant, rest)
	return binary.BigEndian.Uint64(h.Sum(nil))
}
