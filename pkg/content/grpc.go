package content

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// Flags of a frame. gRPC has the first, gRPC-Web marks trailers, Connect the end of
// a stream.
const (
	frameHeader     = 5
	frameCompressed = 0x01
	frameEndStream  = 0x02
	frameTrailers   = 0x80
)

// framed says whether data can be what a binary format declares: its first bytes
// must make sense.
func framed(data []byte, f Format) bool {
	if len(data) == 0 {
		return false
	}
	switch c := data[0]; f {
	case Protobuf:
		// A tag has a field number and a wire type that there is. '{' would be a group
		// of field 15, '<' one of field 7: it is JSON or XML far sooner.
		return c>>3 != 0 && (c&7 <= 2 || c&7 == 5) || c&7 == 3 && c != '{' && c != '['
	case GRPC:
		return c&^(frameCompressed|frameEndStream) == 0
	case GRPCWeb:
		if sextet[c] < 64 && isBase64(data[:min(len(data), 64)]) {
			return true
		}
		return c&^(frameCompressed|frameEndStream|frameTrailers) == 0
	case WebSocket:
		return c&0x30 == 0 && (c&0x0f <= 2 || c&0x0f >= 8 && c&0x0f <= 10)
	}
	return false
}

func isBase64(b []byte) bool {
	for _, c := range b {
		if sextet[c] > 63 && c != '=' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// webText decodes grpc-web-text: base64 of frame after frame, each of which may
// end in padding.
func (d *Document) webText(data []byte) []byte {
	if !isBase64(data) {
		return data // sent as it is, whatever its type says
	}
	start := len(d.scratch)
	for len(data) > 0 {
		n := bytes.IndexByte(data, '=')
		if n < 0 {
			n = len(data)
		}
		piece := data[:n]
		data = bytes.TrimLeft(data[n:], "=\r\n")
		out, err := base64.RawStdEncoding.AppendDecode(d.scratch, piece)
		if err != nil { // of the last four characters, some are missing
			if out, err = base64.RawStdEncoding.AppendDecode(d.scratch, piece[:len(piece)&^3]); err != nil {
				d.issue(BadEncoding, Body, d.root(Body))
				return d.scratch[start:len(d.scratch):len(d.scratch)]
			}
		}
		d.scratch = out
	}
	return d.scratch[start:len(d.scratch):len(d.scratch)]
}

// parseFrames reads length-prefixed messages: gRPC, gRPC-Web, and Connect's
// streams, which frame alike.
func (d *Document) parseFrames(data []byte, root int32, media []byte, truncated bool) {
	as := d.messageType(nil)
	inflated := 0
	for len(data) > 0 {
		if len(data) < frameHeader {
			if !truncated {
				d.issue(BadSyntax, Body, root)
			}
			return
		}
		flags, length := data[0], binary.BigEndian.Uint32(data[1:])
		payload, cut := data[frameHeader:], false
		if uint64(length) > uint64(len(payload)) {
			if cut = true; !truncated {
				d.issue(BadSyntax, Body, root)
			}
			data = nil
		} else {
			payload, data = payload[:length:length], payload[length:]
		}
		if flags&frameCompressed != 0 {
			var ok bool
			if payload, cut, ok = d.inflate(payload, root, cut, &inflated); !ok {
				if !d.take(Body, root) {
					return
				}
				continue
			}
		}
		switch {
		case flags&frameTrailers != 0:
			d.parseTrailers(payload)
		case flags&frameEndStream != 0 || looksJSON(bytes.TrimLeft(payload, " \t\r\n")) && bytes.Contains(media, []byte("json")):
			d.tryJSON(payload, root, Body, cut)
		default:
			d.parseMessage(payload, root, as, cut)
		}
		if d.budget <= 0 {
			d.take(Body, root)
			return
		}
	}
}

// inflate decodes one message with the coding that the headers name. All messages
// of a body share the cap on decoded bytes.
func (d *Document) inflate(payload []byte, root int32, cut bool, total *int) (message []byte, ends, ok bool) {
	name := d.envelope.header("Grpc-Encoding")
	if len(name) == 0 {
		name = d.envelope.header("Connect-Content-Encoding")
	}
	d.codings.source.Reset(payload)
	r, err := d.codings.reader(name, payload)
	if err != nil {
		d.issue(Undecoded, Body, root)
		return nil, cut, false
	}
	left := d.limits.DecodedBytes - *total
	size := left
	if byRatio := max(d.limits.RatioFree, len(payload)*d.limits.Ratio); byRatio < size {
		size = byRatio
	}
	start := len(d.scratch)
	d.scratch, err = fill(d.scratch, r, size)
	out := d.scratch[start:len(d.scratch):len(d.scratch)]
	*total += len(out)
	switch {
	case err == nil:
		return out, cut, true
	case errors.Is(err, errSize):
		d.issue(RatioLimit, Body, root)
	case !cut:
		d.issue(BadEncoding, Body, root)
	}
	return out, true, len(out) > 0
}

// parseTrailers reads the frame in which gRPC-Web carries what gRPC has as
// trailers: they are headers like others.
func (d *Document) parseTrailers(b []byte) {
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		b = rest
		name, value, ok := bytes.Cut(bytes.TrimRight(line, "\r"), []byte{':'})
		if !ok {
			if len(line) > 0 {
				d.issue(BadSyntax, Header, d.root(Header))
			}
			continue
		}
		at := d.child(d.root(Header), d.lower(bytes.TrimSpace(name)), Header, 0)
		value = bytes.TrimSpace(value)
		if !d.leaf(Header, at, value, value, textType(value)) {
			return
		}
	}
}
