// Package reputation knows addresses by what others say of them: lists of known-bad
// sources, and the ranges and names that crawlers are verified by.
//
// Lists come from files or URLs, as plain text, CSV, STIX 2.1 or the ranges that
// crawlers publish, and are read again as they change. What is known at one time is a
// Set, which never changes and has a version; who asks it with the time of an event
// gets the same answer of the same version.
package reputation

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Entry is an address or a network on a list.
type Entry struct {
	Prefix netip.Prefix
	// From and Until bound when the entry holds, in ns since the epoch; 0 is no bound.
	From, Until int64
	// Label is what the list says of it; of a crawler's name its host name.
	Label string
	// List is the name of the list.
	List string
}

// holds says whether the entry holds at a time.
func (e *Entry) holds(at int64) bool {
	return (e.From == 0 || at >= e.From) && (e.Until == 0 || at < e.Until)
}

// The widest networks that a list may name: one that names half of the net is a
// mistake, or a trap.
const (
	widest4  = 8
	widest6  = 19 // what a registry gives to a provider
	maxLabel = 120
)

// prefixOf reads an address or a network.
func prefixOf(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return p, fmt.Errorf("%.60q is neither an address nor a network", s)
		}
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return p, fmt.Errorf("network %.60q is too wide", s)
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if widest := widest6; p.Addr().Is4() && p.Bits() < widest4 || p.Addr().Is6() && p.Bits() < widest {
		return p, fmt.Errorf("network %.60q is too wide", s)
	}
	return p.Masked(), nil
}

// timeOf reads a time of a list; false where there is none.
func timeOf(s string) (ns int64, ok bool) {
	s = strings.TrimSpace(s)
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1970 && t.Year() < 2262 {
			return t.UnixNano(), true
		}
	}
	return 0, false
}

func label(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, ""))
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if len(s) > maxLabel {
		s = strings.ToValidUTF8(s[:maxLabel], "")
	}
	return s
}
