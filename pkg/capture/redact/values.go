package redact

import (
	"bytes"
	"strings"
)

// Visitor is shown a value: the name of its field, nil where there is none, and its
// text with escapes undone. structure says that it is no value but belongs to the
// document, as the names of members do; data may stand there too (a map by e-mail
// address). It gives what shall stand there instead, and whether anything shall. Both
// slices are its own until it returns, and what it gives is used before the next call.
type Visitor func(name, value []byte, structure bool) ([]byte, bool)

// maxDepth bounds the containers of a document whose names are remembered; what lies
// deeper goes by the last of them.
const maxDepth = 256

// Values shows every value of a body to visit and puts the replacements in. Like Body
// it scans and does not parse, so it works on what was cut or is no proper document.
// The number of a JSON document stays a number: a replacement that is none becomes 0.
// readable is false for a body that it cannot look into.
func Values(data []byte, contentType string, visit Visitor) (out []byte, readable bool) {
	if len(data) == 0 {
		return data, true
	}
	e := &editor{in: data}
	kind := kindOf(data, contentType)
	if packed(contentType) || kind != multipartBody && bytes.IndexByte(data, 0) >= 0 { // no text, or UTF-16
		return data, false
	}
	switch kind {
	case jsonBody:
		e.jsonValues(visit)
	case multipartBody:
		e.multipartValues(visit)
	case formBody:
		e.pairValues(visit)
	case textBody:
		if bytes.HasPrefix(bytes.ToLower([]byte(contentType)), []byte("text/event-stream")) {
			e.eventValues(visit)
		} else if mt := strings.ToLower(contentType); !e.tableValues(visit, strings.Contains(mt, "csv") || strings.Contains(mt, "tab-separated")) {
			e.textValues(visit)
		}
	default:
		return data, false
	}
	return e.result().Data, true
}

// QueryValues is Values of a raw query string.
func QueryValues(query []byte, visit Visitor) []byte {
	e := &editor{in: query}
	e.pairValues(visit)
	return e.result().Data
}

// bodyKind is what a body is scanned as.
type bodyKind uint8

const (
	binaryBody bodyKind = iota
	jsonBody
	formBody
	multipartBody
	textBody
)

// kindOf goes by the first byte before the content type: a document that begins like
// JSON is taken for JSON whatever it calls itself.
func kindOf(data []byte, contentType string) bodyKind {
	mt := strings.ToLower(contentType)
	if i := strings.IndexByte(mt, ';'); i >= 0 {
		mt = mt[:i]
	}
	first := firstByte(data)
	switch {
	case first == '{' || first == '[' || strings.Contains(mt, "json"):
		return jsonBody
	case strings.HasPrefix(mt, "multipart/"):
		return multipartBody
	case strings.Contains(mt, "x-www-form-urlencoded"), mt == "" && looksLikeForm(data):
		return formBody
	case binary(mt):
		return binaryBody
	}
	return textBody
}

// packed says whether a format writes numbers and lengths in binary, so that no zero
// byte need tell it from text.
func packed(contentType string) bool {
	mt := strings.ToLower(contentType)
	for _, f := range [...]string{"msgpack", "messagepack", "cbor", "bson", "avro", "thrift", "flatbuffer", "smile"} {
		if strings.Contains(mt, f) {
			return true
		}
	}
	return false
}
