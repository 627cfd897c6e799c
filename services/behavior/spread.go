package behavior

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// A spread is what many principals do that belongs together: from one address, out of
// one account, with one text, against one endpoint. This file carries it from the first
// stage to the second; spread_gather.go judges it.

// spreadOf is the payload of a partial: what was done in one dimension.
type spreadOf struct {
	_msgpack   struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Key        string
	EndpointID string
	Endpoint   string
	Service    string
	Marks      keyed.List[mark]
}

// mark is what one principal did with one item in one bucket.
type mark struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Bucket   int64
	Who      uint64
	Item     uint64
	Address  string
	Stamps   stamps
	// New says that the endpoint was in its cold start.
	New bool
}

func (m *mark) compare(n *mark) int {
	return cmp.Or(cmp.Compare(m.Bucket, n.Bucket), cmp.Compare(m.Who, n.Who), cmp.Compare(m.Item, n.Item), cmp.Compare(m.Address, n.Address))
}

const (
	maxMarks   = 4000    // held of one key
	maxSpread  = 128     // bytes of a key
	lastBucket = 1 << 29 // 170 years; beyond it no time can be told
)

// spreading are the marks of one dimension since the last flush.
type spreading struct {
	dimension string
	keys      []spreadKey // in the order they came
	index     map[spreadKey]*spreadOf
}

type spreadKey struct{ tenant, key string }

func (p *spreading) add(o *observation, key string, item uint64) {
	if key == "" || len(key) > maxSpread {
		return
	}
	tx := o.tx
	k := spreadKey{tx.Tenant, key}
	s := p.index[k]
	if s == nil {
		if p.index == nil {
			p.index = make(map[spreadKey]*spreadOf)
		}
		s = &spreadOf{Key: key, EndpointID: tx.Endpoint.ID, Endpoint: tx.Endpoint.Label, Service: string(tx.Event.Deployment.Service)}
		p.index[k] = s
		p.keys = append(p.keys, k)
	}
	s.Marks = append(s.Marks, mark{Bucket: o.now / bucket, Who: o.who, Item: item, Address: string(tx.Event.Client.Address), Stamps: stampOf(o.now, tx.Event.ID), New: !o.met.knows(o.endpoint)})
}

func (p *spreading) flush(m *Metrics, out *detect.Out) {
	for _, k := range p.keys {
		s := p.index[k]
		s.Marks = joinMarks(s.Marks, m)
		b, err := msgpack.Marshal(s)
		if err != nil { // cannot be: plain data
			m.dropped.WithLabelValues("partial_encode").Inc()
			continue
		}
		out.Partial(PartialKind, k.tenant, p.dimension+"|"+k.key, b)
	}
	p.keys, p.index = nil, nil
}

// addMark adds to the marks that wait for their bucket to be judged; what comes after that
// counts for the next one.
func addMark(open []mark, m mark, judged int64, metrics *Metrics) []mark {
	m.Bucket = max(m.Bucket, judged)
	if len(open) >= 2*maxMarks {
		open = joinMarks(open, metrics)
	}
	return append(open, m)
}

// joinMarks sorts ms and joins equal keys; of too many the first are kept.
func joinMarks(ms []mark, m *Metrics) []mark {
	slices.SortFunc(ms, func(a, b mark) int { return a.compare(&b) })
	n := 0
	for i := range ms {
		if n > 0 && ms[n-1].compare(&ms[i]) == 0 {
			ms[n-1].Stamps = joined(ms[n-1].Stamps, ms[i].Stamps)
			ms[n-1].New = ms[n-1].New && ms[i].New
			continue
		}
		ms[n] = ms[i]
		n++
	}
	if n > maxMarks {
		m.dropped.WithLabelValues("spread_marks").Add(float64(n - maxMarks))
		n = maxMarks
	}
	return ms[:n]
}

func decodeSpread(b []byte) (*spreadOf, error) {
	var s spreadOf
	// A decoder of its own, as in decodeLogins.
	if err := msgpack.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
		return nil, fmt.Errorf("%w: %w", errPartial, err)
	}
	if len(s.Key) > maxSpread {
		return nil, fmt.Errorf("%w: key of %d bytes", errPartial, len(s.Key))
	}
	for i := range s.Marks {
		if err := s.Marks[i].valid(); err != nil {
			return nil, fmt.Errorf("%w: mark %d: %w", errPartial, i, err)
		}
	}
	return &s, nil
}

func (m *mark) valid() error {
	if len(m.Address) > 64 || m.Bucket < 0 || m.Bucket > lastBucket {
		return fmt.Errorf("address of %d bytes in bucket %d", len(m.Address), m.Bucket)
	}
	return m.Stamps.valid()
}
