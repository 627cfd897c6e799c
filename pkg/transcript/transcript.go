// Package transcript reads recorded HTTP traffic: HAR files, JSON lines and
// access logs, plain or gzip, the format told from the content. It gives sealed
// events (see package capture), one by one, in the order of the file; a file of
// any length needs the memory of one record.
package transcript

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/segmentio/encoding/json"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/lines"
)

// Format of a transcript.
type Format string

const (
	Detect    Format = "" // from the content
	HAR       Format = "har"
	JSONLines Format = "jsonl"
	AccessLog Format = "access-log"
)

// DefaultRecordBytes bounds one line, or one entry of a HAR.
const DefaultRecordBytes = 8 << 20

// Config of a Reader. Zero values mean the defaults.
type Config struct {
	// Builder seals the events. Required; Inspecting makes one for local use.
	Builder *capture.Builder
	Format  Format
	// RecordBytes bounds one record; a longer one is a LineError.
	RecordBytes int
	// Strict makes the first bad record fatal.
	Strict bool
	// File is the index of this file among those of the run, from 0. It goes into
	// the events' ids, the name does not: a run over renamed files repeats.
	File int
}

// Inspecting makes a Builder for looking at files where nothing leaves the
// process: the key is a fixed one, so that principals and ids repeat from run to
// run, and the values of body fields and query parameters stay, so that an
// attack in a password field is seen as it is. Credentials in headers and
// cookies are keyed hashes all the same. c.Key may be set.
func Inspecting(c capture.Config) (*capture.Builder, error) {
	if c.Key.ID() == "" {
		key, err := capture.NewKey("inspect", []byte("mirador inspects files with this key: it protects nothing"))
		if err != nil {
			return nil, err
		}
		c.Key = key
	}
	c.KeepFields = true
	return capture.NewBuilder(c)
}

// Meta tells where an event came from.
type Meta struct {
	// Line is the number of the line, or of the entry of a HAR, from 1.
	Line int
	// ID is the record's own id, as text; empty where it has none. RawID is its
	// JSON, to be echoed as it was.
	ID    string
	RawID json.RawMessage
}

// LineError says what is wrong with one record. The reader goes on behind it.
type LineError struct {
	Line int // or the entry of a HAR, if Entry
	Err  error
	// Entry says that Line counts entries: a HAR is often one single line.
	Entry bool
}

// Error implements error.
func (e *LineError) Error() string {
	what := "line"
	if e.Entry {
		what = "entry"
	}
	return fmt.Sprintf("%s %d: %v", what, e.Line, e.Err)
}

// Unwrap gives the cause.
func (e *LineError) Unwrap() error { return e.Err }

// Errors of records.
var (
	ErrTooLong   = errors.New("record is too long")
	ErrMalformed = errors.New("malformed")
)

// Reader is for one goroutine.
type Reader struct {
	cfg    Config
	format Format
	source source
	count  Counters
	input  *counting
	fatal  error
	close  func() error
}

// Counters of a Reader.
type Counters struct {
	// Records that were read, Bad ones among them.
	Records, Bad int
	// Bytes of the input, compressed as it is, that were read so far.
	Bytes int64
}

// source gives raw records. It returns a *LineError for a bad one, io.EOF at the
// end; any other error is final. id is stable for the same content.
type source interface {
	next() (raw *capture.Raw, meta Meta, content []byte, err error)
}

// Open reads the file of that path, or standard input for "-".
func Open(path string, cfg Config) (*Reader, error) {
	if path == "-" {
		return New(os.Stdin, cfg)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("transcript: %w", err)
	}
	r, err := New(f, cfg)
	if err != nil {
		f.Close() // opened for reading only
		return nil, fmt.Errorf("transcript: %s: %w", path, err)
	}
	r.close = f.Close
	return r, nil
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// New reads from r. Close does not close r.
func New(r io.Reader, cfg Config) (*Reader, error) {
	if cfg.Builder == nil {
		return nil, errors.New("transcript: no builder: make one with Inspecting or capture.NewBuilder")
	}
	if cfg.RecordBytes <= 0 {
		cfg.RecordBytes = DefaultRecordBytes
	}
	counted := &counting{r: r}
	in := bufio.NewReaderSize(counted, 64<<10)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		in = bufio.NewReaderSize(z, 64<<10)
	}
	if bom, _ := in.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		in.Discard(3)
	}
	t := &Reader{cfg: cfg, format: cfg.Format, input: counted}
	if t.format == Detect {
		head, err := in.Peek(in.Size())
		if len(head) == 0 && err != nil && err != io.EOF {
			return nil, err
		}
		t.format = detect(head)
	}
	bounded := newLineReader(in, cfg.RecordBytes)
	switch t.format {
	case HAR:
		t.source = newHAR(in, harRecords*cfg.RecordBytes)
	case JSONLines:
		t.source = &jsonLines{lines: bounded}
	case AccessLog:
		t.source = &accessLog{lines: bounded}
	default:
		return nil, fmt.Errorf("format %q is not known: use %q, %q or %q", cfg.Format, HAR, JSONLines, AccessLog)
	}
	return t, nil
}

// Format that is read.
func (t *Reader) Format() Format { return t.format }

// Counters so far.
func (t *Reader) Counters() Counters {
	c := t.count
	c.Bytes = t.input.n
	return c
}

// Close closes the file that Open opened.
func (t *Reader) Close() error {
	if t.close == nil {
		return nil
	}
	return t.close()
}

// Next gives the next event, which is the caller's. The error is io.EOF at the
// end, a *LineError for a bad record, after which reading goes on (unless
// Strict), or what ended the reading.
func (t *Reader) Next() (*event.Event, Meta, error) {
	if t.fatal != nil {
		return nil, Meta{}, t.fatal
	}
	raw, meta, content, err := t.source.next()
	if errors.Is(err, io.EOF) {
		t.fatal = err
		return nil, meta, err
	}
	t.count.Records++
	if err != nil {
		t.count.Bad++
		var bad *LineError
		if t.cfg.Strict || !errors.As(err, &bad) {
			t.fatal = err
		}
		return nil, meta, err
	}
	raw.Event.ID = eventID(t.cfg.File, meta.Line, raw.Event.RequestTime, content)
	return t.cfg.Builder.Build(raw), meta, nil
}

// eventID is a UUIDv8: the milliseconds of the event, so that ids sort by time,
// and a hash of file index, line and content. The same file gives the same ids;
// two files of one platform do not collide.
func eventID(file, line int, ns int64, content []byte) (id [16]byte) {
	h := sha256.New()
	var n [16]byte
	binary.BigEndian.PutUint64(n[:8], uint64(file))
	binary.BigEndian.PutUint64(n[8:], uint64(line))
	h.Write(n[:])
	h.Write(content)
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	copy(id[:], sum[:16])
	if ms := ns / int64(time.Millisecond); ms > 0 {
		var at [8]byte
		binary.BigEndian.PutUint64(at[:], uint64(ms))
		copy(id[:6], at[2:])
	}
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// detect tells the format by the first lines. A single bad line does not
// mislead it.
func detect(head []byte) Format {
	trimmed := bytes.TrimLeft(head, " \t\r\n")
	if len(trimmed) > 0 && trimmed[0] == '{' {
		rest := bytes.TrimLeft(trimmed[1:], " \t\r\n")
		if after, ok := bytes.CutPrefix(rest, []byte(`"log"`)); ok && isLog(bytes.TrimLeft(after, " \t\r\n:")) {
			return HAR
		}
	}
	objects, others := 0, 0
	for n := 0; n < 20 && len(head) > 0; {
		line := head
		if i := bytes.IndexByte(head, '\n'); i >= 0 {
			line, head = head[:i], head[i+1:]
		} else {
			head = nil
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		switch n++; {
		case line[0] == '{':
			objects++
		case line[0] == '[' && (len(line) == 1 || bytes.IndexByte([]byte("[]{\" \t"), line[1]) >= 0):
			// A list of JSON, which is no line of either format. It may be all that the head holds.
		default:
			others++
		}
	}
	if objects > 0 && objects >= others || objects+others == 0 {
		return JSONLines
	}
	return AccessLog
}

// logNames are the first names that the log of a HAR may have. Others begin with "_".
var logNames = [...]string{"version", "creator", "browser", "pages", "entries", "comment", "_"}

// isLog says whether b, which may be cut anywhere, begins as the log of a HAR does: a
// line of JSON may have something of that name too.
func isLog(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if b[0] != '{' {
		return false
	}
	b = bytes.TrimLeft(b[1:], " \t\r\n")
	if len(b) < 2 || b[0] == '}' {
		return true
	}
	for _, name := range logNames {
		if n := min(len(b)-1, len(name)); b[0] == '"' && string(b[1:1+n]) == name[:n] {
			return true
		}
	}
	return false
}

// lineReader reads lines of bounded length.
type lineReader struct {
	*lines.Reader
	limit int
}

func newLineReader(in *bufio.Reader, limit int) lineReader {
	return lineReader{lines.New(in, limit+2), limit} // and what ends a line
}

// next gives the next line that is not empty, without its end; it is valid
// until the next call. A line that is too long is passed over whole.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.Next()
	switch {
	case errors.Is(err, lines.ErrTooLong):
		return nil, &LineError{Line: l.Number(), Err: fmt.Errorf("%w: more than %d bytes", ErrTooLong, l.limit)}
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("transcript: behind line %d: %w", l.Number(), err)
	}
	return line, err
}
