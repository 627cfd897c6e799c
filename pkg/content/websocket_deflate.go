package content

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// deflateWindow is how far back a deflated message may point.
const deflateWindow = 32 << 10

// deflateTail ends a message: the four bytes that RFC 7692 has senders leave out, and
// an empty last block, for the decoder knows no other end.
var deflateTail = []byte{0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff}

// deflated is what the compressed messages of a WebSocket share, permessage-deflate of
// RFC 7692. They point back into those before them, of the same direction, unless
// the two sides agreed otherwise: so a message that is not read whole takes those
// behind it along.
type deflated struct {
	begun    bool
	window   []byte // the end of what was decoded
	inflated int    // bytes decoded so far: all messages of a body share one cap
	takeover bool
	lost     bool // a message before was not read whole
}

// noTakeover says whether the connection agreed that each message of this direction
// stands for itself.
func (v *envelope) noTakeover() bool {
	name := []byte("server_no_context_takeover")
	if v.isRequest {
		name = []byte("client_no_context_takeover")
	}
	return v.event != nil && bytes.Contains(bytes.ToLower(v.event.ResponseHeader("Sec-WebSocket-Extensions")), name)
}

// inflateMessage decodes one message of a WebSocket, which cut says ends early. ok is
// false where nothing of it could be read.
func (d *Document) inflateMessage(message []byte, root int32, cut bool) (text []byte, ends, ok bool) {
	w := &d.deflated
	if !w.begun {
		w.begun, w.takeover = true, !d.envelope.noTakeover()
	}
	if w.lost && w.takeover {
		d.issue(Undecoded, Body, root)
		return nil, cut, false
	}
	limit := max(d.limits.RatioFree, len(message)*d.limits.Ratio)
	if !cut {
		start := len(d.scratch)
		d.scratch = append(append(d.scratch, message...), deflateTail...)
		message = d.scratch[start:len(d.scratch):len(d.scratch)]
	}
	c := &d.codings
	c.source.Reset(message)
	if c.flate == nil {
		c.flate = flate.NewReader(&c.source)
	}
	if err := c.flate.(flate.Resetter).Reset(&c.source, w.window); err != nil {
		d.issue(Undecoded, Body, root)
		return nil, cut, false
	}
	start := len(d.scratch)
	var err error
	d.scratch, err = fill(d.scratch, c.flate, min(limit, d.limits.DecodedBytes-w.inflated))
	text = d.scratch[start:len(d.scratch):len(d.scratch)]
	w.inflated += len(text)
	if w.takeover {
		w.keep(text)
	}
	switch {
	case err == nil:
		return text, cut, true
	case errors.Is(err, errSize):
		d.issue(RatioLimit, Body, root)
	case cut && errors.Is(err, io.ErrUnexpectedEOF):
	case len(text) == 0:
		d.issue(Undecoded, Body, root)
	default:
		d.issue(BadEncoding, Body, root)
	}
	w.lost = true
	return text, true, len(text) > 0
}

// keep moves the window on.
func (w *deflated) keep(text []byte) {
	text = text[max(0, len(text)-deflateWindow):]
	if len(w.window)+len(text) > 2*deflateWindow {
		w.window = append(w.window[:0], w.window[len(w.window)-deflateWindow:]...)
	}
	w.window = append(w.window, text...)
}
