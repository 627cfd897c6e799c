package capture

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/miradorhq/mirador/pkg/event"
)

// decoder removes content codings: what is compressed cannot be masked, and a
// secret must not leave the process because it was compressed.
type decoder struct {
	gzips   sync.Pool
	flates  sync.Pool
	brotlis sync.Pool
	zstds   sync.Pool
}

var errCoding = errors.New("content coding that is not known")

// decode replaces body.Data by what its codings hold, up to limit bytes. A body
// that is not what its header says stays as it is: a server that ignores the
// header reads just that. A cut stream gives what was decoded before the cut.
func (d *decoder) decode(body *event.Body, coding string, limit int) {
	if coding == "" || len(body.Data) == 0 || body.Decoded {
		return
	}
	names := strings.Split(coding, ",")
	if len(names) > 3 {
		return
	}
	data := body.Data
	cut := false
	for i := len(names) - 1; i >= 0; i-- {
		name := strings.ToLower(strings.TrimSpace(names[i]))
		if name == "identity" || name == "" {
			continue
		}
		out, more, err := d.one(data, name, limit)
		if err != nil && len(out) == 0 {
			return
		}
		data, cut = out, cut || more || err != nil
	}
	body.Data = data
	body.Decoded = true
	body.Truncated = body.Truncated || cut
}

func (d *decoder) one(data []byte, name string, limit int) (out []byte, more bool, err error) {
	var r io.Reader
	switch name {
	case "gzip", "x-gzip":
		z, _ := d.gzips.Get().(*gzip.Reader)
		if z == nil {
			z = new(gzip.Reader)
		}
		defer d.gzips.Put(z)
		if err := z.Reset(bytes.NewReader(data)); err != nil {
			return nil, false, err
		}
		r = z
	case "deflate":
		// The standard says zlib; many send raw deflate.
		if z, zerr := zlib.NewReader(bytes.NewReader(data)); zerr == nil {
			r = z
		} else {
			f, _ := d.flates.Get().(io.ReadCloser)
			if f == nil {
				f = flate.NewReader(bytes.NewReader(data))
			} else if err := f.(flate.Resetter).Reset(bytes.NewReader(data), nil); err != nil {
				return nil, false, err
			}
			defer d.flates.Put(f)
			r = f
		}
	case "br":
		z, _ := d.brotlis.Get().(*brotli.Reader)
		if z == nil {
			z = brotli.NewReader(bytes.NewReader(data))
		} else if err := z.Reset(bytes.NewReader(data)); err != nil {
			return nil, false, err
		}
		defer d.brotlis.Put(z)
		r = z
	case "zstd":
		z, _ := d.zstds.Get().(*zstd.Decoder)
		if z == nil {
			if z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(8<<20)); err != nil {
				return nil, false, err
			}
		}
		defer d.zstds.Put(z)
		if err := z.Reset(bytes.NewReader(data)); err != nil {
			return nil, false, err
		}
		r = z
	default:
		return nil, false, errCoding
	}
	// The limit is that of a captured body, so no ratio makes this expensive.
	buf := make([]byte, 0, min(limit+1, max(512, 4*len(data))))
	for len(buf) <= limit {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, rerr := r.Read(buf[len(buf):min(cap(buf), limit+1)])
		buf = buf[:len(buf)+n]
		if rerr == io.EOF {
			return buf, false, nil
		}
		if rerr != nil {
			return buf, true, rerr
		}
	}
	return buf[:limit], true, nil
}
