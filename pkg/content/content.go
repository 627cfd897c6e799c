// Package content recognises and parses what a transaction carries: one pass
// yields typed leaves (location, path, decoded value, raw value) of path, query,
// headers, cookies and bodies.
//
// Ambiguity between parsers is a result, not an error: duplicate keys, bad
// UTF-8, a body that is not what it says it is, each an Issue that detectors read.
// Nothing is dropped in silence: what a parser could not read is a leaf as text.
package content

import "bytes"

// Location is where a leaf stands.
type Location uint8

const (
	Path Location = iota
	Query
	Header
	Cookie
	Body
)

func (l Location) String() string {
	return [...]string{"path", "query", "header", "cookie", "body"}[l]
}

// Type is the type of a value as its format states it, or as its text shows it
// where the format has only text (query, form, path).
type Type uint8

const (
	String Type = iota
	Integer
	Number
	Boolean
	Null
)

func (t Type) String() string {
	return [...]string{"string", "integer", "number", "boolean", "null"}[t]
}

// Leaf is one value.
type Leaf struct {
	Location Location
	// Path names the leaf inside its location: "user.cards[].pan" in JSON (an index
	// is always []), the parameter's name in a query or form, the header's or
	// cookie's name in lower case, "2" for the third path segment.
	Path string
	// Name is the last name of Path, without []: what a dictionary is asked for.
	Name string
	// Value is decoded (percent, JSON escapes, entities); Raw is as on the wire.
	Value []byte
	Raw   []byte
	Type  Type
}

// Format is what a body turned out to be.
type Format uint8

const (
	Empty Format = iota
	JSON
	Form
	Multipart
	XML
	GraphQL
	Text
	Binary
)

func (f Format) String() string {
	return [...]string{"empty", "json", "form", "multipart", "xml", "graphql", "text", "binary"}[f]
}

// Kinds of an Issue.
const (
	BadSyntax    = "bad-syntax"    // the rest of the text is one leaf
	BadUTF8      = "bad-utf8"      // the value keeps the bytes
	DuplicateKey = "duplicate-key" // every value is a leaf
	TypeMismatch = "type-mismatch" // the body is not what its content type says
	BadEncoding  = "bad-encoding"  // percent or content coding
	DepthLimit   = "depth-limit"   // the container is one leaf as text
	LeafLimit    = "leaf-limit"    // what follows has no leaves
	RatioLimit   = "ratio-limit"   // the decoded body was cut
	PathLimit    = "path-limit"    // the path stays that of the parent
	Truncated    = "truncated"     // the body ends before its end
)

// Issue is an ambiguity or a limit that was met. A message has at most
// Limits.Leaves of them.
type Issue struct {
	// Kind is one of the constants above.
	Kind     string
	Location Location
	Path     string
}

// Limits bound the work of one message. A zero field means its default.
type Limits struct {
	Leaves       int // leaves a message
	Depth        int // nesting of containers
	DecodedBytes int // bytes after content decoding
	Ratio        int // decoded bytes a coded byte
	// RatioFree is how many decoded bytes Ratio does not apply to: a small
	// repetitive answer compresses far better than ten to one and is no bomb.
	RatioFree int
	PathBytes int // bytes of a leaf's path
}

// DefaultLimits are what a service uses unless configured.
var DefaultLimits = Limits{Leaves: 2000, Depth: 32, DecodedBytes: 1 << 20, Ratio: 10, RatioFree: 64 << 10, PathBytes: 1024}

func (l Limits) orDefault() Limits {
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	d := DefaultLimits
	set(&l.Leaves, d.Leaves)
	set(&l.Depth, d.Depth)
	set(&l.DecodedBytes, d.DecodedBytes)
	set(&l.Ratio, d.Ratio)
	set(&l.RatioFree, d.RatioFree)
	set(&l.PathBytes, d.PathBytes)
	return l
}

// Document is one message taken apart. Its slices are reused by the next Parse
// into it; values alias the event or the document's own buffers, names and paths
// may be kept. The zero value is ready. Reading it from several goroutines at
// once is allowed, parsing into it is for one at a time.
type Document struct {
	Format Format
	Leaves []Leaf
	Issues []Issue

	limits Limits
	budget int // leaves that may still come
	names  names
	// scratch holds decoded values. It only grows during one parse, so values that
	// alias an outgrown backing array stay as they were.
	scratch   []byte
	decoded   []byte // the body without its content coding
	codings   codings
	xmlSource bytes.Reader
	xmlStack  []openElement
}
