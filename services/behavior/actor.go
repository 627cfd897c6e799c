package behavior

import (
	"github.com/miradorhq/mirador/pkg/event"
)

// actor hashes who acts. That is the principal; where it is but an address, those
// behind it are told apart by what their clients look like. (Addresses of one network
// are not put together: they are not in one partition.)
func (h *hasher) actor(e *event.Event, who uint64) uint64 {
	if e.Authenticated() {
		return who
	}
	return mix(who, mix(h.value(1, e.TLS.JA4), h.value(2, e.RequestHeader("user-agent"))))
}

// own is what tells states of of, 0 where there is one, from those of others behind the
// address of the principal, by which states are kept.
func (o *observation) own(of uint64) uint64 {
	if o.actor == o.who {
		return of
	}
	return mix(o.actor, of)
}

// cohort hashes what kind of actor it is: the way of authentication, role and scope, the
// application, and thereby whether a person or a program. All of it is in what the
// service accepted, not in what anybody says of themselves.
func (h *hasher) cohort(scope uint64, id *event.Identity) uint64 {
	c := h.value(scope, id.Scheme)
	for i := range id.Claims {
		switch string(id.Claims[i].Name) {
		case "roles", "scope", "azp", "client_id":
			c = mix(c, h.value(h.value(uint64(i), id.Claims[i].Name), id.Claims[i].Value))
		}
	}
	return c
}

// program says whether a credential is such as programs have: it comes with ids of its
// own, and reads as many as it is given.
func program(e *event.Event) bool {
	switch string(e.Identity.Scheme) {
	case "api-key":
		return !sessionHeader(e)
	case "mtls", "basic":
		return true
	}
	return false
}
