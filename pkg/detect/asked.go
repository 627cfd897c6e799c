package detect

import (
	"unicode"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
)

// maxAsked is the longest name of an operation that makes an endpoint, in bytes.
const maxAsked = 200

// Asked is the endpoint that the request asks for. Where the whole message asks for one
// thing that its path does not say (a method of JSON-RPC or MCP, an operation of SOAP,
// one field at the top of GraphQL) it is that of the operation, with the id that
// discovery gives it; else it is Endpoint.
//
// The name of a GraphQL operation is not looked at: clients choose it, and who does
// so at random would have endpoints without end. For the same reason what counts the
// tries of an attacker must go by Endpoint, or a new name for each would hide them.
func (tx *Tx) Asked() catalog.Match {
	list := tx.Request().Operations
	if len(list) != 1 {
		return tx.Endpoint
	}
	o := &list[0]
	var name string
	switch o.Protocol {
	case content.GraphQLOperation:
		if len(o.Fields) == 1 {
			name = o.Field(0)
		}
	case content.JSONRPCMethod, content.MCPMethod, content.SOAPOperation:
		name = o.Listed()
	}
	if !isShown(name) {
		return tx.Endpoint
	}
	m := tx.Endpoint
	m.Template = catalog.WithOperation(m.Template, name)
	m.ID = catalog.ID(tx.Tenant, m.Host, m.Method, m.Template)
	m.Label = m.Method + " " + m.Host + m.Template
	m.Known = false // discovery may have it, or not yet
	return m
}

func isShown(name string) bool {
	if name == "" || len(name) > maxAsked || !utf8.ValidString(name) {
		return false
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
