package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"
)

// Setting is one leaf of a struct of settings.
type Setting struct {
	Path string // kafka.brokers
	Env  string // MIRADOR_KAFKA_BROKERS
	Doc  string
	Type string // text, number, duration, yes/no, list, map

	value reflect.Value
}

// Settings lists the leaves of dst, a pointer to a struct, in order of
// declaration. It panics where dst is not one: that is a mistake of the program.
func Settings(dst any) []Setting {
	var out []Setting
	walk(reflect.ValueOf(dst).Elem(), "", func(path string, v reflect.Value, f reflect.StructField) {
		if isLeaf(v) {
			out = append(out, Setting{Path: path, Env: envName(path), Doc: f.Tag.Get("doc"), Type: typeName(v), value: v})
		}
	})
	return out
}

func envName(path string) string {
	return EnvPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(path))
}

// Value is the setting's present value as it would stand in the file.
func (s *Setting) Value() string {
	if s.value.Kind() == reflect.String {
		return s.value.String()
	}
	b, err := yaml.MarshalWithOptions(s.value.Interface(), yaml.Flow(true))
	if err != nil {
		return fmt.Sprint(s.value.Interface())
	}
	return strings.TrimSpace(string(b))
}

// set parses text as the setting's type. source names where text came from.
func (s *Setting) set(source, text string) error {
	v := s.value
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
		return nil
	case v.Type() == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%s: %q is not a duration such as 100ms, 5s or 24h", source, text)
		}
		v.SetInt(int64(d))
		return nil
	case v.Type() == reflect.TypeFor[[]string]() && !strings.HasPrefix(text, "["):
		var list []string
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		v.Set(reflect.ValueOf(list))
		return nil
	}
	fresh := reflect.New(v.Type())
	if err := yaml.UnmarshalWithOptions([]byte(text), fresh.Interface(), yaml.Strict()); err != nil {
		return fmt.Errorf("%s: %q is not a %s", source, text, s.Type)
	}
	v.Set(fresh.Elem())
	return nil
}

// AddFlags registers a flag for every setting of dst. Flags are read by Load,
// not written through, so that their order of precedence holds.
func AddFlags(fs *pflag.FlagSet, dst any) {
	for _, s := range Settings(dst) {
		if s.Type == "map" || fs.Lookup(s.Path) != nil {
			continue
		}
		fs.String(s.Path, s.Value(), s.Doc)
		if s.Type == "yes/no" {
			fs.Lookup(s.Path).NoOptDefVal = "true"
		}
	}
}

// walk visits every field that has a yaml name, structs before their fields.
func walk(v reflect.Value, path string, visit func(string, reflect.Value, reflect.StructField)) {
	if path == "" {
		visit("", v, reflect.StructField{})
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		sub, ok := fieldPath(f, path)
		if !ok {
			continue
		}
		visit(sub, v.Field(i), f)
		if !isLeaf(v.Field(i)) {
			walk(v.Field(i), sub, visit)
		}
	}
}

// fieldPath is the path of a field in the struct at path; ok is false where it is
// no setting. An inlined struct has the path of the one it is in.
func fieldPath(f reflect.StructField, path string) (sub string, ok bool) {
	name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if !f.IsExported() || name == "-" {
		return "", false
	}
	if strings.Contains(opts, "inline") {
		return path, true
	}
	if name == "" {
		name = strings.ToLower(f.Name)
	}
	return strings.TrimPrefix(path+"."+name, "."), true
}

func isLeaf(v reflect.Value) bool { return v.Kind() != reflect.Struct }

func typeName(v reflect.Value) string {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return "duration"
	case v.Kind() == reflect.Bool:
		return "yes/no"
	case v.Kind() == reflect.String:
		return "text"
	case v.Kind() == reflect.Slice:
		return "list"
	case v.Kind() == reflect.Map:
		return "map"
	}
	return "number"
}

// Reference is a YAML file with every setting of dst at its present value, each
// under its description: the documentation that cannot go stale.
func Reference(dst any) []byte {
	var b strings.Builder
	walk(reflect.ValueOf(dst).Elem(), "", func(path string, v reflect.Value, f reflect.StructField) {
		if path == "" || strings.Contains(f.Tag.Get("yaml"), ",inline") {
			return
		}
		depth := strings.Count(path, ".")
		indent := strings.Repeat("  ", depth)
		if doc := f.Tag.Get("doc"); doc != "" {
			if depth == 0 {
				b.WriteByte('\n')
			}
			for line := range strings.SplitSeq(doc, "\n") {
				fmt.Fprintf(&b, "%s# %s\n", indent, line)
			}
		}
		name := path[strings.LastIndexByte(path, '.')+1:]
		if !isLeaf(v) {
			fmt.Fprintf(&b, "%s%s:\n", indent, name)
			return
		}
		text, err := yaml.MarshalWithOptions(v.Interface(), yaml.Flow(true))
		if err != nil {
			text = fmt.Appendf(nil, "null # %v", err)
		}
		fmt.Fprintf(&b, "%s%s: %s\n", indent, name, strings.TrimSpace(string(text)))
	})
	return []byte(strings.TrimLeft(b.String(), "\n"))
}
