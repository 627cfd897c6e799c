package signature

import (
	"errors"
	"fmt"
)

// Config are the settings of the detector; those of an engine are the engine's own.
type Config struct {
	// Threshold is the inbound anomaly score from which a request is an attack. A
	// critical rule of the core rule set scores 5.
	Threshold int `yaml:"threshold" doc:"Anomaly score from which a request is an attack; a critical rule scores 5."`
	// OutboundThreshold is the score from which a response is a finding. 4 is one
	// rule of level error.
	OutboundThreshold int `yaml:"outbound_threshold" doc:"Anomaly score from which a response is a finding; a rule of level error scores 4."`
	// Evidence is how many masked exemplars a finding carries, up to 10.
	Evidence int `yaml:"evidence" doc:"Masked exemplars a finding, up to 10."`
	// Excerpt is the length in bytes of a masked exemplar.
	Excerpt int `yaml:"excerpt" doc:"Bytes of a masked exemplar."`
}

// Defaults are what a service uses unless configured.
func Defaults() Config {
	return Config{Threshold: 5, OutboundThreshold: 4, Evidence: 5, Excerpt: 96}
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
	return errors.Join(errs...)
}
