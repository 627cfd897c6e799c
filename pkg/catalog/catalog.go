// Package catalog holds endpoint templates: matched everywhere, learned by
// discovery. A template is a path in which every segment that varies stands as
// its type, "/accounts/{int}/transfers".
package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// Endpoint is one operation of an API: the record of mirador.catalog and the
// row of the table endpoints. Its key is tenant|id.
type Endpoint struct {
	ID       string `json:"id"`
	Tenant   string `json:"tenant"`
	Host     string `json:"host"`
	Method   string `json:"method"`
	Template string `json:"template"`
	// TrailingSlash is set where most transactions that show that the endpoint exists
	// asked with a slash at the end. A template matches with it and without.
	TrailingSlash bool   `json:"trailing_slash,omitempty"`
	Protocol      string `json:"protocol"` // rest, graphql, grpc, soap, jsonrpc, mcp, websocket, sse
	// Source is "learned" or "specification".
	Source  string `json:"source"`
	Version int64  `json:"version"`
	// Supersedes are ids of endpoints that a merge made part of this one.
	Supersedes []string `json:"supersedes,omitempty"`

	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	// Hits counts transactions; Statuses and Auth split them by status class
	// ("2xx") and by identity scheme ("jwt").
	Hits     uint64   `json:"hits"`
	Statuses []Tally  `json:"statuses,omitempty"`
	Auth     []Tally  `json:"auth,omitempty"`
	Params   []Param  `json:"params,omitempty"`
	Services []string `json:"services,omitempty"`

	// AuthServed splits the transactions that were served, 2xx or 101 (a
	// WebSocket), by identity scheme: what was asked with, Auth, says little of what is
	// let in.
	AuthServed []Tally `json:"auth_served,omitempty"`
	// Exposure splits the same by the network of the caller.
	Exposure []Tally `json:"exposure,omitempty"`
	// Callers estimates how many principals were served so.
	Callers  uint64   `json:"callers,omitempty"`
	Rate     Rate     `json:"rate"`
	Measures Measures `json:"measures"`
	// Request and Responses are the schemas of the bodies, sorted by status, then
	// media type.
	Request   []Body `json:"request,omitempty"`
	Responses []Body `json:"responses,omitempty"`
	// DataClasses are kinds of sensitive data that learned formats show and that the
	// classifier confirmed, sorted.
	// Records of mirador.fields say which fields hold them.
	DataClasses []string `json:"data_classes,omitempty"`
	// Carries are the fields of answers that the classifier confirmed to hold sensitive data,
	// sorted by path, then class: what a specification is asked about.
	Carries []Carried `json:"carries,omitempty"`
	Risk    Risk      `json:"risk"`
	// Pins are what persons said of the segments of the template, by segment.
	Pins []Pin `json:"pins,omitempty"`
}

// Path is the template as its clients spell it: for reading and for documents, not
// for comparing.
func (e *Endpoint) Path() string {
	path, operation := SplitOperation(e.Template)
	if e.TrailingSlash && path != "/" {
		path += "/"
	}
	if operation != "" {
		return WithOperation(path, operation)
	}
	return path
}

// Pin is what a person said of one segment: that a text is a value there or is a
// name, or what the parameter is called.
type Pin struct {
	Segment int `json:"segment"` // from 0
	// Text is the one spoken of; "*" is every text of which nothing else is said, and
	// "*.json" says whether what is around such a value is part of it. It is empty for
	// the name of a parameter.
	Text  string `json:"text,omitempty"`
	Value bool   `json:"value,omitempty"`
	Name  string `json:"name,omitempty"`
}

// Carried is a field of the body of answers that holds sensitive data.
type Carried struct {
	Path  string `json:"path"` // "data[].owner.ssn"
	Class string `json:"class"`
	// Severity is how grave it is where the field should not be.
	Severity string `json:"severity"`
}

// Tally is a named count; lists of them are sorted by name.
type Tally struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

// Param is one parameter of an endpoint. Lists are sorted by In, then Name.
type Param struct {
	In    string  `json:"in"` // path, query, header, cookie, body, response
	Name  string  `json:"name"`
	Types []Tally `json:"types"`
	Count uint64  `json:"count"`
	// Schema is nil for fields of bodies, which Request and Responses describe.
	Schema *Schema `json:"schema,omitempty"`
}

// ID is the id of an endpoint: a hash of what makes it one.
func ID(tenant, host, method, template string) string {
	// On the stack: every request that is matched comes by here.
	var buffer [384]byte
	b := buffer[:0]
	for _, p := range [...]string{tenant, host, method, template} {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	var text [16]byte
	hex.Encode(text[:], sum[:8])
	return string(text[:])
}

// Match is what the catalog says of one request.
type Match struct {
	ID string
	// Label is "METHOD host/template".
	Label    string
	Host     string
	Method   string
	Template string
	// Values are the path segments that the template types, in order.
	Values []Value
	// Known is set when discovery or a specification has the endpoint; otherwise
	// the lexer alone made the template.
	Known bool
	// Learned is set when host or template are not the lexer's own.
	Learned bool
}

// Value is one typed path segment of a request.
type Value struct {
	Index int    // segment index, from 0
	Type  string // "int", "uuid", ...
	Text  string
}

// Matcher resolves a request to its endpoint. Implementations must be
// deterministic for a fixed catalog and safe for concurrent use.
type Matcher interface {
	Match(tenant, host, method string, path []byte) Match
}
