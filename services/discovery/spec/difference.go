package spec

import (
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
)

// Kind of a Difference.
type Kind string

// Kinds.
const (
	Shadow Kind = "shadow" // observed, in no specification
	Zombie Kind = "zombie" // observed, deprecated by its specification
	Orphan Kind = "orphan" // in a specification, not observed for long
	Drift  Kind = "drift"  // observed otherwise than specified
	// Leak is a field of answers that holds sensitive data and is in no schema (DATA-10).
	Leak Kind = "leak"
)

// Difference is one thing in which an API and its specification disagree.
type Difference struct {
	Kind Kind `json:"kind"`
	// Aspect of a drift is parameter, required, status, type, value, auth, media, body,
	// or the keyword of a constraint: format, minimum, maximum, minLength, maxLength.
	Aspect string `json:"aspect,omitempty"`
	// Name is what differs: "query:limit", "response 2xx:items[].id", "jwt".
	Name     string           `json:"name,omitempty"`
	Severity finding.Severity `json:"severity"`
	// Endpoint is "METHOD host/template", empty for an orphan that was never seen.
	Endpoint   string `json:"endpoint,omitempty"`
	EndpointID string `json:"endpoint_id,omitempty"`
	// Operation is what the document calls it.
	Operation string `json:"operation,omitempty"`
	// Where the document says it, or would have to.
	Where  Place  `json:"where"`
	Digest string `json:"digest,omitempty"`
	// Count of Of transactions show the difference; Callers is 0 where not known.
	Count     uint64    `json:"count"`
	Of        uint64    `json:"of,omitempty"`
	Callers   uint64    `json:"callers,omitempty"`
	FirstSeen time.Time `json:"first_seen,omitzero"`
	LastSeen  time.Time `json:"last_seen,omitzero"`
	// Summary is one sentence that an analyst can check.
	Summary string `json:"summary"`
}

// Options are the settings of Compare. Start from Defaults.
type Options struct {
	MinCallers   int           `yaml:"min_callers" doc:"Callers that must have been served before a shadow endpoint or a drift is said, where their number is known."`
	MinObserved  time.Duration `yaml:"min_observed" doc:"How long an endpoint must have been observed before a shadow endpoint or a drift is said."`
	MinCount     int           `yaml:"min_count" doc:"Transactions that must show a drift. Of a bound that was passed only the farthest value is known: then the field must have been seen so often."`
	OrphanAfter  time.Duration `yaml:"orphan_after" doc:"How long an operation must not have been seen to be an orphan. 0: never at all."`
	MissingShare float64       `yaml:"missing_share" doc:"Share of messages that must lack what is required. Truncated messages lack fields too."`
	MaxDrifts    int           `yaml:"max_drifts" doc:"Drifts said of one endpoint; how many more there are is said."`
	Hosts        []string      `yaml:"hosts" doc:"Hosts that the specifications speak for, instead of those that they name."`

	// Since is when observation began; zero is the first endpoint's first sight.
	Since time.Time `yaml:"-"`
}

// Defaults are the guards that keep a single client's oddities from being said.
func Defaults() Options {
	return Options{MinCallers: 3, MinObserved: time.Hour, MinCount: 3, OrphanAfter: 30 * 24 * time.Hour, MissingShare: 0.05, MaxDrifts: 50}
}

// Validate reports every error of o at once.
func (o Options) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(o.MinCallers >= 0, "min_callers is %d, want 0 or more", o.MinCallers)
	check(o.MinObserved >= 0, "min_observed is %v, want 0 or more", o.MinObserved)
	check(o.MinCount >= 1, "min_count is %d, want 1 or more", o.MinCount)
	check(o.OrphanAfter >= 0, "orphan_after is %v, want 0 or more", o.OrphanAfter)
	check(o.MissingShare >= 0 && o.MissingShare <= 1, "missing_share is %v, want 0 to 1", o.MissingShare)
	check(o.MaxDrifts >= 1, "max_drifts is %d, want 1 or more", o.MaxDrifts)
	return errors.Join(errs...)
}
