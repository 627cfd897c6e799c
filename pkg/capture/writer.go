package capture

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// writer is a ResponseWriter that copies. It has Unwrap, so that
// http.ResponseController reaches whatever the server's own writer can do; the
// types below add the old optional interfaces exactly where that writer has
// them, because a handler may take their presence for a fact.
type writer struct {
	http.ResponseWriter
	x *exchange
}

type (
	flushWriter     struct{ *writer }
	http1Writer     struct{ flushWriter } // the HTTP/1 server: flush, hijack, sendfile
	http2Writer     struct{ flushWriter } // the HTTP/2 server: flush, push
	hijackWriter    struct{ flushWriter }
	exchangeMarkers interface {
		Unwrap() http.ResponseWriter
		markEnforced()
	}
)

var (
	_ http.Hijacker   = http1Writer{}
	_ io.ReaderFrom   = http1Writer{}
	_ http.Pusher     = http2Writer{}
	_ http.Hijacker   = hijackWriter{}
	_ exchangeMarkers = http1Writer{}
)

func wrapWriter(w http.ResponseWriter, x *exchange) http.ResponseWriter {
	base := &writer{ResponseWriter: w, x: x}
	_, flush := w.(http.Flusher)
	_, hijack := w.(http.Hijacker)
	_, readFrom := w.(io.ReaderFrom)
	_, push := w.(http.Pusher)
	switch {
	case flush && hijack && readFrom:
		return http1Writer{flushWriter{base}}
	case flush && push:
		return http2Writer{flushWriter{base}}
	case flush && hijack:
		return hijackWriter{flushWriter{base}}
	case flush:
		return flushWriter{base}
	}
	return base
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) markEnforced() {
	w.x.mu.Lock()
	w.x.enforced = true
	w.x.mu.Unlock()
}

func (w *writer) WriteHeader(status int) {
	w.x.answer(status, w.Header())
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(p []byte) (int, error) {
	w.x.answer(http.StatusOK, w.Header())
	n, err := w.ResponseWriter.Write(p)
	w.x.tookResponse(p[:max(n, 0)])
	return n, err
}

func (w *writer) WriteString(s string) (int, error) {
	w.x.answer(http.StatusOK, w.Header())
	n, err := io.WriteString(w.ResponseWriter, s)
	w.x.tookResponse([]byte(s[:min(max(n, 0), len(s), w.x.tap.body)]))
	if n > w.x.tap.body {
		w.x.passedResponse(int64(n - w.x.tap.body))
	}
	return n, err
}

// Flush is for handlers that ask for http.Flusher.
func (w flushWriter) Flush() {
	w.x.answer(http.StatusOK, w.Header())
	w.ResponseWriter.(http.Flusher).Flush()
}

// FlushError is what http.ResponseController asks for first; without it a
// failed flush would look like a good one.
func (w flushWriter) FlushError() error {
	w.x.answer(http.StatusOK, w.Header())
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w http1Writer) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return w.hijack() }
func (w hijackWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }

// hijack hands the transaction over at once: what follows on the connection is
// no HTTP, and may go on for hours.
func (w *writer) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.ResponseWriter.(http.Hijacker).Hijack()
	if err == nil {
		if w.x.upgrade {
			w.x.answer(http.StatusSwitchingProtocols, w.Header())
		}
		w.x.finish()
	}
	return conn, rw, err
}

func (w http2Writer) Push(target string, o *http.PushOptions) error {
	return w.ResponseWriter.(http.Pusher).Push(target, o)
}

// ReadFrom copies until the cap is reached and leaves the rest to the server,
// which may then use sendfile.
func (w http1Writer) ReadFrom(r io.Reader) (int64, error) {
	w.x.answer(http.StatusOK, w.Header())
	w.x.mu.Lock()
	room := w.x.tap.body - len(w.x.raw.Event.ResponseBody.Data)
	if w.x.done || w.x.head {
		room = 0
	}
	w.x.mu.Unlock()
	var copied int64
	if room > 0 {
		// Write by Write, each passed on before the next read: a source that
		// trickles must not be held back until the cap is full.
		buf := make([]byte, min(room, 32<<10))
		for room > 0 {
			n, err := r.Read(buf[:min(room, len(buf))])
			if n > 0 {
				m, werr := w.Write(buf[:n])
				copied += int64(m)
				room -= n
				if werr != nil {
					return copied, werr
				}
				if m < n {
					return copied, io.ErrShortWrite
				}
			}
			if err == io.EOF {
				return copied, nil
			}
			if err != nil {
				return copied, err
			}
		}
	}
	n, err := w.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
	w.x.passedResponse(n)
	return copied + n, err
}
