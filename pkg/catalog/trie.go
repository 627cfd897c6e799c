package catalog

import (
	"strings"
	"sync/atomic"
)

// tries hold, a host each, the templates that the lexer alone would not make:
// those with a {string}, which discovery puts where words are values. All others
// are found by the id of the lexical template, without a walk; and where that is
// known it wins, for it has a literal or a type wherever the path allows one.
//
// Every stored trie is immutable. A change copies the branches from the root to
// it, so readers never wait.
type tries struct {
	shards [trieShards]atomic.Pointer[map[site]*branch]
}

const trieShards = 64

// site is whose templates a trie holds.
type site struct{ tenant, host string }

// branch is a place in a trie.
type branch struct {
	// next are the literals and types of the next segment, as in the template;
	// mixed those that hold a {string} among text, under what is around it.
	next, mixed map[string]*branch
	names       map[string]*branch // that have the shape of a value, by type
	wild        *branch            // {string}
	ids         map[string]string
}

const wildSegment = "{" + TypeString + "}"

// isLearned says whether template belongs into a trie: an operation at a path is
// found by no path.
func isLearned(template string) bool {
	return strings.Contains(template, wildSegment) && !strings.Contains(template, operationMark)
}

// put adds the endpoint id, or takes it away.
func (t *tries) put(s site, method, template, id string, present bool) {
	p := t.shard(s)
	next := map[site]*branch{}
	if old := p.Load(); old != nil {
		for k, v := range *old {
			next[k] = v
		}
	}
	if b := next[s].with(strings.TrimPrefix(template, "/"), method, id, present); b != nil {
		next[s] = b
	} else {
		delete(next, s)
	}
	p.Store(&next)
}

// with is a copy of b with the change, or nil where nothing is left. b may be nil.
func (b *branch) with(rest, method, id string, present bool) *branch {
	c := &branch{}
	if b != nil {
		*c = *b
	}
	if rest == "" {
		c.ids = changed(c.ids, method, id, present)
	} else {
		segment, rest, _ := strings.Cut(rest, "/")
		open := strings.Index(segment, wildSegment)
		switch {
		case segment == wildSegment:
			c.wild = c.wild.with(rest, method, id, present)
		case open >= 0:
			key := around(segment)
			sub := c.mixed[key].with(rest, method, id, present)
			c.mixed = changed(c.mixed, key, sub, sub != nil)
		default:
			in, key := &c.next, segment
			if typ := lexed(segment); typ != "" {
				in, key = &c.names, typ
			}
			sub := (*in)[key].with(rest, method, id, present)
			*in = changed(*in, key, sub, sub != nil)
		}
	}
	if len(c.ids) == 0 && len(c.next) == 0 && len(c.mixed) == 0 && len(c.names) == 0 && c.wild == nil {
		return nil
	}
	return c
}

// lexed is what the lexer makes of a name that has the shape of a value, as discovery
// finds some, and "" for all others. One digit has no shape of its own.
func lexed(segment string) string {
	if len(segment) > 1 && strings.IndexByte(segment, '{') < 0 {
		if typ := Classify([]byte(segment)); typ != "" {
			return "{" + typ + "}"
		}
	}
	return ""
}

// changed is a copy of m with one key set or deleted.
func changed[V any](m map[string]V, key string, v V, present bool) map[string]V {
	out := make(map[string]V, len(m)+1)
	for k, old := range m {
		out[k] = old
	}
	if present {
		out[key] = v
	} else {
		delete(out, key)
	}
	return out
}

// maxSteps bounds the walk of one match: templates that share many beginnings
// could send it back and forth.
const maxSteps = 128

// find is the id of the endpoint whose template matches a lexical one. A literal
// or a type beats {string} at every segment, from the left, and {string} among text
// beats it alone.
func (t *tries) find(s site, method, template string) (id string, ok bool) {
	all := t.shard(s).Load()
	if all == nil {
		return "", false
	}
	b := (*all)[s]
	if b == nil {
		return "", false
	}
	steps := maxSteps
	return b.find(template[1:], method, &steps)
}

func (b *branch) find(rest, method string, steps *int) (id string, ok bool) {
	if rest == "" {
		id, ok = b.ids[method]
		return id, ok
	}
	if *steps--; *steps < 0 {
		return "", false
	}
	segment, rest, _ := strings.Cut(rest, "/")
	if next := b.next[segment]; next != nil {
		if id, ok := next.find(rest, method, steps); ok {
			return id, true
		}
	}
	open := strings.IndexByte(segment, '{')
	whole := open == 0 && segment[len(segment)-1] == '}'
	if whole && len(b.names) > 0 {
		if next := b.names[segment]; next != nil {
			if id, ok := next.find(rest, method, steps); ok {
				return id, true
			}
		}
	}
	if !whole && len(b.mixed) > 0 {
		if next := b.mixed[around(segment)]; next != nil {
			if id, ok := next.find(rest, method, steps); ok {
				return id, true
			}
		}
	}
	// What is around a typed value is a name that developers gave: no value itself.
	if b.wild != nil && (open < 0 || whole) && segment != "{"+TypeRest+"}" {
		return b.wild.find(rest, method, steps)
	}
	return "", false
}

func (t *tries) shard(s site) *atomic.Pointer[map[site]*branch] {
	return &t.shards[shardOf(s.tenant, s.host)]
}

// shardOf spreads the hosts of tenants.
func shardOf[T string | []byte](tenant string, host T) uint32 {
	h := uint32(2166136261)
	for i := range len(tenant) {
		h = (h ^ uint32(tenant[i])) * 16777619
	}
	for i := range len(host) {
		h = (h ^ uint32(host[i])) * 16777619
	}
	return (h ^ h>>15) % trieShards
}
