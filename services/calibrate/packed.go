package calibrate

import "github.com/miradorhq/mirador/services/keyed"

// Pack names the fields. Most counters are of who was here once: all windows the same,
// none before.
func (c *Counter) Pack(p *keyed.Pack) {
	p.Time(&c.At)
	same, none := c.Now[0] == c.Now[2] && c.Now[1] == c.Now[2], c.Before == [Windows]uint32{}
	head := uint64(c.Now[2]) << 2
	if same {
		head |= 1
	}
	if none {
		head |= 2
	}
	p.Uint64(&head)
	same, none, c.Now[2] = head&1 != 0, head&2 != 0, uint32(head>>2)
	if same {
		c.Now[0], c.Now[1] = c.Now[2], c.Now[2]
	} else {
		p.Uint32(&c.Now[0])
		p.Uint32(&c.Now[1])
	}
	for w := range c.Before {
		if !none {
			p.Uint32(&c.Before[w])
		}
	}
}

// Pack names the fields.
func (o *Own) Pack(p *keyed.Pack) {
	learned := o.Seen != 0 || o.Less != 0
	var today [Windows]bool
	day := uint16(o.At / Day)
	for w := range o.Days {
		today[w] = o.Days[w] == day && o.At != 0
	}
	begun := o.At != 0
	past := false // days other than At's or none
	for w := range o.Days {
		past = past || !today[w] && o.Days[w] != 0
	}
	p.Flags(&begun, &learned, &past, &today[0], &today[1], &today[2])
	if begun {
		p.Time(&o.At)
	}
	if learned {
		p.Float32(&o.Seen)
		p.Float32(&o.Less)
	}
	for w := range o.Days {
		switch {
		case today[w]:
			o.Days[w] = uint16(o.At / Day)
		case past:
			d := uint32(o.Days[w])
			p.Uint32(&d)
			o.Days[w] = uint16(d)
		}
	}
}

// Pack names the fields.
func (m *Mark) Pack(p *keyed.Pack) {
	// 0 is no mark.
	since := p.Base/Day - int64(m.Day)
	v := uint64(since<<1^since>>63)<<8 | uint64(m.Cell&(cells-1))<<1
	if m.Alerted {
		v |= 1
	}
	if *m == (Mark{}) {
		v = 0
	} else {
		v++
	}
	p.Uint64(&v)
	if !p.Reading() {
		return
	}
	*m = Mark{}
	if v == 0 {
		return
	}
	v--
	n := v >> 8
	since = int64(n>>1) ^ -int64(n&1)
	*m = Mark{Day: uint32(p.Base/Day - since), Cell: uint8(v >> 1 & (cells - 1)), Alerted: v&1 != 0}
}
