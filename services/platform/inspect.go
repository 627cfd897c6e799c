package platform

import (
	"strings"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/policy"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/responder"
	"github.com/prometheus/client_golang/prometheus"
)

// InspectFused puts the policy around stages of InspectStages and the responder behind
// them, as the services have it. Actions are signed with a key of this run, which no
// enforcer takes.
func (c *Config) InspectFused(first []runner.DetectStage, second []runner.MergeStage) (_ []runner.DetectStage, read []runner.ReadStage, _ []runner.MergeStage, err error) {
	signer, err := action.NewSigner()
	if err != nil {
		return nil, nil, nil, err
	}
	reg, policies := prometheus.NewRegistry(), map[string]*policy.Policy{}
	under := func(service string) (*policy.Policy, error) {
		p, ok := policies[service]
		if ok {
			return p, nil
		}
		p, err := policy.New(c.Policy, service, signer, reg)
		policies[service] = p
		return p, err
	}
	for i := range first {
		p, err := under(first[i].Name)
		if err != nil {
			return nil, nil, nil, err
		}
		first[i].New = policy.Wrap(first[i].New, p)
	}
	for i := range second {
		p, err := under(strings.TrimSuffix(second[i].Name, "-merge"))
		if err != nil {
			return nil, nil, nil, err
		}
		second[i].New = policy.WrapMerger(second[i].New, p)
	}
	m, err := responder.NewMetrics(reg)
	if err != nil {
		return nil, nil, nil, err
	}
	findings, err := responder.Findings(c.Responder, m)
	if err != nil {
		return nil, nil, nil, err
	}
	merger, err := responder.Merger(c.Responder, m)
	if err != nil {
		return nil, nil, nil, err
	}
	p, err := under(responder.Name)
	if err != nil {
		return nil, nil, nil, err
	}
	read = []runner.ReadStage{{Name: responder.Name, Topic: schemas.TopicFindings, New: findings, PartialKinds: []string{responder.Kind}}}
	return first, read, append(second, runner.MergeStage{Name: responder.Name + "-merge", Kind: responder.Kind, New: policy.WrapMerger(merger, p)}), nil
}
