package nft

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func until(segments []segment, a netip.Addr) time.Time {
	for _, s := range segments {
		if !a.Less(s.from) && (!s.end.IsValid() || a.Less(s.end)) {
			return s.until
		}
	}
	return time.Time{}
}

// TestSegmentsEqualThePrefixes: every address is covered exactly as long as the
// longest of its prefixes says, and no two runs overlap or could be one.
func TestSegmentsEqualThePrefixes(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		orders := map[netip.Prefix]time.Time{}
		for range r.IntN(12) {
			a := netip.AddrFrom4([4]byte{byte(r.IntN(2) * 255), 255, byte(254 + r.IntN(2)), byte(r.IntN(256))})
			orders[netip.PrefixFrom(a, 8+r.IntN(25)).Masked()] = start.Add(time.Duration(1+r.IntN(3)) * time.Hour)
		}
		got := segments(orders)
		for i, s := range got {
			if s.end.IsValid() && !s.from.Less(s.end) {
				t.Fatalf("seed %d: empty run %v", seed, s)
			}
			if i == 0 {
				continue
			}
			p := got[i-1]
			if !p.end.IsValid() || s.from.Less(p.end) || p.end == s.from && p.until.Equal(s.until) {
				t.Fatalf("seed %d: %v then %v", seed, p, s)
			}
		}
		for range 300 {
			a := netip.AddrFrom4([4]byte{byte(r.IntN(2) * 255), byte(254 + r.IntN(2)), byte(253 + r.IntN(3)), byte(r.IntN(256))})
			var want time.Time
			for p, u := range orders {
				if p.Contains(a) && u.After(want) {
					want = u
				}
			}
			if have := until(got, a); !have.Equal(want) {
				t.Fatalf("seed %d: %s until %s, want %s; %v", seed, a, have, want, orders)
			}
		}
	}
}

func TestSegmentsOfIPv6(t *testing.T) {
	got := segments(map[netip.Prefix]time.Time{netip.MustParsePrefix("ffff::/16"): start, netip.MustParsePrefix("2001:db8::/47"): start})
	if len(got) != 2 || got[0].end != netip.MustParseAddr("2001:db8:2::") || got[1].end.IsValid() {
		t.Errorf("%v", got)
	}
}
