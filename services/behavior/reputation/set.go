package reputation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/netip"
	"slices"
	"strings"
)

// Set is what is known of addresses. It never changes.
type Set struct {
	bad      index
	crawlers []crawler
	names    map[netip.Addr]Entry
	version  string
}

// index finds the narrowest network that an address lies in.
type index struct {
	by map[netip.Prefix][]Entry // of one prefix those of several lists
	// lengths are the prefix lengths there are, the longest first, for IPv4 and IPv6.
	lengths [2][]int
}

func (x *index) add(es []Entry) {
	if x.by == nil {
		x.by = make(map[netip.Prefix][]Entry, len(es))
	}
	for _, e := range es {
		x.by[e.Prefix] = append(x.by[e.Prefix], e)
		l := &x.lengths[family(e.Prefix.Addr())]
		if !slices.Contains(*l, e.Prefix.Bits()) {
			*l = append(*l, e.Prefix.Bits())
			slices.Sort(*l)
			slices.Reverse(*l)
		}
	}
}

func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

func (x *index) find(a netip.Addr, at int64) (Entry, bool) {
	for _, bits := range x.lengths[family(a)] {
		p, err := a.Prefix(bits)
		if err != nil { // cannot be: the lengths are those of the family
			continue
		}
		es := x.by[p]
		for i := range es {
			if es[i].holds(at) {
				return es[i], true
			}
		}
	}
	return Entry{}, false
}

// crawler is one that can be verified.
type crawler struct {
	name    string
	agents  []string // in lower case
	ranges  index
	domains []string
}

// Version names what the set was made from.
func (s *Set) Version() string { return s.version }

// Empty says whether the set knows of no address.
func (s *Set) Empty() bool { return len(s.bad.by) == 0 && len(s.crawlers) == 0 }

// Bad is what is said of an address at a time, in ns.
func (s *Set) Bad(a netip.Addr, at int64) (Entry, bool) {
	if len(s.bad.by) == 0 || !a.IsValid() {
		return Entry{}, false
	}
	return s.bad.find(a, at)
}

// Claim is what an agent says it is, held against where it comes from.
type Claim int

const (
	None    Claim = iota // it claims to be no crawler that can be verified
	True                 // it is the crawler
	False                // it is not
	Unknown              // nothing is known of the address
)

// Crawler says which crawler an agent claims to be and whether it is.
func (s *Set) Crawler(agent []byte, a netip.Addr, at int64) (name string, c Claim) {
	for i := range s.crawlers {
		k := &s.crawlers[i]
		if !k.claimed(agent) {
			continue
		}
		if _, ok := k.ranges.find(a, at); ok {
			return k.name, True
		}
		if e, ok := s.names[a]; ok && e.holds(at) && len(k.domains) > 0 {
			if k.owns(e.Label) {
				return k.name, True
			}
			return k.name, False
		}
		if len(k.ranges.by) > 0 {
			return k.name, False
		}
		return k.name, Unknown
	}
	return "", None
}

// claimed says whether one of the crawler's names stands in agent.
func (k *crawler) claimed(agent []byte) bool {
	for _, name := range k.agents {
		if containsFold(agent, name) {
			return true
		}
	}
	return false
}

// containsFold says whether name, which is in lower case, stands in b in any case.
func containsFold(b []byte, name string) bool {
	for i := 0; i+len(name) <= len(b); i++ {
		j := 0
		for j < len(name) {
			c := b[i+j]
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			if c != name[j] {
				break
			}
			j++
		}
		if j == len(name) {
			return true
		}
	}
	return false
}

// owns says whether a host name is one of the crawler's.
func (k *crawler) owns(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, d := range k.domains {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

// make makes the set of what the sources hold now.
func (s *Settings) set(content func(Source) []byte) (*Set, error) {
	out := &Set{names: map[netip.Addr]Entry{}}
	sum := sha256.New()
	read := func(name string, from Source) ([]Entry, error) {
		b := content(from)
		fingerprint(sum, name, b)
		if len(b) == 0 { // not reached yet
			return nil, nil
		}
		es, err := Parse(b, from.Format, s.MaxEntries)
		if err != nil {
			return nil, fmt.Errorf("reputation: list %s, %s: %w", name, from.shown(), err)
		}
		for i := range es {
			es[i].List = name
		}
		return es, nil
	}
	for _, l := range s.Lists {
		es, err := read(l.Name, l.Source)
		if err != nil {
			return nil, err
		}
		out.bad.add(es)
	}
	for _, c := range s.Crawlers {
		k := crawler{name: c.Name}
		for _, a := range c.Agents {
			k.agents = append(k.agents, strings.ToLower(a))
		}
		for _, d := range c.Domains {
			k.domains = append(k.domains, strings.ToLower(d))
		}
		fingerprint(sum, c.Name, []byte(strings.Join(append(slices.Clone(k.agents), k.domains...), " ")))
		for _, r := range c.Ranges {
			es, err := read(c.Name, r)
			if err != nil {
				return nil, err
			}
			k.ranges.add(es)
		}
		out.crawlers = append(out.crawlers, k)
	}
	if s.Names.place() != "" {
		es, err := read("names", s.Names)
		if err != nil {
			return nil, err
		}
		for _, e := range es {
			if e.Prefix.IsSingleIP() {
				out.names[e.Prefix.Addr()] = e
			}
		}
	}
	out.version = hex.EncodeToString(sum.Sum(nil)[:6])
	return out, nil
}

func fingerprint(h hash.Hash, name string, b []byte) {
	fmt.Fprintf(h, "%d %s %d ", len(name), name, len(b))
	h.Write(b)
}
