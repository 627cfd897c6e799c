package schema

import (
	"bytes"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/content"
)

// The media types that APIs use most.
var media = []string{
	"application/cbor", "application/grpc", "application/grpc-web", "application/hal+json", "application/javascript", "application/json",
	"application/json-patch+json", "application/json-seq", "application/ld+json", "application/merge-patch+json", "application/msgpack",
	"application/octet-stream", "application/pdf", "application/problem+json", "application/problem+xml", "application/soap+xml",
	"application/vnd.api+json", "application/x-ndjson", "application/x-protobuf", "application/x-www-form-urlencoded", "application/xml",
	"application/zip", "image/jpeg", "image/png", "image/svg+xml", "multipart/form-data", "text/csv", "text/event-stream", "text/html",
	"text/plain", "text/xml",
}

const jsonMedia = "application/json"

func knownMedia(name string) bool {
	if name == "" || name == jsonMedia {
		return true
	}
	_, found := slices.BinarySearch(media, name)
	return found
}

// maxMedia is the longest media type that is kept as sent.
const maxMedia = 80

// mediaOf is the media type of a content type without its parameters, in lower
// case; without one, or with one that is none, that of the format.
func (r *Reader) mediaOf(contentType []byte, format content.Format) string {
	t, _, _ := bytes.Cut(contentType, []byte{';'})
	t = bytes.TrimSpace(t)
	if len(t) > 0 && len(t) <= maxMedia {
		if known, ok := r.media[string(t)]; ok {
			return known
		}
		name := strings.ToLower(string(t))
		if isMedia(name) {
			if len(r.media) >= cachedMedia {
				clear(r.media)
			}
			if i, found := slices.BinarySearch(media, name); found {
				name = media[i]
			}
			r.media[string(t)] = name
			return name
		}
	}
	switch format {
	case content.JSON, content.GraphQL:
		return jsonMedia
	case content.Form:
		return "application/x-www-form-urlencoded"
	case content.Multipart:
		return "multipart/form-data"
	case content.XML:
		return "application/xml"
	case content.Text:
		return "text/plain"
	case content.Protobuf:
		return "application/x-protobuf"
	case content.GRPC:
		return "application/grpc"
	case content.GRPCWeb:
		return "application/grpc-web"
	case content.EventStream:
		return "text/event-stream"
	}
	return "application/octet-stream"
}

// isMedia is type/subtype of RFC 9110's tokens.
func isMedia(s string) bool {
	kind, sub, ok := strings.Cut(s, "/")
	if !ok || kind == "" || sub == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '/' && i == len(kind) || strings.IndexByte("!#$&-^_.+", c) >= 0 {
			continue
		}
		return false
	}
	return true
}

// isSequence is a media type of several documents in a row.
func isSequence(m string) bool {
	return m == "application/x-ndjson" || m == "application/json-seq" || m == "application/jsonl" || m == "application/stream+json" ||
		m == "text/event-stream" || m == "application/x-jsonlines" || m == "application/ndjson"
}
