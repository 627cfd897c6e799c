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

// Via is how a nested leaf was found in the value that holds it.
type Via uint8

const (
	Direct      Via = iota // in the message itself: every leaf of Document.Leaves
	FromJSON               // JSON in a string
	FromBase64             // text in base64, standard or URL alphabet
	FromJWT                // header and payload of a token
	FromPercent            // JSON that was percent-encoded once more
	FromGraphQL            // arguments and defaults in the text of a query
)

func (v Via) String() string {
	return [...]string{"direct", "json", "base64", "jwt", "percent", "graphql"}[v]
}

// Leaf is one value.
type Leaf struct {
	Location Location
	// Path names the leaf inside its location: "user.cards[].pan" in JSON (an index
	// is always []), the parameter's name in a query or form, the header's or
	// cookie's name in lower case, "2" for the third path segment. In Nested each
	// step into a value is a name in braces: "session.{jwt}.payload.sub",
	// "state.{base64}.{json}.next", "query.{graphql}.user.@id".
	Path string
	// Name is the last name of Path, without []: what a dictionary is asked for.
	Name string
	// Value is decoded (percent, JSON escapes, entities); Raw is as on the wire.
	Value []byte
	Raw   []byte
	Type  Type
	// Via is the last step into the value where the leaf is a nested one. Its Raw is
	// then as written inside the value around it.
	Via Via
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
	Protobuf
	GRPC
	GRPCWeb
	EventStream
	WebSocket
)

func (f Format) String() string {
	return [...]string{"empty", "json", "form", "multipart", "xml", "graphql", "text", "binary",
		"protobuf", "grpc", "grpc-web", "event-stream", "websocket"}[f]
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
	Undecoded    = "undecoded"     // a message is compressed in a way that is not read here, or points into one that was not read

	TokenLimit     = "token-limit"     // what follows in a GraphQL query has no leaves
	OperationLimit = "operation-limit" // what follows is no Operation
	NestingLimit   = "nesting-limit"   // a value within values was left closed
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
	// Nesting is how many steps into values are taken, and NestedLeaves how many
	// leaves they may yield in all.
	Nesting      int
	NestedLeaves int
	Operations   int // operations a message
	Tokens       int // tokens of a GraphQL query
	// Descriptors name the fields of protobuf messages; nil means by number.
	Descriptors *Descriptors `json:"-"`
	// Queries remember GraphQL texts; nil means that each is read anew.
	Queries *Queries `json:"-"`
}

// DefaultLimits are what a service uses unless configured.
var DefaultLimits = Limits{Leaves: 2000, Depth: 32, DecodedBytes: 1 << 20, Ratio: 10, RatioFree: 64 << 10, PathBytes: 1024,
	Nesting: 4, NestedLeaves: 500, Operations: 32, Tokens: 4000}

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
	set(&l.Nesting, d.Nesting)
	set(&l.NestedLeaves, d.NestedLeaves)
	set(&l.Operations, d.Operations)
	set(&l.Tokens, d.Tokens)
	return l
}

// Document is one message taken apart. Its slices are reused by the next Parse
// into it; values alias the event or the document's own buffers, names and paths
// may be kept. The zero value is ready. Reading it from several goroutines at
// once is allowed, parsing into it is for one at a time.
type Document struct {
	Format Format
	Leaves []Leaf
	// Nested are the leaves within values of Leaves, and within their own.
	Nested     []Leaf
	Operations []Operation
	Issues     []Issue

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
	frames    []byte // a WebSocket message that came in pieces
	deflated  deflated

	// inner are values that may hold others; via and depth are those of the value
	// that is open.
	inner []inner
	via   Via
	depth uint8
	// messages say where in Leaves each message of a body begins: an element of a
	// batch, a line, an event.
	messages []message
	queries  int  // GraphQL texts that were parsed
	cut      bool // the capture cut the body, and with it the last leaf
	envelope envelope
	soapBody string // the first element in the body of an envelope
}
