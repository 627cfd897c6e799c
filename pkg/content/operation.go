package content

import (
	"bytes"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
)

// Protocol is what an operation is asked for in.
type Protocol uint8

const (
	GraphQLOperation Protocol = iota + 1
	JSONRPCMethod
	MCPMethod
	SOAPOperation
	GRPCMethod
)

func (p Protocol) String() string {
	return [...]string{"", "graphql", "json-rpc", "mcp", "soap", "grpc"}[p]
}

// Operation is what a message asks for where its path does not say it. One path
// with many operations is an endpoint each.
type Operation struct {
	Protocol Protocol
	// Type is query, mutation or subscription in GraphQL, the method in MCP
	// ("tools/call"), the full name of the service in gRPC.
	Type string
	// Name is the operation's: in MCP that of the tool or prompt, or a resource's URI;
	// in gRPC and JSON-RPC the method; empty where the client gave none.
	Name string
	// Fields are the fields at the top of a GraphQL operation without aliases, those
	// of fragments too, or the element in the body of a SOAP envelope.
	Fields []string
	// Hash is of the normalised text of a GraphQL operation: aliases, literal values
	// and order do not change it. Persisted is the hash that a client sends instead
	// of a text, or beside it.
	Hash      string
	Persisted string
	// Depth, Selections and Aliases measure the GraphQL operation: fields within
	// fields, fields in all, and fields under another name.
	Depth         int
	Selections    int
	Aliases       int
	Introspection bool // __schema or __type is asked for
}

// String is how the operation is written in a list of endpoints: "query GetUser",
// "tools/call search".
func (o *Operation) String() string {
	switch name := o.Name; {
	case o.Protocol == GRPCMethod:
		return "/" + o.Type + "/" + name
	case name == "" && o.Hash != "":
		return o.Type + " #" + o.Hash
	case name == "" && o.Persisted != "":
		return strings.TrimPrefix(o.Type+" #"+o.Persisted, " ")
	case o.Type == "":
		return name
	case name == "":
		return o.Type
	default:
		return o.Type + " " + name
	}
}

// Listed is String, but for an operation whose name is a value: the address of a
// resource in MCP, of which there may be any number.
func (o *Operation) Listed() string {
	if o.Protocol == MCPMethod && o.Type == "resources/read" {
		return o.Type
	}
	return o.String()
}

// Field is how the i-th of Fields is written in a list of endpoints: "query.user".
func (o *Operation) Field(i int) string { return o.Type + "." + o.Fields[i] }

// maxOperationName is how many bytes of a name are kept.
const maxOperationName = 200

func operationName(b []byte) string { return string(b[:min(len(b), maxOperationName)]) }

// operation adds o; false says that there may be no more.
func (d *Document) operation(o Operation, l Location, at int32) bool {
	if len(d.Operations) >= d.limits.Operations {
		if n := len(d.Issues); n == 0 || d.Issues[n-1].Kind != OperationLimit {
			d.issue(OperationLimit, l, at)
		}
		return false
	}
	d.Operations = append(d.Operations, o)
	return true
}

// envelope is what is known of a message before its body is read.
type envelope struct {
	event     *event.Event
	isRequest bool
	webSocket bool // the connection was handed over to that protocol
}

func (v *envelope) request(e *event.Event) {
	*v = envelope{event: e, isRequest: true, webSocket: IsWebSocket(e)}
}

func (v *envelope) response(e *event.Event) {
	*v = envelope{event: e, webSocket: IsWebSocket(e)}
}

func (v *envelope) header(name string) []byte {
	if v.isRequest {
		return v.event.RequestHeader(name)
	}
	return v.event.ResponseHeader(name)
}

// IsWebSocket says whether the connection of a transaction was handed over to the
// WebSocket protocol.
func IsWebSocket(e *event.Event) bool {
	return e.Status == 101 && bytes.EqualFold(bytes.TrimSpace(e.RequestHeader("Upgrade")), []byte("websocket"))
}

// message is where one message of a body begins.
type message struct {
	leaf int32 // in Leaves
	at   int32 // the node that its names stand below
}

func (d *Document) message(at int32) {
	d.messages = append(d.messages, message{int32(len(d.Leaves)), at})
}

// findOperations looks at each message of the body for what it asks for.
func (d *Document) findOperations() {
	switch d.Format {
	case JSON, WebSocket, EventStream, Multipart: // an upload may have a part of JSON
		d.findInMessages()
	case GraphQL: // the body is the text
		if n := len(d.Leaves); n > 0 && d.envelope.isRequest {
			d.openQuery(&d.Leaves[n-1], d.root(Body), nil, nil)
		}
	case XML:
		d.findSOAP()
	case GRPC, GRPCWeb, Protobuf:
		d.findMethod()
	case Empty:
		d.findInQuery()
	}
}

// findInMessages walks the messages. All of them usually hang on one node, so
// what names to look for is found out once.
func (d *Document) findInMessages() {
	var rpc rpcPaths
	var graph, wrapped queryPaths
	at := int32(-1)
	for i, m := range d.messages {
		if m.at != at {
			at = m.at
			rpc = d.rpcPaths(at)
			graph, wrapped = d.queryPaths(at, ""), queryPaths{}
			if d.Format == WebSocket {
				wrapped = d.queryPaths(at, "payload")
			}
		}
		if !rpc.any() && !graph.any() && !wrapped.any() {
			continue
		}
		end := len(d.Leaves)
		if i+1 < len(d.messages) {
			end = int(d.messages[i+1].leaf)
		}
		leaves := d.Leaves[m.leaf:end]
		if !d.findRPC(&rpc, leaves, at) || !d.findQuery(&graph, leaves, at) || !d.findQuery(&wrapped, leaves, at) {
			return
		}
	}
}

// findSOAP takes the action for the name where there is one, as servers that look
// at it do, else the first element in the body.
func (d *Document) findSOAP() {
	action := d.envelope.header("SOAPAction")
	if len(action) == 0 {
		_, parameters := mediaType(d.envelope.header("Content-Type"))
		action = parameter(parameters, "action")
	}
	action = bytes.Trim(bytes.TrimSpace(action), `"`)
	if d.soapBody == "" && len(action) == 0 || !d.envelope.isRequest {
		return
	}
	o := Operation{Protocol: SOAPOperation, Name: d.soapBody}
	if d.soapBody != "" {
		o.Fields = []string{d.soapBody}
	}
	if len(action) > 0 {
		o.Name = operationName(action[bytes.LastIndexAny(action, "/#:")+1:])
	}
	d.operation(o, Body, d.root(Body))
}

// findMethod reads service and method from the path, where gRPC has them.
func (d *Document) findMethod() {
	service, method, ok := methodOf(d.envelope.event.Path)
	if ok && d.envelope.isRequest && (d.Format != Protobuf || bytes.IndexByte(service, '.') >= 0) {
		d.operation(Operation{Protocol: GRPCMethod, Type: operationName(service), Name: operationName(method)}, Body, d.root(Body))
	}
}

// methodOf takes a path apart that ends in /package.Service/Method.
func methodOf(path []byte) (service, method []byte, ok bool) {
	i := bytes.LastIndexByte(path, '/')
	if i <= 0 || i+1 == len(path) {
		return nil, nil, false
	}
	service, method = path[:i], path[i+1:]
	service = service[bytes.LastIndexByte(service, '/')+1:]
	return service, method, len(service) > 0
}
