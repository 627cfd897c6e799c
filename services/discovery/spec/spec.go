// Package spec compares what APIs say of themselves with what was observed of
// them: shadow, zombie, orphan and drift (INV-01).
//
// Specification is the one form that every kind of document is read into, by
// package read: OpenAPI, Swagger, GraphQL SDL, protobuf descriptors, Postman
// collections, HAR. All that can be disputed in it carries the Place in the
// document where it is said.
package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// Specification is what one document says.
type Specification struct {
	Title   string `json:"title"`
	Version string `json:"version"`
	// Format is "openapi 3.1.0", "swagger 2.0", "graphql", "protobuf", "postman" or "har".
	Format string `json:"format"`
	File   string `json:"file"`
	// Digest is a hash of the document's bytes.
	Digest     string      `json:"digest,omitempty"`
	Servers    []Server    `json:"servers,omitempty"`
	Operations []Operation `json:"operations"`
	// Problems are what could not be understood, the rest of the document holds all the same.
	Problems []Problem `json:"problems,omitempty"`
}

// Problem is a fault of a document at a place.
type Problem struct {
	Where Place  `json:"where"`
	Text  string `json:"text"`
}

// String is "file:line: text".
func (p Problem) String() string { return p.Where.String() + ": " + p.Text }

// Place is where in a document something is said.
type Place struct {
	File string `json:"file"`
	// Pointer is a JSON pointer, or the coordinate of the language: "Query.user".
	Pointer string `json:"pointer,omitempty"`
	// Line counts from 1; 0 is unknown.
	Line int `json:"line,omitempty"`
}

// String is "file:line".
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// Server is where operations are. Host is in lower case, without port, and empty
// where the document does not say; Path is the base path, "" or "/v1". Both may hold
// parameters in braces.
type Server struct {
	Host string `json:"host,omitempty"`
	Path string `json:"path,omitempty"`
}

// Operation is one thing that an API does.
type Operation struct {
	Protocol string `json:"protocol"` // rest, graphql, grpc
	// Name is the operationId, "query user", "pkg.Service/Method".
	Name   string `json:"name,omitempty"`
	Method string `json:"method"`
	// Template is the path below the base path of the servers, parameters in braces.
	Template string   `json:"template"`
	Servers  []Server `json:"servers,omitempty"` // instead of the specification's
	Params   []Param  `json:"params,omitempty"`
	Request  []Body   `json:"request,omitempty"`
	// Statuses are the documented ones ("200", "4XX", "default"), Responses those of them
	// that have bodies.
	Statuses  []Status `json:"statuses,omitempty"`
	Responses []Body   `json:"responses,omitempty"`
	// Auth are the ways to authenticate, any of which will do. Anonymous says that
	// none is needed; with neither, the document says nothing.
	Auth       []Auth `json:"auth,omitempty"`
	Anonymous  bool   `json:"anonymous,omitempty"`
	AuthWhere  Place  `json:"auth_where,omitzero"`
	Deprecated bool   `json:"deprecated,omitempty"`
	Where      Place  `json:"where"`
}

// Label is "METHOD /template", and the name instead where that says more.
func (o *Operation) Label() string {
	if o.Protocol == "graphql" {
		return o.Name
	}
	return o.Method + " " + o.Template
}

// Param is a parameter of an operation.
type Param struct {
	In         string  `json:"in"` // path, query, header, cookie, argument
	Name       string  `json:"name"`
	Required   bool    `json:"required,omitempty"`
	Deprecated bool    `json:"deprecated,omitempty"`
	Schema     *Schema `json:"schema,omitempty"`
	Where      Place   `json:"where"`
}

// Body is a documented message body. Status is empty for a request, Media may be a range
// ("*/*").
type Body struct {
	Status   string  `json:"status,omitempty"`
	Media    string  `json:"media,omitempty"`
	Required bool    `json:"required,omitempty"`
	Schema   *Schema `json:"schema,omitempty"`
	Where    Place   `json:"where"`
}

// Status is a documented status.
type Status struct {
	Name  string `json:"name"` // "200", "4XX", "default"
	Where Place  `json:"where"`
}

// Auth is a way to authenticate. Kind is that of an event's identity: basic, bearer,
// api-key, cookie, mtls; "authorization" is whatever stands in that header.
type Auth struct {
	Kind string `json:"kind"`
	In   string `json:"in,omitempty"` // of an api-key: header, query
	Name string `json:"name,omitempty"`
}

// Schema is what a document says of a value. Schemas share their parts, and so
// does the document: one that refers to itself is cut there to a schema of no
// constraint. No Schema (nil) and one without types permit everything.
type Schema struct {
	Types     []string `json:"types,omitempty"` // JSON types, sorted
	Format    string   `json:"format,omitempty"`
	Pattern   string   `json:"pattern,omitempty"`
	Enum      []string `json:"enum,omitempty"` // sorted
	Minimum   *float64 `json:"minimum,omitempty"`
	Maximum   *float64 `json:"maximum,omitempty"`
	MinLength uint64   `json:"min_length,omitempty"`
	MaxLength uint64   `json:"max_length,omitempty"`
	// Properties are sorted by name. Additional is what other names hold; Closed says that
	// there may be none.
	Properties []Property `json:"properties,omitempty"`
	Additional *Schema    `json:"additional,omitempty"`
	Closed     bool       `json:"closed,omitempty"`
	Items      *Schema    `json:"items,omitempty"`
	Deprecated bool       `json:"deprecated,omitempty"`
	Where      Place      `json:"where"`
	// Places are where the constraints are said, by their keyword in JSON Schema, where
	// the reader knows.
	Places map[string]Place `json:"-"`
}

// Property is a named value of an object.
type Property struct {
	Name     string  `json:"name"`
	Required bool    `json:"required,omitempty"`
	Schema   *Schema `json:"schema,omitempty"`
}

// Property is that of a name, nil when the schema does not list it.
func (s *Schema) Property(name string) *Property {
	if s == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(s.Properties, name, func(p Property, n string) int { return strings.Compare(p.Name, n) })
	if !ok {
		return nil
	}
	return &s.Properties[i]
}

// Free says that a value may be anything.
func (s *Schema) Free() bool {
	return s == nil || len(s.Types) == 0 && len(s.Properties) == 0 && s.Additional == nil && s.Items == nil && len(s.Enum) == 0
}

// Bounds of Catalog: what discovery keeps of an operation.
const (
	MaxDepth  = 12
	MaxFields = 2000
)

// Catalog is the schema in the catalog's form, cut at MaxDepth levels and
// MaxFields fields: parts that are shared are written out.
func (s *Schema) Catalog() catalog.Schema {
	left := MaxFields
	return s.catalog(MaxDepth, &left)
}

func (s *Schema) catalog(depth int, left *int) catalog.Schema {
	if s == nil {
		return catalog.Schema{}
	}
	out := catalog.Schema{
		Format: s.Format, Enum: s.Enum, Minimum: s.Minimum, Maximum: s.Maximum,
		MinLength: s.MinLength, MaxLength: s.MaxLength, Deprecated: s.Deprecated,
	}
	for _, t := range s.Types {
		out.Types = append(out.Types, catalog.Tally{Name: t})
	}
	if depth == 0 {
		return out
	}
	for _, p := range s.Properties {
		if *left--; *left < 0 {
			break
		}
		c := p.Schema.catalog(depth-1, left)
		c.Required = p.Required
		out.Properties = append(out.Properties, catalog.Property{Name: p.Name, Schema: c})
	}
	if s.Additional != nil {
		c := s.Additional.catalog(depth-1, left)
		out.Additional = &c
	}
	if s.Items != nil {
		c := s.Items.catalog(depth-1, left)
		out.Items = &c
	}
	return out
}

// ServersOf are where o is: its own servers, else the specification's, else
// one that says nothing.
func (s *Specification) ServersOf(o *Operation) []Server {
	switch {
	case len(o.Servers) > 0:
		return o.Servers
	case len(s.Servers) > 0:
		return s.Servers
	}
	return []Server{{}}
}
