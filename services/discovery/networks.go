package discovery

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// The networks of callers, in the order of their names.
const (
	networkInternal = iota
	networkPartner
	networkPublic
	networkUnknown
	networks
)

var networkNames = [networks]string{catalog.Internal, catalog.Partner, catalog.Public, catalog.UnknownNetwork}

// privateNetworks are those that no route of the internet leads to: private (RFC 1918,
// RFC 4193), shared (RFC 6598), link-local and the host itself.
func privateNetworks() []string {
	return []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"}
}

// ranges tell where a caller comes from.
type ranges struct{ internal, partner []netip.Prefix }

func parseRanges(c *Config) (ranges, error) {
	var r ranges
	var errs []error
	for _, x := range [...]struct {
		setting string
		list    []string
		to      *[]netip.Prefix
	}{{"internal_networks", c.InternalNetworks, &r.internal}, {"partner_networks", c.PartnerNetworks, &r.partner}} {
		for _, text := range x.list {
			p, err := netip.ParsePrefix(text)
			if err != nil {
				errs = append(errs, fmt.Errorf("discovery.%s: %q is no network such as 192.0.2.0/24: %w", x.setting, text, err))
				continue
			}
			*x.to = append(*x.to, p.Masked())
		}
	}
	return r, errors.Join(errs...)
}

// Partners are the networks of partners, for those who judge by who is answered.
func (c *Config) Partners() ([]netip.Prefix, error) {
	r, err := parseRanges(c)
	return r.partner, err
}

// of is the network of an address. A partner's range may lie within a private one,
// so it is looked at first.
func (r *ranges) of(address []byte) uint8 {
	if len(address) == 0 || len(address) > 64 {
		return networkUnknown
	}
	a, err := netip.ParseAddr(string(address))
	if err != nil {
		return networkUnknown
	}
	a = a.Unmap().WithZone("")
	for _, p := range r.partner {
		if p.Contains(a) {
			return networkPartner
		}
	}
	for _, p := range r.internal {
		if p.Contains(a) {
			return networkInternal
		}
	}
	return networkPublic
}
