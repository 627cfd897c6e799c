package content

import (
	"bytes"
	"encoding/binary"
)

// The opcodes of RFC 6455.
const (
	frameContinues = 0
	frameText      = 1
	frameBinary    = 2
	frameClose     = 8
	framePing      = 9
	framePong      = 10
)

// frame is one frame of a WebSocket.
type frame struct {
	final, compressed bool
	opcode            byte
	payload           []byte // unmasked
	cut               bool   // the body ends within it
}

// parseWebSocket reads the frames of one direction of a WebSocket. A text message is
// read like a line of JSON, or is one leaf; a binary one has no leaves, as files have
// none. The reason of a close is "@close", what comes with a ping or pong "@ping".
func (d *Document) parseWebSocket(b []byte, root int32, truncated bool) {
	opcode, compressed := byte(frameContinues), false
	d.frames = d.frames[:0]
	d.deflated = deflated{window: d.deflated.window[:0]}
	for len(b) > 0 {
		f, rest, ok := d.frame(b)
		b = rest
		if !ok || f.cut && !truncated {
			if !truncated {
				d.issue(BadSyntax, Body, root)
			}
			if !ok {
				return
			}
		}
		if f.opcode >= frameClose {
			if !d.control(&f, root) {
				return
			}
			continue
		}
		// A message begins where none is under way, and only there.
		if (f.opcode == frameContinues) != (opcode != frameContinues) {
			d.issue(BadSyntax, Body, root)
			if len(d.frames) > 0 && !d.webSocketMessage(d.gathered(), opcode, compressed, root, true) {
				return
			}
			opcode = frameContinues
		}
		if opcode == frameContinues {
			opcode, compressed = f.opcode, f.compressed
			d.frames = d.frames[:0]
			if f.opcode == frameContinues {
				opcode = frameText // its beginning is missing: read what there is
			}
		}
		message := f.payload
		if !f.final || len(d.frames) > 0 {
			d.frames = append(d.frames, f.payload...)
		}
		if !f.final && len(b) > 0 {
			continue
		}
		if len(d.frames) > 0 {
			message = d.gathered()
		}
		if !d.webSocketMessage(message, opcode, compressed, root, f.cut || !f.final) {
			return
		}
		opcode = frameContinues
	}
}

// gathered is the message that came in pieces.
func (d *Document) gathered() []byte {
	start := len(d.scratch)
	d.scratch = append(d.scratch, d.frames...)
	d.frames = d.frames[:0]
	return d.scratch[start:len(d.scratch):len(d.scratch)]
}

func (d *Document) webSocketMessage(message []byte, opcode byte, compressed bool, root int32, cut bool) bool {
	if compressed {
		var ok bool
		if message, cut, ok = d.inflateMessage(message, root, cut); !ok {
			return d.take(Body, root)
		}
	}
	switch {
	case opcode == frameBinary:
		return d.take(Body, root)
	case len(message) == 0:
		return d.take(Body, root)
	}
	return d.eventData(message, root, cut)
}

// control reads a control frame, which may stand between those of a message.
func (d *Document) control(f *frame, root int32) bool {
	name, text := []byte("@ping"), f.payload
	if f.opcode == frameClose {
		name = []byte("@close")
		text = text[min(len(text), 2):] // behind the status code
	}
	if f.opcode > framePong || !f.final {
		d.issue(BadSyntax, Body, root)
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return d.take(Body, root)
	}
	return d.text(Body, d.child(root, name, Body, 0), text, text)
}

// frame reads the frame that b begins with; ok is false where not even its header is
// whole.
func (d *Document) frame(b []byte) (f frame, rest []byte, ok bool) {
	if len(b) < 2 {
		return f, nil, false
	}
	f.final, f.compressed, f.opcode = b[0]&0x80 != 0, b[0]&0x40 != 0, b[0]&0x0f
	masked, length, header := b[1]&0x80 != 0, uint64(b[1]&0x7f), 2
	switch length {
	case 126:
		if header = 4; len(b) >= header {
			length = uint64(binary.BigEndian.Uint16(b[2:]))
		}
	case 127:
		if header = 10; len(b) >= header {
			length = binary.BigEndian.Uint64(b[2:])
		}
	}
	key := b[min(header, len(b)):]
	if masked {
		header += 4
	}
	if len(b) < header {
		return f, nil, false
	}
	rest = b[header:]
	if length > uint64(len(rest)) {
		f.payload, rest, f.cut = rest, nil, true
	} else {
		f.payload, rest = rest[:length:length], rest[length:]
	}
	if masked {
		start := len(d.scratch)
		d.scratch = append(d.scratch, f.payload...)
		f.payload = d.scratch[start:len(d.scratch):len(d.scratch)]
		for i := range f.payload {
			f.payload[i] ^= key[i&3]
		}
	}
	return f, rest, true
}
