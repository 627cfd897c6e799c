package platform

import (
	"context"
	"fmt"
	"strings"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/pkg/policy"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/miradorhq/mirador/services/recorder"
	"github.com/miradorhq/mirador/services/responder"
	"github.com/miradorhq/mirador/services/shipper"
)

// Service is one of Mirador's services.
type Service struct {
	Name  string
	About string
	build func(*Process) ([]part, error)
}

// Services lists them all, in the order of the flow.
func Services() []Service {
	return []Service{
		{"shipper", "takes transactions over HTTP and publishes them to mirador.events", (*Process).shipper},
		{"discovery", "learns endpoints and parameters; writes the catalog", (*Process).discovery},
		{"signature", "matches known attacks with the OWASP core rule set", (*Process).signature},
		{"behavior", "scores who acts unusually: stuffing, scans, enumeration, objects of others", (*Process).behavior},
		{"classifier", "finds fields that carry sensitive data", (*Process).classifier},
		{"responder", "fuses the findings of all detectors to the risk of a principal, and acts on it", (*Process).responder},
		{"recorder", "writes transactions, actions and statuses to ClickHouse: the audit log", (*Process).recorder},
		{"enforcer", "carries out signed actions at an edge", (*Process).enforcer},
		{"console", "shows analysts what was found, and lifts blocks", (*Process).console},
	}
}

// Names of all services.
func Names() []string {
	var names []string
	for _, s := range Services() {
		names = append(names, s.Name)
	}
	return names
}

func find(name string) (Service, error) {
	for _, s := range Services() {
		if s.Name == name {
			return s, nil
		}
	}
	return Service{}, fmt.Errorf("no service is called %q; there are %s", name, strings.Join(Names(), ", "))
}

// detectStages are the stages of a detector service: the first over events, the
// second over partials, both under policy, and the sink of findings.
func (p *Process) detectStages(d detection) ([]part, error) {
	o := p.options(d.name)
	rules, err := policy.New(p.Config.Policy, d.name, p.signer, p.Registry)
	if err != nil {
		return nil, err
	}
	var kinds []string
	if d.second != nil {
		kinds = []string{d.kind}
	}
	first, err := runner.NewDetect(o, runner.DetectStage{Name: d.name, New: policy.Wrap(d.first, rules), PartialKinds: kinds})
	if err != nil {
		return nil, err
	}
	parts := []part{stagePart("detect", first)}
	if d.second != nil {
		// WrapMerger issues under a name of its own: service-merge.
		second, err := runner.NewMerge(o, runner.MergeStage{Name: d.name + "-merge", Kind: d.kind, New: policy.WrapMerger(d.second, rules)})
		if err != nil {
			return nil, err
		}
		parts = append(parts, stagePart("merge", second))
	}
	return parts, nil
}

func stagePart(name string, s *runner.Stage) part {
	return part{name: name, run: s.Run, health: func() (bool, string) { h := s.Health(); return h.OK, h.Reason }}
}

// sink is a part that waits for its table and then copies topic into it.
func (p *Process) sink(service, topic string, open func() (runner.Sink, error)) (part, error) {
	name := service + "-" + strings.ReplaceAll(strings.TrimPrefix(topic, "mirador."), ".", "-")
	s, err := runner.NewSink(p.options(service), runner.SinkStage{Name: name, Topic: topic, New: open})
	if err != nil {
		return part{}, err
	}
	out := stagePart(name, s)
	out.run = func(ctx context.Context) error {
		if err := p.migrate(ctx); err != nil {
			return err
		}
		return s.Run(ctx)
	}
	return out, nil
}

func (p *Process) discovery() ([]part, error) {
	parts, err := p.detector("discovery", schemas.TopicCatalog, func() (runner.Sink, error) { return chsink.NewEndpoints(p.Config.ClickHouse, p.rows) })
	if err != nil {
		return parts, err
	}
	c, err := p.compare()
	return append(parts, c), err
}

func (p *Process) signature() ([]part, error) { return p.detector("signature", "", nil) }

func (p *Process) behavior() ([]part, error) {
	cfg := &p.Config.Behavior
	cfg.Releases = deploy.NewLog(cfg.Release.Services)
	cfg.Verdicts = behavior.NewVerdicts(derived(p.secret, behavior.Name), p.Config.Responder.MaxVerdicts)
	released, said := p.releases(cfg.Releases), p.verdicts(cfg.Verdicts)
	parts, err := p.detector("behavior", schemas.TopicFlows, func() (runner.Sink, error) { return chsink.NewFlows(p.Config.ClickHouse, p.rows) })
	for i := range parts {
		if parts[i].name == "detect" || parts[i].name == "merge" {
			parts[i].run = said.after(released.after(parts[i].run))
		}
	}
	return append(parts, part{name: "releases", run: released.follow}, part{name: "verdicts", run: said.follow}), err
}

func (p *Process) classifier() ([]part, error) {
	return p.detector("classifier", schemas.TopicFields, func() (runner.Sink, error) { return chsink.NewFields(p.Config.ClickHouse, p.rows) })
}

// detector is the stages of a detector service and, where it has a topic of its
// own, that topic's sink.
func (p *Process) detector(name, topic string, open func() (runner.Sink, error)) ([]part, error) {
	d, err := p.Config.detection(name, p.secret, p.inventory, p.Registry, p.Log.With("service", name))
	if err != nil {
		return nil, err
	}
	parts, err := p.detectStages(d)
	if d.follow != nil {
		parts = append(parts, part{name: "rules", run: d.follow})
	}
	if err != nil || topic == "" {
		return parts, err
	}
	rows, err := p.sink(name, topic, open)
	return append(parts, rows), err
}

// responder is three stages: findings and verdicts in, and the merger under policy that
// weighs them.
func (p *Process) responder() ([]part, error) {
	cfg, o := p.Config.Responder, p.options(responder.Name)
	m, err := responder.NewMetrics(p.Registry)
	if err != nil {
		return nil, err
	}
	rules, err := policy.New(p.Config.Policy, responder.Name, p.signer, p.Registry)
	if err != nil {
		return nil, err
	}
	findings, err := responder.Findings(cfg, m)
	if err != nil {
		return nil, err
	}
	merger, err := responder.Merger(cfg, m)
	if err != nil {
		return nil, err
	}
	windowed := o
	windowed.Lateness = cfg.Window
	first, err := runner.NewRead(windowed, runner.ReadStage{Name: responder.Name, Topic: schemas.TopicFindings, New: findings, PartialKinds: []string{responder.Kind}})
	if err != nil {
		return nil, err
	}
	said, err := runner.NewRead(o, runner.ReadStage{Name: responder.Name + "-verdicts", Topic: schemas.TopicVerdicts, New: responder.Verdicts()})
	if err != nil {
		return nil, err
	}
	second, err := runner.NewMerge(o, runner.MergeStage{Name: responder.Name + "-merge", Kind: responder.Kind, New: policy.WrapMerger(merger, rules)})
	if err != nil {
		return nil, err
	}
	return []part{stagePart("findings", first), stagePart("verdicts", said), stagePart("merge", second)}, nil
}

func (p *Process) recorder() ([]part, error) {
	var parts []part
	events := p.Config.Recorder
	if events.Mask {
		find, err := shipper.NewFinder()
		if err != nil {
			return nil, err
		}
		// An id is what analysts look for, and says nothing by itself.
		as := map[string]capture.Mode{capture.ClassID: capture.ModeRaw, "date": capture.ModeRaw}
		if events.Masking, err = capture.NewMasker(capture.Masking{Mode: capture.ModeMask, Classes: as, Find: find}, p.identity); err != nil {
			return nil, err
		}
	}
	for _, t := range recorder.Tables(p.Config.ClickHouse, p.live, events, p.rows) {
		rows, err := p.sink("recorder", t.Topic, t.Open)
		if err != nil {
			return nil, err
		}
		parts = append(parts, rows)
	}
	return parts, nil
}
