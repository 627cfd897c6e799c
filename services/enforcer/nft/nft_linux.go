package nft

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/google/nftables"
	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/services/enforcer/edge"
)

// Edge drops the packets of blocked addresses in the kernel, before
// connection tracking. It blocks only: a throttle or a challenge needs something
// that can answer. It sees addresses, no credentials and no tenants; behind a
// load balancer it is useless, as every packet comes from there.
//
// It owns one table and touches nothing else. Elements carry time-outs, so the
// kernel lifts each block at its time even where the enforcer has died.
type Edge struct {
	name   string
	table  *nftables.Table
	tenant string
	fd     int

	mu     sync.Mutex
	orders map[edge.Place]edge.Order
	plain  map[string]map[string]time.Time // set name -> key -> until, as last told
}

// Options say where the sets live.
type Options struct {
	// Name is the place in "nftables:place".
	Name string
	// Table is the name of the inet table; empty is "mirador".
	Table string
	// Tenant restricts the edge to one tenant's actions; empty takes all.
	Tenant string
	// NetNS is a file descriptor of a network namespace; 0 is the process's own.
	// It must stay open as long as the edge is used.
	NetNS int
}

// New makes the edge. It does not touch the kernel yet.
func New(o Options) *Edge {
	if o.Table == "" {
		o.Table = "mirador"
	}
	return &Edge{name: "nftables:" + o.Name, tenant: o.Tenant, fd: o.NetNS, orders: map[edge.Place]edge.Order{}, plain: map[string]map[string]time.Time{},
		table: &nftables.Table{Name: o.Table, Family: nftables.TableFamilyINet}}
}

// Name implements Edge.
func (n *Edge) Name() string { return n.name }

var errKernel = errors.New("nftables (root or CAP_NET_ADMIN and kernel support are needed)")

// Apply implements Edge.
func (n *Edge) Apply(ctx context.Context, adds, removes []edge.Order) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	ranges := false
	for _, o := range removes {
		delete(n.orders, o.Place)
		ranges = ranges || inRanges(&o)
	}
	failed := n.accept(adds)
	for i := range adds {
		ranges = ranges || inRanges(&adds[i])
	}
	if err := n.write(ctx, false, ranges); err != nil {
		return err
	}
	return orNil(failed)
}

// Reconcile implements Edge. It also puts right what others did to the table.
func (n *Edge) Reconcile(ctx context.Context, desired []edge.Order) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.orders)
	failed := n.accept(desired)
	if err := n.write(ctx, true, true); err != nil {
		return err
	}
	return orNil(failed)
}

// Remove takes the table away, with all that it blocks.
func (n *Edge) Remove() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, err := n.connect()
	if err != nil {
		return err
	}
	n.plain = map[string]map[string]time.Time{}
	c.AddTable(n.table) // so that there is one to delete
	c.DelTable(n.table)
	if err := c.Flush(); err != nil {
		return fmt.Errorf("%w: remove table %s: %w", errKernel, n.table.Name, err)
	}
	return nil
}

func orNil(e *edge.PartialError) error {
	if len(e.Orders) == 0 {
		return nil
	}
	return e
}

// accept takes what this edge can do and says what it cannot.
func (n *Edge) accept(orders []edge.Order) *edge.PartialError {
	failed := &edge.PartialError{Orders: map[edge.Place]error{}}
	for _, o := range orders {
		delete(n.orders, o.Place) // an add replaces, also by something not for here
		switch {
		case o.Type != action.Address && o.Type != action.CIDR:
			failed.Orders[o.Place] = fmt.Errorf("%w: nftables knows addresses only", edge.ErrNotHere)
		case o.Op != action.Block && o.Op != action.Allow:
			failed.Orders[o.Place] = fmt.Errorf("%w: nftables can block only, not %s", edge.ErrNotHere, o.Op)
		case o.Scope != "*":
			failed.Orders[o.Place] = fmt.Errorf("%w: nftables does not see hosts", edge.ErrNotHere)
		case n.tenant != "" && o.Tenant != n.tenant:
			failed.Orders[o.Place] = fmt.Errorf("%w: another tenant's", edge.ErrNotHere)
		default:
			if _, err := prefixOf(&o); err != nil {
				failed.Orders[o.Place] = err
				continue
			}
			n.orders[o.Place] = o
		}
	}
	return failed
}

func prefixOf(o *edge.Order) (netip.Prefix, error) {
	if o.Type == action.Address {
		a, err := netip.ParseAddr(o.Value)
		if err != nil {
			return netip.Prefix{}, err
		}
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(o.Value)
	return p.Masked(), err
}

// inRanges says whether o stands in one of the interval sets.
func inRanges(o *edge.Order) bool {
	p, err := prefixOf(o)
	return err == nil && (o.Op == action.Allow || plainSet(p) == "")
}

// plainSet is the set of single keys that p stands in; "" where it takes an
// interval. All that is blocked without a person is in one of these: they change
// by the element, in microseconds.
func plainSet(p netip.Prefix) string {
	switch {
	case p.Addr().Is4() && p.Bits() == 32:
		return setBlock4
	case p.Addr().Is6() && p.Bits() == 128:
		return setBlock6
	case p.Addr().Is6() && p.Bits() == 64:
		return setBlock64
	}
	return ""
}
