package behavior

import (
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
)

// The kinds of states that are kept by actor. A number is what records know a kind by,
// so it is never used for another.
const (
	keptServed = iota
	keptBola
	keptRequests
	keptRecords
	keptBytes
	keptOperations
	keptSessions
	keptCopiers
	keptTokens
	keptAccounts
	keptMisses
	keptMissed
	keptTried
	keptRefused
)

const second = int64(1e9)

func (t *gauged) pack(p *keyed.Pack) {
	t.Count.Pack(p)
	t.Own.Pack(p)
	t.Mark.Pack(p)
}

func (s *bolaState) pack(p *keyed.Pack) {
	s.Novel.Pack(p)
	s.Own.Pack(p)
	s.Mark.Pack(p)
	p.Time(&s.First)
	since := int64(uint32(p.Base/day) - s.Day)
	p.Int64(&since)
	s.Day = uint32(p.Base/day) - uint32(since)
	p.Flags(&s.Opened)
}

func (e *episode) pack(p *keyed.Pack) {
	p.Uint64(&e.Count)
	if e.Count == 0 {
		return
	}
	p.Time(&e.Start)
	p.Time(&e.Last)
	p.Uint64(&e.Emitted)
	p.Time(&e.EmittedAt)
	p.Bytes(&e.Events, 16*finding.MaxEvents)
	packText(p, &e.Addresses, maxAddresses)
	packText(p, &e.Shapes, maxShapes)
}

func packText(p *keyed.Pack, l *[]string, max int) {
	keyed.PackList(p, l, max, func(s *string, p *keyed.Pack) { p.String(s, 4096) })
}

func (c *client) pack(p *keyed.Pack) {
	p.Often(&c.Network, &c.Agent, &c.JA4)
	p.Flags(&c.Inside)
}

func (s *tokState) pack(p *keyed.Pack) {
	keyed.PackList(p, &s.Clients, maxClients, (*tokClient).pack)
	p.Uint8(&s.Differs)
	if s.Differs == 0 { // none was foreign yet
		return
	}
	p.Int64(&s.Idle)
	p.Uint32(&s.Written)
	s.Episode.pack(p)
}

func (k *tokClient) pack(p *keyed.Pack) {
	k.Client.pack(p)
	p.Time(&k.Last)
	p.Flags(&k.Foreign)
}

func (s *atoState) pack(p *keyed.Pack) {
	keyed.PackList(p, &s.Visitors, maxVisitors, (*visitor).pack)
	judged := s.Arrived != 0 || s.Score != 0 || s.As != client{} || s.Episode.Count > 0
	p.Flags(&judged)
	if !judged {
		return
	}
	p.Time(&s.Arrived)
	p.Float64(&s.Score)
	s.As.pack(p)
	s.Episode.pack(p)
}

func (v *visitor) pack(p *keyed.Pack) {
	v.Client.pack(p)
	p.Uint32(&v.Visits)
	p.Time(&v.First)
	p.Time(&v.Last)
	p.Flags(&v.Own)
}

func (s *session) pack(p *keyed.Pack) {
	p.Time(&s.Newest)
	keyed.PackList(p, &s.Past, maxPast, (*pastStep).pack)
	for i := range s.Last { // one of the past, as a rule
		at := uint8(0)
		for j := range s.Past {
			if s.Past[j].Step == s.Last[i] {
				at = uint8(1 + j)
			}
		}
		if s.Last[i] == 0 {
			at = 255
		}
		p.Uint8(&at)
		switch {
		case at == 255:
			s.Last[i] = 0
		case at > 0 && int(at) <= len(s.Past):
			s.Last[i] = s.Past[at-1].Step
		default:
			p.Uint64(&s.Last[i])
		}
	}
	keyed.PackList(p, &s.Skipped, maxSkipped, (*skipped).pack)
	keyed.PackList(p, &s.Taught, maxTaught, (*taught).pack)
}

func (x *pastStep) pack(p *keyed.Pack) {
	packStep(p, &x.Step)
	p.Uint32(&x.At)
}

// packStep is of a step, which is 32 bits.
func packStep(p *keyed.Pack, step *uint64) {
	h := uint32(*step)
	p.Hash32(&h)
	*step = uint64(h)
}

func (k *skipped) pack(p *keyed.Pack) {
	packStep(p, &k.Of)
	p.Uint32(&k.N)
	p.Uint32(&k.Tries)
	k.Episode.pack(p)
}

func (t *taught) pack(p *keyed.Pack) {
	packStep(p, &t.Of)
	since := p.Base/day - t.Day
	p.Int64(&since)
	t.Day = p.Base/day - since
}

func (s *copier) pack(p *keyed.Pack) {
	since := p.Base/day - s.Day
	p.Int64(&since)
	s.Day = p.Base/day - since
	s.Items.pack(p)
	p.Uint32(&s.Reads)
	p.Float64(&s.Fullest)
	p.Time(&s.At)
	p.Float32(&s.Pause)
	p.Float32(&s.Square)
	s.Episode.pack(p)
}

func (d *distinct) pack(p *keyed.Pack) {
	keyed.PackList(p, &d.Few, exactly, func(h *uint32, p *keyed.Pack) { p.Hash32(h) })
	p.Bytes(&d.Ranks, registers)
}
