package crs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
)

// Observe says more than Match: the ids of all rules that fired, sorted, those that
// only compute among them, and every score that the rules keep, by the name of its
// variable.
func (e *Engine) Observe(ev *event.Event) (rules []int, scores map[string]int, err error) {
	var res signature.Result
	t := e.transaction()
	defer t.Close() //nolint:errcheck // see Match
	if err := e.feed(t, ev, &res); err != nil {
		return nil, nil, err
	}
	for _, m := range t.MatchedRules() {
		rules = append(rules, m.Rule().ID())
	}
	slices.Sort(rules)
	state, ok := t.(plugintypes.TransactionState)
	if !ok {
		return nil, nil, errors.New("crs: this version of Coraza does not show its scores")
	}
	scores = make(map[string]int)
	for _, m := range state.Variables().TX().FindAll() {
		if !strings.Contains(m.Key(), "_score") {
			continue
		}
		n, err := strconv.Atoi(m.Value())
		if err != nil {
			return nil, nil, fmt.Errorf("crs: event %s: score %s is %q", ev.IDString(), m.Key(), m.Value())
		}
		scores[m.Key()] = n
	}
	return slices.Compact(rules), scores, nil
}

// Says tells whether a rule of this id carries a message, so that people see it.
func (e *Engine) Says(id int) bool { return e.says[id] }
