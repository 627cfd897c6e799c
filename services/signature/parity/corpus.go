package parity

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/segmentio/encoding/json"
)

// line is a request as the corpora and the golden cases write it.
type line struct {
	Corpus          string            `json:"corpus"`
	Name            string            `json:"name"`
	ID              int               `json:"id"`
	Method          string            `json:"method"`
	URI             string            `json:"uri"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	Status          uint16            `json:"status"`
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    string            `json:"response_body"`
}

func (l *line) transaction() Case {
	r := request{method: l.Method, uri: l.URI, version: "HTTP/1.1", headers: sorted(l.Headers), body: []byte(l.Body)}
	c := Case{Name: l.Name, Event: r.event()}
	if c.Name == "" {
		c.Name = fmt.Sprintf("%s %d", l.Corpus, l.ID)
	}
	c.Event.Status, c.Event.ResponseHeaders, c.Event.ResponseBody.Data = l.Status, sorted(l.ResponseHeaders), []byte(l.ResponseBody)
	return c
}

// sorted makes an order where a map has none.
func sorted(m map[string]string) (hs []event.Header) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		hs = append(hs, event.Header{Name: []byte(k), Value: []byte(m[k])})
	}
	return hs
}

// Lines reads requests, one JSON object a line, gzip or plain.
func Lines(file string) (cases []Case, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("parity: %w", err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("parity: %s: %w", file, err)
		}
	}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 4<<20)
	for s.Scan() {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("parity: %s:%d: %w", file, len(cases)+1, err)
		}
		cases = append(cases, l.transaction())
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("parity: %s: %w", file, err)
	}
	return cases, nil
}

// Spread puts the value of each case's query parameter where a value can stand: into
// a query, a form, a leaf of JSON, a header and a cookie, in turn.
func Spread(cases []Case) []Case {
	out := make([]Case, 0, len(cases))
	for i, c := range cases {
		_, value, _ := strings.Cut(string(c.Event.Query), "=")
		if v, err := url.QueryUnescape(value); err == nil {
			value = v
		}
		r := request{method: "POST", uri: "/api/v1/search", version: "HTTP/1.1", headers: slices.Clone(c.Event.RequestHeaders)}
		shape := ""
		switch i % 5 {
		case 0:
			shape, r.method, r.uri = "query", "GET", "/search?"+string(c.Event.Query)
		case 1:
			shape, r.body = "form", []byte("lang=en&q="+url.QueryEscape(value))
			r.add("Content-Type", "application/x-www-form-urlencoded")
		case 2:
			shape = "json"
			b, err := json.Marshal(map[string]any{"filter": map[string]any{"q": value}, "page": 1, "tags": []string{"new", value}})
			if err != nil {
				continue // a value that is no text
			}
			r.body = b
			r.add("Content-Type", "application/json")
		case 3:
			shape, r.method = "header", "GET"
			r.add("X-Search", value)
		case 4:
			shape, r.method = "cookie", "GET"
			r.add("Cookie", "session=2f9d1c6b; q="+value)
		}
		e := r.event()
		e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}}
		e.ResponseBody.Data = []byte(`{"items":[],"total":0}`)
		out = append(out, Case{Name: c.Name + " " + shape, Event: e})
	}
	return out
}

// Sample draws n cases by seed and keeps their order; all of them where there are no
// more, or n is 0.
func Sample(cases []Case, n int, seed uint64) []Case {
	if n == 0 || n >= len(cases) {
		return cases
	}
	draw := rand.New(rand.NewPCG(seed, 0)).Perm(len(cases))[:n]
	slices.Sort(draw)
	out := make([]Case, n)
	for i, j := range draw {
		out[i] = cases[j]
	}
	return out
}
