package inspect

import (
	"errors"
	"fmt"
	"slices"

	"github.com/miradorhq/mirador/services/discovery/spec"
)

// Compares says whether specifications have a part in a run of o: they bring findings, out of what
// discovery and the classifier learn.
func (o *Options) Compares() bool {
	return (o.Out == Findings || o.Out == Risk || o.Out == Actions) &&
		(len(o.Detectors) == 0 || slices.ContainsFunc(o.Detectors, func(d string) bool {
			return d == "discovery" || d == "classifier" || d == All
		}))
}

// validateSpecs reports what is wrong with how specifications are given.
func (o *Options) validateSpecs() error {
	if len(o.Specs) == 0 {
		return nil
	}
	if !o.Compares() {
		return errors.New("specifications bring findings, actions and risk by what discovery and the classifier learn: they go with neither another --out nor other --detectors alone")
	}
	if err := o.Compare.Validate(); err != nil {
		return fmt.Errorf("specifications: %w", err)
	}
	return nil
}

// alone says whether discovery, whose endpoints hold what the classifier found, must run for a comparison
// without being asked for.
func (o *Options) alone() bool {
	return len(o.Specs) > 0 && slices.Contains(o.Detectors, "classifier") && !slices.Contains(o.Detectors, "discovery")
}

// compare raises what the traffic and the specifications differ in, as the platform's audit does; without
// discovery only what the classifier has a part in.
func (r *inspection) compare() {
	if len(r.o.Specs) == 0 {
		return
	}
	endpoints := r.sortedEndpoints()
	last := spec.Newest(endpoints)
	for _, d := range spec.CompareRecorded(r.o.Specs, endpoints, r.o.Compare, "--specifications.hosts", r.o.Complain) {
		if !r.silent || d.Kind == spec.Leak {
			r.raised = append(r.raised, spec.Finding(r.o.Tenant, d, last))
		}
	}
}
