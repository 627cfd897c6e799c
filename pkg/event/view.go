package event

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"
)

// DefaultTenant is the tenant of a deployment that has only one.
const DefaultTenant = "default"

// IDString is the event id in the textual UUID form.
func (e *Event) IDString() string { return uuid.UUID(e.ID).String() }

// Time is the event's own time: the request's, else the response's.
func (e *Event) Time() time.Time {
	ns := e.RequestTime
	if ns == 0 {
		ns = e.ResponseTime
	}
	return time.Unix(0, ns).UTC()
}

// Duration is the time from request to response; 0 where either is unknown.
func (e *Event) Duration() time.Duration {
	if e.RequestTime == 0 || e.ResponseTime < e.RequestTime {
		return 0
	}
	return time.Duration(e.ResponseTime - e.RequestTime)
}

// Has says whether all of f are set.
func (e *Event) Has(f Flags) bool { return e.Flags&f == f }

// RequestHeader is the value of the first request header called name (any
// case), or nil. It aliases the event.
func (e *Event) RequestHeader(name string) []byte { return first(e.RequestHeaders, name) }

// ResponseHeader is the value of the first response header called name.
func (e *Event) ResponseHeader(name string) []byte { return first(e.ResponseHeaders, name) }

func first(hs []Header, name string) []byte {
	for i := range hs {
		if len(hs[i].Name) == len(name) && equalFold(hs[i].Name, name) {
			return hs[i].Value
		}
	}
	return nil
}

// equalFold compares ASCII without case, with no conversion.
func equalFold(a []byte, b string) bool {
	for i := range a {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z' {
			return false
		}
	}
	return true
}

// Host is the authority without its port, in lower case. An empty authority
// gives "-": a host is part of every endpoint's key.
func (e *Event) Host() string {
	h := string(e.Authority)
	if strings.HasPrefix(h, "[") {
		if i := strings.IndexByte(h, ']'); i > 0 {
			h = h[:i+1]
		}
	} else if i := strings.LastIndexByte(h, ':'); i >= 0 && strings.IndexByte(h, ':') == i {
		h = h[:i]
	}
	if h == "" {
		return "-"
	}
	return strings.ToLower(h)
}

// Claim is the JSON of a token's claim, or nil.
func (id *Identity) Claim(name string) []byte {
	for i := range id.Claims {
		if string(id.Claims[i].Name) == name {
			return id.Claims[i].Value
		}
	}
	return nil
}

// Principal is who acts, as text: the keyed hash of issuer and subject ("sub:"),
// else of the session ("ses:"), else of the credential ("cred:"), else the
// address ("ip:", IPv6 by /64), else "none". A refreshed token is the same
// principal.
func (e *Event) Principal() string {
	switch {
	case len(e.Identity.Subject) > 0:
		return "sub:" + string(e.Identity.Subject)
	case len(e.Identity.Session) > 0:
		return "ses:" + string(e.Identity.Session)
	case len(e.Identity.Credential) > 0:
		return "cred:" + string(e.Identity.Credential)
	}
	return AddressPrincipal(e.Client.Address)
}

// AddressPrincipal is the principal of an address that shows no identity.
func AddressPrincipal(address []byte) string {
	a, err := netip.ParseAddr(string(address))
	if err != nil {
		return "none"
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return "ip:" + a.String()
	}
	p, err := a.Prefix(64)
	if err != nil { // cannot be: every IPv6 address has a /64
		return "ip:" + a.String()
	}
	return "ip:" + p.String()
}

// Authenticated says whether the principal is more than an address.
func (e *Event) Authenticated() bool {
	return len(e.Identity.Subject) > 0 || len(e.Identity.Session) > 0 || len(e.Identity.Credential) > 0
}

// Key is the Kafka record key of the event: tenant|principal.
func (e *Event) Key() []byte { return RecordKey(string(e.Tenant), e.Principal()) }

// RecordKey joins tenant and the rest of a key. A '|' in the tenant is not
// allowed by configuration, so the first '|' always ends it.
func RecordKey(tenant, rest string) []byte {
	k := make([]byte, 0, len(tenant)+1+len(rest))
	k = append(k, tenant...)
	k = append(k, '|')
	return append(k, rest...)
}

// Hex is the form in which identities are written: lower-case hex of the first
// 128 bits of a keyed hash.
func Hex(sum []byte) []byte {
	if len(sum) > 16 {
		sum = sum[:16]
	}
	return hex.AppendEncode(nil, sum)
}
