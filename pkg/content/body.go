package content

import (
	"bytes"

	"github.com/miradorhq/mirador/pkg/event"
)

// parseBody decodes, recognises and parses a body.
func (d *Document) parseBody(body *event.Body, contentType, contentEncoding []byte) {
	root := d.root(Body)
	if len(body.Data) == 0 {
		if body.Truncated {
			d.issue(Truncated, Body, root)
		}
		return
	}
	if len(contentType) == 0 {
		contentType = body.ContentType
	}
	data, truncated := d.decode(body, contentEncoding)
	if truncated {
		d.issue(Truncated, Body, root)
	}
	media, parameters := mediaType(contentType)
	declared, certain := declaredFormat(media)
	if d.envelope.webSocket {
		declared, certain = WebSocket, true
	}
	data = d.narrow(data, declared)
	format := declared
	if shown := shownFormat(data, declared); shown != declared {
		if certain {
			d.issue(TypeMismatch, Body, root)
		}
		format = shown
	}
	d.parseAs(format, data, root, media, parameters, truncated)
	d.cut = truncated
	d.markCut(truncated) // where the capture cut the body it cut the last value
}

// parseAs parses data as format. root names the body, or the part of a multipart
// body.
func (d *Document) parseAs(format Format, data []byte, root int32, media, parameters []byte, truncated bool) {
	outer := root == d.root(Body)
	if outer {
		d.Format = format
	}
	switch format {
	case JSON:
		data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
		data = trimGuard(data)
		d.parseJSON(data, root, Body, truncated, isSequence(media))
	case Form:
		d.parsePairs(bytes.TrimRight(data, "\r\n"), root, Body)
	case Multipart:
		d.parseMultipart(data, parameters, truncated)
	case XML:
		d.parseXML(data, root, truncated)
	case GraphQL: // application/graphql: the body is the query
		at := d.child(root, []byte("query"), Body, 0)
		d.text(Body, at, data, data)
	case Protobuf:
		if outer {
			d.parseMessage(data, root, d.messageType(parameters), truncated)
		}
	case GRPC:
		d.parseFrames(data, root, media, truncated)
	case GRPCWeb:
		if bytes.Contains(media, []byte("-text")) {
			data = d.webText(data)
		}
		d.parseFrames(data, root, media, truncated)
	case EventStream:
		d.parseEvents(data, root, truncated)
	case WebSocket:
		d.parseWebSocket(data, root, truncated)
	case Text:
		d.text(Body, root, data, data)
	}
}

// trimGuard drops the line that some servers put before JSON so that it is no
// script.
func trimGuard(b []byte) []byte {
	if bytes.HasPrefix(b, []byte(")]}'")) {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return b[i+1:]
		}
		return bytes.TrimLeft(b[4:], ",")
	}
	return b
}

func isSequence(media []byte) bool {
	return bytes.Contains(media, []byte("ndjson")) || bytes.Contains(media, []byte("json-seq")) ||
		bytes.Contains(media, []byte("jsonl")) || bytes.Contains(media, []byte("stream+json"))
}

func bytesLower(to, b []byte) []byte {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		to = append(to, c)
	}
	return to
}
