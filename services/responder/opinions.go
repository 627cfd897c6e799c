package responder

import (
	"errors"
	"fmt"

	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// opinions are what people said: an answer a finding, which may change, and how many of
// each a rule has. What is forgotten of the first still counts in the second.
type opinions struct {
	given *keyed.Table[given]
	rules *keyed.Table[counted]
}

type given struct {
	_msgpack     struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Rule, Answer string
	At           int64
}

type counted struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tally    risk.Tally
}

func newOpinions(cfg *Config, m *Metrics) *opinions {
	return &opinions{
		given: keyed.NewTable[given](cfg.MaxVerdicts, m.evicted.WithLabelValues("verdicts").Inc),
		rules: keyed.NewTable[counted](cfg.MaxVerdicts, m.evicted.WithLabelValues("rules").Inc),
	}
}

// take notes o and says whether it changes anything: the newest answer on a finding
// holds, whatever the order they come in.
func (p *opinions) take(o *opinion) bool {
	g := p.given.Touch(key(o.Tenant, o.Finding))
	if o.At < g.At || o.At == g.At && o.Answer <= g.Answer {
		return false
	}
	if g.Answer != "" {
		p.rules.Touch(key(o.Tenant, g.Rule)).Tally.Add(risk.Answer(g.Answer), -1)
	}
	*g = given{Rule: o.Rule, Answer: o.Answer, At: o.At}
	p.rules.Touch(key(o.Tenant, o.Rule)).Tally.Add(risk.Answer(o.Answer), 1)
	return true
}

func (p *opinions) of(tenant, finding string) risk.Answer {
	if g := p.given.Get(key(tenant, finding)); g != nil {
		return risk.Answer(g.Answer)
	}
	return ""
}

func (p *opinions) tally(tenant, rule string) risk.Tally {
	if c := p.rules.Get(key(tenant, rule)); c != nil {
		return c.Tally
	}
	return risk.Tally{}
}

func (p *opinions) encode(e *msgpack.Encoder) error {
	return errors.Join(p.given.Encode(e), p.rules.Encode(e))
}

func (p *opinions) decode(d *msgpack.Decoder) error {
	if err := p.given.Decode(d, func(g *given) error {
		if len(g.Rule) > maxText || len(g.Answer) > maxText {
			return fmt.Errorf("verdict with a rule of %d bytes", len(g.Rule))
		}
		return nil
	}); err != nil {
		return err
	}
	return p.rules.Decode(d, nil)
}
