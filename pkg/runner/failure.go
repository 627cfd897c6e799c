package runner

import (
	"cmp"
	"fmt"

	"github.com/miradorhq/mirador/pkg/dlq"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

const (
	dlqPoison = dlq.Poison
	dlqPanic  = dlq.Panic
)

// PanicRule is the rule of the finding that a detector failed on a transaction.
const PanicRule = "RUNNER-PANIC"

func panicRule() *finding.Rule {
	return &finding.Rule{
		ID: PanicRule, Title: "A detector failed on this transaction", Detector: "runner", Severity: finding.Medium,
		CWE: []string{"CWE-248"},
		Remediation: "Report the stack in the service's log; the record stands in the dead letter topic. " +
			"Until it is mended, treat the sender of such requests as one who probes for it.",
	}
}

// fail makes a finding and a dead letter of a panic; detection goes on, because
// else one request would switch it off.
func (p *partition) fail(it *item, f *failure) {
	p.out.Reset()
	if p.replaying {
		return
	}
	p.scope.metrics.panics.Inc()
	p.scope.log.Error("a detector failed on a record", "partition", p.id, "offset", it.offset, "where", f.where,
		"what", f.what, "stack", string(f.stack))
	tenant, id, tx := p.m.describe(it)
	if id == "" {
		p.emit.reject(p, it, dlqPanic, f.where+": "+f.what)
		return
	}
	tenant = cmp.Or(tenant, event.DefaultTenant)
	r := panicRule()
	fd := finding.From(r, tenant)
	when := it.time
	if tx != nil && !tx.Time.IsZero() {
		when = tx.Time
		fd.Subject = tx.Subject()
		fd.Events = []string{id}
	}
	fd.ID = finding.ID(tenant, r.Detector, r.ID, id, p.scope.name)
	fd.Time, fd.FirstSeen, fd.LastSeen, fd.Count, fd.Confidence = when, when, when, 1, 1
	fd.Summary = fmt.Sprintf("The stage %s failed in %s (%s) on the record at partition %d, offset %d; its result on it is missing.",
		p.scope.name, f.where, f.what, p.id, it.offset)
	p.out.Finding(fd)
	p.release()
	p.emit.reject(p, it, dlqPanic, f.where+": "+f.what)
}

// spoiled says whether so much is poison that the records cannot be what is
// wrong. The count begins anew after every sample.
func (p *partition) spoiled() error {
	o := p.scope.opts
	if p.seen < o.PoisonSample {
		return nil
	}
	share := float64(p.poison) / float64(p.seen)
	seen, bad := p.seen, p.poison
	p.seen, p.poison = 0, 0
	if share <= o.PoisonShare {
		return nil
	}
	return fmt.Errorf("%w: %d of %d records of partition %d at offset %d do not decode, the limit is %.0f %%: "+
		"see the reasons in the dead letter topic; is a producer newer than this service?",
		ErrPoison, bad, seen, p.id, p.next, 100*o.PoisonShare)
}
