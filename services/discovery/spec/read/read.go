// Package read reads documents that describe an API into the form of package
// spec: OpenAPI 3.0 and 3.1, Swagger 2, GraphQL SDL, protobuf descriptor sets, Postman
// collections 2.x and HAR. Errors name file and line. No reference leads out of
// the folder of the document, and all sizes are bounded (document.Limits).
//
// OpenAPI is read from the tree of values and not through a library's model:
// the models forget places, differ between versions, and expand references
// without a bound that an upload could be trusted with. The tests hold what comes out
// against such a library.
package read

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

// ErrUnknown is wrapped by the error for a document of no known format.
var ErrUnknown = errors.New("is no OpenAPI, Swagger, GraphQL, protobuf descriptor set, Postman collection or HAR")

// maxOperations bounds one specification.
const maxOperations = 50_000

// File reads the document at path. References may lead to other files of its folder.
func File(path string, limits document.Limits) (*spec.Specification, error) {
	set, err := document.OpenSet(filepath.Dir(path), limits)
	if err != nil {
		return nil, err
	}
	defer func() { _ = set.Close() }() // it was opened for reading
	name := filepath.Base(path)
	set.Prefix = filepath.ToSlash(strings.TrimSuffix(path, name))
	b, err := set.Bytes(name)
	if err != nil {
		return nil, err
	}
	return parse(set, name, b)
}

// Bytes reads an uploaded document, which may refer to no other file.
func Bytes(name string, b []byte, limits document.Limits) (*spec.Specification, error) {
	return parse(document.NewSet(limits), name, b)
}

func parse(set *document.Set, name string, b []byte) (s *spec.Specification, err error) {
	// Whoever uploads a document must not end the process through a fault of the
	// libraries that read YAML, GraphQL and protobuf.
	defer func() {
		if fault := recover(); fault != nil {
			s, err = nil, &document.Error{File: set.Prefix + name, Err: fmt.Errorf("reading it failed: %v", fault)}
		}
	}()
	s, err = recognise(set, name, b)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	s.File, s.Digest = set.Prefix+name, hex.EncodeToString(sum[:8])
	return s, nil
}

// Extensions are the names that documents are known by in a folder.
var Extensions = []string{".json", ".yaml", ".yml", ".graphql", ".graphqls", ".gql", ".sdl", ".pb", ".binpb", ".protoset", ".desc", ".fds", ".har"}

// recognise goes by name where that is clear, else by content.
func recognise(set *document.Set, name string, b []byte) (*spec.Specification, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".graphql", ".graphqls", ".gql", ".sdl":
		return graphQL(set.Prefix+name, b)
	case ".pb", ".binpb", ".protoset", ".desc", ".fds":
		return protobuf(set.Prefix+name, b)
	}
	if !utf8.Valid(b) || bytes.IndexByte(b[:min(len(b), 512)], 0) >= 0 {
		return protobuf(set.Prefix+name, b)
	}
	f, err := set.Add(name, b)
	if err != nil {
		if looksGraphQL(b) {
			return graphQL(set.Prefix+name, b)
		}
		return nil, err
	}
	root := f.Root
	switch {
	case root.Get("openapi") != nil || root.Get("swagger") != nil:
		return openAPI(set, root)
	case strings.Contains(root.At("info", "schema").String(), "getpostman.com") || root.Get("item") != nil && root.Get("info") != nil:
		return postman(root)
	case root.At("log", "entries") != nil:
		return har(root)
	case looksGraphQL(b):
		return graphQL(set.Prefix+name, b)
	}
	return nil, root.Errorf("the document %w", ErrUnknown)
}

func looksGraphQL(b []byte) bool {
	for line := range bytes.Lines(b) {
		for _, word := range [...]string{"type ", "schema ", "schema{", "extend type ", "interface ", "input ", "enum ", "scalar ", "directive "} {
			if bytes.HasPrefix(line, []byte(word)) {
				return true
			}
		}
	}
	return false
}

// place is where n stands.
func place(n *document.Node) spec.Place {
	if n == nil {
		return spec.Place{}
	}
	return spec.Place{File: n.File(), Pointer: n.Pointer(), Line: n.Line}
}

// problems gathers what could not be understood, each once, and not without end.
type problems struct {
	list []spec.Problem
	seen map[spec.Problem]bool
}

const maxProblems = 200

func (p *problems) at(n *document.Node, format string, args ...any) {
	p.put(spec.Problem{Where: place(n), Text: fmt.Sprintf(format, args...)})
}

func (p *problems) err(n *document.Node, err error) {
	where := place(n)
	var at *document.Error
	if errors.As(err, &at) {
		p.put(spec.Problem{Where: spec.Place{File: at.File, Line: at.Line, Pointer: where.Pointer}, Text: at.Err.Error()})
		return
	}
	p.put(spec.Problem{Where: where, Text: err.Error()})
}

func (p *problems) put(q spec.Problem) {
	if p.seen[q] || len(p.list) >= maxProblems {
		return
	}
	if p.seen == nil {
		p.seen = map[spec.Problem]bool{}
	}
	p.seen[q] = true
	p.list = append(p.list, q)
}

// operations gathers operations up to the bound.
func add(s *spec.Specification, p *problems, n *document.Node, o spec.Operation) {
	if len(s.Operations) >= maxOperations {
		p.at(n, "only the first %d operations are read", maxOperations)
		return
	}
	slices.SortStableFunc(o.Params, func(a, b spec.Param) int {
		if c := strings.Compare(a.In, b.In); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	s.Operations = append(s.Operations, o)
}
