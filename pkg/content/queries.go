package content

import "sync"

// Queries remember what was read of GraphQL texts: clients send the few that they
// were built with again and again. Any number of documents may share them. What is
// read is the same with and without.
type Queries struct {
	bytes int

	mu         sync.RWMutex
	young, old map[queryKey]*queryText
	used       int // bytes that young holds, roughly
}

// queryKey is all that readQuery depends on.
type queryKey struct {
	text                              string
	tokens, depth, leaves, operations int
}

const (
	// maxQueryText is how long a text may be to be remembered.
	maxQueryText = 16 << 10
	// literalBytes, stepBytes and operationBytes are about what a literal, a name of
	// its path and an operation take beside the text.
	literalBytes   = 100
	stepBytes      = 16
	operationBytes = 400
)

// NewQueries makes a memory of about so many bytes.
func NewQueries(bytes int) *Queries {
	return &Queries{bytes: bytes, young: map[queryKey]*queryText{}}
}

// read is readQuery, from memory where it can. A nil memory has none.
func (x *Queries) read(text []byte, limits *Limits) *queryText {
	if x == nil || len(text) > maxQueryText {
		return readQuery(string(text), limits)
	}
	x.mu.RLock()
	q := x.young[queryKey{string(text), limits.Tokens, limits.Depth, limits.NestedLeaves, limits.Operations}]
	x.mu.RUnlock()
	if q != nil {
		return q
	}
	key := queryKey{string(text), limits.Tokens, limits.Depth, limits.NestedLeaves, limits.Operations}
	x.mu.RLock()
	q = x.old[key]
	x.mu.RUnlock()
	if q == nil {
		q = readQuery(key.text, limits)
	}
	x.keep(key, q)
	return q
}

// keep adds q to the young. When they are half of what there may be they become the
// old ones, and what nobody asked for since they were young is forgotten.
func (x *Queries) keep(key queryKey, q *queryText) {
	size := 3*len(key.text) + operationBytes*(1+len(q.operations))
	for i := range q.literals {
		size += literalBytes + stepBytes*len(q.literals[i].path)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, ok := x.young[key]; ok || size > x.bytes/2 {
		return
	}
	if x.used+size > x.bytes/2 {
		x.old, x.young, x.used = x.young, map[queryKey]*queryText{}, 0
	}
	x.young[key] = q
	x.used += size
}
