package behavior

import (
	"bytes"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
)

// nounOf is "accounts" for account_id, accountId and account; "" for a bare id.
func nounOf(name string) string {
	n := strings.ToLower(name)
	for _, suffix := range [...]string{"_uuid", "uuid", "_id", "-id", "id", "_number", "number"} {
		if t, ok := strings.CutSuffix(n, suffix); ok {
			n = strings.TrimRight(t, "_-")
			break
		}
	}
	if n == "" || strings.HasSuffix(n, "s") {
		return n
	}
	return n + "s"
}

// objectParam says whether a query parameter of that name names an object. Where it alone does
// not say it, the value must look like an id: ref=newsletter is none.
func (n *fieldName) objectParam(value []byte) bool {
	return !n.transient && (n.id || n.number && identifies(catalog.Classify(value)))
}

// transient says whether a name is of what is no object: positions in a list, which a
// client that pages walks in order, and what is made up for a message.
func transient(name string) bool {
	n := strings.ToLower(name)
	for _, p := range [...]string{"page", "after", "before", "since", "until", "max", "min", "last", "first", "start", "end", "next", "prev", "from", "to_", "cursor",
		"request", "trace", "span", "correlation", "session", "client_id", "clientid", "device", "event", "message", "offset", "limit", "nonce", "etag", "token"} {
		if strings.HasPrefix(n, p) {
			return true
		}
	}
	return false
}

// idName says whether name is id, uuid, account_id, accountId, ...
func idName(name string) bool {
	switch n := strings.ToLower(name); n {
	case "id", "uuid", "guid", "_id", "iban":
		return true
	}
	for _, s := range [...]string{"_id", "-id", "Id", "ID", "_uuid", "Uuid"} {
		if len(name) > len(s) && strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// numberName says whether name is accountNo, order_number, ref, ...
func numberName(name string) bool {
	switch strings.ToLower(name) {
	case "number", "account", "ref", "reference", "sku", "key":
		return true
	}
	for _, s := range [...]string{"No", "Nr", "_no", "_nr", "Number", "number", "Ref", "_ref", "Reference", "_key", "Key", "_sku"} {
		if len(name) > len(s) && strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// servedName is wider than both: to take too much for served is the safe side.
func servedName(name string) bool {
	if idName(name) || numberName(name) {
		return true
	}
	switch strings.ToLower(name) {
	case "account_number", "accountnumber", "code", "slug", "ids", "email", "user", "owner", "customer":
		return true
	}
	return false
}

// gives says whether a member of an answer with that name is an id.
func (n *fieldName) gives(l *content.Leaf) bool {
	return n.served || l.Type == content.String && !n.transient && servedValue(l.Value)
}

// servedValue says whether a text of an answer can only be an id, whatever it is called.
// Numbers may be anything, and so may what has no digit.
func servedValue(value []byte) bool {
	if len(value) < 8 || len(value) > 64 || bytes.IndexByte(value, ' ') >= 0 || !bytes.ContainsAny(value, "0123456789") {
		return false
	}
	switch catalog.Classify(value) {
	case catalog.TypeUUID, catalog.TypeULID, catalog.TypeHex, catalog.TypeIBAN, catalog.TypeCode, catalog.TypeID:
		return true
	}
	return false
}

func linkName(name string) bool {
	switch strings.ToLower(name) {
	case "href", "url", "uri", "self", "link", "location":
		return true
	}
	return false
}

func lastSegment(link []byte) []byte {
	if i := bytes.IndexAny(link, "?#"); i >= 0 {
		link = link[:i]
	}
	link = bytes.TrimRight(link, "/")
	return link[bytes.LastIndexByte(link, '/')+1:]
}
