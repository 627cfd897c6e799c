// Package content recognises and parses what a transaction carries: one pass
// yields typed leaves (location, path, decoded value, raw value) of path, query,
// headers, cookies and bodies.
//
// Ambiguity between parsers is a result, not an error: duplicate keys, bad
// UTF-8, a body that is not what it says it is, each an Issue that detectors read.
package content

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

// Issue is an ambiguity or a limit that was met.
type Issue struct {
	// Kind is one of: bad-syntax, bad-utf8, duplicate-key, type-mismatch (the body
	// is not what its content type says), bad-encoding, depth-limit, leaf-limit,
	// ratio-limit, truncated.
	Kind     string
	Location Location
	Path     string
}

// Limits bound the work of one message. The zero value means DefaultLimits.
type Limits struct {
	Leaves       int // leaves a message
	Depth        int // nesting of containers
	DecodedBytes int // bytes after content decoding
	Ratio        int // decoded bytes a coded byte
}

// DefaultLimits are what a service uses unless configured.
var DefaultLimits = Limits{Leaves: 2000, Depth: 32, DecodedBytes: 1 << 20, Ratio: 10}

// Document is one message taken apart. Its slices are reused by the next Parse
// into it; leaves alias the event or the document's own buffer.
type Document struct {
	Format Format
	Leaves []Leaf
	Issues []Issue

	scratch []byte
}
