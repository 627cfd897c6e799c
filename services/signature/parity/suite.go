package parity

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/segmentio/encoding/json"
	"go.yaml.in/yaml/v3"
)

// file is a file of regression tests, as far as it is read.
type file struct {
	Rule  int `yaml:"rule_id"`
	Tests []struct {
		ID     int `yaml:"test_id"`
		Stages []struct {
			Input  input  `yaml:"input"`
			Output output `yaml:"output"`
		} `yaml:"stages"`
	} `yaml:"tests"`
}

type input struct {
	Method   *string   `yaml:"method"`
	URI      *string   `yaml:"uri"`
	Version  *string   `yaml:"version"`
	Headers  yaml.Node `yaml:"headers"` // a node, for their order
	Data     *string   `yaml:"data"`
	Encoded  string    `yaml:"encoded_request"`
	Complete *bool     `yaml:"autocomplete_headers"`
	// Magic is the older name of the opposite of Complete.
	Magic bool `yaml:"stop_magic"`
}

type output struct {
	Log struct {
		Expect []int `yaml:"expect_ids"`
		Forbid []int `yaml:"no_expect_ids"`
	} `yaml:"log"`
}

// Regression reads the rule set's regression tests below fsys, in the order of their
// files: one case a stage. files counts those with at least one test.
func Regression(fsys fs.FS) (cases []Case, files int, err error) {
	err = fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		b, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		cs, err := regression(b)
		if err != nil {
			return fmt.Errorf("parity: %s: %w", path, err)
		}
		if len(cs) > 0 {
			files++
		}
		cases = append(cases, cs...)
		return nil
	})
	return cases, files, err
}

func regression(b []byte) (cases []Case, err error) {
	var f file
	if err := yaml.Unmarshal(b, &f); err != nil {
		return nil, err
	}
	for _, t := range f.Tests {
		for i, s := range t.Stages {
			r, err := s.Input.request()
			if err != nil {
				return nil, fmt.Errorf("test %d: %w", t.ID, err)
			}
			c := Case{Name: fmt.Sprintf("%d-%d", f.Rule, t.ID), Event: r.event(), Expect: s.Output.Log.Expect, Forbid: s.Output.Log.Forbid}
			if len(t.Stages) > 1 {
				c.Name += fmt.Sprintf(".%d", i+1)
			}
			respond(c.Event)
			cases = append(cases, c)
		}
	}
	return cases, nil
}

func (in *input) request() (*request, error) {
	if in.Encoded != "" {
		wire, err := base64.StdEncoding.DecodeString(in.Encoded)
		if err != nil {
			return nil, fmt.Errorf("encoded request: %w", err)
		}
		r := parseWire(wire)
		return &r, nil
	}
	r := &request{method: or(in.Method, "GET"), uri: or(in.URI, "/"), version: or(in.Version, "HTTP/1.1"), body: []byte(or(in.Data, ""))}
	switch h := &in.Headers; h.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(h.Content); i += 2 {
			r.add(h.Content[i].Value, h.Content[i+1].Value)
		}
	case yaml.SequenceNode:
		for _, n := range h.Content {
			var pair struct{ Name, Value string }
			if err := n.Decode(&pair); err != nil {
				return nil, fmt.Errorf("line %d: header: %w", n.Line, err)
			}
			r.add(pair.Name, pair.Value)
		}
	}
	if !in.Magic && (in.Complete == nil || *in.Complete) {
		r.complete()
	}
	return r, nil
}

func or(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}

// respond gives e the response of the server that the tests are run against: to
// /reflect what the request asks for, an empty page to anything else.
func respond(e *event.Event) {
	if string(e.Path) != "/reflect" {
		e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte("text/plain")}, {Name: []byte("Content-Length"), Value: []byte("0")}}
		return
	}
	var spec struct {
		Status  uint16            `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
		Encoded string            `json:"encodedBody"`
	}
	if err := json.Unmarshal(e.RequestBody.Data, &spec); err != nil {
		e.Status = http.StatusBadRequest
		return
	}
	if spec.Status != 0 {
		e.Status = spec.Status
	}
	body := []byte(spec.Body)
	if b, err := base64.StdEncoding.DecodeString(spec.Encoded); err == nil && spec.Encoded != "" {
		body = b
	}
	names := make([]string, 0, len(spec.Headers))
	typed := false
	for n := range spec.Headers {
		names, typed = append(names, n), typed || strings.EqualFold(n, "content-type")
	}
	slices.Sort(names)
	for _, n := range names {
		e.ResponseHeaders = append(e.ResponseHeaders, event.Header{Name: []byte(n), Value: []byte(spec.Headers[n])})
	}
	if !typed {
		e.ResponseHeaders = append(e.ResponseHeaders, event.Header{Name: []byte("Content-Type"), Value: []byte(http.DetectContentType(body))})
	}
	e.ResponseBody.Data = body
}

// Reflected are cases whose response is what the request said, so that the rules for
// responses see as much as those for requests.
func Reflected(cases []Case) []Case {
	out := make([]Case, len(cases))
	for i, c := range cases {
		e := *c.Event
		e.Status, e.ResponseBody = 500, e.RequestBody
		if len(e.ResponseBody.Data) == 0 {
			e.ResponseBody.Data = e.Query
		}
		e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte("text/html")}}
		out[i] = Case{Name: c.Name + " reflected", Event: &e}
	}
	return out
}
