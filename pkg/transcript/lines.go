package transcript

import (
	"bufio"
	"io"

	"github.com/miradorhq/mirador/pkg/capture"
)

// Lines reads JSON lines as raw transactions, for a receiver that seals them
// later. It is for one goroutine.
type Lines struct{ source jsonLines }

// NewLines reads from r lines of at most limit bytes (0: DefaultRecordBytes).
func NewLines(r io.Reader, limit int) *Lines {
	if limit <= 0 {
		limit = DefaultRecordBytes
	}
	return &Lines{jsonLines{newLineReader(bufio.NewReaderSize(r, 32<<10), limit)}}
}

// Next gives the next transaction: io.EOF at the end, a *LineError for a bad
// line, after which reading goes on, or the reader's own error.
func (l *Lines) Next() (*capture.Raw, Meta, error) {
	raw, meta, _, err := l.source.next()
	return raw, meta, err
}
