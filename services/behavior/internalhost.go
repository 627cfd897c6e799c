package behavior

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

// urlHost is the host of the address that a value is, in lower case; empty for a value
// that is none. What an HTTP client would connect to counts: user information and port
// are passed over, and a backslash ends the host as a slash does.
func urlHost(value []byte) string {
	i := bytes.Index(value, []byte("://"))
	if i <= 0 || i > 12 || len(value) > 2048 {
		return ""
	}
	for _, c := range value[:i] {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return ""
		}
	}
	rest := value[i+3:]
	if j := bytes.IndexAny(rest, `/\?#`); j >= 0 {
		rest = rest[:j]
	}
	if j := bytes.LastIndexByte(rest, '@'); j >= 0 {
		rest = rest[j+1:]
	}
	if len(rest) == 0 || len(rest) > 253 {
		return ""
	}
	host := strings.ToLower(string(rest))
	if host[0] == '[' {
		if j := strings.IndexByte(host, ']'); j > 0 {
			return host[1:j]
		}
		return ""
	}
	if j := strings.IndexByte(host, ':'); j >= 0 {
		host = host[:j]
	}
	return strings.TrimSuffix(host, ".")
}

// insideHost says whether a host is one that only something inside can reach, and
// whether it is where a cloud tells a machine its credentials.
func insideHost(host string) (inside, metadata bool) {
	switch host {
	case "":
		return false, false
	case "metadata", "metadata.google.internal", "metadata.goog", "instance-data":
		return true, true
	case "localhost":
		return true, false
	}
	if a, ok := looseAddress(host); ok {
		a = a.Unmap()
		switch a.String() {
		case "169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254":
			return true, true
		}
		return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified(), false
	}
	for _, suffix := range [...]string{".local", ".localhost", ".internal", ".svc", ".cluster.local", ".lan", ".corp", ".intranet", ".home.arpa"} {
		if strings.HasSuffix(host, suffix) {
			return true, false
		}
	}
	return !strings.Contains(host, "."), false
}

// looseAddress reads an address as inet_aton(3) does, which many clients use: one to
// four numbers, decimal, octal or hexadecimal, of which the last fills the rest.
func looseAddress(host string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.WithZone(""), true
	}
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var address uint64
	for i, p := range parts {
		if p == "" || strings.ContainsAny(p, "_+-") {
			return netip.Addr{}, false
		}
		n, err := strconv.ParseUint(p, 0, 32)
		if err != nil {
			return netip.Addr{}, false
		}
		if i == len(parts)-1 {
			bits := 8 * (5 - len(parts))
			if n >= 1<<bits {
				return netip.Addr{}, false
			}
			address = address<<bits | n
			break
		}
		if n > 255 {
			return netip.Addr{}, false
		}
		address = address<<8 | n
	}
	return netip.AddrFrom4([4]byte{byte(address >> 24), byte(address >> 16), byte(address >> 8), byte(address)}), true
}
