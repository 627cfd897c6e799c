package behavior

import (
	"net/netip"
	"testing"
)

// What reads IPv4 by itself reads it as netip does, and nothing else.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"198.51.100.7", "0.0.0.0", "255.255.255.255", "256.1.1.1", "01.2.3.4", "00.1.1.1", "1.2.3", "1.2.3.", "1.2.3.4.5", ".1.2.3", "1..2.3", "2001:db8::1", "::ffff:1.2.3.4", "fe80::1%eth0", "", "1.2.3.4 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := netip.ParseAddr(s)
		if err == nil {
			want = want.Unmap().WithZone("")
		}
		if got := addressOf([]byte(s)); got != want {
			t.Errorf("%q is %v, want %v", s, got, want)
		}
	})
}
