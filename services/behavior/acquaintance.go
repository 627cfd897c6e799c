package behavior

import (
	"errors"
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// acquaintances tell who and what has been seen long enough for what is usual of it to be
// known. A client or endpoint is judged by its like meanwhile, which is good enough to
// alert, not to act.
//
// It is a Bloom filter for each half day of the cold start and of a week before it: some
// 10 bits a client and half day, however long it stays. Where it is overfull, or says yes
// wrongly (1 in 100), somebody is acted on early.
type acquaintances struct {
	cfg  *Config
	at   int64 // the newest half day
	ring keyed.List[[]byte]
}

const (
	halfDay   = 12 * hour
	knownFor  = 14 // half days after the cold start; who stays away longer is new again
	knownBits = 10 // a client
	knownAsks = 6  // probes
)

func newAcquaintances(cfg *Config) *acquaintances {
	a := &acquaintances{cfg: cfg}
	if cold := int64(cfg.ColdStart); cold > 0 {
		a.ring = make(keyed.List[[]byte], (cold+halfDay-1)/halfDay+1+knownFor)
	}
	return a
}

// observe implements detection: it meets who acts, and the endpoint.
func (a *acquaintances) observe(o *observation, _ *detect.Out) {
	if len(a.ring) == 0 {
		return
	}
	a.move(o.now)
	a.meet(o.who)
	a.meet(o.endpoint)
}

// move goes on to the half day of now. What comes late counts for the newest.
func (a *acquaintances) move(now int64) {
	n := int64(len(a.ring))
	at := now / halfDay
	if at <= a.at {
		return
	}
	for t := max(a.at+1, at-n+1); t <= at; t++ {
		a.ring[t%n] = nil
	}
	a.at = at
}

func (a *acquaintances) meet(key uint64) {
	day := &a.ring[a.at%int64(len(a.ring))]
	if *day == nil {
		*day = make([]byte, a.size())
	}
	n := uint64(len(*day)) * 8
	for i := range uint64(knownAsks) {
		b := (key + i*(key>>32|1)) % n
		(*day)[b/8] |= 1 << (b % 8)
	}
}

// size is that of one filter, in bytes: there are as many endpoints as logins at most.
func (a *acquaintances) size() int { return (a.cfg.MaxKeys+a.cfg.MaxLogins)*knownBits/8 + 1 }

// knows says whether key was met before the cold start of now began.
func (a *acquaintances) knows(key uint64) bool {
	if len(a.ring) == 0 {
		return true
	}
	n := int64(len(a.ring))
	for t := max(0, a.at-n+1); t < a.at-int64(a.cfg.ColdStart)/halfDay; t++ {
		if met(a.ring[t%n], key) {
			return true
		}
	}
	return false
}

func met(day []byte, key uint64) bool {
	n := uint64(len(day)) * 8
	for i := range uint64(knownAsks) {
		if n == 0 {
			return false
		}
		b := (key + i*(key>>32|1)) % n
		if day[b/8]&(1<<(b%8)) == 0 {
			return false
		}
	}
	return true
}

// unusual puts out a finding that rests on what is usual of the client and of keys. In
// their cold start it is an alert alone.
func (o *observation) unusual(f finding.Finding, out *detect.Out, keys ...uint64) {
	known := o.met.knows(o.who)
	for _, k := range keys {
		known = known && o.met.knows(k)
	}
	out.Finding(f)
	if !known {
		last := &out.Findings[len(out.Findings)-1]
		last.Features = append(last.Features, finding.Number{Name: "cold_start_hours", Value: o.met.cfg.ColdStart.Hours()})
		out.Hold(len(out.Findings) - 1)
		o.held.WithLabelValues("cold_start").Inc()
	}
}

func (a *acquaintances) encode(e *msgpack.Encoder) error {
	return errors.Join(e.EncodeInt(a.at), e.Encode(a.ring))
}

// decode takes what another length of the cold start or size of tables wrote for nothing
// known.
func (a *acquaintances) decode(d *msgpack.Decoder) (err error) {
	var at int64
	var ring keyed.List[[]byte]
	if at, err = d.DecodeInt64(); err != nil {
		return fmt.Errorf("half day: %w", err)
	}
	if err := d.Decode(&ring); err != nil {
		return fmt.Errorf("half days: %w", err)
	}
	if at < 0 || at > lastBucket {
		return fmt.Errorf("half day %d", at)
	}
	for _, day := range ring {
		if len(day) != 0 && len(day) != a.size() {
			return nil
		}
	}
	if len(ring) == len(a.ring) {
		a.at, a.ring = at, ring
	}
	return nil
}
