// Package policy turns findings into actions: it stands around a detector,
// judges every finding that comes out, and adds the signed actions to the same
// output, so that finding and action are one transaction.
//
// It decides as a detector does: deterministic, in event time, from its own
// state, which is part of the partition's snapshot. It reads no clock. What it
// does not know (how many blocks all partitions hold together, what the wall
// clock says) is the enforcer's to guard.
//
// # When a finding causes an action
//
// Every update of a finding is judged by its newest supporting event, until one
// action went out; so an attack that began during a lag is blocked once its
// events are fresh. These stop an update, in this order:
//
//   - the detector put it out for the record alone (detect.Out.Update);
//   - the rule's op is alert, or severity, confidence or count are too low;
//   - the event was replayed, or the edge had already refused it for Mirador;
//   - the event is too old: the broker's stamp of the record is more than
//     max_event_age after the event's time. For what is raised in Advance, Flush
//     or by a merger, the watermark stands for the broker's stamp: no record is
//     at hand there, and the watermark is known alike in a live run and a replay;
//   - no target, or the never-block list;
//   - an action for that target, scope and issuer is live. It is extended by
//     evidence in its last quarter, and replaced by a stronger one.
//
// An action holds from the event's time for the rule's ttl: absolute times, so
// an action computed hours late is over before it is read. Who offends again
// after that gets the next step of ttl. Past a cap the breaker trips: for
// caps.hold of event time new actions are log-only, and a finding
// (POLICY-BREAKER) says so.
//
// # Lateness of replayed records in a merger
//
// A partial does not say that its event was replayed. Recorded times keep such
// findings from acting (the watermark is ahead of them), restamped ones do not:
// they are meant to look live.
package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/prometheus/client_golang/prometheus"
)

// Policy is the configured policy of a service. Safe for concurrent use: what
// changes is in the detectors that Wrap makes.
type Policy struct {
	cfg     Config
	service string
	signer  *action.Signer
	guard   *Guard

	decisions *prometheus.CounterVec
}

// New compiles cfg. service names issuers: service/rule/partition under Wrap,
// service-merge/rule/partition under WrapMerger, which may share a Policy. Otherwise
// two stages must not share one, as each owns its keys. The counters go to reg;
// under a replay they count again.
func New(cfg Config, service string, signer *action.Signer, reg prometheus.Registerer) (*Policy, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if service == "" || strings.ContainsAny(service, "/|") {
		return nil, fmt.Errorf("policy: service %q: must not be empty nor hold / or |", service)
	}
	if signer == nil {
		return nil, errors.New("policy: no signing key: an enforcer refuses unsigned actions")
	}
	guard, err := cfg.NeverBlock.Compile()
	if err != nil {
		return nil, err
	}
	p := &Policy{cfg: cfg, service: service, signer: signer, guard: guard,
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mirador_policy_decisions_total", ConstLabels: prometheus.Labels{"service": service},
			Help: "Findings judged, by what came of it.",
		}, []string{"outcome"})}
	if err := reg.Register(p.decisions); err != nil {
		return nil, fmt.Errorf("policy: metrics of %s: %w", service, err)
	}
	return p, nil
}

// rule is what the configuration says of the rule id: the exact entry, else the
// longest prefix, with the general values filled in.
func (p *Policy) rule(id string) Rule {
	r, ok := p.cfg.Rules[id]
	for n := len(id); !ok && n >= 0; n-- {
		r, ok = p.cfg.Rules[id[:n]+"*"]
	}
	if !ok {
		return Rule{Op: Alert}
	}
	if r.Mode == "" {
		r.Mode = p.cfg.Mode
	}
	if len(r.TTL) == 0 {
		r.TTL = p.cfg.TTL
	}
	if len(r.Targets) == 0 {
		r.Targets = p.cfg.Targets
	}
	return r
}

// Outcomes of judging a finding.
const (
	outcomeAlert     = "alert"
	outcomeUpdate    = "update_only"
	outcomeBelow     = "below_threshold"
	outcomeReplayed  = "replayed"
	outcomeRefused   = "already_refused"
	outcomeOld       = "event_too_old"
	outcomeNoTarget  = "no_target"
	outcomeProtected = "never_block"
	outcomeLive      = "already_live"
	outcomeOver      = "already_over"
	outcomeUntracked = "too_many_tracked"
	outcomeNew       = "new"
	outcomeExtended  = "extended"
	outcomeEscalated = "escalated"
	outcomeLogOnly   = "log_only"
	outcomeFailed    = "failed"
)

// strength orders what two actions for one target would do.
func strength(op action.Op, mode action.Mode) int {
	n := map[action.Op]int{action.Log: 1, action.Throttle: 2, action.Challenge: 3, action.Block: 4}[op]
	if mode == action.Enforce && op != action.Log {
		n += 10
	}
	return n
}

// step is the ttl of the n-th offence, from 1.
func step(ttl []time.Duration, n int) time.Duration { return ttl[min(max(n, 1), len(ttl))-1] }
