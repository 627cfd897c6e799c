package console

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// attempts bounds failed logins: so many a minute from one address, ten times as
// many from all. Safe for concurrent use.
type attempts struct {
	limit int
	now   func() time.Time

	mu     sync.Mutex
	window time.Time // start of the present minute
	failed map[netip.Addr]int
	all    int
}

func newAttempts(limit int) *attempts {
	return &attempts{limit: limit, now: time.Now, failed: make(map[netip.Addr]int)}
}

// allowed says whether addr may try now. The map never holds more addresses than
// the total allows, so it needs no bound of its own.
func (a *attempts) allowed(addr netip.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.now(); now.Sub(a.window) >= time.Minute {
		a.window, a.all = now, 0
		clear(a.failed)
	}
	return a.failed[addr] < a.limit && a.all < 10*a.limit
}

func (a *attempts) fail(addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed[addr]++
	a.all++
}

// peer is the address of the connection, IPv6 by its /64: a client owns all of it.
// Forwarding headers are not believed; behind a proxy everybody shares its count.
func peer(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}
