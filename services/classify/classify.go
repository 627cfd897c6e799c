// Package classify says of texts and values, a JSON line each, what is sensitive in
// them: the scanner on any corpus.
package classify

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/lines"
	"github.com/miradorhq/mirador/services/classifier/scan"
	"github.com/segmentio/encoding/json"
)

// maxLine bounds a line, in bytes. A longer one is bad as others are, and the next is read.
const maxLine = 64 << 20

// byteOrderMark is what some editors put before a file.
var byteOrderMark = []byte("\ufeff")

// Input is a line: a text to look through, or a value that is something as a whole.
type Input struct {
	ID    json.RawMessage `json:"id"`
	Text  *string         `json:"text"`
	Value *string         `json:"value"`
	Name  string          `json:"name"` // of the field that it stands in
}

// Output is the line about it.
type Output struct {
	ID      json.RawMessage `json:"id"`
	Matches []Match         `json:"matches"`
}

// Match is a piece of the text. Start and End count characters, as most languages'
// strings do, not bytes.
type Match struct {
	Class  string  `json:"class"`
	Start  int     `json:"start"`
	End    int     `json:"end"`
	Score  float32 `json:"score"`
	Masked string  `json:"masked"`
}

// Summary counts what was read.
type Summary struct{ Lines, Bad int }

// Run reads lines from in, plain or gzipped, and writes a line about each to out, in
// order. Bad lines are told to complain and counted.
func Run(ctx context.Context, s *scan.Scanner, in io.Reader, out io.Writer, complain func(string)) (sum Summary, err error) {
	buffered := bufio.NewReader(in)
	if head, _ := buffered.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return sum, fmt.Errorf("read gzip: %w", err)
		}
		buffered = bufio.NewReader(z)
	}
	w := bufio.NewWriter(out)
	text := lines.New(buffered, maxLine)
	var found []scan.Match
	for {
		if ctx.Err() != nil {
			return sum, ctx.Err()
		}
		line, err := text.Next()
		sum.Lines = text.Number()
		switch {
		case errors.Is(err, io.EOF):
			return sum, w.Flush()
		case errors.Is(err, lines.ErrTooLong):
			sum.Bad++
			complain(fmt.Sprintf("line %d is longer than %d bytes", sum.Lines, maxLine))
			continue
		case err != nil:
			return sum, errors.Join(fmt.Errorf("read after line %d: %w", sum.Lines, err), w.Flush())
		}
		if sum.Lines == 1 {
			line = bytes.TrimSpace(bytes.TrimPrefix(line, byteOrderMark))
		}
		if len(line) == 0 {
			continue
		}
		var row Input
		if err := json.Unmarshal(line, &row); err != nil {
			sum.Bad++
			// What the decoder says quotes the line, which may hold what must not be shown.
			complain(fmt.Sprintf("line %d: no JSON object with id and text, or id, value and name", sum.Lines))
			continue
		}
		if (row.Text == nil) == (row.Value == nil) {
			sum.Bad++
			complain(fmt.Sprintf("line %d: want one of text and value", sum.Lines))
			continue
		}
		var o Output
		o, found = classified(s, row, found[:0])
		b, err := json.Marshal(o)
		if err != nil {
			return sum, fmt.Errorf("line %d: %w", sum.Lines, err)
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return sum, fmt.Errorf("write: %w", err)
		}
	}
}

func classified(s *scan.Scanner, row Input, found []scan.Match) (Output, []scan.Match) {
	var v []byte
	if row.Value != nil {
		v = []byte(*row.Value)
		found = s.Value(v, row.Name, found)
	} else {
		v = []byte(*row.Text)
		found = s.Text(v, found)
	}
	o := Output{ID: row.ID, Matches: make([]Match, 0, len(found))}
	if o.ID == nil {
		o.ID = json.RawMessage("null")
	}
	slices.SortStableFunc(found, func(a, b scan.Match) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.Score, a.Score), cmp.Compare(s.Name(a.Class), s.Name(b.Class)))
	})
	at, count := 0, 0 // characters before a byte: counted on, as a long line has many matches
	for _, m := range found {
		count += utf8.RuneCount(v[at:m.Start])
		at = m.Start
		o.Matches = append(o.Matches, Match{
			Class: s.Name(m.Class), Score: m.Score, Masked: string(s.Mask(nil, m.Class, v[m.Start:m.End])),
			Start: count, End: count + utf8.RuneCount(v[m.Start:m.End]),
		})
	}
	return o, found
}
