// Package nft is the edge that drops packets of blocked addresses with nftables.
// Linux only.
package nft

import (
	"net/netip"
	"slices"
	"time"
)

// segment is a run of addresses, from up to but without end, until a time. The
// zero end is the end of the address space.
type segment struct {
	from, end netip.Addr
	until     time.Time
}

// segments cuts prefixes of one family, which may overlap, into disjoint runs:
// an interval set takes no two that overlap. Each lasts as long as the longest
// that covers it; neighbours that end together are one. It looks at every prefix
// for every cut, which is enough for the few hundred that people make.
func segments(orders map[netip.Prefix]time.Time) []segment {
	var cuts []netip.Addr
	open := false // some prefix reaches the end of the address space
	for p := range orders {
		cuts = append(cuts, p.Addr())
		if end := last(p).Next(); end.IsValid() {
			cuts = append(cuts, end)
		} else {
			open = true
		}
	}
	slices.SortFunc(cuts, netip.Addr.Compare)
	cuts = slices.Compact(cuts)
	if open {
		cuts = append(cuts, netip.Addr{})
	}
	var out []segment
	for i := 0; i+1 < len(cuts); i++ {
		var until time.Time
		for p, t := range orders {
			if p.Contains(cuts[i]) && t.After(until) {
				until = t
			}
		}
		if until.IsZero() {
			continue
		}
		if n := len(out); n > 0 && out[n-1].end == cuts[i] && out[n-1].until.Equal(until) {
			out[n-1].end = cuts[i+1]
			continue
		}
		out = append(out, segment{cuts[i], cuts[i+1], until})
	}
	return out
}

// last is the highest address of p.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b) // it has the length of an address
	return a
}
