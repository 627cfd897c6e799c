// Package document reads JSON and YAML into one tree in which every value knows
// its place: file, line and JSON pointer. A finding about a specification must
// name the place in it, and the decoders into Go values forget it.
//
// Whoever uploads a document may be hostile: size, depth and number of values are
// bounded, an alias of YAML costs what it stands for, and a reference leads to
// no place but the folder that was given.
package document

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind of a Node.
type Kind uint8

// Kinds.
const (
	Scalar Kind = iota
	Object
	List
)

// Node is one value. The methods take a nil Node for a value that is not there,
// so that a walk down an optional path needs no checks.
type Node struct {
	Kind Kind
	// Type of a scalar is string, integer, number, boolean or null; Text is its text.
	Type, Text string
	Line       int
	Fields     []Field // of an object, in the document's order, each name once
	Items      []*Node // of a list

	file   *File
	parent *Node
	key    string         // in the parent
	index  map[string]int // of Fields, where there are many
}

// Field is a named value.
type Field struct {
	Name  string
	Value *Node
}

// File is a document that was read.
type File struct {
	// Name is relative to the folder and tells what references lead to; Shown is how
	// people know the file.
	Name, Shown string
	Root        *Node
}

// Limits bound what is read. The zero value of a field means its default.
type Limits struct {
	Bytes int // of one file
	Depth int // of nesting
	Nodes int // values of all files of one specification
	Files int // files of one specification
}

// DefaultLimits bound a specification to some hundreds of megabytes of memory.
var DefaultLimits = Limits{Bytes: 48 << 20, Depth: 100, Nodes: 3_000_000, Files: 200}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	if l.Bytes > 0 {
		d.Bytes = l.Bytes
	}
	if l.Depth > 0 {
		d.Depth = l.Depth
	}
	if l.Nodes > 0 {
		d.Nodes = l.Nodes
	}
	if l.Files > 0 {
		d.Files = l.Files
	}
	return d
}

// Error says where a document is wrong.
type Error struct {
	File string
	Line int // 0 is unknown
	Err  error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors of limits.
var (
	ErrTooLarge = errors.New("document is too large")
	ErrTooDeep  = errors.New("document is nested too deeply")
)

// manyFields is where a map beats looking at each.
const manyFields = 16

// Get is the value of that name, nil when there is none or n is no object.
func (n *Node) Get(name string) *Node {
	if n == nil {
		return nil
	}
	if n.index != nil {
		if i, ok := n.index[name]; ok {
			return n.Fields[i].Value
		}
		return nil
	}
	for i := range n.Fields {
		if n.Fields[i].Name == name {
			return n.Fields[i].Value
		}
	}
	return nil
}

// At is Get along a path of names.
func (n *Node) At(names ...string) *Node {
	for _, name := range names {
		n = n.Get(name)
	}
	return n
}

// String is the text of a scalar, else "".
func (n *Node) String() string {
	if n == nil || n.Kind != Scalar || n.Type == "null" {
		return ""
	}
	return n.Text
}

// True says whether n is the boolean true.
func (n *Node) True() bool {
	return n != nil && n.Kind == Scalar && n.Type == "boolean" && strings.EqualFold(n.Text, "true")
}

// Number is the value of a number, nil for everything else.
func (n *Node) Number() *float64 {
	if n == nil || n.Kind != Scalar || n.Type != "integer" && n.Type != "number" {
		return nil
	}
	f, err := strconv.ParseFloat(n.Text, 64)
	if err != nil {
		return nil
	}
	return &f
}

// Elements are the items of a list, none for everything else.
func (n *Node) Elements() []*Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// Members are the fields of an object, none for everything else.
func (n *Node) Members() []Field {
	if n == nil {
		return nil
	}
	return n.Fields
}

// File is the file that n stands in, as people know it.
func (n *Node) File() string {
	if n == nil || n.file == nil {
		return ""
	}
	return n.file.Shown
}

// Pointer is the JSON pointer (RFC 6901) of n in its file; "" is the whole.
func (n *Node) Pointer() string {
	var parts []string
	for at := n; at != nil && at.parent != nil; at = at.parent {
		parts = append(parts, at.key)
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(parts[i], "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// Errorf is an Error at n.
func (n *Node) Errorf(format string, args ...any) *Error {
	line := 0
	if n != nil {
		line = n.Line
	}
	return &Error{n.File(), line, fmt.Errorf(format, args...)}
}

// put adds a field; of two of one name the later holds, as in nearly every parser.
func (n *Node) put(name string, v *Node) {
	if n.index == nil && len(n.Fields) >= manyFields {
		n.index = make(map[string]int, 2*manyFields)
		for i := range n.Fields {
			n.index[n.Fields[i].Name] = i
		}
	}
	at := -1
	if n.index != nil {
		if i, ok := n.index[name]; ok {
			at = i
		}
	} else {
		for i := range n.Fields {
			if n.Fields[i].Name == name {
				at = i
			}
		}
	}
	if v.parent == nil {
		v.parent, v.key = n, name
	}
	if at >= 0 {
		n.Fields[at].Value = v
		return
	}
	if n.index != nil {
		n.index[name] = len(n.Fields)
	}
	n.Fields = append(n.Fields, Field{name, v})
}

func (n *Node) append(v *Node) {
	v.parent, v.key = n, strconv.Itoa(len(n.Items))
	n.Items = append(n.Items, v)
}

// Is says whether a scalar has that type.
func (n *Node) Is(typ string) bool { return n != nil && n.Kind == Scalar && n.Type == typ }
