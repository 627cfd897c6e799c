package capture

import (
	"io"
	"net/http"
)

// Transport copies what a client or a reverse proxy sends through next, as it
// goes to the upstream. Use it where Middleware cannot stand in front, not
// both: each makes an event. The copy is handed over when the response's body
// is at its end or closed. nil is http.DefaultTransport.
func (t *Tap) Transport(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{tap: t, next: next}
}

type transport struct {
	tap  *Tap
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	x := t.tap.begin(r)
	if x == nil {
		return t.next.RoundTrip(r)
	}
	if r.URL != nil && r.URL.Scheme != "" {
		x.raw.Event.Scheme = []byte(r.URL.Scheme)
	}
	if body := r.Body; body != nil && body != http.NoBody {
		// The contract forbids to change r, so a shallow copy carries the other body.
		copied := *r
		copied.Body = &requestBody{ReadCloser: body, x: x}
		r = &copied
	}
	res, err := t.next.RoundTrip(r)
	if err != nil {
		x.finish()
		return res, err
	}
	x.answer(res.StatusCode, res.Header)
	if res.StatusCode == http.StatusSwitchingProtocols || res.Body == nil || res.Body == http.NoBody {
		x.finish() // the body of 101 is the connection itself, and must stay what it is
		return res, nil
	}
	if res.ContentLength > 0 && !x.head {
		x.respLength = uint64(res.ContentLength)
	}
	res.Body = &responseBody{ReadCloser: res.Body, x: x, res: res}
	return res, nil
}

// responseBody is a response's body with a copy taken on the way. Its end is
// the end of the transaction.
type responseBody struct {
	io.ReadCloser
	x   *exchange
	res *http.Response
}

func (b *responseBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.x.tookResponse(p[:n])
	}
	if err == io.EOF {
		b.end()
	}
	return n, err
}

func (b *responseBody) Close() error {
	err := b.ReadCloser.Close()
	b.x.finish()
	return err
}

// end is called at EOF, when the trailers are there.
func (b *responseBody) end() {
	func() {
		defer b.x.tap.recovered(nil)
		b.x.mu.Lock()
		defer b.x.mu.Unlock()
		if b.x.done {
			return
		}
		for name, values := range b.res.Trailer {
			for _, v := range values {
				b.x.trailer(name, v)
			}
		}
	}()
	b.x.finish()
}
