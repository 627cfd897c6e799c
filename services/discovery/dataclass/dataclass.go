// Package dataclass is what the classifier says of an endpoint as a whole: which
// kinds of sensitive data its confirmed fields hold.
//
// It travels as a partial of the kind "discovery" under the key of the host, so the
// one writer of the catalog learns of it in the same line as of everything else: the
// record of an endpoint and its risk then count it, and a replay meets it at the same
// place. A join of the tables catalog and fields would need a second writer of risk.
package dataclass

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/miradorhq/mirador/services/discovery/order"
	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// Kind is the kind of the partials that the merger of the catalog reads.
const Kind = order.Kind

// Group is the group of partials that those about a host belong to.
func Group(host string) string { return order.Group(host) }

// Bounds of what a statement may hold, in bytes, and of the classes that it names.
const (
	MaxMethod   = 64
	MaxTemplate = 4096
	MaxClass    = 40
	MaxClasses  = 64
	MaxField    = 600
	MaxFields   = 100
)

// Statement takes the place of what was said of the same endpoint before: fields are
// confirmed and taken back. None at all is a statement too.
type Statement struct {
	Method   string
	Template string   // as the classifier's catalog had it
	Classes  []string // sorted, each once
	// Fields of the body of answers that hold them, as Field writes one, sorted, each once.
	Fields []string
}

// Field is a field of a statement: how grave it is to be where it should not, its class, its path.
func Field(severity, class, path string) string { return severity + " " + class + " " + path }

// SplitField takes apart what Field wrote.
func SplitField(field string) (severity, class, path string) {
	severity, field, _ = strings.Cut(field, " ")
	class, path, _ = strings.Cut(field, " ")
	return severity, class, path
}

// Validate reports everything that is wrong with s at once.
func (s *Statement) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("data classes: "+format, args...))
	}
	if s.Method == "" || len(s.Method) > MaxMethod {
		bad("the method has %d bytes, must have 1 to %d", len(s.Method), MaxMethod)
	}
	if s.Template == "" || len(s.Template) > MaxTemplate {
		bad("the template has %d bytes, must have 1 to %d", len(s.Template), MaxTemplate)
	}
	if len(s.Classes) > MaxClasses {
		bad("%d classes, at most %d are taken", len(s.Classes), MaxClasses)
	}
	for i, c := range s.Classes {
		if c == "" || len(c) > MaxClass || !utf8.ValidString(c) || strings.ContainsFunc(c, func(r rune) bool { return r < ' ' }) {
			bad("%q is no name of a class", c)
		}
		if i > 0 && s.Classes[i-1] >= c {
			bad("%q stands behind %q: they must be sorted", c, s.Classes[i-1])
		}
	}
	if len(s.Fields) > MaxFields {
		bad("%d fields, at most %d are taken", len(s.Fields), MaxFields)
	}
	for i, f := range s.Fields {
		if severity, class, path := SplitField(f); len(f) > MaxField || severity == "" || class == "" || path == "" || !utf8.ValidString(f) {
			bad("%q is no field", f)
		}
		if i > 0 && s.Fields[i-1] >= f {
			bad("%q stands behind %q: they must be sorted", f, s.Fields[i-1])
		}
	}
	return errors.Join(errs...)
}

// version starts the payload. No format of differences or orders has this number.
const version = 0x72

// elements of a statement; there were three before there were fields.
const elements = 4

// Is says whether the payload of a partial is a statement.
func Is(payload []byte) bool { return len(payload) > 0 && payload[0] == version }

// Append appends the payload of s, which must be valid.
func Append(b []byte, s *Statement) []byte { return AppendBody(msgp.AppendUint8(b, version), s) }

// AppendBody appends s alone, for a snapshot.
func AppendBody(b []byte, s *Statement) []byte {
	b = msgp.AppendArrayHeader(b, elements)
	b = msgp.AppendString(msgp.AppendString(b, s.Method), s.Template)
	for _, list := range [...][]string{s.Classes, s.Fields} {
		b = msgp.AppendArrayHeader(b, uint32(len(list)))
		for _, text := range list {
			b = msgp.AppendString(b, text)
		}
	}
	return b
}

// Read reads what AppendBody wrote. What it gives without an error is valid.
func Read(r *wire.Reader) Statement {
	have := r.Length()
	if r.Err == nil && (have < elements-1 || have > elements) {
		r.Fail("a statement of data classes of %d elements, not %d", have, elements)
	}
	s := Statement{Method: r.Text(MaxMethod), Template: r.Text(MaxTemplate)}
	s.Classes = texts(r, "data classes", MaxClasses, MaxClass)
	if have == elements {
		s.Fields = texts(r, "fields", MaxFields, MaxField)
	}
	if r.Err == nil {
		if err := s.Validate(); err != nil {
			r.Fail("%w", err)
		}
	}
	return s
}

func texts(r *wire.Reader, what string, most, longest int) (list []string) {
	n := r.Length()
	if n > most {
		r.Fail("%d %s, at most %d are taken", n, what, most)
		n = 0
	}
	for range n {
		list = append(list, r.Text(longest))
	}
	return list
}

// Decode reads a payload. What it gives is valid.
func Decode(b []byte) (Statement, error) {
	r := &wire.Reader{B: b}
	if v := r.Uint(); r.Err == nil && v != version {
		r.Fail("a statement of data classes of version %d, known is %d: upgrade discovery before the classifier", v, version)
	}
	s := Read(r)
	if r.Err == nil && len(r.B) > 0 {
		r.Fail("%d bytes behind a statement of data classes", len(r.B))
	}
	if r.Err != nil {
		return Statement{}, r.Err
	}
	return s, nil
}

// Join is the union of two lists, sorted.
func Join(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
