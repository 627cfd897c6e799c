package read

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// protobufSet reads the services of a FileDescriptorSet. The set need not be whole: a
// message that it lacks permits everything.
type protobufSet struct {
	problems
	file     string
	messages map[string]*message // by full name with its leading dot
	enums    map[string]*enum
	done     map[schemaKey]*spec.Schema
	open     map[schemaKey]bool
	out      *spec.Specification
}

// schemaKey is a message as gRPC carries it, or as JSON does.
type schemaKey struct {
	message string
	json    bool
}

type message struct {
	*descriptorpb.DescriptorProto
	where spec.Place
}

type enum struct {
	*descriptorpb.EnumDescriptorProto
	where spec.Place
}

func protobuf(name string, b []byte) (*spec.Specification, error) {
	var set descriptorpb.FileDescriptorSet
	// Without a registry options of others stay bytes, whatever this program links.
	if err := (proto.UnmarshalOptions{Resolver: new(protoregistry.Types)}).Unmarshal(b, &set); err != nil || len(set.File) == 0 {
		return nil, &document.Error{File: name, Err: errors.New("the content is no FileDescriptorSet (protoc --descriptor_set_out, buf build -o)")}
	}
	r := &protobufSet{
		file: name, messages: map[string]*message{}, enums: map[string]*enum{},
		done: map[schemaKey]*spec.Schema{}, open: map[schemaKey]bool{}, out: &spec.Specification{Title: name, Format: "protobuf"},
	}
	for i, f := range set.File {
		l := newLines(r.file, i, f)
		scope := ""
		if f.GetPackage() != "" {
			scope = "." + f.GetPackage()
		}
		for k, m := range f.MessageType {
			r.message(scope, m, l, []int32{4, int32(k)}, 0)
		}
		for k, e := range f.EnumType {
			r.enums[scope+"."+e.GetName()] = &enum{e, l.place([]int32{5, int32(k)}, scope+"."+e.GetName())}
		}
	}
	for i, f := range set.File {
		l := newLines(r.file, i, f)
		for k, s := range f.Service {
			r.service(f, s, l, int32(k))
		}
	}
	if len(r.out.Operations) == 0 {
		return nil, &document.Error{File: name, Err: fmt.Errorf("the %d files of the set define no service", len(set.File))}
	}
	r.out.Problems = r.list
	return r.out, nil
}

// lines finds where the source of a file says something, where the set was built
// with source information (protoc --include_source_info).
type lines struct {
	set, source string
	at          map[string]int
}

func newLines(set string, index int, f *descriptorpb.FileDescriptorProto) *lines {
	l := &lines{set: set, source: f.GetName(), at: map[string]int{}}
	for _, loc := range f.GetSourceCodeInfo().GetLocation() {
		if len(loc.Span) > 0 {
			l.at[fmt.Sprint(loc.Path)] = int(loc.Span[0]) + 1
		}
	}
	return l
}

// place is the line of the source, where it is known, else the set.
func (l *lines) place(path []int32, coordinate string) spec.Place {
	p := spec.Place{File: l.set, Pointer: strings.TrimPrefix(coordinate, ".")}
	if line := l.at[fmt.Sprint(path)]; line > 0 {
		p.File, p.Line = l.source, line
	}
	return p
}

// placeOr is the line of path, where it is known, else p.
func (l *lines) placeOr(path []int32, p spec.Place) spec.Place {
	if line := l.at[fmt.Sprint(path)]; line > 0 {
		p.File, p.Line = l.source, line
	}
	return p
}

func (r *protobufSet) message(scope string, m *descriptorpb.DescriptorProto, l *lines, path []int32, depth int) {
	name := scope + "." + m.GetName()
	r.messages[name] = &message{m, l.place(path, name)}
	for k, e := range m.EnumType {
		r.enums[name+"."+e.GetName()] = &enum{e, l.place(append(slices.Clone(path), 4, int32(k)), name+"."+e.GetName())}
	}
	for k, n := range m.NestedType {
		if depth < document.DefaultLimits.Depth {
			r.message(name, n, l, append(slices.Clone(path), 3, int32(k)), depth+1)
		}
	}
}

func (r *protobufSet) service(f *descriptorpb.FileDescriptorProto, s *descriptorpb.ServiceDescriptorProto, l *lines, index int32) {
	name := s.GetName()
	if f.GetPackage() != "" {
		name = f.GetPackage() + "." + name
	}
	for k, m := range s.Method {
		where := l.place([]int32{6, index, 2, int32(k)}, name+"."+m.GetName())
		if len(r.out.Operations) >= maxOperations {
			r.put(spec.Problem{Where: where, Text: "more operations than are read"})
			return
		}
		r.out.Operations = append(r.out.Operations, spec.Operation{
			Protocol: "grpc", Name: name + "/" + m.GetName(), Method: "POST", Template: "/" + name + "/" + m.GetName(),
			Deprecated: m.GetOptions().GetDeprecated() || s.GetOptions().GetDeprecated(), Where: where,
			Request:   []spec.Body{{Media: "application/grpc", Schema: r.schema(m.GetInputType(), false), Where: where}},
			Statuses:  []spec.Status{{Name: "200", Where: where}},
			Responses: []spec.Body{{Status: "200", Media: "application/grpc", Schema: r.schema(m.GetOutputType(), false), Where: where}},
		})
		r.http(m, transcoding{
			name: name + "/" + m.GetName(), deprecated: m.GetOptions().GetDeprecated() || s.GetOptions().GetDeprecated(), servers: servers(s),
			where: l.placeOr([]int32{6, index, 2, int32(k), 4, httpRule}, where),
		})
	}
}

// wellKnown are messages that stand for one value.
var wellKnown = map[string][]string{
	".google.protobuf.Timestamp": {"string"}, ".google.protobuf.Duration": {"string"}, ".google.protobuf.FieldMask": {"string"},
	".google.protobuf.StringValue": {"string"}, ".google.protobuf.BytesValue": {"string"}, ".google.protobuf.BoolValue": {"boolean"},
	".google.protobuf.Int32Value": {"integer"}, ".google.protobuf.Int64Value": {"integer"}, ".google.protobuf.UInt32Value": {"integer"},
	".google.protobuf.UInt64Value": {"integer"}, ".google.protobuf.DoubleValue": {"number"}, ".google.protobuf.FloatValue": {"number"},
}

// schema is a message. In JSON its fields may be called by either of two names.
func (r *protobufSet) schema(name string, json bool) *spec.Schema {
	m := r.messages[name]
	if m == nil || strings.HasPrefix(name, ".google.protobuf.") {
		if types := wellKnown[name]; types != nil {
			if json && strings.HasSuffix(name, "Int64Value") {
				types = []string{"integer", "string"}
			}
			return &spec.Schema{Types: types}
		}
		return nil
	}
	key := schemaKey{name, json}
	if s, ok := r.done[key]; ok {
		return s
	}
	if r.open[key] || len(r.open) >= maxChain {
		return nil
	}
	r.open[key] = true
	s := &spec.Schema{Types: []string{"object"}, Where: m.where}
	for _, f := range m.Field {
		p := spec.Property{Name: f.GetName(), Required: f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REQUIRED && !json}
		p.Schema = r.field(f, json)
		s.Properties = append(s.Properties, p)
		if other := jsonName(f); json && other != p.Name {
			p.Name = other
			s.Properties = append(s.Properties, p)
		}
	}
	slices.SortStableFunc(s.Properties, func(a, b spec.Property) int { return strings.Compare(a.Name, b.Name) })
	delete(r.open, key)
	r.done[key] = s
	return s
}

func (r *protobufSet) field(f *descriptorpb.FieldDescriptorProto, json bool) *spec.Schema {
	one := r.value(f, json)
	if f.GetLabel() != descriptorpb.FieldDescriptorProto_LABEL_REPEATED {
		return one
	}
	if m := r.messages[f.GetTypeName()]; m != nil && m.GetOptions().GetMapEntry() {
		s := &spec.Schema{Types: []string{"object"}, Where: m.where, Additional: &spec.Schema{}}
		for _, v := range m.Field {
			if v.GetNumber() == 2 {
				if value := r.value(v, json); value != nil {
					s.Additional = value
				}
			}
		}
		return s
	}
	return &spec.Schema{Types: []string{"array"}, Items: one}
}

func (r *protobufSet) value(f *descriptorpb.FieldDescriptorProto, json bool) *spec.Schema {
	switch f.GetType() {
	case descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, descriptorpb.FieldDescriptorProto_TYPE_GROUP:
		return r.schema(f.GetTypeName(), json)
	case descriptorpb.FieldDescriptorProto_TYPE_ENUM:
		s := &spec.Schema{Types: []string{"integer", "string"}}
		if e := r.enums[f.GetTypeName()]; e != nil {
			s.Where = e.where
		}
		return s
	case descriptorpb.FieldDescriptorProto_TYPE_BOOL:
		return &spec.Schema{Types: []string{"boolean"}}
	case descriptorpb.FieldDescriptorProto_TYPE_STRING, descriptorpb.FieldDescriptorProto_TYPE_BYTES:
		return &spec.Schema{Types: []string{"string"}}
	case descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, descriptorpb.FieldDescriptorProto_TYPE_FLOAT:
		return &spec.Schema{Types: []string{"number"}}
	}
	if json && sixtyFour(f.GetType()) { // JSON has them as texts, and takes numbers
		return &spec.Schema{Types: []string{"integer", "string"}}
	}
	return &spec.Schema{Types: []string{"integer"}}
}
