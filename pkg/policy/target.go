package policy

import (
	"net/netip"
	"strings"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/finding"
)

// target picks who an action for f would be for: the first of the preferred
// dimensions that the finding has and no guard protects. ok is false with
// protected set when only the never-block list stood in the way.
//
// Where the principal is an address, or the API refused the credential, only the
// address counts: a credential that nobody checked is the caller's to choose, and
// blocking it would stop its true owner and not the caller.
func (p *Policy) target(f *finding.Finding, order []action.TargetType, unproven bool) (t action.Target, protected, ok bool) {
	s := &f.Subject
	if p.guard.subject(s) {
		return action.Target{}, true, false
	}
	anonymous := unproven || s.Principal == "none" || strings.HasPrefix(s.Principal, "ip:")
	for _, typ := range order {
		if typ != action.Address && anonymous {
			continue
		}
		t := action.Target{Type: typ, KeyID: s.KeyID}
		switch typ {
		case action.Credential:
			t.Value = s.Credential
		case action.Session:
			t.Value = s.Session
		case action.Subject:
			if hasSubject(s) {
				t.Value = s.Principal[len("sub:"):]
			}
		case action.Address:
			t = p.address(s)
		}
		if t.Value == "" {
			continue
		}
		if !p.guard.Target(t) {
			return t, false, true
		}
		protected = true
	}
	return action.Target{}, protected, false
}

func hasSubject(s *finding.Subject) bool { return strings.HasPrefix(s.Principal, "sub:") }

// address is the newest client address of s, an IPv6 one widened as configured:
// who has one address of a /64 has all of them.
func (p *Policy) address(s *finding.Subject) action.Target {
	text := strings.TrimPrefix(s.Principal, "ip:")
	if len(s.Addresses) > 0 {
		text = s.Addresses[0]
	} else if text == s.Principal {
		return action.Target{}
	}
	if prefix, err := netip.ParsePrefix(text); err == nil {
		text = prefix.Addr().String() // the principal of an IPv6 address is its /64
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return action.Target{}
	}
	a = a.Unmap().WithZone("")
	if a.Is4() || p.cfg.WidestIPv6 == 128 {
		return action.Target{Type: action.Address, Value: a.String()}
	}
	return action.Target{Type: action.CIDR, Value: netip.PrefixFrom(a, p.cfg.WidestIPv6).Masked().String()}
}

// scope is where the action holds: everywhere, or the host of the finding's
// endpoint, which is written "METHOD host/template".
func scope(f *finding.Finding, r Rule) string {
	if r.Scope != ScopeHost {
		return "*"
	}
	_, rest, ok := strings.Cut(f.Subject.Endpoint, " ")
	if !ok {
		return "*"
	}
	host, _, _ := strings.Cut(rest, "/")
	if host == "" || host == "-" || strings.Contains(host, "|") {
		return "*"
	}
	return host
}
