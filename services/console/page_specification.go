package console

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/miradorhq/mirador/services/discovery/spec"
)

type specBody struct {
	specRow
	Now      time.Time
	Size     uint64
	Hosts    []string
	Kind     string // of the differences that are shown; empty is all
	Rows     []differenceRow
	More     uint64
	Upload   uploadForm
	Withdraw string // CSRF token; empty: no way to Kafka
	Done     string
	Life     time.Duration
}

// KindLink is the page with the differences of one kind, or all again.
func (b specBody) KindLink(kind string) string {
	if kind == b.Kind {
		return b.Link() + "#differences"
	}
	return b.Link() + "?kind=" + url.QueryEscape(kind) + "#differences"
}

// LineLink is where in the document a line stands.
func (s specRow) LineLink(line int) string {
	return fmt.Sprintf("%s/document?line=%d#L%d", s.Link(), line, line)
}

// hosts that a specification names, and base paths, as far as they fit in a line.
func hosts(s *spec.Specification) []string {
	var out []string
	for i := range s.Operations {
		for _, at := range s.ServersOf(&s.Operations[i]) {
			if h := at.Host + at.Path; h != "" && !slices.Contains(out, h) && len(out) < 20 {
				out = append(out, h)
			}
		}
	}
	return out
}

// specificationPage is one document: what it is, and in what traffic differs from it.
func (c *Console) specificationPage(w http.ResponseWriter, r *http.Request, v session) {
	row := c.current(r.PathValue("name"))
	if row == nil {
		c.fail(w, r, v, "specifications", errNotFound)
		return
	}
	row.Differences = kinds{}
	b := specBody{specRow: *row, Now: c.store.now().UTC(), Size: uint64(len(row.Bytes)), Upload: c.uploadForm(v, row.Name), Withdraw: c.sessions.csrf(v), Life: c.specLimits.Remind + lateness}
	if r.URL.Query().Get("done") == "published" {
		b.Done = "Published: discovery compares traffic with it from its next round on."
	}
	if k := r.URL.Query().Get("kind"); slices.Contains(b.Differences.Names(), k) {
		b.Kind = k
	}
	if s := row.Specification; s != nil {
		b.Hosts = hosts(s)
		sums, err := c.store.differenceSums(r.Context(), []string{s.Digest}, c.sinceSaid())
		if err != nil {
			c.fail(w, r, v, "specifications", err)
			return
		}
		if b.Rows, err = c.store.differences(r.Context(), s.Digest, b.Kind, c.sinceSaid(), maxShown); err != nil {
			c.fail(w, r, v, "specifications", err)
			return
		}
		if sums[s.Digest] != nil {
			b.Differences = sums[s.Digest]
		}
		all := b.Differences.All()
		if b.Kind != "" {
			all = b.Differences[b.Kind]
		}
		if n := uint64(len(b.Rows)); n == maxShown && all > n {
			b.More = all - n
		}
	}
	c.show(w, v, "specification", row.Name, "specifications", b)
}

type documentBody struct {
	specRow
	Now                    time.Time
	Lines                  []documentLine
	First, Last, All, Line int
	Before, After          string // links, empty at the ends
	Binary                 bool
}

type documentLine struct {
	N    int
	Text string
	On   bool
	Cut  bool
}

// Bounds of a page of a document.
const (
	linesShown = 400
	lineBytes  = 400
)

// documentPage shows the lines around one.
func (c *Console) documentPage(w http.ResponseWriter, r *http.Request, v session) {
	row := c.current(r.PathValue("name"))
	if row == nil {
		c.fail(w, r, v, "specifications", errNotFound)
		return
	}
	b := documentBody{specRow: *row, Now: c.store.now().UTC()}
	if !utf8.Valid(row.Bytes) || bytes.IndexByte(row.Bytes, 0) >= 0 {
		b.Binary = true
	} else {
		line, err := strconv.Atoi(r.URL.Query().Get("line"))
		if err != nil {
			line = 0
		}
		b.around(row.Bytes, line)
	}
	c.show(w, v, "document", row.Name, "specifications", b)
}

func (b *documentBody) around(text []byte, line int) {
	b.All = bytes.Count(text, []byte("\n"))
	if !bytes.HasSuffix(text, []byte("\n")) {
		b.All++
	}
	b.Line = min(max(line, 0), b.All)
	b.First = max(1, min(b.Line-linesShown/2, b.All-linesShown+1))
	b.Last = min(b.All, b.First+linesShown-1)
	n := 0
	for l := range bytes.Lines(text) {
		if n++; n < b.First {
			continue
		} else if n > b.Last {
			break
		}
		l = bytes.TrimRight(l, "\r\n")
		cut := len(l) > lineBytes
		if cut {
			l = l[:lineBytes]
		}
		b.Lines = append(b.Lines, documentLine{n, strings.ToValidUTF8(string(l), ""), n == b.Line, cut})
	}
	at := func(n int) string { return fmt.Sprintf("%s/document?line=%d", b.Link(), n) }
	if b.First > 1 {
		b.Before = at(max(1, b.First-linesShown/2))
	}
	if b.Last < b.All {
		b.After = at(b.Last + linesShown/2)
	}
}
