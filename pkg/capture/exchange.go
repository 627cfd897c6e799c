package capture

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
)

// exchange gathers one transaction. Its lock is held for copies of a few KB at
// most: a proxy may still read the request's body after the answer is complete.
type exchange struct {
	tap     *Tap
	start   time.Time
	head    bool // a response to HEAD has no body on the wire
	upgrade bool

	mu       sync.Mutex
	raw      Raw
	done     bool
	answered bool
	enforced bool
	reqSeen  uint64
	reqEOF   bool
	respSeen uint64
	// respLength is the length that a response announced, where the tap is the client.
	respLength uint64
}

// keep appends p to data up to the cap, growing as append does and never beyond.
func keep(data, p []byte, limit int) []byte {
	if room := limit - len(data); room < len(p) {
		p = p[:max(room, 0)]
	}
	return append(data, p...)
}

func (x *exchange) tookRequest(p []byte, eof bool) {
	defer x.tap.recovered(nil)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.done {
		return
	}
	b := &x.raw.Event.RequestBody
	b.Data = keep(b.Data, p, x.tap.body)
	x.reqSeen += uint64(len(p))
	x.reqEOF = x.reqEOF || eof
}

func (x *exchange) tookResponse(p []byte) {
	defer x.tap.recovered(nil)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.done || x.head {
		return
	}
	b := &x.raw.Event.ResponseBody
	b.Data = keep(b.Data, p, x.tap.body)
	x.respSeen += uint64(len(p))
}

// passedResponse counts bytes that went by without being copied.
func (x *exchange) passedResponse(n int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.done && !x.head && n > 0 {
		x.respSeen += uint64(n)
	}
}

// answer takes status and headers when they go out. An informational status is
// not the answer, but for 101.
func (x *exchange) answer(status int, h http.Header) {
	defer x.tap.recovered(nil)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.answered || x.done || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	x.answered = true
	x.raw.Event.Status = uint16(status)
	x.raw.Event.ResponseHeaders = copyHeaders(h)
}

// ended is called when the handler returned without a panic: the server then
// answers 200 where nobody said otherwise, and sends the trailers.
func (x *exchange) ended(h http.Header) {
	x.answer(http.StatusOK, h)
	defer x.tap.recovered(nil)
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.done {
		x.trailers(h)
	}
}

func (x *exchange) trailers(h http.Header) {
	declared := h.Values("Trailer")
	for name, values := range h {
		if !strings.HasPrefix(name, http.TrailerPrefix) {
			continue
		}
		for _, v := range values {
			x.trailer(strings.TrimPrefix(name, http.TrailerPrefix), v)
		}
	}
	for _, list := range declared {
		for name := range strings.SplitSeq(list, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			for _, v := range h[name] {
				x.trailer(name, v)
			}
		}
	}
}

func (x *exchange) trailer(name, value string) {
	e := &x.raw.Event
	for i := range e.ResponseHeaders {
		if string(e.ResponseHeaders[i].Name) == name && string(e.ResponseHeaders[i].Value) == value {
			return
		}
	}
	e.ResponseHeaders = append(e.ResponseHeaders, event.Header{Name: []byte(name), Value: []byte(value)})
}

// finish completes the event and hands it over, once.
func (x *exchange) finish() {
	defer x.tap.recovered(nil)
	now := time.Now()
	x.mu.Lock()
	if x.done {
		x.mu.Unlock()
		return
	}
	x.done = true
	x.mu.Unlock()
	// From here on nobody else touches raw: late reads and writes see done.
	e := &x.raw.Event
	e.ResponseTime = now.UnixNano()
	e.RequestBody.SeenLength = x.reqSeen
	if x.reqSeen > e.RequestBody.WireLength {
		e.RequestBody.WireLength = x.reqSeen
	}
	e.RequestBody.Truncated = uint64(len(e.RequestBody.Data)) < e.RequestBody.WireLength
	e.ResponseBody.SeenLength, e.ResponseBody.WireLength = x.respSeen, max(x.respSeen, x.respLength)
	e.ResponseBody.Truncated = uint64(len(e.ResponseBody.Data)) < e.ResponseBody.WireLength
	if len(e.ResponseBody.Data) > 0 && len(e.ResponseHeader("Content-Type")) == 0 && len(e.ResponseHeader("Content-Encoding")) == 0 {
		e.ResponseBody.ContentType = []byte(http.DetectContentType(e.ResponseBody.Data)) // as the server does
	}
	if e.Status == 0 {
		e.Flags |= event.Unpaired
	}
	if x.enforced {
		e.Flags |= event.Enforced
	}
	id, status := e.ID, int(e.Status)
	taken := x.tap.sink.Offer(&x.raw)
	if x.tap.mirrored != nil {
		x.tap.mirrored(Mirrored{ID: id, Request: x.start, At: now, Status: status, Taken: taken})
	}
}

// requestBody is the request's body with a copy taken on the way.
type requestBody struct {
	io.ReadCloser
	x *exchange
}

func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 || err == io.EOF {
		b.x.tookRequest(p[:max(n, 0)], err == io.EOF)
	}
	return n, err
}
