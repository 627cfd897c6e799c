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
	format := declared
	if shown := shownFormat(data, declared); shown != declared {
		if certain {
			d.issue(TypeMismatch, Body, root)
		}
		format = shown
	}
	d.parseAs(format, data, root, media, parameters, truncated)
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
		first := len(d.Leaves)
		data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
		data = trimGuard(data)
		d.parseJSON(data, root, Body, truncated, isSequence(media))
		if outer && isGraphQL(d.Leaves[first:]) {
			d.Format = GraphQL
		}
	case Form:
		d.parsePairs(bytes.TrimRight(data, "\r\n"), root, Body)
	case Multipart:
		d.parseMultipart(data, parameters, truncated)
	case XML:
		d.parseXML(data, root, truncated)
	case GraphQL: // application/graphql: the body is the query
		at := d.child(root, []byte("query"), Body, 0)
		d.text(Body, at, data, data)
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

// isGraphQL says whether JSON leaves are a GraphQL request, or a batch of them.
func isGraphQL(leaves []Leaf) bool {
	for i := range leaves {
		l := &leaves[i]
		if l.Type != String || l.Path != "query" && l.Path != "[].query" {
			continue
		}
		q := bytes.TrimLeft(l.Value, " \t\r\n,")
		for _, word := range [...]string{"{", "query", "mutation", "subscription", "fragment", "#"} {
			if len(q) >= len(word) && string(q[:len(word)]) == word && bytes.IndexByte(q, '{') >= 0 {
				return true
			}
		}
	}
	return false
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
