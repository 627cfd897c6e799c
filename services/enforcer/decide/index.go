package decide

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/services/enforcer/edge"
)

// index is what the decision endpoint looks requests up in. It is never changed
// after it was built: readers take it with one atomic load and no lock.
type index struct {
	hashes    map[hashKey]*verdict
	addresses map[addressKey]*verdict
	prefixes  map[prefixKey]*verdict
	// bits are the lengths that occur in prefixes, the longest first.
	bits4, bits6 []int
}

type hashKey struct {
	tenant string
	typ    action.TargetType
	sum    [16]byte
}

type addressKey struct {
	tenant  string
	address netip.Addr
}

type prefixKey struct {
	tenant string
	prefix netip.Prefix
}

// verdict is an order at one target; next is another scope's.
type verdict struct {
	op    action.Op
	until int64 // ns
	scope string
	id    string
	// spent throttles; shared with the verdict's successors, so that an update of
	// the order does not refill it.
	spent *atomic.Int64
	next  *verdict
}

// targetKey says where o is looked up; an error where the endpoint cannot.
func (x *index) add(o *edge.Order, v *verdict) error {
	switch o.Type {
	case action.Credential, action.Session, action.Subject:
		k := hashKey{tenant: o.Tenant, typ: o.Type}
		if len(o.Value) != 32 {
			return fmt.Errorf("value is no keyed hash: %d characters, want 32", len(o.Value))
		}
		if _, err := hex.Decode(k.sum[:], []byte(o.Value)); err != nil {
			return fmt.Errorf("value is no keyed hash: %w", err)
		}
		v.next = x.hashes[k]
		x.hashes[k] = v
	case action.Address:
		a, err := netip.ParseAddr(o.Value)
		if err != nil {
			return err
		}
		k := addressKey{o.Tenant, a.Unmap().WithZone("")}
		v.next = x.addresses[k]
		x.addresses[k] = v
	case action.CIDR:
		p, err := netip.ParsePrefix(o.Value)
		if err != nil {
			return err
		}
		p = p.Masked()
		k := prefixKey{o.Tenant, p}
		v.next = x.prefixes[k]
		x.prefixes[k] = v
		bits := &x.bits6
		if p.Addr().Is4() {
			bits = &x.bits4
		}
		if !slices.Contains(*bits, p.Bits()) {
			*bits = append(*bits, p.Bits())
		}
	default:
		return fmt.Errorf("%w: the decision endpoint knows no %s", edge.ErrNotHere, o.Type)
	}
	return nil
}

func newIndex() *index {
	return &index{hashes: map[hashKey]*verdict{}, addresses: map[addressKey]*verdict{}, prefixes: map[prefixKey]*verdict{}}
}

// best keeps the order that decides among those a request meets.
type best struct {
	v     *verdict
	allow bool
}

// see takes v and its other scopes into account.
func (b *best) see(v *verdict, now int64, host, path string) {
	for ; v != nil; v = v.next {
		if now >= v.until || !inScope(v.scope, host, path) {
			continue
		}
		if v.op == action.Allow {
			b.allow = true
			continue
		}
		if b.v == nil || edge.Strength(v.op) > edge.Strength(b.v.op) {
			b.v = v
		}
	}
}

func (x *index) address(b *best, tenant string, a netip.Addr, now int64, host, path string) {
	b.see(x.addresses[addressKey{tenant, a}], now, host, path)
	bits := x.bits6
	if a.Is4() {
		bits = x.bits4
	}
	for _, n := range bits {
		p, err := a.Prefix(n)
		if err == nil {
			b.see(x.prefixes[prefixKey{tenant, p}], now, host, path)
		}
	}
}

// hash looks up a keyed hash as the shipper writes it, lower-case hex.
func (x *index) hash(b *best, tenant string, typ action.TargetType, text []byte, now int64, host, path string) {
	if len(text) != 32 {
		return
	}
	k := hashKey{tenant: tenant, typ: typ}
	if _, err := hex.Decode(k.sum[:], text); err == nil {
		b.see(x.hashes[k], now, host, path)
	}
}

// inScope: a scope is * or a host, or a host with a path prefix.
func inScope(scope, host, path string) bool {
	if scope == "*" {
		return true
	}
	want, prefix, _ := strings.Cut(scope, "/")
	if !strings.EqualFold(want, hostOnly(host)) {
		return false
	}
	if prefix == "" {
		return true
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(path, "/"), prefix)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(prefix, "/"))
}

func hostOnly(h string) string {
	if i := strings.LastIndexByte(h, ':'); i >= 0 && (strings.IndexByte(h, ':') == i || strings.HasSuffix(h[:i], "]")) {
		return h[:i]
	}
	return h
}

// take spends one request of a throttled target: a leaky bucket whose only state
// is the time at which it would be empty. It says how long to wait, 0 to pass.
func (v *verdict) take(now int64, interval, burst int64) time.Duration {
	for {
		old := v.spent.Load()
		next := max(old, now) + interval
		if wait := next - now - burst*interval; wait > 0 {
			return time.Duration(wait)
		}
		if v.spent.CompareAndSwap(old, next) {
			return 0
		}
	}
}
