package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/parity"
)

// engine is what is timed and what is compared.
type engine interface {
	signature.Engine
	parity.Engine
}

// side is one engine and how its process is started.
type side struct {
	name string
	env  []string
	open func(parity.Setup) (engine, error)
}

// sides are measured in this order; the ratios are to the first and the second.
func sides() []side {
	return []side{
		{"coraza", []string{"GOGC=100"}, func(s parity.Setup) (engine, error) { return parity.Coraza(s) }},
		{"tuned", []string{"GOGC=400"}, tuned},
		{"engine", []string{"GOGC=100"}, candidate},
	}
}

// candidate is the engine that is held against Coraza.
func candidate(s parity.Setup) (engine, error) { return parity.Candidate(s) }

// tuned is Coraza with all that its documentation offers without cgo and without
// another meaning of the rules: its filter before expressions, and more memory for
// less garbage collection.
func tuned(s parity.Setup) (engine, error) {
	s.Directives = "SecRxPreFilter On\n" + s.Directives
	return parity.Coraza(s)
}

func byName(name string) (side, error) {
	all := sides()
	if i := slices.IndexFunc(all, func(s side) bool { return s.name == name }); i >= 0 {
		return all[i], nil
	}
	return side{}, fmt.Errorf("side %q: there are coraza, tuned and engine", name)
}

// agree fails unless all sides name the same rules and scores for every event.
func agree(s parity.Setup, kinds []kind, out io.Writer) error {
	all := sides()
	oracle, err := all[0].open(s)
	if err != nil {
		return err
	}
	for _, other := range all[1:] {
		e, err := other.open(s)
		if err != nil {
			return fmt.Errorf("%s: %w", other.name, err)
		}
		compared := 0
		for _, k := range kinds {
			r := parity.Compare(k.cases, oracle, e)
			if len(r.Differences) > 0 {
				return fmt.Errorf("%s: %d of %d events are not what Coraza says:\n%s\n%s", k.name, len(r.Differences), r.Compared, r.ByRule(), r.Differences[0].String())
			}
			compared += r.Compared
		}
		fmt.Fprintf(out, "%s names the same rules and scores as Coraza on all %d events\n", other.name, compared)
	}
	return nil
}
