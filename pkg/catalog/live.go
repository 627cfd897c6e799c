package catalog

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"sync/atomic"
)

// Live matches against the catalog as it now stands. The lexer makes a template
// of the path; Live says whether there is such an endpoint, puts one that a merge
// made part of another under that other's id, and finds the learned template
// where the lexer left a value literal. A host without endpoints of its own is
// looked up under the template that it is one of. Safe for concurrent use: readers
// never wait, a writer copies the small part that it changes.
type Live struct {
	lexical *Lexical
	tries   tries
	hosts   hosts

	mu     sync.Mutex // writers
	shards [liveShards]atomic.Pointer[shard]
	digest atomic.Uint64
	count  atomic.Int64
}

// liveShards keeps what one Apply copies to a few hundred entries in a catalog
// of 50,000 endpoints.
const liveShards = 256

// shard is immutable once stored.
type shard struct {
	endpoints map[string]entry
	// into maps the id of an endpoint that was merged to the id it is part of.
	into map[string]string
}

// entry is what matching needs of an Endpoint.
type entry struct {
	tenant, host, method, template string
	version                        int64
	supersedes                     []string
}

// NewLive is an empty catalog over lexical, which it does not change.
func NewLive(lexical *Lexical) *Live {
	l := &Live{lexical: lexical}
	for i := range l.shards {
		l.shards[i].Store(&shard{})
	}
	return l
}

var _ Matcher = (*Live)(nil)

// Match resolves a request.
func (l *Live) Match(tenant, host, method string, path []byte) Match {
	host = l.lexical.host(host)
	template, general := l.hosts.general(tenant, host)
	if general {
		host = template
	}
	m := l.lexical.match(tenant, host, method, path)
	m.Learned = general
	s := l.shard(m.ID).Load()
	into, merged := s.into[m.ID]
	if !merged {
		if _, m.Known = s.endpoints[m.ID]; m.Known {
			return m
		}
		if into, merged = l.tries.find(site{tenant, m.Host}, m.Method, m.Template); !merged {
			return m
		}
	}
	id, e, ok := l.resolve(into)
	if !ok {
		// The merge is known and its result is not, yet: both are records of one
		// topic. The id holds already.
		m.ID, m.Known, m.Learned = id, true, true
		return m
	}
	m.Values = valuesOf(m, e.template)
	m.ID, m.Template, m.Host, m.Known, m.Learned = id, e.template, e.host, true, true
	m.Label = m.Method + " " + m.Host + m.Template
	return m
}

// maxMerges bounds the chain of merges that is followed; a cycle ends there.
const maxMerges = 16

// resolve follows merges of merges.
func (l *Live) resolve(id string) (string, entry, bool) {
	for range maxMerges {
		s := l.shard(id).Load()
		next, merged := s.into[id]
		if !merged {
			e, ok := s.endpoints[id]
			return id, e, ok
		}
		id = next
	}
	return id, entry{}, false
}

// valuesOf are the segments of m that the more general template types: its own
// values, and the literals that the merge found to vary.
func valuesOf(m Match, template string) []Value {
	if strings.Count(m.Template, "/") != strings.Count(template, "/") {
		return m.Values
	}
	out := make([]Value, 0, strings.Count(template, "{"))
	have, want, rest := m.Template[1:], template[1:], m.Values
	for i := 0; want != ""; i++ {
		var text, segment string
		text, have, _ = strings.Cut(have, "/")
		segment, want, _ = strings.Cut(want, "/")
		open, end := strings.IndexByte(segment, '{'), strings.IndexByte(segment, '}')
		if len(rest) > 0 && rest[0].Index == i {
			text, rest = rest[0].Text, rest[1:]
		} else if open >= 0 && end > open {
			text = strings.TrimSuffix(strings.TrimPrefix(text, segment[:open]), segment[end+1:])
		}
		if open >= 0 && end > open {
			out = append(out, Value{Index: i, Type: segment[open+1 : end], Text: text})
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// Apply takes over one record of the catalog topic. The newest record of an id
// replaces the one before. The order of records with different ids does not
// matter, for discovery merges an endpoint into one other only.
func (l *Live) Apply(e Endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old, known := l.shard(e.ID).Load().endpoints[e.ID]
	next := entry{e.Tenant, e.Host, e.Method, e.Template, e.Version, e.Supersedes}
	if known && old.same(next) {
		return // counters moved, which matching does not read
	}
	if known {
		l.release(e.ID, old)
		l.digest.Add(-old.digest(e.ID))
		l.count.Add(-1)
	}
	// One store: a reader sees the endpoint as it was or as it is, never absent.
	l.change(e.ID, func(s *shard) { s.endpoints[e.ID] = next })
	if known {
		l.learn(e.ID, old, false)
	}
	l.learn(e.ID, next, true)
	if !known {
		l.hosts.count(site{e.Tenant, e.Host}, 1)
	}
	for _, id := range e.Supersedes {
		if id != e.ID {
			l.change(id, func(s *shard) { s.into[id] = e.ID })
		}
	}
	l.digest.Add(next.digest(e.ID))
	l.count.Add(1)
}

// Remove takes the endpoint id out again: a tombstone of the topic.
func (l *Live) Remove(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old, known := l.shard(id).Load().endpoints[id]; known {
		l.release(id, old)
		l.learn(id, old, false)
		l.hosts.count(site{old.tenant, old.host}, -1)
		l.change(id, func(s *shard) { delete(s.endpoints, id) })
		l.digest.Add(-old.digest(id))
		l.count.Add(-1)
	}
}

// Version names the definitions that Match goes by, for findings: the same set
// of them has the same name, whatever their order and counters.
func (l *Live) Version() string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], l.digest.Load())
	return fmt.Sprintf("%d-%s", l.count.Load(), hex.EncodeToString(b[:]))
}

// Len is the number of endpoints.
func (l *Live) Len() int { return int(l.count.Load()) }

// learn puts a learned template into the trie of its host, or takes it out; the
// caller holds l.mu.
func (l *Live) learn(id string, e entry, present bool) {
	if isLearned(e.template) {
		l.tries.put(site{e.tenant, e.host}, e.method, e.template, id, present)
	}
}

// release lets go of the endpoints that old had taken in.
func (l *Live) release(id string, old entry) {
	for _, part := range old.supersedes {
		l.change(part, func(s *shard) {
			if s.into[part] == id {
				delete(s.into, part)
			}
		})
	}
}

// change stores a changed copy of the shard of id; the caller holds l.mu.
func (l *Live) change(id string, f func(*shard)) {
	p := l.shard(id)
	old := p.Load()
	next := &shard{endpoints: make(map[string]entry, len(old.endpoints)+1), into: make(map[string]string, len(old.into))}
	for k, v := range old.endpoints {
		next.endpoints[k] = v
	}
	for k, v := range old.into {
		next.into[k] = v
	}
	f(next)
	p.Store(next)
}

func (l *Live) shard(id string) *atomic.Pointer[shard] {
	// Ids are hashes: any two of their characters spread evenly.
	i := 0
	if len(id) >= 2 {
		i = int(fromHex(id[0])<<4 | fromHex(id[1]))
	}
	return &l.shards[i]
}

func fromHex(b byte) byte {
	if isHex(b) {
		return unhex(b)
	}
	return 0
}

func (e entry) same(o entry) bool {
	if e.tenant != o.tenant || e.host != o.host || e.method != o.method || e.template != o.template || e.version != o.version ||
		len(e.supersedes) != len(o.supersedes) {
		return false
	}
	for i := range e.supersedes {
		if e.supersedes[i] != o.supersedes[i] {
			return false
		}
	}
	return true
}

// digest is added up over all entries, so their order does not matter.
func (e entry) digest(id string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s|%d|%s", id, e.version, strings.Join(e.supersedes, ","))
	return h.Sum64()
}
