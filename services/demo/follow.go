package demo

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kgo"
)

// seen is what the demo learned by reading Mirador's own topics, as any other
// consumer could.
type seen struct {
	mu        sync.Mutex
	events    int
	endpoints map[string]string // id to label
	fields    map[string]catalog.Field
	findings  map[string]finding.Finding
	actions   map[string]action.Action // by key
	enforced  map[string]float64       // by action id: ms since the event
}

func newSeen() *seen {
	return &seen{endpoints: map[string]string{}, fields: map[string]catalog.Field{}, findings: map[string]finding.Finding{},
		actions: map[string]action.Action{}, enforced: map[string]float64{}}
}

// follow reads until ctx ends and calls tell for what is new.
func (s *seen) follow(ctx context.Context, brokers []string, tell func(line)) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumeTopics(schemas.TopicEvents, schemas.TopicCatalog, schemas.TopicFields, schemas.TopicFindings, schemas.TopicActions, schemas.TopicStatus))
	if err != nil {
		return fmt.Errorf("demo: kafka: %w", err)
	}
	defer cl.Close()
	for ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			if r.Value != nil {
				s.take(r, tell)
			}
		})
	}
	return nil
}

func (s *seen) take(r *kgo.Record, tell func(line)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Topic {
	case schemas.TopicEvents:
		s.events++
	case schemas.TopicCatalog:
		if e, err := catalog.DecodeEndpoint(r.Value); err == nil && s.endpoints[e.ID] == "" {
			s.endpoints[e.ID] = e.Method + " " + e.Template
			tell(line{kindEndpoint, e.Method + " " + e.Template})
		}
	case schemas.TopicFields:
		if f, err := catalog.DecodeField(r.Value); err == nil && f.Confirmed {
			if _, known := s.fields[f.ID]; !known {
				masked := ""
				if len(f.Masked) > 0 {
					masked = ", as " + f.Masked[0]
				}
				tell(line{kindField, fmt.Sprintf("%s in %s %s of %s%s", f.Type, f.Direction, f.Path, f.Endpoint, masked)})
			}
			s.fields[f.ID] = f
		}
	case schemas.TopicFindings:
		if f, err := finding.Decode(r.Value); err == nil {
			if _, known := s.findings[f.ID]; !known && f.Severity != finding.Info && !s.told(f.Rule, f.Subject.Principal) {
				tell(line{kindFinding, fmt.Sprintf("%s %s: %s", f.Rule, f.Severity, f.Summary)})
			}
			s.findings[f.ID] = f
		}
	case schemas.TopicActions:
		if a, err := action.Decode(r.Value); err == nil {
			if _, known := s.actions[string(r.Key)]; !known {
				tell(line{kindAction, fmt.Sprintf("%s %s %s for %s, by %s", a.Op, a.Target.Type, short(a.Target.Value), a.NotAfter.Sub(a.NotBefore), a.Rule)})
			}
			s.actions[string(r.Key)] = a
		}
	case schemas.TopicStatus:
		if st, err := action.DecodeStatus(r.Value); err == nil && st.State == action.Enforced {
			if _, known := s.enforced[st.ActionID]; !known {
				s.enforced[st.ActionID] = st.SinceEvent
				tell(line{kindEnforced, fmt.Sprintf("%s %s is refused by %s, %.0f ms after the mirrored request", st.Target.Type, short(st.Target.Value), st.Edge, st.SinceEvent)})
			}
		}
	}
}

// told says whether a finding of this rule about this principal was shown: a rule
// that judges single requests would fill the screen.
func (s *seen) told(rule, principal string) bool {
	for _, f := range s.findings {
		if f.Rule == rule && f.Subject.Principal == principal {
			return true
		}
	}
	return false
}

// Result is what a run came to: the JSON object of --json.
type Result struct {
	Events             int             `json:"events"`
	Endpoints          int             `json:"endpoints"`
	SensitiveFields    int             `json:"sensitive_fields"`
	Findings           map[string]int  `json:"findings"` // by rule
	Actions            int             `json:"actions"`
	Enforced           int             `json:"enforced"`
	TimeToEnforce      Quantiles       `json:"time_to_enforce_ms"`
	LegitimateRequests int64           `json:"legitimate_requests"`
	LegitimateBlocked  int64           `json:"legitimate_blocked"`
	Attacks            []AttackOutcome `json:"attacks"`
	Problems           []string        `json:"problems,omitempty"`
}

// Quantiles are in ms; both are 0 where nothing was enforced.
type Quantiles struct {
	P50 float64 `json:"p50"`
	Max float64 `json:"max"`
}

// AttackOutcome is how one attack ended.
type AttackOutcome struct {
	Name     string   `json:"name"`
	Requests int      `json:"requests"`
	Enforced bool     `json:"enforced"`
	Held     bool     `json:"held"`
	Rules    []string `json:"rules"`
}

func (s *seen) result() Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Result{Events: s.events, Endpoints: len(s.endpoints), SensitiveFields: len(s.fields), Findings: map[string]int{}, Actions: len(s.actions), Enforced: len(s.enforced)}
	for _, f := range s.findings {
		r.Findings[f.Rule]++
	}
	var ms []float64
	for _, v := range s.enforced {
		ms = append(ms, v)
	}
	if slices.Sort(ms); len(ms) > 0 {
		r.TimeToEnforce = Quantiles{P50: ms[(len(ms)-1)/2], Max: ms[len(ms)-1]}
	}
	return r
}

// rulesOf lists which rules named the client at address, or who holds the given
// credential hash, without repeats.
func (s *seen) rulesOf(address string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rules []string
	for _, f := range s.findings {
		if slices.Contains(f.Subject.Addresses, address) && f.Severity != finding.Info && !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
		}
	}
	slices.Sort(rules)
	return rules
}
