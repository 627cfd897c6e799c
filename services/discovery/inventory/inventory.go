// Package inventory keeps the endpoints of the catalog as they now stand, whole
// records: what look-alikes are told from and specifications are compared with.
package inventory

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/lookalike"
)

// Inventory is the catalog of all tenants. Safe for concurrent use: Resembles
// never waits for a writer.
type Inventory struct {
	mu      sync.Mutex
	tenants map[string]map[string]catalog.Endpoint // by id
	stale   map[string]bool                        // tenants whose index lacks something
	indexes atomic.Pointer[map[string]*lookalike.Index]
}

// New is an empty inventory.
func New() *Inventory {
	v := &Inventory{tenants: map[string]map[string]catalog.Endpoint{}, stale: map[string]bool{}}
	v.indexes.Store(&map[string]*lookalike.Index{})
	return v
}

// Apply takes over one record of the catalog topic, the newest of its id.
func (v *Inventory) Apply(e catalog.Endpoint) {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := v.tenants[e.Tenant]
	if all == nil {
		all = map[string]catalog.Endpoint{}
		v.tenants[e.Tenant] = all
	}
	old, known := all[e.ID]
	all[e.ID] = e
	// Counters move all the time, and nothing resembles a counter.
	if !known || old.Template != e.Template || len(old.Supersedes) != len(e.Supersedes) {
		v.stale[e.Tenant] = true
	}
}

// Remove takes the endpoint id of tenant out again: a tombstone of the topic.
func (v *Inventory) Remove(tenant, id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.tenants[tenant][id]; known {
		delete(v.tenants[tenant], id)
		v.stale[tenant] = true
	}
}

// Refresh builds the indexes anew in which something is missing. Until then
// Resembles goes by what was there before: it takes milliseconds for thousands of
// endpoints, so it is called between batches of records.
func (v *Inventory) Refresh() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.stale) == 0 {
		return
	}
	next := maps.Clone(*v.indexes.Load())
	for tenant := range v.stale {
		next[tenant] = lookalike.NewIndex(v.list(tenant))
	}
	clear(v.stale)
	v.indexes.Store(&next)
}

// Resembles says what a request of tenant resembles that no endpoint fits.
func (v *Inventory) Resembles(tenant string, r lookalike.Request) (lookalike.Match, bool) {
	x := (*v.indexes.Load())[tenant]
	if x == nil {
		return lookalike.Match{}, false
	}
	return x.Resembles(r)
}

// Endpoint is the record of an endpoint, which must not be changed.
func (v *Inventory) Endpoint(tenant, id string) (e catalog.Endpoint, known bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	e, known = v.tenants[tenant][id]
	return e, known
}

// Tenants are those that have endpoints, sorted.
func (v *Inventory) Tenants() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Sorted(maps.Keys(v.tenants))
}

// Endpoints are those of tenant that no merge made part of another, sorted by id.
func (v *Inventory) Endpoints(tenant string) []catalog.Endpoint {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.list(tenant)
}

func (v *Inventory) list(tenant string) []catalog.Endpoint {
	all := v.tenants[tenant]
	merged := map[string]bool{}
	for _, e := range all {
		for _, part := range e.Supersedes {
			merged[part] = part != e.ID
		}
	}
	out := make([]catalog.Endpoint, 0, len(all))
	for id, e := range all {
		if !merged[id] {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b catalog.Endpoint) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
