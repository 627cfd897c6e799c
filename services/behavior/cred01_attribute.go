package behavior

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/miradorhq/mirador/pkg/event"
)

// attribution is who takes part, over the window.
type attribution struct {
	users, known, fails, sources, attributed int
	unnamed                                  int // of users
	// principals are the attributed ones as the first stage tells them apart.
	principals int
	addresses  []string
	networks   []network
}

type network struct {
	name            string
	ok, fail, users int
	known           int
	newest          int64
	members         []int // of sources
}

// attribute walks the window in the order of addresses, so that ties and lists come
// out the same every time.
func (c *campaign) attribute(cfg *Config) (a attribution) {
	w := slices.Clone(c.Window)
	slices.SortFunc(w, func(x, y tally) int {
		return cmp.Or(cmp.Compare(x.Address, y.Address), cmp.Compare(x.User, y.User), cmp.Compare(x.Bucket, y.Bucket))
	})
	users := make(map[uint64]bool) // asked, never walked
	var sources []network
	index := make(map[string]int)
	var nets []network
	for i := range w {
		t := &w[i]
		if i == 0 || w[i-1].Address != t.Address {
			sources = append(sources, network{name: t.Address})
			k := cluster(t.Address)
			j, ok := index[k]
			if !ok {
				j = len(nets)
				index[k] = j
				nets = append(nets, network{name: k})
			}
			nets[j].members = append(nets[j].members, len(sources)-1)
		}
		s := &sources[len(sources)-1]
		s.ok += int(t.OK)
		s.fail += int(t.Fail)
		s.newest = max(s.newest, t.Bucket)
		a.fails += int(t.Fail)
		if t.Fail == 0 {
			continue
		}
		known := c.Known.Has(t.User)
		if i == 0 || w[i-1].Address != t.Address || w[i-1].User != t.User || w[i-1].Fail == 0 {
			s.users++
			if known {
				s.known++
			}
		}
		if !users[t.User] {
			users[t.User] = true
			a.users++
			if t.unnamed() {
				a.unnamed++
			}
			if known {
				a.known++
			}
		}
	}
	a.sources = len(sources)
	var guilty []network
	for i := range nets {
		n := &nets[i]
		for _, j := range n.members {
			n.ok += sources[j].ok
			n.fail += sources[j].fail
			n.users += sources[j].users
			n.known += sources[j].known
		}
		whole := n.users >= cfg.Cred.ClusterUsers && 2*n.known < n.users && float64(n.fail) >= cfg.Cred.FailureShare*float64(n.fail+n.ok)
		taken := 0
		for _, j := range n.members {
			s := sources[j]
			alone := s.users >= 2 && s.known == 0 && s.ok == 0
			if s.fail > 0 && (alone || whole && 2*s.known <= s.users && float64(s.fail) >= cfg.Cred.FailureShare*float64(s.fail+s.ok)) {
				guilty = append(guilty, s)
				taken++
			}
		}
		if taken > 0 {
			a.networks = append(a.networks, *n)
		}
	}
	a.attributed = len(guilty)
	apart := make(map[string]bool) // counted, never walked
	for i := range guilty {
		apart[event.AddressPrincipal([]byte(guilty[i].name))] = true
	}
	a.principals = len(apart)
	slices.SortStableFunc(guilty, func(x, y network) int { return cmp.Or(cmp.Compare(y.newest, x.newest), cmp.Compare(y.fail, x.fail)) })
	for _, s := range guilty[:min(len(guilty), maxCampaign)] {
		a.addresses = append(a.addresses, s.name)
	}
	slices.SortStableFunc(a.networks, func(x, y network) int { return cmp.Compare(y.fail, x.fail) })
	a.networks = a.networks[:min(len(a.networks), maxEvidenceNet)]
	return a
}

// suspects are addresses that were refused and never let in over the window, for users
// who never logged in here: what an attack consists of in which nobody stands out.
func (c *campaign) suspects() (list []string) {
	in := make(map[string]bool) // asked, never walked
	for i := range c.Window {
		t := &c.Window[i]
		in[t.Address] = in[t.Address] || t.OK > 0 || c.Known.Has(t.User)
	}
	for i := range c.Window {
		if t := &c.Window[i]; t.Fail > 0 && !in[t.Address] {
			list = append(list, t.Address)
		}
	}
	return list
}

// cluster is the network of an address: /24 or /48.
func cluster(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	a = a.Unmap().WithZone("")
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil { // cannot be: both kinds have these prefixes
		return "unknown"
	}
	return p.String()
}
