package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// unknownKeys names every key in the YAML text that is no setting of dst, each
// with its line: the decoder itself stops at the first.
func unknownKeys(text []byte, dst any) []error {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil // the decoder has said so
	}
	var errs []error
	for _, doc := range file.Docs {
		errs = append(errs, unknownIn(doc.Body, reflect.TypeOf(dst).Elem(), "")...)
	}
	return errs
}

func unknownIn(n ast.Node, t reflect.Type, path string) (errs []error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case *ast.SequenceNode:
		if t.Kind() == reflect.Slice {
			for _, item := range n.Values {
				errs = append(errs, unknownIn(item, t.Elem(), path)...)
			}
		}
		return errs
	}
	for _, p := range pairs {
		key := strings.Trim(p.Key.String(), `"'`)
		sub := strings.TrimPrefix(path+"."+key, ".")
		switch t.Kind() {
		case reflect.Map:
			errs = append(errs, unknownIn(p.Value, t.Elem(), sub)...)
		case reflect.Struct:
			if f, ok := fieldNamed(t, key); ok {
				errs = append(errs, unknownIn(p.Value, f, sub)...)
			} else {
				errs = append(errs, fmt.Errorf("line %d: %s is no setting; --print-config lists all of them", p.Key.GetToken().Position.Line, sub))
			}
		}
	}
	return errs
}

// fieldNamed is the type of the field that key stands for, looked for in inlined
// structs too.
func fieldNamed(t reflect.Type, key string) (reflect.Type, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		path, ok := fieldPath(f, "")
		switch {
		case !ok:
		case path == "": // inlined
			if found, ok := fieldNamed(f.Type, key); ok {
				return found, true
			}
		case path == key:
			return f.Type, true
		}
	}
	return nil, false
}
