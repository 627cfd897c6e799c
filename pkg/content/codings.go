package content

import (
	"bytes"
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/miradorhq/mirador/pkg/event"
)

// maxCodings is how many content codings one body may be wrapped in, and
// maxWindow the window (bytes) that a zstd frame may ask for: RFC 9659 lets a
// sender use 8 MiB.
const (
	maxCodings = 3
	maxWindow  = 8 << 20
)

// codings are the decoders of a document, made when first needed and kept.
type codings struct {
	gzip   *gzip.Reader
	zlib   io.ReadCloser
	flate  io.ReadCloser
	brotli *brotli.Reader
	zstd   *zstd.Decoder
	source bytes.Reader
	spare  []byte // the other buffer where codings are stacked
}

// decode removes the content codings that header names from the body, the last
// first. truncated says that the result ends early: the capture did, or a cap
// was met. A body that cannot be decoded at all is returned as it came.
func (d *Document) decode(body *event.Body, header []byte) (data []byte, truncated bool) {
	data, truncated = body.Data, body.Truncated
	if body.Decoded || len(header) == 0 || len(data) == 0 {
		return data, truncated
	}
	root := d.root(Body)
	for n := 0; len(header) > 0; {
		var name []byte
		if i := bytes.LastIndexByte(header, ','); i >= 0 {
			header, name = header[:i], header[i+1:]
		} else {
			header, name = nil, header
		}
		name = bytes.TrimSpace(name)
		if len(name) == 0 || bytes.EqualFold(name, []byte("identity")) {
			continue
		}
		if n++; n > maxCodings {
			d.issue(BadEncoding, Body, root)
			return data, truncated
		}
		out, err := d.decodeOne(data, name)
		switch {
		case err == nil:
		case errors.Is(err, errRatio):
			d.issue(RatioLimit, Body, root)
			truncated = true
		case errors.Is(err, errSize), truncated && errors.Is(err, io.ErrUnexpectedEOF):
			truncated = true
		default:
			d.issue(BadEncoding, Body, root)
			if len(out) == 0 {
				return data, truncated
			}
			truncated = true
		}
		data = out
	}
	return data, truncated
}

var (
	errRatio  = errors.New("content: ratio cap met")
	errSize   = errors.New("content: size cap met")
	errCoding = errors.New("content: coding is not known")
)

// decodeOne removes the coding name from data. Its result stands in a buffer of
// the document and may hold what came before an error.
func (d *Document) decodeOne(data, name []byte) ([]byte, error) {
	c := &d.codings
	c.source.Reset(data)
	r, err := c.reader(name, data)
	if err != nil {
		return nil, err
	}
	size, over := d.limits.DecodedBytes, errSize
	if byRatio := max(d.limits.RatioFree, len(data)*d.limits.Ratio); byRatio < size {
		size, over = byRatio, errRatio
	}
	out := c.spare[:0]
	c.spare, d.decoded = d.decoded, nil // data may stand in d.decoded
	if cap(out) < 4096 {
		out = make([]byte, 0, min(size+1, 16<<10))
	}
	out, err = fill(out, r, size)
	d.decoded = out
	if errors.Is(err, errSize) {
		err = over
	}
	return out, err
}

// fill appends at most size bytes of r to out; errSize says that there were more.
func fill(out []byte, r io.Reader, size int) ([]byte, error) {
	end := len(out) + size
	for {
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		n, err := r.Read(out[len(out):min(cap(out), end+1)])
		out = out[:len(out)+n]
		if len(out) > end {
			return out[:end], errSize
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return out, err
		}
	}
}

// reader is the decoder of the coding name over c.source.
func (c *codings) reader(name, data []byte) (io.Reader, error) {
	is := func(s string) bool { return len(name) == len(s) && bytes.EqualFold(name, []byte(s)) }
	switch {
	case is("gzip"), is("x-gzip"):
		if c.gzip == nil {
			c.gzip = new(gzip.Reader)
		}
		return c.gzip, c.gzip.Reset(&c.source)
	case is("br"):
		if c.brotli == nil {
			c.brotli = brotli.NewReader(&c.source)
			return c.brotli, nil
		}
		return c.brotli, c.brotli.Reset(&c.source)
	case is("zstd"):
		if c.zstd == nil {
			// One decoder, one goroutine: this one.
			z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
			if err != nil {
				return nil, err
			}
			c.zstd = z
		}
		return c.zstd, c.zstd.Reset(&c.source)
	case is("deflate"):
		// The standard means zlib, some servers send the bare stream.
		if len(data) >= 2 && data[0]&0x0f == 8 && (int(data[0])<<8|int(data[1]))%31 == 0 {
			if c.zlib == nil {
				z, err := zlib.NewReader(&c.source)
				c.zlib = z
				return z, err
			}
			return c.zlib, c.zlib.(zlib.Resetter).Reset(&c.source, nil)
		}
		if c.flate == nil {
			c.flate = flate.NewReader(&c.source)
			return c.flate, nil
		}
		return c.flate, c.flate.(flate.Resetter).Reset(&c.source, nil)
	}
	return nil, errCoding
}
