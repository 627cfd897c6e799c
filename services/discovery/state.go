package discovery

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// mergerVersion starts a snapshot of a merger. A reader knows one.
const mergerVersion = 4

// Snapshot writes endpoints and candidates, the latter in their order, then the
// hosts with their trees and groups.
func (m *merger) Snapshot(w io.Writer) error {
	b := msgp.AppendUint8(nil, mergerVersion)
	b = msgp.AppendTime(b, m.decided)
	b = msgp.AppendArrayHeader(b, uint32(len(m.entries)))
	for at := m.candidates.Back(); at != nil; at = at.Prev() {
		if e, ok := at.Value.(*entry); ok {
			b = appendEntry(b, e)
		}
	}
	for _, e := range sorted(m.entries) {
		if e.candidate == nil {
			b = appendEntry(b, e)
		}
	}
	b = msgp.AppendArrayHeader(b, uint32(len(m.hosts)))
	for _, h := range m.sortedHosts() {
		s := m.hosts[h]
		b = msgp.AppendString(msgp.AppendString(b, h.tenant), h.name)
		b = s.tree.Append(b)
		b = msgp.AppendArrayHeader(b, uint32(len(s.groups)))
		for _, g := range sorted(s.groups) {
			b = appendGroup(b, g)
		}
	}
	b = msgp.AppendArrayHeader(b, uint32(len(m.templates.members)))
	for _, h := range sortedHosts(m.templates.members) {
		b = msgp.AppendString(msgp.AppendString(b, h.tenant), h.name)
		b = msgp.AppendString(b, m.templates.members[h])
	}
	b = msgp.AppendTime(b, m.ticked)
	b = appendStrings(b, slices.Sorted(maps.Keys(m.counts)))
	b = appendStrings(b, slices.Sorted(maps.Keys(m.dirty)))
	b = msgp.AppendArrayHeader(b, uint32(len(m.gone)))
	for _, id := range slices.Sorted(maps.Keys(m.gone)) {
		b = msgp.AppendString(msgp.AppendString(b, id), m.gone[id])
	}
	b = m.appendClasses(b)
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("discovery: write snapshot: %w", err)
	}
	return nil
}

func (m *merger) sortedHosts() []host { return sortedHosts(m.hosts) }

func sortedHosts[T any](m map[host]T) []host {
	return slices.SortedFunc(maps.Keys(m), func(a, b host) int {
		return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.name, b.name))
	})
}

func appendEntry(b []byte, e *entry) []byte {
	b = msgp.AppendString(b, e.tenant)
	b = msgp.AppendString(b, e.host)
	b = msgp.AppendBool(b, e.candidate == nil)
	b = msgp.AppendBool(b, e.published)
	b = appendStrings(b, e.aliases)
	return appendOperation(b, &e.operation)
}

// appendGroup writes no sum: it is that of the parts and of the rest, to the byte.
func appendGroup(b []byte, g *group) []byte {
	b = msgp.AppendString(msgp.AppendString(b, g.sum.method), g.sum.template)
	b = msgp.AppendBool(b, g.published)
	b = msgp.AppendBool(b, g.rest.hits > 0)
	if g.rest.hits > 0 {
		b = appendOperation(b, &g.rest)
	}
	b = appendStrings(b, g.aliases)
	b = msgp.AppendArrayHeader(b, uint32(len(g.parts)))
	for _, id := range slices.Sorted(maps.Keys(g.parts)) {
		b = msgp.AppendString(b, id)
	}
	return b
}

func appendStrings(b []byte, list []string) []byte {
	b = msgp.AppendArrayHeader(b, uint32(len(list)))
	for _, s := range list {
		b = msgp.AppendString(b, s)
	}
	return b
}

// Restore reads a snapshot into m, which must be new.
func (m *merger) Restore(from io.Reader) error {
	b, err := io.ReadAll(from)
	if err != nil {
		return fmt.Errorf("discovery: read snapshot: %w", err)
	}
	r := &reader{Reader: wire.Reader{B: b}}
	if v := wire.Take(&r.Reader, msgp.ReadUint8Bytes); r.Err == nil && v != mergerVersion {
		r.Fail("snapshot of version %d, known is %d", v, mergerVersion)
	}
	m.decided = r.time()
	listed := map[string]bool{}
	for range r.Length() {
		e := &entry{tenant: wire.Take(&r.Reader, msgp.ReadStringBytes), host: wire.Take(&r.Reader, msgp.ReadStringBytes)}
		isListed := wire.Take(&r.Reader, msgp.ReadBoolBytes)
		e.published = wire.Take(&r.Reader, msgp.ReadBoolBytes)
		for range r.Length() {
			e.aliases = append(e.aliases, wire.Take(&r.Reader, msgp.ReadStringBytes))
		}
		op := r.operation(m.cfg)
		if r.Err != nil {
			break
		}
		e.operation = *op
		m.entries[e.id] = e
		listed[e.id] = isListed
		if !isListed {
			e.candidate = m.candidates.PushFront(e)
		}
	}
	for range r.Length() {
		m.restoreHost(r)
		if r.Err != nil {
			break
		}
	}
	for _, e := range sorted(m.entries) {
		s := m.hosts[host{e.tenant, e.host}]
		if s == nil {
			r.Fail("an entry of %s, which is no host of the snapshot", e.host)
			break
		}
		s.entries[e.id] = e
		if listed[e.id] && e.group == nil {
			s.listing(e, 1)
		}
	}
	for range r.Length() {
		h := host{wire.Take(&r.Reader, msgp.ReadStringBytes), wire.Take(&r.Reader, msgp.ReadStringBytes)}
		m.templates.members[h] = wire.Take(&r.Reader, msgp.ReadStringBytes)
	}
	m.ticked = r.time()
	for range r.Length() {
		m.counts[wire.Take(&r.Reader, msgp.ReadStringBytes)] = true
	}
	for range r.Length() {
		m.dirty[wire.Take(&r.Reader, msgp.ReadStringBytes)] = true
	}
	for range r.Length() {
		id := wire.Take(&r.Reader, msgp.ReadStringBytes)
		m.gone[id] = wire.Take(&r.Reader, msgp.ReadStringBytes)
	}
	m.restoreClasses(r)
	if r.Err != nil {
		return fmt.Errorf("discovery: restore: %w", r.Err)
	}
	m.reconsider()
	return nil
}

func (r *reader) time() time.Time {
	if t := wire.Take(&r.Reader, msgp.ReadTimeBytes); !t.IsZero() {
		return t.UTC()
	}
	return time.Time{}
}

func (m *merger) restoreHost(r *reader) {
	at := host{wire.Take(&r.Reader, msgp.ReadStringBytes), wire.Take(&r.Reader, msgp.ReadStringBytes)}
	if r.Err != nil {
		return
	}
	s := newSite(at, m.cfg)
	tree, rest, err := learn.Decode(r.B, m.cfg.learn())
	if err != nil {
		r.Fail("tree of %s: %w", at.name, err)
		return
	}
	s.tree, r.B = tree, rest
	m.hosts[at] = s
	for range r.Length() {
		g := newGroup(at, wire.Take(&r.Reader, msgp.ReadStringBytes), wire.Take(&r.Reader, msgp.ReadStringBytes))
		g.published = wire.Take(&r.Reader, msgp.ReadBoolBytes)
		if wire.Take(&r.Reader, msgp.ReadBoolBytes) {
			if op := r.operation(m.cfg); r.Err == nil {
				g.rest = *op
			}
		}
		for range r.Length() {
			g.aliases = append(g.aliases, wire.Take(&r.Reader, msgp.ReadStringBytes))
		}
		if r.Err == nil && g.rest.hits > 0 {
			g.include(&g.sum, &g.rest, m.cfg)
		}
		for range r.Length() {
			id := wire.Take(&r.Reader, msgp.ReadStringBytes)
			e := m.entries[id]
			if r.Err == nil && e == nil {
				r.Fail("a group of %s with a part %s that is not there", at.name, id)
			}
			if r.Err != nil {
				return
			}
			e.group, g.parts[id] = g, e
			g.include(&g.sum, &e.operation, m.cfg)
		}
		if r.Err != nil {
			return
		}
		s.groups[g.sum.id], m.groups[g.sum.id] = g, g
		s.listed++
	}
}
