package spec

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/finding"
)

// orphans are the operations of observed hosts that were not seen for long.
func (c *comparison) orphans() {
	since := c.o.Since
	if since.IsZero() {
		for i := range c.endpoints {
			if since.IsZero() || c.endpoints[i].first.Before(since) {
				since = c.endpoints[i].first
			}
		}
	}
	if since.IsZero() {
		return // nothing was observed
	}
	observable := map[string]bool{} // GraphQL and gRPC are seen only where their traffic is
	for i := range c.endpoints {
		observable[c.endpoints[i].protocol] = observable[c.endpoints[i].protocol] || c.endpoints[i].protocol != "graphql" || len(c.endpoints[i].operations) > 0
	}
	for _, s := range c.specs {
		if len(c.scopes[s]) == 0 {
			continue // none of its hosts is observed
		}
		methods := c.methods(s)
		for i := range s.Operations {
			o := &s.Operations[i]
			if o.Protocol != "rest" && !observable[o.Protocol] {
				continue
			}
			last, ever := c.seen[o]
			if other, there := methods[o.Name]; there && (!ever || other.at.After(last.at)) {
				last, ever = other, true
			}
			from := since
			if ever {
				from = last.at
			}
			if c.now.Sub(from) < c.o.OrphanAfter || ever && c.o.OrphanAfter == 0 {
				continue
			}
			d := Difference{
				Kind: Orphan, Severity: finding.Info, Operation: o.Label(), Where: o.Where, Digest: s.Digest,
				Endpoint: last.label, EndpointID: last.id, FirstSeen: from, LastSeen: from,
			}
			say := "was never seen since observation began at " + clock(from)
			if ever {
				say = "was last seen at " + clock(from)
			}
			d.Summary = fmt.Sprintf("%s, documented at %s, %s: %s.", o.Label(), o.Where, say, days(c.now.Sub(from)))
			c.out = append(c.out, d)
		}
	}
}

// methods says when each method of a descriptor set was last seen: it may be asked for
// by gRPC and over HTTP, and is no orphan while either is in use.
func (c *comparison) methods(s *Specification) map[string]sight {
	out := map[string]sight{}
	if s.Format != "protobuf" {
		return out
	}
	for i := range s.Operations {
		o := &s.Operations[i]
		if last, ever := c.seen[o]; ever && last.at.After(out[o.Name].at) {
			out[o.Name] = last
		}
	}
	return out
}
