package transaction

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/corazawaf/coraza-coreruleset/v4/tests"
	"github.com/miradorhq/mirador/pkg/corpora"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/segmentio/encoding/json"
	"go.yaml.in/yaml/v3"
)

// request is one request as the corpora and the rule set's own tests write it.
type request struct {
	Method   string            `json:"method" yaml:"method"`
	URI      string            `json:"uri" yaml:"uri"`
	Version  string            `json:"version" yaml:"version"`
	Headers  map[string]string `json:"headers" yaml:"headers"`
	Body     string            `json:"body" yaml:"data"`
	Encoded  string            `json:"-" yaml:"encoded_request"`
	Status   uint16            `json:"status" yaml:"-"`
	Response string            `json:"response_body" yaml:"-"`

	// The seeded traffic keeps the order of its headers.
	Name          string      `json:"name" yaml:"-"`
	Pairs         [][2]string `json:"pairs" yaml:"-"`
	ResponsePairs [][2]string `json:"response_pairs" yaml:"-"`
}

func (r *request) event() *event.Event {
	path, query, _ := strings.Cut(r.URI, "?")
	e := &event.Event{ID: [16]byte{1, 2, 3}, RequestTime: 1_700_000_000_000_000_000, Method: []byte(r.Method), Protocol: []byte(r.Version),
		Path: []byte(path), Query: []byte(query), Status: max(r.Status, 200), Client: event.Client{Address: []byte("203.0.113.25"), Port: 51234}}
	if e.Method == nil {
		e.Method = []byte("GET")
	}
	for k, v := range r.Headers {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(k), Value: []byte(v)})
		if strings.EqualFold(k, "host") {
			e.Authority = []byte(v)
		}
	}
	for _, p := range r.Pairs {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(p[0]), Value: []byte(p[1])})
	}
	for _, p := range r.ResponsePairs {
		e.ResponseHeaders = append(e.ResponseHeaders, event.Header{Name: []byte(p[0]), Value: []byte(p[1])})
	}
	e.RequestBody.Data = []byte(r.Body)
	if r.Response != "" {
		e.ResponseBody.Data = []byte(r.Response)
		return e
	}
	// A response of the same kind shows the other direction, too.
	e.ResponseBody.Data = []byte(r.Body)
	e.ResponseBody.ContentType = []byte("application/json")
	return e
}

// parse reads a request in the form of the wire.
func (r *request) parse(wire string) {
	head, body, _ := strings.Cut(wire, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	if f := strings.SplitN(lines[0], " ", 3); len(f) == 3 {
		r.Method, r.URI, r.Version = f[0], f[1], f[2]
	}
	r.Headers, r.Body = make(map[string]string), body
	for _, l := range lines[1:] {
		k, v, _ := strings.Cut(l, ":")
		r.Headers[k] = strings.TrimSpace(v)
	}
}

// regression are the requests of the rule set's own tests.
func regression(tb testing.TB) (files int, rs []request) {
	tb.Helper()
	err := fs.WalkDir(tests.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		files++
		b, err := fs.ReadFile(tests.FS, path)
		if err != nil {
			return err
		}
		var f struct {
			Tests []struct {
				Stages []struct {
					Input request `yaml:"input"`
				} `yaml:"stages"`
			} `yaml:"tests"`
		}
		if err := yaml.Unmarshal(b, &f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, t := range f.Tests {
			for _, s := range t.Stages {
				r := s.Input
				if r.Encoded != "" {
					wire, err := base64.StdEncoding.DecodeString(r.Encoded)
					if err != nil {
						return fmt.Errorf("%s: %w", path, err)
					}
					r.parse(string(wire))
				}
				rs = append(rs, r)
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files, rs
}

// corpus is one of the corpora; every step-th line is taken.
func corpus(t *testing.T, name string, step int) []request {
	t.Helper()
	var taken bytes.Buffer
	n := 0
	corpora.Each(t, "signature", name, func(line []byte) {
		if n%step == 0 {
			taken.Write(line)
			taken.WriteByte('\n')
		}
		n++
	})
	return read(t, &taken, name, 1)
}

// traffic is what the benchmarks measure.
func traffic(tb testing.TB) []request {
	tb.Helper()
	const file = "testdata/traffic.jsonl"
	f, err := os.Open(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	return read(tb, f, file, 1)
}

func read(tb testing.TB, r io.Reader, file string, step int) (rs []request) {
	tb.Helper()
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<22)
	for n := 0; s.Scan(); n++ {
		if n%step != 0 {
			continue
		}
		var r request
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			tb.Fatalf("%s:%d: %v", file, n+1, err)
		}
		rs = append(rs, r)
	}
	if err := s.Err(); err != nil {
		tb.Fatal(err)
	}
	return rs
}
