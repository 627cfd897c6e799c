package discovery

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
)

// mostNamed bounds the endpoints that one message counts for beside its path's.
const mostNamed = 16

// named is an operation that a message asks for: an endpoint of its own.
type namedOperation struct {
	name     string // as it stands behind the path
	protocol int
	// whole: the message asks for nothing else, so its body is this operation's.
	whole bool
}

// operations are what a request asks for where its path does not say it: GraphQL
// operations and the fields at their top, JSON-RPC and MCP methods, SOAP
// operations. A gRPC method is a path already.
func (t *traits) operations(doc *content.Document, c *Config) {
	for i := range doc.Operations {
		o := &doc.Operations[i]
		protocol, ok := operationProtocol(o.Protocol)
		if !ok {
			continue
		}
		t.named(namedOperation{o.Listed(), protocol, len(doc.Operations) == 1}, c)
		if o.Protocol != content.GraphQLOperation {
			continue
		}
		for i := range o.Fields {
			t.named(namedOperation{o.Field(i), protocol, false}, c)
		}
	}
}

func (t *traits) named(o namedOperation, c *Config) {
	same := func(x namedOperation) bool { return x.name == o.name }
	if !isOperationName(o.name, c.MaxName) {
		t.fields.Dropped++
	} else if len(t.asked) < mostNamed && !slices.ContainsFunc(t.asked, same) {
		t.asked = append(t.asked, o)
	}
}

func isOperationName(s string, limit int) bool {
	if s == "" || len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func operationProtocol(p content.Protocol) (int, bool) {
	switch p {
	case content.GraphQLOperation:
		return protocolGraphQL, true
	case content.JSONRPCMethod:
		return protocolJSONRPC, true
	case content.MCPMethod:
		return protocolMCP, true
	case content.SOAPOperation:
		return protocolSOAP, true
	}
	return protocolREST, false
}

// resolve is the template that the tree of s now gives one of the lexer's. An
// operation goes where its path goes.
func (s *site) resolve(method, template string) string {
	path, operation := catalog.SplitOperation(template)
	if operation == "" {
		return s.tree.Resolve(method, template)
	}
	return catalog.WithOperation(s.tree.Resolve(method, path), operation)
}

// listing counts n more endpoints listed, of which e is one.
func (s *site) listing(e *entry, n int) {
	s.listed += n
	if path, operation := catalog.SplitOperation(e.template); operation != "" {
		s.operations[path] += n
	}
}

// room says whether e may be listed. Whoever asks chooses the names of operations,
// and GraphQL answers 200 to any: they must not crowd out the paths of a host.
func (s *site) room(e *entry, c *Config) bool {
	path, operation := catalog.SplitOperation(e.template)
	return s.listed < c.MaxEndpoints && (operation == "" || s.operations[path] < c.MaxOperations)
}
