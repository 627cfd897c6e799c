// Package contract says whether a Go type and the JSON Schema of its record
// still mean the same thing. It is for the tests of the packages that own a record.
package contract

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/miradorhq/mirador/schemas"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// load compiles NAME.schema.json of package schemas.
func load(name string) (*jsonschema.Schema, error) {
	file := name + ".schema.json"
	b, err := schemas.JSON.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("contract: %s: %w", file, err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(file, doc); err != nil {
		return nil, fmt.Errorf("contract: %s: %w", file, err)
	}
	s, err := c.Compile(file)
	if err != nil {
		return nil, fmt.Errorf("contract: %s: %w", file, err)
	}
	return s, nil
}

// Validate says what is wrong with an encoded record by the schema of that name.
func Validate(name string, record []byte) error {
	s, err := load(name)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(record))
	if err != nil {
		return fmt.Errorf("contract: %s: record: %w", name, err)
	}
	if err := s.Validate(v); err != nil {
		return fmt.Errorf("contract: %s: %w", name, err)
	}
	return nil
}

// Compare says where T and the schema of that name differ: a field without a
// property, a property without a field, another type, or a property that is not
// described. tag is the struct tag that names the fields, json or msg.
func Compare[T any](name, tag string) error {
	s, err := load(name)
	if err != nil {
		return err
	}
	var errs []error
	compare(reflect.TypeFor[T](), s, name, tag, map[reflect.Type]bool{}, &errs)
	return errors.Join(errs...)
}

// open are the types that path is inside of: a type that holds itself is compared
// once.
func compare(t reflect.Type, s *jsonschema.Schema, path, tag string, open map[reflect.Type]bool, errs *[]error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	bad := func(format string, args ...any) {
		*errs = append(*errs, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
	}
	described := s.Description != ""
	for s.Ref != nil {
		s = s.Ref
		described = described || s.Description != ""
	}
	// The elements of a list are described with it.
	if !described && !strings.HasSuffix(path, "[]") {
		bad("the schema does not describe it")
	}
	if want := kind(t); !typed(s, want) {
		bad("the schema's type is %v, the field's %s", s.Types, want)
		return
	}
	switch {
	case t.Kind() == reflect.Slice && kind(t) == "array":
		element, ok := s.Items2020, s.Items2020 != nil
		if !ok {
			bad("the schema does not say what the elements are")
			return
		}
		compare(t.Elem(), element, path+"[]", tag, open, errs)
	case kind(t) == "object" && !open[t]:
		open[t] = true
		defer delete(open, t)
		properties := make(map[string]bool)
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
			if name == "" || name == "-" {
				continue
			}
			properties[name] = true
			p, ok := s.Properties[name]
			if !ok {
				bad("the schema has no %s, the field %s has", name, f.Name)
				continue
			}
			compare(f.Type, p, path+"."+name, tag, open, errs)
		}
		var extra []string
		for name := range s.Properties {
			if !properties[name] {
				extra = append(extra, name)
			}
		}
		sort.Strings(extra)
		for _, name := range extra {
			bad("the schema has %s, no field does", name)
		}
		for _, name := range s.Required {
			if !properties[name] {
				bad("the schema requires %s, which no field gives", name)
			}
		}
	}
}

// typed says whether s takes want and nothing else; a list may be null, for so an
// empty one is encoded.
func typed(s *jsonschema.Schema, want string) bool {
	if s.Types == nil {
		return false
	}
	found := false
	for _, t := range s.Types.ToStrings() {
		switch {
		case t == want:
			found = true
		case t != "null" || want != "array":
			return false
		}
	}
	return found
}

// kind is the JSON type that values of t have.
func kind(t reflect.Type) string {
	if t == reflect.TypeFor[time.Time]() {
		return "string"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 { // text and ids
			return "string"
		}
		return "array"
	case reflect.Struct:
		return "object"
	}
	return "integer"
}
