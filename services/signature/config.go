package signature

import (
	"errors"
	"fmt"
	"time"
)

// Config are the settings of the detector; those of an engine are the engine's own.
type Config struct {
	// Threshold is the inbound anomaly score from which a request is an attack. A
	// critical rule of the core rule set scores 5.
	Threshold int `yaml:"threshold" doc:"Anomaly score from which a request is an attack; a critical rule scores 5."`
	// OutboundThreshold is the score from which a response is a finding. 4 is one
	// rule of level error.
	OutboundThreshold int `yaml:"outbound_threshold" doc:"Anomaly score from which a response is a finding where plain is on; a rule of level error scores 4. The second stage weighs answers itself."`
	// Evidence is how many masked exemplars a finding carries, up to 10.
	Evidence int `yaml:"evidence" doc:"Masked exemplars a finding, up to 10."`
	// Excerpt is the length in bytes of a masked exemplar.
	Excerpt int `yaml:"excerpt" doc:"Bytes of a masked exemplar."`

	// Window is the pause that ends a group; 0 groups nothing. Longest ends it in any
	// case. UpdateEvery is how often a finding that goes on is put out again though its
	// count has not doubled.
	Window      time.Duration `yaml:"window" doc:"Pause that ends a finding: until then all that one principal sends to one endpoint under one rule is one. 0: a finding an event."`
	Longest     time.Duration `yaml:"longest" doc:"Age at which a finding ends though the attack goes on."`
	UpdateEvery time.Duration `yaml:"update_every" doc:"How often a finding that goes on is put out again though its count has not doubled."`
	// ScanEndpoints is the number of endpoints from which on a principal's findings
	// are grouped by rule alone. MaxWindows bounds the open groups of a partition.
	ScanEndpoints int `yaml:"scan_endpoints" doc:"Attacked endpoints from which a principal scans: what it sends to that one and to further ones is one finding a rule."`
	MaxWindows    int `yaml:"max_windows" doc:"Open findings a partition; the least recently used is ended early."`

	// HabitCallers is how many callers of a place (by principal and by network) a habit
	// needs; HabitAfter is how long after a caller's first match it counts; HabitKeep
	// is how long a caller is remembered. MaxPlaces bounds the places of a partition.
	HabitCallers int           `yaml:"habit_callers" doc:"Callers whose values must match at a field, counted by principal and by network, before it is taken for what the field is used for."`
	HabitAfter   time.Duration `yaml:"habit_after" doc:"Time after a caller's first match from which on it counts there."`
	HabitKeep    time.Duration `yaml:"habit_keep" doc:"Time for which a caller is remembered there."`
	MaxPlaces    int           `yaml:"max_places" doc:"Fields a partition that are watched for this; the least recently used is forgotten."`
}

// Defaults are what a service uses unless configured.
func Defaults() Config {
	return Config{
		Threshold: 5, OutboundThreshold: 4, Evidence: 5, Excerpt: 96,
		Window: 5 * time.Minute, Longest: time.Hour, UpdateEvery: time.Minute, ScanEndpoints: 5, MaxWindows: 10_000,
		HabitCallers: 10, HabitAfter: 24 * time.Hour, HabitKeep: 14 * 24 * time.Hour, MaxPlaces: 2_000,
	}
}

// Validate reports every error of c at once.
func (c Config) Validate() error {
	var errs []error
	check := func(name string, v, lo, hi int) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("signature.%s is %d: must be between %d and %d", name, v, lo, hi))
		}
	}
	check("threshold", c.Threshold, 1, 1000)
	check("outbound_threshold", c.OutboundThreshold, 1, 1000)
	check("evidence", c.Evidence, 1, 10)
	check("excerpt", c.Excerpt, 16, 1024)
	span := func(name string, v, lo, hi time.Duration) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("signature.%s is %v: must be between %v and %v", name, v, lo, hi))
		}
	}
	if c.Window != 0 {
		span("window", c.Window, time.Second, time.Hour)
	}
	span("longest", c.Longest, max(c.Window, time.Second), 24*time.Hour)
	span("update_every", c.UpdateEvery, time.Second, time.Hour)
	check("scan_endpoints", c.ScanEndpoints, 2, 10_000)
	check("max_windows", c.MaxWindows, 1, 10_000_000)
	check("habit_callers", c.HabitCallers, 3, maxCallers/2)
	span("habit_after", c.HabitAfter, 0, 30*24*time.Hour)
	span("habit_keep", c.HabitKeep, max(c.HabitAfter, time.Minute), 365*24*time.Hour)
	check("max_places", c.MaxPlaces, 1, 1_000_000)
	return errors.Join(errs...)
}
