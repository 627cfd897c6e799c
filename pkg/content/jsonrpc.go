package content

import "strings"

// rpcPaths are the names that make a message one of JSON-RPC 2.0, as paths below
// the node of the message; empty where no message had them.
type rpcPaths struct {
	version, method, name, uri, protocolVersion string
}

func (d *Document) rpcPaths(at int32) (p rpcPaths) {
	n := &d.names
	if p.version, p.method = n.lookup(at, "jsonrpc"), n.lookup(at, "method"); p.any() {
		p.name, p.uri = n.lookup(at, "params", "name"), n.lookup(at, "params", "uri")
		p.protocolVersion = n.lookup(at, "params", "protocolVersion")
	}
	return p
}

func (p *rpcPaths) any() bool { return p.version != "" && p.method != "" }

// findRPC adds the method that leaves, one message, call.
func (d *Document) findRPC(p *rpcPaths, leaves []Leaf, at int32) bool {
	if !p.any() {
		return true
	}
	var version, method, name, uri *Leaf
	negotiates := false
	for i := range leaves {
		switch l := &leaves[i]; l.Path {
		case "":
		case p.version:
			version = l
		case p.method:
			if l.Type == String {
				method = l
			}
		case p.name:
			name = l
		case p.uri:
			uri = l
		case p.protocolVersion:
			negotiates = true
		}
	}
	if version == nil || method == nil || string(version.Value) != "2.0" {
		return true
	}
	o := Operation{Protocol: JSONRPCMethod, Name: operationName(method.Value)}
	if isMCP(o.Name) || negotiates && o.Name == "initialize" || len(d.envelope.header("Mcp-Protocol-Version")) > 0 {
		o.Protocol, o.Type, o.Name = MCPMethod, o.Name, ""
		switch {
		case name != nil && (o.Type == "tools/call" || o.Type == "prompts/get"):
			o.Name = operationName(name.Value)
		case uri != nil && strings.HasPrefix(o.Type, "resources/"):
			o.Name = operationName(uri.Value)
		}
	}
	return d.operation(o, Body, at)
}

// isMCP says whether method is one that the Model Context Protocol alone has.
// "initialize" and "ping" are others' too.
func isMCP(method string) bool {
	switch method {
	case "tools/list", "tools/call", "resources/list", "resources/read", "resources/subscribe", "resources/unsubscribe",
		"resources/templates/list", "prompts/list", "prompts/get", "completion/complete", "logging/setLevel",
		"sampling/createMessage", "roots/list", "elicitation/create", "tasks/get", "tasks/list", "tasks/result", "tasks/cancel",
		"notifications/initialized", "notifications/cancelled", "notifications/progress", "notifications/message",
		"notifications/roots/list_changed", "notifications/tools/list_changed", "notifications/prompts/list_changed",
		"notifications/resources/list_changed", "notifications/resources/updated", "notifications/elicitation/complete",
		"notifications/tasks/status":
		return true
	}
	return false
}
