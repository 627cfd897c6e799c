package behavior

import (
	"bytes"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
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

// objectParam says whether a query parameter names an object. Where the name alone does
// not say it, the value must look like an id: ref=newsletter is none.
func objectParam(name string, value []byte) bool {
	if transient(name) {
		return false
	}
	return idName(name) || numberName(name) && identifies(catalog.Classify(value))
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

// servedValue says whether a text of an answer can only be an id, whatever it is called.
// Numbers may be anything, and so may what has no digit.
func servedValue(name string, value []byte) bool {
	if len(value) < 8 || len(value) > 64 || bytes.IndexByte(value, ' ') >= 0 || !bytes.ContainsAny(value, "0123456789") || transient(name) {
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
