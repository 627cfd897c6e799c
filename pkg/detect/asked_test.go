package detect

import (
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
)

func TestAsked(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"no operation", `{"a":1}`, "/api/{int}"},
		{"JSON-RPC", `{"jsonrpc":"2.0","id":1,"method":"transfer","params":{}}`, "/api/{int}#transfer"},
		{"MCP", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search"}}`, "/api/{int}#tools/call search"},
		{"a resource's address is no name", `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a/7"}}`, "/api/{int}#resources/read"},
		{"two methods", `[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}]`, "/api/{int}"},
		{"GraphQL, by its field", `{"query":"query Whatever1 { user(id: 7) { mail } }"}`, "/api/{int}#query.user"},
		{"the client's own name changes nothing", `{"query":"query Whatever2 { user(id: 8) { mail } }"}`, "/api/{int}#query.user"},
		{"GraphQL of two fields", `{"query":"{ user { mail } orders { id } }"}`, "/api/{int}"},
		{"a name that cannot be shown", `{"jsonrpc":"2.0","id":1,"method":"a\u0007b"}`, "/api/{int}"},
	} {
		e := &event.Event{Tenant: []byte("t"), Method: []byte("POST"), Authority: []byte("h"), Path: []byte("/api/7"), Status: 200,
			RequestBody: event.Body{Data: []byte(c.body), ContentType: []byte("application/json")}}
		var tx Tx
		tx.Reset(e, Source{}, time.Unix(1, 0), &catalog.Lexical{}, content.Limits{})
		m := tx.Asked()
		if m.Template != c.want || m.ID != catalog.ID("t", "h", "POST", c.want) || m.Label != "POST h"+c.want || len(m.Values) != 1 || tx.Endpoint.Template != "/api/{int}" {
			t.Errorf("%s: %+v, want %s", c.name, m, c.want)
		}
	}
}
