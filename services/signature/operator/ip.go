package operator

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// IPMatch is @ipMatch and its kin: it holds where the value is an address in one of
// the networks.
type IPMatch struct{ networks []net.IPNet }

func commaSeparated(argument string) []string { return strings.Split(argument, ",") }

// newIPMatch differs from Coraza in that it does not pass over an entry that is none.
func newIPMatch(entries []string) (*IPMatch, error) {
	m := &IPMatch{}
	for _, line := range entries {
		for _, e := range commaSeparated(line) { // a line of a file may hold several
			if e = strings.TrimSpace(e); e == "" {
				continue
			}
			cidr := e
			switch {
			case strings.Contains(e, "/"):
			case strings.Contains(e, ":"):
				cidr += "/128"
			default:
				cidr += "/32"
			}
			_, network, err := net.ParseCIDR(cidr)
			if err != nil {
				return nil, fmt.Errorf("%q is no address and no network", e)
			}
			m.networks = append(m.networks, *network)
		}
	}
	return m, nil
}

// Match looks s up in the networks; what is no address is in none.
func (m *IPMatch) Match(s string, _ Env) bool {
	// An error of ParseAddr costs more than seeing that there is nothing to parse.
	if len(s) > 45 || strings.IndexByte(s, '.') < 0 && strings.IndexByte(s, ':') < 0 {
		return false
	}
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" {
		return false
	}
	ip := addr.As16()
	for i := range m.networks {
		if m.networks[i].Contains(ip[:]) {
			return true
		}
	}
	return false
}
