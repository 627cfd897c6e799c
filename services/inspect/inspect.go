// Package inspect runs the detectors over recorded traffic, without any server:
// the same machines that run in services, in memory, over one partition.
package inspect

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/dlq"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/pkg/transcript"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/prometheus/client_golang/prometheus"
)

// Output is which results are written.
type Output string

const (
	Findings  Output = "findings"
	Verdicts  Output = "verdicts"
	Endpoints Output = "endpoints"
	OpenAPI   Output = "openapi"
	Fields    Output = "fields"
	Risk      Output = "risk"    // of each principal, by all findings
	Actions   Output = "actions" // that would be asked of enforcers
)

// Outputs are all of them.
var outputs = []Output{Findings, Verdicts, Endpoints, OpenAPI, Fields, Risk, Actions}

// Options say what to read and what to write.
type Options struct {
	Files  []string // "-" is standard input
	Format transcript.Format
	// Detectors to run; empty is all of the configured ones.
	Detectors []string
	Out       Output
	JSON      bool
	Strict    bool
	Tenant    string
	Content   runner.Options // event time, content limits, workers
	// Build makes the stages of the detectors of that name; with each, every event
	// must bring its own finding, as verdicts need it.
	Build func(names []string, each bool) ([]runner.DetectStage, []runner.MergeStage, error)
	// Fuse puts policy around these stages and what fuses their findings behind them. It
	// is asked where Responder is among the detectors.
	Fuse func([]runner.DetectStage, []runner.MergeStage) ([]runner.DetectStage, []runner.ReadStage, []runner.MergeStage, error)
	// Specs are documents that the traffic is compared with at its end, with the guards of Compare.
	Specs   []*spec.Specification
	Compare spec.Options

	Stdout io.Writer
	// Complain takes bad records and failures of detectors, a line each.
	Complain func(string)
	// Progress, where not nil, is told how many records and bytes were read.
	Progress func(records int, bytes int64)
}

// Summary is what a run came to.
type Summary struct {
	Records, Bad, Attacks int
	Findings              int
	Endpoints, Fields     int
	Principals, Actions   int
}

// All stands for every detector and Responder, which fuses what they find and acts on it.
const (
	All       = "all"
	Responder = "responder"
)

// inspection is one run.
type inspection struct {
	o     Options
	local *runner.Local
	sum   Summary
	out   writer
	// raised gathers what the events being fed brought.
	raised    []finding.Finding
	findings  map[string]*finding.Finding
	order     []string
	endpoints map[string]catalog.Endpoint
	fields    map[string]catalog.Field
	fused     bool // Responder runs
	silent    bool // discovery runs for the endpoints alone
	risks     map[string]risk.Principal
	actions   []action.Action // the newest record of each, in the order in which they began
	// named are the ids that records came with, by event id: findings speak of
	// events by the names that the reader of them knows. Kept only where findings
	// are written as JSON, the one output that names events.
	named map[[16]byte]string
	batch []entry
	err   error
}

// entry is an event that waits to be fed, with what its verdict line needs.
type entry struct {
	event *event.Event
	meta  transcript.Meta
}

// Validate reports everything that is wrong.
func (o *Options) Validate() error {
	var errs []error
	if len(o.Files) == 0 {
		errs = append(errs, errors.New("no file; - is standard input"))
	}
	if !slices.Contains(outputs, o.Out) {
		errs = append(errs, fmt.Errorf("out %q is not one of %v", o.Out, outputs))
	}
	return errors.Join(append(errs, o.validateSpecs())...)
}

// Run reads the files in order as one stream of traffic and writes the results.
func Run(ctx context.Context, o Options) (Summary, error) {
	if err := o.Validate(); err != nil {
		return Summary{}, err
	}
	if len(o.Detectors) == 0 {
		o.Detectors = needed(o.Out)
	}
	detectors, fused := split(o.Detectors)
	o.Detectors = detectors
	silent := o.alone()
	if silent {
		detectors = append([]string{"discovery"}, detectors...)
	}
	first, second, err := o.Build(detectors, o.Out == Verdicts)
	if err != nil {
		return Summary{}, err
	}
	var read []runner.ReadStage
	if fused {
		if first, read, second, err = o.Fuse(first, second); err != nil {
			return Summary{}, err
		}
	}
	r := &inspection{o: o, fused: fused, silent: silent, risks: map[string]risk.Principal{}, out: newWriter(o.Stdout), findings: map[string]*finding.Finding{}, endpoints: map[string]catalog.Endpoint{}, fields: map[string]catalog.Field{}, named: map[[16]byte]string{}}
	ro := o.Content
	ro.Matcher, ro.Logger, ro.Registry = &catalog.Lexical{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	r.local, err = runner.NewLocal(runner.LocalOptions{
		Options: ro, Partitions: 1, Detect: first, Read: read, Merge: second, FlushEach: r.flushEach(), Finding: r.finding, Record: r.record, Reject: r.reject,
	})
	if err != nil {
		return Summary{}, err
	}
	builder, err := transcript.Inspecting(capture.Config{Tenant: o.Tenant})
	if err != nil {
		return Summary{}, err
	}
	var broken error
	for i, path := range o.Files {
		if broken = r.file(ctx, path, transcript.Config{Builder: builder, Format: o.Format, Strict: o.Strict, File: i}); broken != nil {
			break
		}
	}
	// What was found is said, however the reading ended.
	r.feed()
	r.local.Close()
	r.compare()
	r.take()
	if r.fused { // what was found at the end is fused as well
		r.local.Close()
		r.take()
	}
	sum, err := r.finish()
	if broken == nil && err == nil && sum.Records == 0 && sum.Bad > 0 {
		broken = fmt.Errorf("%s: not one record could be read: is it a HAR file, JSON lines or an access log? (--format names it)", strings.Join(o.Files, ", "))
	}
	return sum, cmp.Or(broken, err)
}

// needed leaves out detectors whose results nobody asked for.
func needed(out Output) []string {
	switch out {
	case Endpoints, OpenAPI:
		return []string{"discovery"}
	case Fields:
		return []string{"classifier"}
	case Verdicts:
		return []string{"signature", "behavior"}
	case Risk, Actions:
		return []string{All}
	}
	return []string{"discovery", "signature", "behavior", "classifier"}
}

// split takes Responder from the names of detectors, which runs behind them.
func split(names []string) (detectors []string, fused bool) {
	for _, n := range names {
		switch n {
		case All:
			return needed(Findings), true
		case Responder:
			fused = true
		default:
			detectors = append(detectors, n)
		}
	}
	if fused && len(detectors) == 0 {
		detectors = needed(Findings)
	}
	return detectors, fused
}

func (r *inspection) file(ctx context.Context, path string, cfg transcript.Config) error {
	in, err := transcript.Open(path, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was opened for reading
	before := r.sum.Records
	for ctx.Err() == nil {
		e, meta, err := in.Next()
		var bad *transcript.LineError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad) && !r.o.Strict:
			r.sum.Bad++
			r.o.Complain(fmt.Sprintf("%s: %v", path, err))
			continue
		case err != nil && !r.o.Strict && ctx.Err() == nil:
			// The file breaks off: what stands before is whole.
			r.sum.Bad++
			r.o.Complain(fmt.Sprintf("%s: the rest is not read: %v", path, err))
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", path, err)
		}
		r.batch = append(r.batch, entry{e, meta})
		if meta.ID != "" && r.o.Out == Findings && r.o.JSON {
			r.named[e.ID] = meta.ID
		}
		if r.sum.Records++; len(r.batch) >= r.batchSize() {
			r.feed()
		}
		if c := in.Counters(); r.o.Progress != nil && (r.sum.Records-before)%500 == 0 {
			r.o.Progress(r.sum.Records, c.Bytes)
		}
		if r.err != nil {
			return r.err
		}
	}
	return ctx.Err()
}

// flushEach is how many records are flushed one by one: look-alikes are told by the
// endpoints of the records before, and counted for them, and a small file must hold some.
func (r *inspection) flushEach() int {
	switch r.o.Out {
	case Findings, Endpoints, OpenAPI:
		if slices.Contains(r.o.Detectors, "discovery") {
			return 1000
		}
	}
	return 0
}

// batchSize: a verdict needs to know which event raised a finding. That of a
// rule over single events names it; that of a rule over time is known only if
// events are fed one by one.
func (r *inspection) batchSize() int {
	if r.o.Out == Verdicts && slices.ContainsFunc(r.o.Detectors, func(d string) bool { return d != "signature" }) {
		return 1
	}
	return 256
}

// feed runs the detectors over the batch and writes its verdicts.
func (r *inspection) feed() {
	if len(r.batch) == 0 {
		return
	}
	events := make([]*event.Event, len(r.batch))
	for i, b := range r.batch {
		events[i] = b.event
	}
	r.local.FeedAll(events, nil)
	if r.batchSize() == 1 {
		r.local.Flush() // the second stages speak at once
	}
	if r.o.Out == Verdicts {
		r.verdicts()
	}
	r.take()
	r.batch = r.batch[:0]
}

// take files what was raised under its id: the same id again is an update, which
// says more but not when the subject was first found out.
func (r *inspection) take() {
	// Who fuses findings is told of each, and raises some itself.
	for i := 0; i < len(r.raised); i++ {
		f := r.raised[i]
		if r.fused {
			r.tell(&f)
		}
		if i+1 == len(r.raised) && r.fused {
			r.local.Flush()
		}
		if before := r.findings[f.ID]; before != nil {
			f.Time = before.Time
		} else {
			r.order = append(r.order, f.ID)
		}
		r.findings[f.ID] = &f
	}
	r.raised = r.raised[:0]
}

func (r *inspection) tell(f *finding.Finding) {
	b, err := finding.Encode(f)
	r.err = errors.Join(r.err, err)
	r.local.Tell(schemas.TopicFindings, []byte(f.ID), b, f.Time)
}

func (r *inspection) finding(_ string, f finding.Finding) {
	if r.silent && f.Detector == "discovery" {
		return
	}
	r.raised = append(r.raised, f)
}

func (r *inspection) record(stage string, rec detect.Record) {
	var err error
	switch rec.Topic {
	case schemas.TopicCatalog:
		if rec.Value == nil { // it became part of another
			if _, id, ok := bytes.Cut(rec.Key, []byte("|")); ok {
				delete(r.endpoints, string(id))
			}
			return
		}
		var e catalog.Endpoint
		if e, err = catalog.DecodeEndpoint(rec.Value); err == nil {
			r.endpoints[e.ID] = e
		}
	case schemas.TopicFields:
		var f catalog.Field
		if f, err = catalog.DecodeField(rec.Value); err == nil {
			r.fields[f.ID] = f
		}
	case schemas.TopicPrincipals:
		var p risk.Principal
		if rec.Value == nil {
			break // it is forgotten; what it came to is still to be seen
		}
		if p, err = risk.DecodePrincipal(rec.Value); err == nil {
			r.risks[p.Principal] = p
		}
	case schemas.TopicActions:
		var a action.Action
		if rec.Value == nil {
			break // it is over
		}
		if a, err = action.Decode(rec.Value); err == nil {
			r.ordered(a)
		}
	}
	r.err = errors.Join(r.err, err)
}

// ordered files an action; a record with the id of one before extends it.
func (r *inspection) ordered(a action.Action) {
	for i := len(r.actions) - 1; i >= 0; i-- {
		if r.actions[i].ID == a.ID {
			r.actions[i] = a
			return
		}
	}
	r.actions = append(r.actions, a)
}

func (r *inspection) reject(stage string, e dlq.Entry) {
	r.o.Complain(fmt.Sprintf("%s: a record was passed over: %s", stage, strings.TrimSpace(e.Reason)))
}
