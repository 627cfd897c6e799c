package policy

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/finding"
)

// NeverBlock lists who is never acted on, by decider and enforcer alike.
//
// An address entry protects address targets only: behind a shared address a
// credential can still be blocked. Any other entry protects whoever it names
// altogether: a partner on the list is not blocked by its address instead.
type NeverBlock struct {
	CIDRs          []string `yaml:"cidrs" doc:"Addresses and prefixes: loopback, load balancers, NAT and CDN ranges, health checks."`
	TrustedProxies []string `yaml:"trusted_proxies" doc:"The proxies that requests come through; the same list as the shipper's."`
	Principals     []string `yaml:"principals" doc:"Principals as findings show them (sub:..., ses:..., cred:..., ip:...)."`
	Credentials    []string `yaml:"credentials" doc:"Keyed hashes of credentials."`
	Sessions       []string `yaml:"sessions" doc:"Keyed hashes of sessions."`
	Subjects       []string `yaml:"subjects" doc:"Keyed hashes of issuer and subject."`
}

// DefaultNeverBlock is what is nobody's client address on the open network.
// Private ranges are not in it: between services the attacker has one.
func DefaultNeverBlock() NeverBlock {
	return NeverBlock{CIDRs: []string{
		"127.0.0.0/8", "::1/128", "0.0.0.0/8", "::/128", "169.254.0.0/16", "fe80::/10",
		"224.0.0.0/4", "ff00::/8", "255.255.255.255/32",
	}}
}

// Guard is a compiled NeverBlock. Safe for concurrent use.
type Guard struct {
	prefixes   []netip.Prefix
	principals map[string]bool
	hashes     map[action.TargetType]map[string]bool
}

// Compile reads the list; the error names every entry that is wrong.
func (n *NeverBlock) Compile() (*Guard, error) {
	g := &Guard{principals: set(n.Principals), hashes: map[action.TargetType]map[string]bool{
		action.Credential: set(n.Credentials), action.Session: set(n.Sessions), action.Subject: set(n.Subjects),
	}}
	var errs []error
	for _, l := range []struct {
		name string
		list []string
	}{{"cidrs", n.CIDRs}, {"trusted_proxies", n.TrustedProxies}} {
		for _, s := range l.list {
			p, err := parsePrefix(s)
			if err != nil {
				errs = append(errs, fmt.Errorf("policy: never_block.%s: %w", l.name, err))
				continue
			}
			g.prefixes = append(g.prefixes, p)
		}
	}
	return g, errors.Join(errs...)
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

// Target says whether t is protected. A prefix is when it overlaps a protected
// one.
func (g *Guard) Target(t action.Target) bool {
	switch t.Type {
	case action.Address, action.CIDR:
		p, err := parsePrefix(t.Value)
		if err != nil {
			return false
		}
		for _, q := range g.prefixes {
			if q.Overlaps(p) {
				return true
			}
		}
		return g.principals["ip:"+t.Value]
	case action.Credential:
		return g.hashes[t.Type][t.Value] || g.principals["cred:"+t.Value]
	case action.Session:
		return g.hashes[t.Type][t.Value] || g.principals["ses:"+t.Value]
	case action.Subject:
		return g.hashes[t.Type][t.Value] || g.principals["sub:"+t.Value]
	}
	return false
}

// subject says whether a finding's subject is protected altogether.
func (g *Guard) subject(s *finding.Subject) bool {
	return g.principals[s.Principal] ||
		s.Credential != "" && (g.hashes[action.Credential][s.Credential] || g.principals["cred:"+s.Credential]) ||
		s.Session != "" && (g.hashes[action.Session][s.Session] || g.principals["ses:"+s.Session]) ||
		hasSubject(s) && g.hashes[action.Subject][s.Principal[len("sub:"):]]
}
