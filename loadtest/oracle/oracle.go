// Package oracle says what must be found in labelled traffic. It counts labels
// and shares no code with a detector, the lexer or the runner.
package oracle

import (
	"fmt"
	"sort"
	"time"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/loadtest/traffic"
)

// Expectation is the truth about one list of transactions.
type Expectation struct {
	// Events are the ids of all transactions.
	Events map[string]bool
	// Hits counts transactions by operation ("GET /v1/accounts/{int}"), Minutes by
	// operation and minute ("GET /v1/accounts|2026-01-02T03:04").
	Hits, Minutes map[string]uint64
	// Hours counts transactions by principal and hour.
	Hours map[string]uint64
	// Injections are the attacks that transactions carry by themselves, by principal
	// and operation ("sub:x|POST /v1/transfers"). As long as none of them pauses, each
	// is one finding.
	Injections map[string]Attack
	// Attackers are principals by the kind of attack they made over time.
	Attackers map[traffic.Kind]map[string]bool
	// Fields are sensitive fields: "response card cards[].pan GET /v1/cards".
	Fields map[string]bool
	// Actions are what must be done, by what and for what finding: "block
	// credential|<hash> injection <event id>" where one transaction is the finding,
	// "block address|<ip> scan" where it is behaviour over time.
	Actions map[string]bool

	acted map[string]bool // targets that have their action
}

// Attack is what one finding must say of transactions that belong together.
type Attack struct {
	Count  uint64
	Events string // the ids of the first NamedEvents of them, in order
}

// NamedEvents is how many events a finding names: a part of its contract.
const NamedEvents = 20

// Add counts one more transaction.
func (a Attack) Add(id string) Attack {
	if a.Count < NamedEvents {
		a.Events += id + " "
	}
	a.Count++
	return a
}

// Minute and Hour are how times stand in keys.
const (
	Minute = "2006-01-02T15:04"
	Hour   = "2006-01-02T15"
)

// Of computes the expectation.
func Of(list []traffic.Transaction) Expectation {
	x := Expectation{
		Events: map[string]bool{}, Hits: map[string]uint64{}, Minutes: map[string]uint64{}, Hours: map[string]uint64{}, Injections: map[string]Attack{},
		Attackers: map[traffic.Kind]map[string]bool{}, Fields: map[string]bool{}, Actions: map[string]bool{}, acted: map[string]bool{},
	}
	for i := range list {
		x.add(&list[i])
	}
	return x
}

func (x *Expectation) add(t *traffic.Transaction) {
	e := t.Event
	id := uuid.UUID(e.ID).String()
	x.Events[id] = true
	at := time.Unix(0, e.RequestTime).UTC()
	if t.Template != "" {
		op := string(e.Method) + " " + t.Template
		x.Hits[op]++
		x.Minutes[op+"|"+at.Format(Minute)]++
	}
	// A login is made without the token: the contract says such a request's
	// principal is the address.
	principal := "ip:" + t.Actor.Address
	if len(e.Identity.Subject) > 0 {
		principal = "sub:" + t.Actor.Subject
	}
	x.Hours[principal+"|"+at.Format(Hour)]++
	if t.Kind == traffic.Ordinary {
		return
	}
	if t.Kind == traffic.Injection {
		key := principal + "|" + string(e.Method) + " " + t.Template
		x.Injections[key] = x.Injections[key].Add(id)
	}
	if x.Attackers[t.Kind] == nil {
		x.Attackers[t.Kind] = map[string]bool{}
	}
	x.Attackers[t.Kind][principal] = true
	target := "address|" + t.Actor.Address
	if c := string(e.Identity.Credential); c != "" {
		target = "credential|" + c
	}
	if x.acted[target] {
		return // one action, for the first finding, while it lasts
	}
	x.acted[target] = true
	action := "block " + target + " " + string(t.Kind)
	if t.Kind == traffic.Injection {
		action += " " + id
	}
	x.Actions[action] = true
}

// Diff lists what is missing from got and what is too much, up to most lines.
func Diff[V comparable](name string, want, got map[string]V, most int) []string {
	var out []string
	for k, v := range want {
		if g, ok := got[k]; !ok {
			out = append(out, fmt.Sprintf("%s: %s is missing (want %v)", name, k, v))
		} else if g != v {
			out = append(out, fmt.Sprintf("%s: %s is %v, want %v", name, k, g, v))
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok {
			out = append(out, fmt.Sprintf("%s: %s (%v) is too much", name, k, v))
		}
	}
	sort.Strings(out)
	if len(out) > most {
		out = append(out[:most], fmt.Sprintf("%s: and %d more", name, len(out)-most))
	}
	return out
}
