package responder

import (
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
)

// Findings makes the first stage over mirador.findings.
func Findings(cfg Config, m *Metrics) (detect.ReaderFactory, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return func(int32) detect.Reader { return &findings{cfg: &cfg, metrics: m} }, nil
}

// findings sends what matters of each finding to the second stage of its principal. It
// has no state.
type findings struct {
	cfg     *Config
	metrics *Metrics
}

func (*findings) Parse(value []byte) (any, time.Time, error) {
	f, err := finding.Decode(value)
	return &f, f.Time, err
}

func (r *findings) Read(v any, _ detect.Source, out *detect.Out) {
	f := v.(*finding.Finding)
	if f.Detector == Name || matches(r.cfg.Ignore, f.Rule) {
		r.metrics.signs.WithLabelValues("ignored").Inc()
		return
	}
	s, ok := signOf(f)
	switch {
	case !ok:
		r.metrics.signs.WithLabelValues("no_principal").Inc()
		return
	case s.Refused: // what the edge refuses for Mirador must not feed Mirador
		r.metrics.signs.WithLabelValues("already_refused").Inc()
		return
	case s.valid() != nil:
		r.metrics.signs.WithLabelValues("malformed").Inc()
		return
	}
	put(&message{Sign: &s}, func(b []byte) { out.Partial(Kind, s.Tenant, s.Principal, b) })
}

// Verdicts makes the first stage over mirador.verdicts.
func Verdicts() detect.ReaderFactory {
	return func(int32) detect.Reader { return verdicts{} }
}

// verdicts tells every partition of the second stage what people say: a rule's
// precision concerns the principals of all of them.
type verdicts struct{}

func (verdicts) Parse(value []byte) (any, time.Time, error) {
	v, err := risk.DecodeVerdict(value)
	if err != nil {
		return nil, time.Time{}, err
	}
	o := opinionOf(&v)
	if err := o.valid(); err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: %w", risk.ErrMalformed, err)
	}
	return &o, v.At, nil
}

func (verdicts) Read(v any, _ detect.Source, out *detect.Out) {
	o := v.(*opinion)
	put(&message{Opinion: o}, func(b []byte) { out.Everywhere(Kind, o.Tenant, b) })
}

// put encodes m, which holds nothing that has no form: an error is a fault of ours, and
// the runner makes a finding of it.
func put(m *message, send func([]byte)) {
	b, err := m.encode()
	if err != nil {
		panic(err)
	}
	send(b)
}
