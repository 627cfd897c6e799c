package console

import (
	"fmt"
	"slices"
)

// history is what is known of a finding, in order of time: its events, its
// statement, the actions it caused and what enforcers said of them.
func history(f *findingFull, actions []actionRow) []step {
	out := []step{{Time: f.FirstSeen, What: "First supporting event"}}
	if f.LastSeen.After(f.FirstSeen) {
		out = append(out, step{Time: f.LastSeen, What: fmt.Sprintf("Newest supporting event, of %s", number(f.Count))})
	}
	out = append(out, step{Time: f.Time, What: "Statement last raised or updated by " + f.Detector, State: "mark"})
	for _, a := range actions {
		what := fmt.Sprintf("%s of %s %s ordered by %s", title(string(a.Op)), a.Target.Type, a.Target.Value, a.Issuer)
		if a.Mode != "enforce" {
			what += ", dry run"
		}
		out = append(out, step{Time: a.NotBefore, What: what, State: "mark", Link: "/actions#" + a.ID})
		for _, s := range a.Statuses {
			what := fmt.Sprintf("%s: %s", s.Edge, s.Says())
			if s.State == "enforced" && s.SinceEvent > 0 {
				what += ", " + milliseconds(s.SinceEvent) + " after the event"
			}
			out = append(out, step{Time: s.Time, What: what, State: s.State})
		}
		if a.Ended {
			out = append(out, step{Time: a.EndedAt, What: title(string(a.Op)) + " ended by its issuer"})
		}
	}
	slices.SortStableFunc(out, func(a, b step) int { return a.Time.Compare(b.Time) })
	return out
}

// Says is the state of an edge in words.
func (s statusRow) Says() string {
	switch s.State {
	case "enforced":
		return "enforced"
	case "dry_run":
		return "would have been enforced (dry run)"
	case "refused":
		return "refused by a guard of the enforcer"
	case "expired":
		return "expired"
	case "failed":
		return "failed"
	}
	return s.State
}

func title(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
