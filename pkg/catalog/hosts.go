package catalog

import (
	"strings"
	"sync/atomic"
)

// A host may be a template too, "{tenant}.api.example.com": one label in braces
// stands for any. Discovery learns that hosts are one API and lists its endpoints
// under the template; whoever matches finds the template by the shape of the host.

const (
	// fixedLabels, the last ones of a host, are never a value: whoever could choose
	// them would be somebody else.
	fixedLabels = 2
	// maxLabels is how many labels, from the left, are looked at.
	maxLabels = 8
	// maxHost is the longest name that DNS has.
	maxHost = 253
)

// HostShapes calls f with every template that host may be one of, the label that
// varies as {string}, the leftmost first, until f says that it is enough.
func HostShapes(host string, f func(shape string) bool) {
	var buffer shapeBuffer
	for i, more := 0, true; more; {
		var shape []byte
		if shape, i = buffer.shape(host, i); shape == nil {
			return
		}
		more = f(string(shape))
	}
}

// shapeBuffer holds one shape of a host.
type shapeBuffer [maxHost + len(wildSegment)]byte

// shape is host with its first label from i on as {string}, and where the next one
// begins. It is nil when no label is left that may vary.
func (b *shapeBuffer) shape(host string, i int) (shape []byte, next int) {
	if i == 0 && (len(host) > maxHost || !isName(host)) {
		return nil, 0
	}
	for strings.Count(host[i:], ".") >= fixedLabels && strings.Count(host[:i], ".") < maxLabels {
		end := i + strings.IndexByte(host[i:], '.')
		if end > i {
			s := append(b[:0], host[:i]...)
			s = append(s, wildSegment...)
			return append(s, host[end:]...), end + 1
		}
		i = end + 1
	}
	return nil, 0
}

// isName says whether a host is a name, no address and no template.
func isName(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && !(last[0] >= '0' && last[0] <= '9') && !strings.ContainsAny(host, "{}[:")
}

// HostShape is the shape of a host template: "{tenant}.example.com" gives
// "{string}.example.com". It is not ok where host is no template: a name of labels
// of which one, and none of the last two, is a text in braces.
func HostShape(host string) (shape string, ok bool) {
	open, end := strings.IndexByte(host, '{'), strings.IndexByte(host, '}')
	if open < 0 || end < open+2 || len(host) > maxHost || open > 0 && host[open-1] != '.' || !strings.HasPrefix(host[end+1:], ".") {
		return "", false
	}
	head, name, tail := host[:open], host[open+1:end], host[end+1:]
	if strings.Count(tail, ".") < fixedLabels || !isName(head+"x"+tail) || strings.ContainsAny(name, "{./:|") {
		return "", false
	}
	return head + wildSegment + tail, true
}

// hosts are those of the catalog: names that have endpoints of their own, and
// templates by their shape. Readers never wait; a writer copies one shard.
type hosts struct {
	shards    [trieShards]atomic.Pointer[map[site]listed]
	templates atomic.Int64
}

// listed is what a host has in the catalog.
type listed struct {
	endpoints int
	host      string // as the catalog has it
}

// count notes that a host has n endpoints more.
func (x *hosts) count(s site, n int) {
	host := s.host
	shape, template := HostShape(host)
	if template {
		s.host = shape
	}
	p := &x.shards[shardOf(s.tenant, s.host)]
	next := map[site]listed{}
	if old := p.Load(); old != nil {
		for k, v := range *old {
			next[k] = v
		}
	}
	before := next[s].endpoints
	if after := before + n; after > 0 {
		next[s] = listed{after, host}
		if template && before == 0 {
			x.templates.Add(1)
		}
	} else {
		delete(next, s)
		if template && before > 0 {
			x.templates.Add(-1)
		}
	}
	p.Store(&next)
}

// general is the template that a host is one of. A host with endpoints of its own
// is one of none: what it is was learned.
func (x *hosts) general(tenant, host string) (template string, ok bool) {
	if x.templates.Load() == 0 {
		return "", false
	}
	if p := x.shards[shardOf(tenant, host)].Load(); p != nil && (*p)[site{tenant, host}].endpoints > 0 {
		return "", false
	}
	var buffer shapeBuffer
	for i := 0; ; {
		var shape []byte
		if shape, i = buffer.shape(host, i); shape == nil {
			return "", false
		}
		if p := x.shards[shardOf(tenant, shape)].Load(); p != nil {
			if l, ok := (*p)[site{tenant, string(shape)}]; ok {
				return l.host, true
			}
		}
	}
}
