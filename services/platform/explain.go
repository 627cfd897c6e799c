package platform

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/miradorhq/mirador/services/responder"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/engine"
	"github.com/miradorhq/mirador/services/signature/verdict"
)

// Explain decides f again and gives every step as a line. transaction is asked where the
// detector has no history and the transaction itself says all. An error means that it
// comes out otherwise, or what is missing to tell.
func (c *Config) Explain(f *finding.Finding, transaction func() (*event.Event, detect.Source, error)) ([]string, error) {
	switch f.Detector {
	case responder.Name:
		return responder.Explain(f)
	case behavior.Name:
		return behavior.Explain(f)
	case signature.Name:
		e, src, err := transaction()
		if err != nil {
			return nil, err
		}
		return c.explainSignature(f, e, src)
	}
	var lines []string
	for _, n := range f.Features {
		line := fmt.Sprintf("%-24s %.6g", n.Name, n.Value)
		for _, b := range f.Baseline {
			if b.Name == n.Name {
				line += fmt.Sprintf(", normal %.6g", b.Value)
			}
		}
		lines = append(lines, line)
	}
	return append(lines, fmt.Sprintf("%s decides from all that it has seen, which a finding does not hold: these are its numbers as they were", f.Detector)), nil
}

func (c *Config) explainSignature(f *finding.Finding, e *event.Event, src detect.Source) ([]string, error) {
	eng, err := engine.New(c.Signature.Engine)
	if err != nil {
		return nil, err
	}
	var second signature.Judge // none where verdicts are the rule set's own
	if !c.Signature.Plain {
		if second, err = verdict.New(c.Signature.Verdict); err != nil {
			return nil, err
		}
	}
	limits, err := c.Content.Limits()
	if err != nil {
		return nil, err
	}
	var tx detect.Tx
	tx.Reset(e, src, e.Time(), &catalog.Lexical{}, limits)
	lines, err := signature.Explain(c.Signature.Config, eng, second, &tx, f)
	head := fmt.Sprintf("judged again: transaction %s at %s/%d offset %d", tx.EventID(), src.Topic, src.Partition, src.Offset)
	return append([]string{head}, lines...), err
}
