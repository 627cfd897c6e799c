package behavior

import (
	"bytes"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
)

// maxEchoed bounds the values of a request that an answer is searched for.
const maxEchoed = 16

// echoed takes for objects what a body or a header of the request asks for where the
// answer is about it: a value that looks like an id, or is called one, and that the
// answer gives as an id too. The payee of a transfer is somebody else's account by
// purpose; an answer names it as one, if at all. What the request makes is its own.
func (o *observation) echoed() {
	e := o.tx.Event
	if e.Status == 201 || len(e.ResponseBody.Data) == 0 || !changes(e.Method) && !asksByHeader(o) || o.intent&(pays|holds) != 0 {
		return
	}
	req, answer := o.tx.Request(), o.tx.Response()
	tried := 0
	for _, leaves := range [...][]content.Leaf{req.Leaves, req.Nested} {
		for i := range leaves {
			l := &leaves[i]
			if !asks(o, l) {
				continue
			}
			if tried++; tried > maxEchoed || len(o.objects) == maxParams {
				return
			}
			if !givenAs(o, answer.Leaves, l.Value) {
				continue
			}
			name := strings.TrimPrefix(l.Name, "@")
			noun := o.name(name).noun
			if noun == "" {
				noun = literalBefore(o.tx.Endpoint.Template, 1<<30)
			}
			o.objects = append(o.objects, object{in: l.Location.String(), name: name, noun: noun, value: string(l.Value)})
		}
	}
}

// asks says whether a value of a request may be an id that is asked for.
func asks(o *observation, l *content.Leaf) bool {
	if len(l.Value) < 3 || len(l.Value) > 64 || l.Via != content.Direct && l.Via != content.FromGraphQL {
		return false
	}
	name := strings.TrimPrefix(l.Name, "@")
	n := o.name(name)
	switch l.Location {
	case content.Body:
		if n.transient || n.password || o.names.parties.of(l.Path) != nobody {
			return false
		}
	case content.Header:
		if !headerName(name) {
			return false
		}
	default:
		return false
	}
	return n.id || identifies(catalog.Classify(l.Value))
}

// headerName says whether a header may name an object: X-Account-Id does.
func headerName(name string) bool {
	rest, ok := strings.CutPrefix(name, "x-")
	return ok && !transient(rest) && (idName(rest) || numberName(rest) || strings.HasSuffix(rest, "-no") || strings.HasSuffix(rest, "-number"))
}

// asksByHeader says whether any header may name an object.
func asksByHeader(o *observation) bool {
	for i := range o.tx.Event.RequestHeaders {
		name := o.tx.Event.RequestHeaders[i].Name
		if len(name) < 5 || len(name) > 64 || name[0]|0x20 != 'x' || name[1] != '-' {
			continue
		}
		if headerName(strings.ToLower(string(name))) {
			return true
		}
	}
	return false
}

// givenAs says whether an answer gives value as an id.
func givenAs(o *observation, leaves []content.Leaf, value []byte) bool {
	for i := range leaves {
		if l := &leaves[i]; l.Location == content.Body && bytes.Equal(l.Value, value) && o.name(l.Name).gives(l) {
			return true
		}
	}
	return false
}
