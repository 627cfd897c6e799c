package discovery

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
)

// traits is what Prepare reads out of one transaction: pure, so it may be done
// for many at once. Its names may be kept.
type traits struct {
	// success: the transaction shows that its endpoint exists.
	success  bool
	protocol int
	params   []trait
	// dropped counts names that were no names.
	dropped int

	index map[paramKey]int
}

// trait is a parameter of one transaction with the types of its values, a bit each.
type trait struct {
	key   paramKey
	types uint16
}

// traitPool lends traits from Prepare to the end of Detect.
type traitPool struct{ sync.Pool }

func newTraitPool() *traitPool {
	return &traitPool{sync.Pool{New: func() any { return &traits{index: make(map[paramKey]int, 32)} }}}
}

func (p *traitPool) read(tx *detect.Tx, c *Config) *traits {
	t := p.Get().(*traits)
	clear(t.index)
	*t = traits{params: t.params[:0], index: t.index}
	t.success = isSuccess(tx.Event.Status, c.AdmitUnanswered)
	if t.success {
		t.read(tx, c)
	}
	return t
}

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

func (t *traits) read(tx *detect.Tx, c *Config) {
	names := catalog.ParamNames(tx.Endpoint.Template)
	for i, v := range tx.Endpoint.Values {
		if i < len(names) {
			t.add(paramKey{inPath, names[i]}, pathType(v.Type), c)
		}
	}
	request := tx.Request()
	t.protocol = protocol(tx, request)
	for i := range request.Leaves {
		l := &request.Leaves[i]
		switch l.Location {
		case content.Query:
			t.add(paramKey{inQuery, fieldName(l.Path)}, valueType(l), c)
		case content.Cookie:
			t.add(paramKey{inCookie, l.Path}, valueType(l), c)
		case content.Header:
			if isCustom(l.Path) {
				t.add(paramKey{inHeader, l.Path}, valueType(l), c)
			}
		case content.Body:
			t.add(paramKey{inBody, fieldName(l.Path)}, valueType(l), c)
		}
	}
	response := tx.Response()
	for i := range response.Leaves {
		if l := &response.Leaves[i]; l.Location == content.Body {
			t.add(paramKey{inResponse, fieldName(l.Path)}, valueType(l), c)
		}
	}
}

func (t *traits) add(key paramKey, typ int, c *Config) {
	if i, ok := t.index[key]; ok {
		t.params[i].types |= 1 << typ
		return
	}
	if !isName(key.name, c.MaxName) {
		t.dropped++
		return
	}
	t.index[key] = len(t.params)
	t.params = append(t.params, trait{key, 1 << typ})
}

// isName keeps out what has no name (a body of plain text), and what no document
// could show.
func isName(s string, limit int) bool {
	if s == "" || len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// fieldName is the path of a field with names that are values in braces, as in
// objects that have ids for keys: "users.{int}.email". Else every user would be a
// field, and an e-mail address a name.
func fieldName(path string) string {
	if !strings.ContainsAny(path, "@0123456789") {
		return path
	}
	var b strings.Builder
	changed := false
	for rest := path; rest != ""; {
		part, tail, more := strings.Cut(rest, ".")
		name := strings.TrimRight(part, "[]")
		if i := strings.IndexByte(name, '@'); i > 0 {
			// The dots of the domain are no separators of the path.
			b.WriteString("{email}")
			return b.String()
		}
		switch typ := catalog.Classify([]byte(name)); typ {
		case catalog.TypeInt, catalog.TypeUUID, catalog.TypeULID, catalog.TypeHex, catalog.TypeDate, catalog.TypeIP,
			catalog.TypeIBAN, catalog.TypeToken, catalog.TypeID:
			changed = true
			b.WriteString("{" + typ + "}")
			b.WriteString(part[len(name):])
		default:
			b.WriteString(part)
		}
		if more {
			b.WriteByte('.')
		}
		rest = tail
	}
	if !changed {
		return path
	}
	return b.String()
}

// valueType is the type of a leaf. Where the format has only text, the text
// shows it; and a string may be of a format that schemas have a name for.
func valueType(l *content.Leaf) int {
	switch l.Type {
	case content.Integer:
		return typeInteger
	case content.Number:
		return typeNumber
	case content.Boolean:
		return typeBoolean
	case content.Null:
		return typeNull
	}
	if len(l.Value) < 6 || len(l.Value) > 64 || !bytes.ContainsAny(l.Value, "@0123456789") {
		return typeString
	}
	typ := catalog.Classify(l.Value)
	if typ == catalog.TypeDate {
		switch {
		case len(l.Value) > len("2006-01-02"):
			return typeDateTime
		case len(l.Value) < len("2006-01-02"):
			return typeString
		}
	}
	return pathType(typ)
}

// pathType is the type of a value that the lexer typed.
func pathType(typ string) int {
	switch typ {
	case catalog.TypeInt:
		return typeInteger
	case catalog.TypeNumber:
		return typeNumber
	case catalog.TypeUUID:
		return typeUUID
	case catalog.TypeDate:
		return typeDate
	case catalog.TypeEmail:
		return typeEmail
	case catalog.TypeIP:
		return typeIP
	}
	return typeString
}

// protocol goes by content type, header and body, in this order.
func protocol(tx *detect.Tx, request *content.Document) int {
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
	case request.Format != content.JSON:
		return protocolREST
	}
	version, method := false, false
	for i := range request.Leaves {
		if l := &request.Leaves[i]; l.Location == content.Body {
			version = version || l.Name == "jsonrpc"
			method = method || l.Name == "method"
		}
	}
	if version && method {
		return protocolJSONRPC
	}
	return protocolREST
}
