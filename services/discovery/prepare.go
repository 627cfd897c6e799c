package discovery

import (
	"bytes"
	"sync"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/discovery/lookalike"
	"github.com/miradorhq/mirador/services/discovery/schema"
)

// traits is what Prepare reads out of one transaction: pure, so it may be done
// for many at once. Its names may be kept.
type traits struct {
	// success: the transaction shows that its endpoint exists.
	success  bool
	protocol int
	network  uint8
	fields   schema.Message
	asked    []namedOperation
	// alike: the request looks like match, and is not.
	alike bool
	match lookalike.Match
}

// traitPool lends traits from Prepare to the end of Detect, and readers, which
// remember the names of fields, for as long as one transaction is read.
type traitPool struct {
	traits, readers sync.Pool
	ranges          ranges
}

// newTraitPool takes valid settings.
func newTraitPool(c *Config) *traitPool {
	p := &traitPool{}
	p.ranges, _ = parseRanges(c)
	limits := c.limits()
	p.traits.New = func() any { return &traits{} }
	p.readers.New = func() any { return schema.NewReader(limits, isCustom) }
	return p
}

func (p *traitPool) read(tx *detect.Tx, c *Config) *traits {
	t, r := p.traits.Get().(*traits), p.readers.Get().(*schema.Reader)
	t.fields.Reset()
	t.asked = t.asked[:0]
	t.success, t.protocol = isSuccess(tx.Event.Status, c.AdmitUnanswered) && !isDotted(tx.Endpoint.Template), 0
	t.network = p.ranges.of(tx.Event.Client.Address)
	r.Begin()
	if t.success {
		t.request(tx, r, c)
	}
	if tx.Event.Status > 0 {
		t.body(tx.Response(), &tx.Event.ResponseBody, tx.Event.ResponseHeader("Content-Type"), r, schema.Body{
			In: schema.Response, Class: uint8(class(tx.Event.Status)),
		})
	}
	p.readers.Put(r)
	return t
}

// give takes t back.
func (p *traitPool) give(t *traits) { p.traits.Put(t) }

// isSuccess says whether a response shows that the endpoint exists. A permanent
// redirect says that it is elsewhere, and hosts that send every path to another
// scheme or name would make an endpoint of each scanned path. A refusal (401,
// 403) shows nothing either: many gateways refuse before they route.
func isSuccess(status uint16, unanswered bool) bool {
	switch status {
	case 0:
		return unanswered
	case 301, 308:
		return false
	default:
		return status == 101 || status >= 200 && status < 400
	}
}

func (t *traits) request(tx *detect.Tx, r *schema.Reader, c *Config) {
	names := catalog.ParamNames(tx.Endpoint.Template)
	for i, v := range tx.Endpoint.Values {
		if i < len(names) {
			r.Param(&t.fields, schema.Path, names[i], []byte(v.Text), pathType(v.Type))
		}
	}
	request := tx.Request()
	t.protocol = protocol(tx, request)
	t.operations(request, c)
	for i := range request.Leaves {
		l := &request.Leaves[i]
		switch l.Location {
		case content.Query:
			r.Param(&t.fields, schema.Query, l.Path, l.Value, l.Type)
		case content.Cookie:
			r.Param(&t.fields, schema.Cookie, l.Path, l.Value, l.Type)
		case content.Header:
			r.Param(&t.fields, schema.Header, l.Path, l.Value, l.Type)
		}
	}
	t.body(request, &tx.Event.RequestBody, tx.Event.RequestHeader("Content-Type"), r, schema.Body{In: schema.Request})
}

func (t *traits) body(doc *content.Document, b *event.Body, contentType []byte, r *schema.Reader, as schema.Body) {
	as.ContentType, as.Cut = b.ContentType, b.Truncated
	if len(contentType) > 0 {
		as.ContentType = contentType
	}
	if i := bytes.TrimLeft(b.Data, " \t\r\n"); len(i) > 0 && (i[0] == '{' || i[0] == '[') {
		as.Text = i
	}
	for i := range doc.Issues {
		switch x := &doc.Issues[i]; x.Kind {
		case content.Truncated, content.BadSyntax, content.LeafLimit, content.RatioLimit, content.DepthLimit, content.PathLimit:
			as.Cut = as.Cut || x.Location == content.Body
		}
	}
	r.Body(&t.fields, doc, &as)
}

// pathType is the type of a value that the lexer typed.
func pathType(typ string) content.Type {
	switch typ {
	case catalog.TypeInt:
		return content.Integer
	case catalog.TypeBool:
		return content.Boolean
	case catalog.TypeNumber:
		return content.Number
	}
	return content.String
}

// protocol goes by what became of the connection, by what the request asks for, else by
// content type and header. What is asked for within a WebSocket are operations of
// their own; a stream of events may be how MCP or GraphQL answer.
func protocol(tx *detect.Tx, request *content.Document) int {
	if request.Format == content.WebSocket || content.IsWebSocket(tx.Event) {
		return protocolWebSocket
	}
	for i := range request.Operations {
		if p, ok := operationProtocol(request.Operations[i].Protocol); ok {
			return p
		}
	}
	e := tx.Event
	typ := e.RequestBody.ContentType
	if len(typ) == 0 {
		typ = e.RequestHeader("Content-Type")
	}
	switch {
	case bytes.HasPrefix(typ, []byte("application/grpc")):
		return protocolGRPC
	case bytes.HasPrefix(typ, []byte("application/soap+xml")), len(e.RequestHeader("SOAPAction")) > 0:
		return protocolSOAP
	case request.Format == content.GraphQL:
		return protocolGraphQL
	case isEventStream(e):
		return protocolSSE
	}
	return protocolREST
}

// isEventStream says whether the answer is one of server-sent events.
func isEventStream(e *event.Event) bool {
	typ := e.ResponseHeader("Content-Type")
	if len(typ) == 0 {
		typ = e.ResponseBody.ContentType
	}
	const stream = "text/event-stream"
	return len(typ) >= len(stream) && bytes.EqualFold(typ[:len(stream)], []byte(stream))
}
