// Package uploaded is the documents that people published: how one stands in a
// record of mirador.specifications, and the set of those that now hold.
//
// The record carries the document as it was uploaded, not what was read from it:
// another version may read more, and a finding must name a line that people know.
package uploaded

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/tinylib/msgp/msgp"
)

// Document is what a person published.
type Document struct {
	Tenant string
	// Name tells documents of a tenant apart; the same name again replaces. It is
	// also the file in places: "shop.yaml:12".
	Name   string
	Person string
	At     time.Time
	Media  string
	Bytes  []byte
}

// Bounds of what goes into a header, in bytes.
const (
	MaxName   = 128
	maxPerson = 64
	maxMedia  = 128
)

// ValidName says what is wrong with a name: it stands in keys, addresses and places.
func ValidName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("the name of a specification is %q: it must say something", name)
	case len(name) > MaxName:
		return fmt.Errorf("the name of a specification has %d bytes: %d are the most", len(name), MaxName)
	case !utf8.ValidString(name), strings.TrimSpace(name) != name, strings.ContainsAny(name, `|/\`), strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("the name of a specification is %q: it must not hold |, / or \\, nor begin or end with a blank, nor what cannot be printed", name)
	}
	return nil
}

// Validate reports everything that is wrong with d; limit bounds its bytes.
func (d *Document) Validate(limit int) error {
	errs := []error{ValidName(d.Name)}
	bad := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("specification %q: "+format, append([]any{d.Name}, args...)...))
		}
	}
	bad(d.Tenant == "" || strings.Contains(d.Tenant, "|"), "the tenant is %q: it must be set and must not hold |", d.Tenant)
	bad(len(d.Person) > maxPerson || !utf8.ValidString(d.Person), "the person's name is no text of up to %d bytes", maxPerson)
	bad(len(d.Media) > maxMedia || !utf8.ValidString(d.Media), "the media type is no text of up to %d bytes", maxMedia)
	bad(len(d.Bytes) == 0, "the document is empty")
	bad(len(d.Bytes) > limit, "the document has %d bytes; specifications.max_bytes allows %d", len(d.Bytes), limit)
	return errors.Join(errs...)
}

// Key is tenant|name.
func (d *Document) Key() []byte { return event.RecordKey(d.Tenant, d.Name) }

// headerFields of a record: name, person, at, media. A later version may add some
// behind these, which this one passes over.
const headerFields = 4

// Encode is the value of d's record: the header, then the document.
func (d *Document) Encode() []byte {
	b := make([]byte, 0, len(d.Bytes)+len(d.Name)+len(d.Person)+len(d.Media)+40)
	b = msgp.AppendArrayHeader(b, headerFields)
	b = msgp.AppendString(b, d.Name)
	b = msgp.AppendString(b, d.Person)
	b = msgp.AppendInt64(b, d.At.UnixMilli())
	b = msgp.AppendString(b, d.Media)
	return append(b, d.Bytes...)
}

// Decode is the document of a record. Its bytes are those of value.
func Decode(key, value []byte) (Document, error) {
	var d Document
	var err error
	if d.Tenant, d.Name, err = SplitKey(key); err != nil {
		return d, err
	}
	n, b, err := msgp.ReadArrayHeaderBytes(value)
	if err == nil && n < headerFields {
		err = fmt.Errorf("the header has %d fields, want %d", n, headerFields)
	}
	var name string
	var ms int64
	step := func(read func() error) {
		if err == nil {
			err = read()
		}
	}
	step(func() (e error) { name, b, e = msgp.ReadStringBytes(b); return })
	step(func() (e error) { d.Person, b, e = msgp.ReadStringBytes(b); return })
	step(func() (e error) { ms, b, e = msgp.ReadInt64Bytes(b); return })
	step(func() (e error) { d.Media, b, e = msgp.ReadStringBytes(b); return })
	for i := uint32(headerFields); i < n && err == nil; i++ {
		b, err = msgp.Skip(b)
	}
	if err == nil && name != d.Name {
		err = fmt.Errorf("the header names %q", name)
	}
	if err != nil {
		return Document{}, fmt.Errorf("specification %q: %w", d.Name, err)
	}
	d.At, d.Bytes = time.UnixMilli(ms).UTC(), b
	return d, nil
}

// SplitKey is tenant and name of a record's key.
func SplitKey(key []byte) (tenant, name string, err error) {
	tenant, name, ok := strings.Cut(string(key), "|")
	if !ok || tenant == "" {
		return "", "", fmt.Errorf("the key %q is no tenant|name", key)
	}
	return tenant, name, ValidName(name)
}

// Media is the media type of a document by its name.
func Media(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".json", ".har":
		return "application/json"
	case ".yaml", ".yml":
		return "application/yaml"
	case ".graphql", ".graphqls", ".gql", ".sdl":
		return "application/graphql"
	}
	return "application/octet-stream"
}
