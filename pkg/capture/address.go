package capture

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
)

// maxHops bounds how many entries of a forwarding header are looked at, from
// the right: no estate has more proxies than that.
const maxHops = 64

// trusted says whether a is one of the proxies whose word counts.
func trusted(a netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// clientAddress finds the caller. Only where the peer itself is a trusted proxy
// the forwarding header is read, from right to left, and the first address that
// is no trusted proxy is the caller: everything to the left of it was written
// by the caller. An entry that is no address ends the walk at the last proxy
// that vouched. The leftmost value is never taken for being leftmost.
func (b *Builder) clientAddress(peer []byte, headers []event.Header) (addr, source []byte) {
	p, ok := parseAddress(peer)
	if !ok || b.forwarded == "" || !trusted(p, b.proxies) {
		return nil, nil
	}
	last := p
	hops := 0
	for i := len(headers) - 1; i >= 0; i-- {
		if !fold(headers[i].Name, b.forwarded) {
			continue
		}
		list := headers[i].Value
		for len(list) > 0 || hops == 0 {
			entry := list
			if c := bytes.LastIndexByte(list, ','); c >= 0 {
				entry, list = list[c+1:], list[:c]
			} else {
				list = nil
			}
			if hops++; hops > maxHops {
				return b.found(last, p)
			}
			entry = bytes.TrimSpace(entry)
			if b.forwarded == "forwarded" {
				entry = forwardedFor(entry)
			}
			if len(entry) == 0 && len(list) == 0 && hops == 1 {
				break
			}
			a, ok := parseAddress(entry)
			if !ok {
				return b.found(last, p)
			}
			last = a
			if !trusted(a, b.proxies) {
				return b.found(a, p)
			}
		}
	}
	return b.found(last, p)
}

func (b *Builder) found(a, peer netip.Addr) (addr, source []byte) {
	if a == peer {
		return nil, nil
	}
	return []byte(a.String()), b.forwardedName
}

// forwardedFor is the for= of one element of a Forwarded header (RFC 7239).
func forwardedFor(element []byte) []byte {
	for len(element) > 0 {
		pair := element
		if i := bytes.IndexByte(element, ';'); i >= 0 {
			pair, element = element[:i], element[i+1:]
		} else {
			element = nil
		}
		k, v, ok := bytes.Cut(bytes.TrimSpace(pair), []byte{'='})
		if ok && fold(bytes.TrimSpace(k), "for") {
			return bytes.Trim(bytes.TrimSpace(v), `"`)
		}
	}
	return nil
}

// parseAddress takes 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1],
// [2001:db8::1]:80; IPv4 in IPv6 is unmapped and a zone dropped.
func parseAddress(v []byte) (netip.Addr, bool) {
	if len(v) == 0 || len(v) > 64 {
		return netip.Addr{}, false
	}
	s := string(v)
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return netip.Addr{}, false
		}
		s = s[1:end]
	} else if i := strings.IndexByte(s, ':'); i >= 0 && strings.IndexByte(s[i+1:], ':') < 0 {
		s = s[:i]
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap().WithZone(""), true
}
