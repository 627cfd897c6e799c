package nft

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"github.com/miradorhq/mirador/pkg/action"
	"golang.org/x/sys/unix"
)

// Sets of the table.
const (
	setAllow4  = "allow4"  // intervals
	setAllow6  = "allow6"  // intervals
	setBlock4  = "block4"  // single addresses
	setBlock6  = "block6"  // single addresses
	setBlock64 = "block64" // the first half of IPv6 addresses
	setNet4    = "net4"    // intervals
	setNet6    = "net6"    // intervals
)

const (
	// perMessage keeps a message under the 64 KiB that a nested attribute can hold.
	perMessage = 500
	// socketBuffer holds one transaction of every set full.
	socketBuffer = 8 << 20
	// drift is how far an element's time-out may be off before it is set anew.
	drift = 2 * time.Second
)

func (n *Edge) connect() (*nftables.Conn, error) {
	opts := []nftables.ConnOption{nftables.WithSockOptions(func(c *netlink.Conn) error {
		if err := c.SetWriteBuffer(socketBuffer); err != nil {
			return err
		}
		return c.SetReadBuffer(socketBuffer)
	})}
	if n.fd != 0 {
		opts = append(opts, nftables.WithNetNSFd(n.fd))
	}
	c, err := nftables.New(opts...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errKernel, err)
	}
	return c, nil
}

func (n *Edge) set(name string) *nftables.Set {
	s := &nftables.Set{Table: n.table, Name: name, HasTimeout: true, KeyType: nftables.TypeIPAddr}
	if name != setAllow4 && name != setBlock4 && name != setNet4 {
		s.KeyType = nftables.TypeIP6Addr
	}
	s.Interval = name == setAllow4 || name == setAllow6 || name == setNet4 || name == setNet6
	return s
}

// write makes the kernel hold n.orders. whole: the table, chain and rules too,
// and compared with what is really there. ranges: the interval sets too.
func (n *Edge) write(ctx context.Context, whole, ranges bool) error {
	c, err := n.connect()
	if err != nil {
		return err
	}
	if whole {
		if err := n.build(c); err != nil {
			return err
		}
		if err := n.readPlain(c); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	plain, intervals := n.wanted(time.Now())
	for _, name := range []string{setBlock4, setBlock6, setBlock64} {
		if err := n.change(c, name, plain[name]); err != nil {
			return err
		}
	}
	if ranges {
		for _, name := range []string{setAllow4, setAllow6, setNet4, setNet6} {
			c.FlushSet(n.set(name))
			if err := add(c, n.set(name), intervalElements(intervals[name], time.Now())); err != nil {
				return err
			}
		}
	}
	if err := c.Flush(); err != nil {
		n.plain = map[string]map[string]time.Time{} // not known any more; a reconcile follows
		return fmt.Errorf("%w: table %s: %w", errKernel, n.table.Name, err)
	}
	return nil
}

// wanted sorts the orders into sets.
func (n *Edge) wanted(now time.Time) (plain map[string]map[string]time.Time, ranges map[string]map[netip.Prefix]time.Time) {
	plain = map[string]map[string]time.Time{setBlock4: {}, setBlock6: {}, setBlock64: {}}
	ranges = map[string]map[netip.Prefix]time.Time{setAllow4: {}, setAllow6: {}, setNet4: {}, setNet6: {}}
	for _, o := range n.orders {
		p, err := prefixOf(&o)
		if err != nil || !o.Until.After(now) {
			continue
		}
		four := p.Addr().Is4()
		if name := plainSet(p); o.Op == action.Block && name != "" {
			key := string(p.Addr().AsSlice())
			if o.Until.After(plain[name][key]) {
				plain[name][key] = o.Until
			}
			continue
		}
		name := map[[2]bool]string{{true, true}: setAllow4, {true, false}: setAllow6, {false, true}: setNet4, {false, false}: setNet6}[[2]bool{o.Op == action.Allow, four}]
		if o.Until.After(ranges[name][p]) {
			ranges[name][p] = o.Until
		}
	}
	return plain, ranges
}

// change queues what takes a set of single keys to want.
func (n *Edge) change(c *nftables.Conn, name string, want map[string]time.Time) error {
	now := time.Now()
	have := n.plain[name]
	if have == nil {
		have = map[string]time.Time{}
		n.plain[name] = have
	}
	var gone, fresh []nftables.SetElement
	for _, key := range slices.Sorted(maps.Keys(have)) {
		until, wanted := want[key]
		if !wanted || until.Sub(have[key]).Abs() > drift {
			if have[key].After(now) { // else the kernel has let go of it already
				gone = append(gone, nftables.SetElement{Key: []byte(key)})
			}
			delete(have, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, there := have[key]; !there {
			fresh = append(fresh, nftables.SetElement{Key: []byte(key), Timeout: lasting(want[key], now)})
			have[key] = want[key]
		}
	}
	for part := range slices.Chunk(gone, perMessage) {
		if err := c.SetDeleteElements(n.set(name), part); err != nil {
			return fmt.Errorf("%w: set %s: %w", errKernel, name, err)
		}
	}
	return add(c, n.set(name), fresh)
}

func add(c *nftables.Conn, s *nftables.Set, elements []nftables.SetElement) error {
	for part := range slices.Chunk(elements, perMessage) {
		if err := c.SetAddElements(s, part); err != nil {
			return fmt.Errorf("%w: set %s: %w", errKernel, s.Name, err)
		}
	}
	return nil
}

// lasting is the time-out of an element; the kernel counts in milliseconds and
// takes 0 for ever.
func lasting(until, now time.Time) time.Duration { return max(until.Sub(now), time.Millisecond) }

func intervalElements(prefixes map[netip.Prefix]time.Time, now time.Time) []nftables.SetElement {
	var out []nftables.SetElement
	for _, s := range segments(prefixes) {
		out = append(out, nftables.SetElement{Key: s.from.AsSlice(), Timeout: lasting(s.until, now)})
		if s.end.IsValid() {
			out = append(out, nftables.SetElement{Key: s.end.AsSlice(), IntervalEnd: true})
		}
	}
	return out
}

// readPlain reads what the kernel holds.
func (n *Edge) readPlain(c *nftables.Conn) error {
	now := time.Now()
	n.plain = map[string]map[string]time.Time{}
	for _, name := range []string{setBlock4, setBlock6, setBlock64} {
		elements, err := c.GetSetElements(n.set(name))
		if err != nil {
			return fmt.Errorf("%w: read set %s: %w", errKernel, name, err)
		}
		have := make(map[string]time.Time, len(elements))
		for _, e := range elements {
			// An element without a time-out is somebody else's work: far off, so set anew.
			until := now.Add(e.Expires)
			if e.Timeout == 0 {
				until = now.Add(1000 * time.Hour)
			}
			have[string(e.Key)] = until
		}
		n.plain[name] = have
	}
	return nil
}

// build makes table, sets, chain and rules as they must be, in one transaction.
// What is there already stays, but the rules are written anew.
func (n *Edge) build(c *nftables.Conn) error {
	c.AddTable(n.table)
	sets := map[string]*nftables.Set{}
	for _, name := range []string{setAllow4, setAllow6, setBlock4, setBlock6, setBlock64, setNet4, setNet6} {
		s := n.set(name)
		if err := c.AddSet(s, nil); err != nil {
			return fmt.Errorf("%w: set %s: %w", errKernel, name, err)
		}
		sets[name] = s
	}
	policy := nftables.ChainPolicyAccept
	chain := c.AddChain(&nftables.Chain{Name: "prerouting", Table: n.table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityRaw, Policy: &policy})
	c.FlushChain(chain)
	for _, r := range []struct {
		set     string
		verdict expr.VerdictKind
	}{
		{setAllow4, expr.VerdictAccept}, {setAllow6, expr.VerdictAccept},
		{setBlock4, expr.VerdictDrop}, {setBlock6, expr.VerdictDrop}, {setBlock64, expr.VerdictDrop}, {setNet4, expr.VerdictDrop}, {setNet6, expr.VerdictDrop},
	} {
		c.AddRule(&nftables.Rule{Table: n.table, Chain: chain, Exprs: match(sets[r.set], r.verdict)})
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("%w: table %s (nft delete table inet %s removes what is in the way): %w", errKernel, n.table.Name, n.table.Name, err)
	}
	return nil
}

// match is "ip saddr @set verdict", or ip6.
func match(s *nftables.Set, verdict expr.VerdictKind) []expr.Any {
	proto, offset, size := byte(unix.NFPROTO_IPV4), uint32(12), uint32(4)
	if s.KeyType == nftables.TypeIP6Addr {
		proto, offset, size = unix.NFPROTO_IPV6, 8, 16
	}
	out := []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{proto}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size},
	}
	if s.Name == setBlock64 {
		mask := append(slices.Repeat([]byte{0xff}, 8), make([]byte, 8)...)
		out = append(out, &expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 16, Mask: mask, Xor: make([]byte, 16)})
	}
	return append(out,
		&expr.Lookup{SourceRegister: 1, SetName: s.Name, SetID: s.ID},
		&expr.Counter{},
		&expr.Verdict{Kind: verdict})
}
