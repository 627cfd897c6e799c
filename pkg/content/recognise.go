package content

import "bytes"

// mediaType splits a Content-Type into the type without blanks and its
// parameters.
func mediaType(contentType []byte) (media, parameters []byte) {
	media, parameters, _ = bytes.Cut(contentType, []byte{';'})
	return bytes.TrimSpace(media), parameters
}

// declaredFormat is the format that a media type promises. certain is false where
// it promises nothing that could be broken.
func declaredFormat(media []byte) (f Format, certain bool) {
	var buffer [80]byte
	if len(media) == 0 || len(media) > len(buffer) {
		return Empty, false
	}
	m := bytesLower(buffer[:0], media)
	has := func(prefix string) bool { return len(m) >= len(prefix) && string(m[:len(prefix)]) == prefix }
	ends := func(suffix string) bool {
		return len(m) >= len(suffix) && string(m[len(m)-len(suffix):]) == suffix
	}
	switch {
	case has("application/grpc"), has("application/connect+"):
		if has("application/grpc-web") {
			return GRPCWeb, true
		}
		return GRPC, true
	case ends("json"), ends("json-seq"), has("application/json"):
		return JSON, true
	case has("application/x-www-form-urlencoded"):
		return Form, true
	case has("multipart/"):
		return Multipart, true
	case ends("/xml"), ends("+xml"):
		return XML, true
	case has("application/graphql"):
		return GraphQL, true
	case has("application/octet-stream"):
		return Binary, false // says nothing but "bytes"
	case has("text/event-stream"):
		return EventStream, true
	case has("application/websocket"):
		return WebSocket, true
	case has("application/x-protobuf"), has("application/protobuf"), has("application/proto"), has("application/vnd.google.protobuf"), ends("+proto"), ends("+protobuf"):
		return Protobuf, true
	case has("text/plain"):
		return Text, false
	case has("text/"), ends("javascript"):
		return Text, true
	case has("image/"), has("audio/"), has("video/"), has("font/"), has("application/zip"), has("application/gzip"),
		has("application/pdf"), has("application/wasm"), has("application/vnd.ms-"), has("application/vnd.openxmlformats"):
		return Binary, true
	}
	return Empty, false
}

// shownFormat is declared where the bytes bear it out, else what they look like.
func shownFormat(data []byte, declared Format) Format {
	switch declared {
	case Protobuf, GRPC, GRPCWeb, WebSocket: // a blank is no blank to these
		if framed(data, declared) {
			return declared
		}
	}
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(trimmed) == 0 {
		return Text
	}
	c := trimmed[0]
	// What a server would read by its declared type is read as that, however odd
	// its bytes: "ID3=..." is a form to whoever is told that it is one.
	switch declared {
	case JSON:
		if bytes.IndexByte([]byte(`{["-0123456789tfn)`), c) >= 0 || c == 0x1e {
			return JSON
		}
	case Form:
		if c != '{' && c != '[' && c != '<' && c < 0x7f && !bytes.HasPrefix(data, []byte("\x1f\x8b")) {
			return Form
		}
	case Multipart:
		if bytes.HasPrefix(trimmed, []byte("--")) || bytes.Contains(data, []byte("\n--")) {
			return Multipart
		}
	case XML:
		if c == '<' {
			return XML
		}
	case GraphQL:
		if !looksJSON(trimmed) {
			return GraphQL
		}
	case EventStream:
		if looksEvents(trimmed) {
			return EventStream
		}
	case Text:
		if bytes.IndexByte(data[:min(len(data), 512)], 0) >= 0 {
			break
		}
		if !looksJSON(trimmed) || bytes.HasPrefix(trimmed, []byte("[")) && !looksJSON(trimmed[1:]) {
			return Text
		}
	}
	switch {
	case isBinary(data):
		return Binary
	case looksJSON(trimmed):
		return JSON
	case c == '<' && looksXML(trimmed):
		return XML
	case looksForm(trimmed) && declared != Text:
		return Form
	}
	return Text
}

// looksJSON says whether b starts as an object or a list does.
func looksJSON(b []byte) bool {
	if len(b) < 2 || b[0] != '{' && b[0] != '[' {
		return false
	}
	next := bytes.TrimLeft(b[1:], " \t\r\n")
	if len(next) == 0 {
		return false
	}
	if b[0] == '{' {
		return next[0] == '"' || next[0] == '}'
	}
	return bytes.IndexByte([]byte(`{["-0123456789tfn]`), next[0]) >= 0
}

func looksXML(b []byte) bool {
	if len(b) < 3 {
		return false
	}
	c := b[1]
	page := len(b) >= 14 && (bytes.EqualFold(b[:14], []byte("<!doctype html")) || bytes.EqualFold(b[:5], []byte("<html")))
	return !page && (c == '?' || c == '!' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_')
}

// looksForm says whether b is name=value pairs and nothing else.
func looksForm(b []byte) bool {
	if bytes.IndexByte(b, '=') <= 0 {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '{' {
			return false
		}
	}
	return true
}

// isBinary goes by well-known first bytes, else by control characters that no
// text has.
func isBinary(b []byte) bool {
	for _, m := range magics {
		if len(b) >= len(m) && string(b[:len(m)]) == m {
			return true
		}
	}
	controls := 0
	head := b[:min(len(b), 512)]
	for _, c := range head {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != 0x1b && c != 0x1e && c != '\f' {
			controls++
		}
	}
	return controls*20 > len(head)
}

var magics = [...]string{
	"\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "GIF87a", "GIF89a", "%PDF-", "PK\x03\x04", "\x1f\x8b\x08", "\x7fELF", "\x00asm",
	"RIFF", "\x28\xb5\x2f\xfd", "BZh", "\xfd7zXZ\x00", "7z\xbc\xaf\x27\x1c", "OggS", "ID3", "wOFF", "wOF2", "\xca\xfe\xba\xbe",
}
