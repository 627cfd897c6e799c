// Package lines reads text line by line, of which none takes more room than it may.
package lines

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// ErrTooLong is of one line, behind which the next begins.
var ErrTooLong = errors.New("line is too long")

// Reader gives the lines of a text that are not empty. It is for one goroutine.
type Reader struct {
	in     *bufio.Reader
	limit  int
	number int
	buf    []byte
}

// New reads from in lines of at most limit bytes, with what ends them.
func New(in *bufio.Reader, limit int) *Reader { return &Reader{in: in, limit: limit} }

// Number is that of the line that Next gave or passed over last, from 1 on; empty ones count.
func (r *Reader) Number() int { return r.number }

// Next gives the next line that is not empty, without the space around it; it is valid until
// the next call. A line that is too long is passed over whole, with ErrTooLong. io.EOF is
// behind the last one, any other error is the one of reading.
func (r *Reader) Next() ([]byte, error) {
	for {
		line, err := r.one()
		if line = bytes.TrimSpace(line); err != nil || len(line) > 0 {
			return line, err
		}
	}
}

// one is the next line with what ends it.
func (r *Reader) one() ([]byte, error) {
	r.buf = r.buf[:0]
	for long, some := false, false; ; {
		part, err := r.in.ReadSlice('\n')
		some = some || len(part) > 0
		if long = long || len(r.buf)+len(part) > r.limit; !long {
			r.buf = append(r.buf, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !(errors.Is(err, io.EOF) && some):
			return nil, err
		}
		r.number++
		if long {
			r.buf = nil // it has grown
			return nil, ErrTooLong
		}
		return r.buf, nil
	}
}
