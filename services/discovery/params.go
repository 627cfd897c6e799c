package discovery

import (
	"slices"
	"strings"
)

// paramKey names a parameter of an endpoint.
type paramKey struct {
	in   place
	name string
}

// rank decides which parameters stay when there are too many: those with the
// smallest. It is a hash (FNV-1a) and not the name, so that invented names do not
// crowd out the real ones just by sorting first.
func (k paramKey) rank() uint64 {
	h := uint64(14695981039346656037)
	h = (h ^ uint64(k.in)) * 1099511628211
	for i := range len(k.name) {
		h = (h ^ uint64(k.name[i])) * 1099511628211
	}
	return h ^ h>>29 // FNV's high bits move little for short names
}

func (k paramKey) compare(o paramKey) int {
	if k.in != o.in {
		return int(k.in) - int(o.in)
	}
	return strings.Compare(k.name, o.name)
}

// param counts the transactions that carry a parameter, and those with a value
// of each type.
type param struct {
	key   paramKey
	rank  uint64
	count uint64
	types [types]uint64
}

// params keeps the parameters of the smallest ranks. One that is pushed out can
// never come back, for those that pushed it out stay: so the set, and every
// count in it, is the same in whatever order and pieces the parameters came.
type params struct {
	index map[paramKey]int
	list  []param
	top   int // index of the largest rank, plus one; 0 is unknown
}

// at is the parameter of key, made if needed, or nil when there is no room. The
// pointer is valid until the next call. key's name is copied when it is kept.
func (p *params) at(key paramKey, limit int) *param {
	if i, ok := p.index[key]; ok {
		return &p.list[i]
	}
	rank := key.rank()
	if len(p.list) >= limit {
		last := p.largest()
		if rank > last.rank || rank == last.rank && key.compare(last.key) > 0 {
			return nil
		}
		i := p.index[last.key]
		delete(p.index, last.key)
		return p.put(i, key, rank)
	}
	p.list = append(p.list, param{})
	return p.put(len(p.list)-1, key, rank)
}

func (p *params) put(i int, key paramKey, rank uint64) *param {
	if p.index == nil {
		p.index = make(map[paramKey]int, 16)
	}
	key.name = strings.Clone(key.name)
	p.index[key], p.top = i, 0
	p.list[i] = param{key: key, rank: rank}
	return &p.list[i]
}

func (p *params) largest() *param {
	if p.top > 0 {
		return &p.list[p.top-1]
	}
	last := &p.list[0]
	for i := range p.list {
		q := &p.list[i]
		if q.rank > last.rank || q.rank == last.rank && q.key.compare(last.key) > 0 {
			last, p.top = q, i+1
		}
	}
	p.top = max(p.top, 1)
	return last
}

// sorted are the parameters by place and name. The list of p is reordered.
func (p *params) sorted() []param {
	slices.SortFunc(p.list, func(a, b param) int { return a.key.compare(b.key) })
	for i := range p.list {
		p.index[p.list[i].key] = i
	}
	p.top = 0
	return p.list
}
