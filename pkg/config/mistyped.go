package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// mistyped fills dst from the YAML text setting by setting, and names each that is
// not of its type, with its line. The decoder stops at the first, and does not
// always say where it was: this is asked once that has failed.
func mistyped(text []byte, dst any) []error {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil // the decoder has said so
	}
	var errs []error
	for _, doc := range file.Docs {
		walk(reflect.ValueOf(dst).Elem(), "", func(path string, v reflect.Value, _ reflect.StructField) {
			n := nodeAt(doc.Body, path)
			if path == "" || n == nil || n.Type() == ast.NullType {
				return
			}
			line := n.GetToken().Position.Line
			if !isLeaf(v) {
				if !isMapping(n) {
					errs = append(errs, fmt.Errorf("line %d: %s: %s stands where a section of settings belongs", line, path, shown(n)))
				}
				return
			}
			fresh := reflect.New(v.Type())
			if err := yaml.NodeToValue(n, fresh.Interface()); err != nil {
				errs = append(errs, fmt.Errorf("line %d: %s: %s is not a %s%s", line, path, shown(n), typeName(v), because(err)))
				return
			}
			v.Set(fresh.Elem())
		})
	}
	return errs
}

// because is what a value's own parser says. What the decoder says of types adds
// nothing but the names of Go's.
func because(err error) string {
	var decoder yaml.Error
	if errors.As(err, &decoder) {
		return ""
	}
	return ": " + err.Error()
}

// nodeAt is the node of the setting, or the section, at path; nil if there is none.
func nodeAt(n ast.Node, path string) ast.Node {
	if path == "" {
		return n
	}
	for key := range strings.SplitSeq(path, ".") {
		var pairs []*ast.MappingValueNode
		switch m := n.(type) {
		case *ast.MappingNode:
			pairs = m.Values
		case *ast.MappingValueNode:
			pairs = []*ast.MappingValueNode{m}
		}
		n = nil
		for _, p := range pairs {
			if strings.Trim(p.Key.String(), `"'`) == key {
				n = p.Value
			}
		}
		if n == nil {
			return nil
		}
	}
	return n
}

func isMapping(n ast.Node) bool {
	return n.Type() == ast.MappingType || n.Type() == ast.MappingValueType
}

func shown(n ast.Node) string {
	s := strings.Join(strings.Fields(n.String()), " ")
	if len(s) > 60 {
		s = s[:60] + "..."
	}
	return s
}
