package behavior

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// edges gathers, for the second stage, whom services call and what they are asked to
// call. What a service does is spread over the partitions of those it acts for.
type edges struct {
	cfg     *Config
	metrics *Metrics
	// told are calls that were told lately, by service and host and how: a service makes
	// the same ones all day.
	told    *keyed.Table[toldAt]
	pending []pendingActs
}

// toldAt is the bucket in which a call was told.
type toldAt struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Bucket   int64
}

func (*toldAt) valid() error { return nil }

type pendingActs struct {
	tenant string
	serviceActs
}

// serviceActs is the payload of a partial. The dimension is "service|" and the name.
type serviceActs struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Service  string
	Acts     keyed.List[act]
}

// act is a call that a service made, or that it was asked to make.
type act struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	At       int64    // ns
	Asked    bool
	Host     string
	Metadata bool   // of what was asked
	Scheme   string // how the caller was known, of a call; the principal, of what was asked
	Tier     string // namespace of who was called
	Endpoint string
	Event    []byte
}

func (a *act) compare(b *act) int {
	asked := func(x *act) int {
		if x.Asked {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(asked(a), asked(b)), cmp.Compare(a.Host, b.Host), bytes.Compare(a.Event, b.Event))
}

const (
	maxHostName = 253
	maxActs     = 1000                      // of a service between two flushes
	toldEvery   = int64(10*60*1e9) / bucket // buckets
	askWindow   = int64(60e9)               // ns between what was asked and the call
	learnEdges  = int64(24) * 60 * minute   // ns before a service's new call is one
	deployEdges = 3                         // new calls in an hour that are a deploy
)

func newEdges(cfg *Config, m *Metrics) *edges {
	return &edges{cfg: cfg, metrics: m, told: keyed.NewTable[toldAt](cfg.MaxLogins*10, m.eviction("calls"))}
}

func (r *edges) observe(o *observation, _ *detect.Out) {
	e := o.tx.Event
	if len(e.Deployment.Source) > 0 {
		r.call(o)
	}
	if len(e.Deployment.Service) > 0 && (len(e.Query) > 0 || writes(e)) {
		r.asked(o)
	}
}

// call takes note of a call that a service made.
func (r *edges) call(o *observation) {
	e := o.tx.Event
	host := o.tx.Endpoint.Host
	if s := e.Deployment.Service; len(s) > 0 {
		host = string(s)
	}
	if host == "" || len(host) > maxHostName {
		return
	}
	t := r.told.Touch(mix(o.hash.of(o.tx.Tenant, string(e.Deployment.Source), host), o.hash.of(string(e.Identity.Scheme), string(e.Deployment.Namespace))))
	if t.Bucket != 0 && o.now/bucket-t.Bucket < toldEvery {
		return
	}
	t.Bucket = o.now / bucket
	r.add(o.tx.Tenant, string(e.Deployment.Source), act{At: o.now, Host: host, Scheme: string(e.Identity.Scheme), Tier: string(e.Deployment.Namespace), Endpoint: o.tx.Endpoint.Label,
		Event: bytes.Clone(e.ID[:])})
}

// asked takes note of addresses inside that a request holds.
func (r *edges) asked(o *observation) {
	doc := o.tx.Request()
	for i := range doc.Leaves {
		l := &doc.Leaves[i]
		if l.Location != content.Query && l.Location != content.Body || len(l.Value) < 6 {
			continue
		}
		host := urlHost(l.Value)
		inside, metadata := insideHost(host)
		if !inside {
			continue
		}
		r.add(o.tx.Tenant, string(o.tx.Event.Deployment.Service), act{At: o.now, Asked: true, Host: host, Metadata: metadata, Scheme: o.tx.Principal, Endpoint: o.tx.Endpoint.Label,
			Event: bytes.Clone(o.tx.Event.ID[:])})
	}
}

func (r *edges) add(tenant, service string, a act) {
	if len(service) > maxHostName {
		return
	}
	for i := range r.pending {
		p := &r.pending[i]
		if p.tenant == tenant && p.Service == service {
			if len(p.Acts) == maxActs {
				r.metrics.dropped.WithLabelValues("service_acts").Inc()
				return
			}
			p.Acts = append(p.Acts, a)
			return
		}
	}
	r.pending = append(r.pending, pendingActs{tenant, serviceActs{Service: service, Acts: keyed.List[act]{a}}})
}

func (r *edges) flush(out *detect.Out) {
	for i := range r.pending {
		p := &r.pending[i]
		b, err := msgpack.Marshal(&p.serviceActs)
		if err != nil { // cannot be: plain data
			r.metrics.dropped.WithLabelValues("partial_encode").Inc()
			continue
		}
		out.Partial(PartialKind, p.tenant, "service|"+p.Service, b)
	}
	r.pending = nil
}

func (r *edges) capture(c *keyed.Capture) { r.told.Capture(c) }

func (r *edges) decode(d *msgpack.Decoder) error { return r.told.Decode(d, (*toldAt).valid) }

func decodeActs(b []byte) (*serviceActs, error) {
	var s serviceActs
	if err := msgpack.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
		return nil, fmt.Errorf("%w: %w", errPartial, err)
	}
	if len(s.Service) > maxHostName || len(s.Acts) > maxActs {
		return nil, fmt.Errorf("%w: %d acts of a service", errPartial, len(s.Acts))
	}
	for i := range s.Acts {
		if err := s.Acts[i].valid(); err != nil {
			return nil, fmt.Errorf("%w: act %d: %w", errPartial, i, err)
		}
	}
	return &s, nil
}

func (a *act) valid() error {
	if a.At < 0 || a.At > math.MaxInt64-askWindow || len(a.Host) > maxHostName || len(a.Event) != 16 || len(a.Scheme) > 1024 || len(a.Tier) > 1024 || len(a.Endpoint) > 4096 {
		return errors.New("act out of bounds")
	}
	return nil
}

// insert keeps acts sorted, whatever order partials come in.
func insert(acts keyed.List[act], a act) keyed.List[act] {
	i, same := slices.BinarySearchFunc(acts, &a, func(x act, y *act) int { return x.compare(y) })
	if same {
		return acts
	}
	return slices.Insert(acts, i, a)
}
