package behavior

import (
	"net/netip"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
)

// client is from where and with what somebody calls, as hashes; 0 is unknown. What a
// person changes by the way differs in one of them: the network on the way home, the
// agent between an app and the pages it shows.
type client struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Network  uint32   // /24 or /48
	Agent    uint32   // the user agent without its numbers: an update is the same one
	JA4      uint32
	// Inside is an address that is routed nowhere: a service that passes a token on.
	Inside bool
}

// client is who calls, read once for all rules that ask.
func (o *observation) client() client {
	if !o.asked {
		o.caller, o.asked = clientOf(o), true
	}
	return o.caller
}

// address is the client's, read once for all rules that ask; invalid where it is none.
func (o *observation) address() netip.Addr {
	if !o.located {
		o.at, o.located = addressOf(o.tx.Event.Client.Address), true
	}
	return o.at
}

// addressOf reads an address, without a zone. Most are IPv4, which takes no copy of them.
func addressOf(text []byte) netip.Addr {
	if a, ok := ipv4(text); ok {
		return netip.AddrFrom4(a)
	}
	a, err := netip.ParseAddr(string(text))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// ipv4 reads four numbers as netip.ParseAddr does.
func ipv4(text []byte) (a [4]byte, ok bool) {
	at, digits, n := 0, 0, 0
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9' && (digits == 0 || n > 0):
			digits++
			if n = 10*n + int(c-'0'); n > 255 {
				return a, false
			}
			a[at] = byte(n)
		case c == '.' && digits > 0 && at < 3:
			at, digits, n = at+1, 0, 0
		default:
			return a, false
		}
	}
	return a, at == 3 && digits > 0
}

func clientOf(o *observation) client {
	e := o.tx.Event
	var c client
	if a := o.address(); a.IsValid() {
		bits := 48
		if a.Is4() {
			bits = 24
		}
		if p, err := a.Prefix(bits); err == nil {
			b := p.Addr().As16()
			c.Network = known32(o.hash.value(1, b[:]))
		}
		c.Inside = a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
	}
	if family := o.family(); family != 0 {
		c.Agent = known32(family)
	}
	if len(e.TLS.JA4) > 0 {
		c.JA4 = known32(o.hash.value(2, e.TLS.JA4))
	}
	return c
}

// known32 is 32 bits of a hash, never 0.
func known32(h uint64) uint32 { return max(1, uint32(h)) }

// moved says whether two clients are in different networks.
func (c *client) moved(d *client) bool {
	return c.Network != 0 && d.Network != 0 && c.Network != d.Network
}

// changed is in how many ways the program differs: agent and JA4.
func (c *client) changed(d *client) (n int) {
	if c.Agent != 0 && d.Agent != 0 && c.Agent != d.Agent {
		n++
	}
	if c.JA4 != 0 && d.JA4 != 0 && c.JA4 != d.JA4 {
		n++
	}
	return n
}

// tokenOf is what proves who calls where it can be stolen and used elsewhere: a session
// cookie or a bearer token. Keys of services are used from many places on purpose.
func tokenOf(e *event.Event) []byte {
	switch string(e.Identity.Scheme) {
	case "cookie":
		if len(e.Identity.Session) > 0 {
			return e.Identity.Session
		}
		return e.Identity.Credential
	case "bearer", "jwt":
		return e.Identity.Credential
	case "api-key":
		if sessionHeader(e) {
			return e.Identity.Credential
		}
	}
	return nil
}

// sessionHeader says whether what a header of its own carries is a token of somebody who
// logged in, and no key that a program was given.
func sessionHeader(e *event.Event) bool {
	for i := range e.RequestHeaders {
		name := e.RequestHeaders[i].Name
		if len(name) < 5 || len(name) > 16 {
			continue
		}
		switch strings.ToLower(string(name)) {
		case "x-auth-token", "x-access-token", "x-session-token", "x-session-id", "x-user-token", "token":
			return true
		}
	}
	return false
}
