package read

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Numbers of the options that say how a gRPC method is asked for over HTTP with JSON:
// (google.api.http) of a method and (google.api.default_host) of a service. They are
// read off the wire, so their definitions need not be linked.
const (
	httpRule    = 72295728
	defaultHost = 1049

	ruleCustom       = 8
	ruleBody         = 7
	ruleMore         = 11
	ruleResponseBody = 12
	customKind       = 1
	customPath       = 2
)

// ruleMethods are the fields of a rule that hold a path.
var ruleMethods = map[protowire.Number]string{2: "GET", 3: "PUT", 4: "POST", 5: "DELETE", 6: "PATCH"}

// transcoding is what a rule belongs to.
type transcoding struct {
	name       string
	deprecated bool
	servers    []spec.Server
	where      spec.Place
}

// rule is one way to ask for a method.
type rule struct {
	method, path, body, response string
	more                         []rule
}

// http adds the operations that the rule of a method makes, beside that of gRPC.
func (r *protobufSet) http(m *descriptorpb.MethodDescriptorProto, t transcoding) {
	raw, err := option(m.GetOptions().ProtoReflect().GetUnknown(), httpRule)
	if err == nil && raw == nil {
		return
	}
	var first rule
	if err == nil {
		first, err = decodeRule(raw, true)
	}
	if err != nil {
		r.put(spec.Problem{Where: t.where, Text: "(google.api.http) of " + t.name + ": " + err.Error()})
		return
	}
	for _, one := range append([]rule{first}, first.more...) {
		o, err := r.transcoded(m, t, one)
		if err != nil {
			r.put(spec.Problem{Where: t.where, Text: "(google.api.http) of " + t.name + ": " + err.Error()})
			continue
		}
		if len(r.out.Operations) >= maxOperations {
			return // it is said by the next method
		}
		r.out.Operations = append(r.out.Operations, o)
	}
}

// servers are where the service says it is.
func servers(s *descriptorpb.ServiceDescriptorProto) []spec.Server {
	host, err := option(s.GetOptions().ProtoReflect().GetUnknown(), defaultHost)
	if err != nil || len(host) == 0 {
		return nil
	}
	name, _, _ := strings.Cut(strings.ToLower(string(host)), ":")
	return []spec.Server{{Host: name}}
}

// transcoded is the operation of one rule. What the path does not name of the request
// is its body where the rule says so, and else stands in the query.
func (r *protobufSet) transcoded(m *descriptorpb.MethodDescriptorProto, t transcoding, one rule) (spec.Operation, error) {
	o := spec.Operation{
		Protocol: "rest", Name: t.name, Method: one.method, Servers: t.servers, Deprecated: t.deprecated, Where: t.where,
		Statuses: []spec.Status{{Name: "200", Where: t.where}, {Name: "4XX", Where: t.where}, {Name: "5XX", Where: t.where}},
	}
	if one.method == "" || strings.Trim(one.method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
		return o, errors.New("it names no method of HTTP")
	}
	var bound []string
	var err error
	if o.Template, bound, err = pathTemplate(one.path); err != nil {
		return o, err
	}
	request := r.messages[m.GetInputType()]
	for _, name := range bound {
		o.Params = append(o.Params, spec.Param{In: "path", Name: name, Required: true, Schema: &spec.Schema{Types: []string{"string"}}, Where: t.where})
	}
	const json = "application/json"
	switch one.body {
	case "":
	case "*":
		o.Request = []spec.Body{{Media: json, Schema: r.schema(m.GetInputType(), true), Where: t.where}}
	default:
		o.Request = []spec.Body{{Media: json, Schema: r.member(request, one.body), Where: t.where}}
	}
	if request != nil && one.body != "*" {
		for _, f := range request.Field {
			if f.GetName() == one.body || slices.ContainsFunc(bound, func(name string) bool { return name == f.GetName() }) {
				continue
			}
			p := spec.Param{In: "query", Name: f.GetName(), Schema: r.field(f, true), Where: t.where}
			o.Params = append(o.Params, p)
			if p.Name = jsonName(f); p.Name != f.GetName() {
				o.Params = append(o.Params, p)
			}
		}
	}
	answer := r.schema(m.GetOutputType(), true)
	if one.response != "" {
		answer = r.member(r.messages[m.GetOutputType()], one.response)
	}
	o.Responses = []spec.Body{{Status: "200", Media: json, Schema: answer, Where: t.where}}
	for _, failed := range o.Statuses[1:] { // what a gateway says of errors is its own
		o.Responses = append(o.Responses, spec.Body{Status: failed.Name, Media: "*/*", Where: t.where})
	}
	return o, nil
}

// member is the schema of a field, nil where it is not known.
func (r *protobufSet) member(m *message, name string) *spec.Schema {
	if m != nil {
		for _, f := range m.Field {
			if f.GetName() == name {
				return r.field(f, true)
			}
		}
	}
	return nil
}

// pathTemplate is the template of a rule as documents write it: "/v1/{name=shelves/*}:open"
// is "/v1/shelves/{name}:open", and "/v1/{path=**}" is "/v1/{path+}". bound are the
// fields that it names.
func pathTemplate(path string) (template string, bound []string, err error) {
	if !strings.HasPrefix(path, "/") || !utf8.ValidString(path) {
		return "", nil, fmt.Errorf("its path %q is no text that begins with a slash", path)
	}
	var b strings.Builder
	anonymous := 0
	wild := func(pattern, name string) {
		for i, s := range strings.Split(pattern, "/") {
			if i > 0 {
				b.WriteByte('/')
			}
			if s != "*" && s != "**" {
				b.WriteString(s)
				continue
			}
			at := name
			if at == "" {
				anonymous++
				at = fmt.Sprintf("any%d", anonymous)
			} else if slices.Contains(bound, at) {
				at = fmt.Sprintf("%s.%d", name, i)
			}
			bound = append(bound, at)
			if s == "**" {
				at += "+"
			}
			b.WriteString("{" + at + "}")
		}
	}
	for rest := path; rest != ""; {
		literal, after, opened := strings.Cut(rest, "{")
		verb := ""
		if i := strings.LastIndexByte(literal, ':'); !opened && i > strings.LastIndexByte(literal, '/') {
			literal, verb = literal[:i], literal[i:] // "*:verb"
		}
		wild(literal, "")
		b.WriteString(verb)
		if !opened {
			break
		}
		variable, then, closed := strings.Cut(after, "}")
		name, pattern, _ := strings.Cut(variable, "=")
		if !closed || name == "" || strings.ContainsAny(variable, "{ ") {
			return "", nil, fmt.Errorf("its path %q cannot be read", path)
		}
		if pattern == "" {
			pattern = "*"
		}
		wild(pattern, name)
		rest = then
	}
	template = b.String()
	if i := strings.Index(template, "+}"); i >= 0 && i+2 < len(template) {
		return "", nil, fmt.Errorf("its path %q goes on behind what stands for any number of segments: this is not read", path)
	}
	return template, bound, nil
}

// option is the value of a length-delimited option among unknown fields, nil where it
// is not there. Of several the last holds, as in protobuf.
func option(b []byte, number protowire.Number) (value []byte, err error) {
	err = fields(b, func(n protowire.Number, v []byte) error {
		if n == number {
			value = v
		}
		return nil
	})
	return value, err
}

// fields calls f for every length-delimited field of a message; the others are
// passed over.
func fields(b []byte, f func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		n, typ, size := protowire.ConsumeTag(b)
		if size < 0 {
			return fmt.Errorf("it cannot be decoded: %w", protowire.ParseError(size))
		}
		b = b[size:]
		if typ != protowire.BytesType {
			if size = protowire.ConsumeFieldValue(n, typ, b); size < 0 {
				return fmt.Errorf("it cannot be decoded: %w", protowire.ParseError(size))
			}
			b = b[size:]
			continue
		}
		v, size := protowire.ConsumeBytes(b)
		if size < 0 {
			return fmt.Errorf("it cannot be decoded: %w", protowire.ParseError(size))
		}
		if err := f(n, v); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// decodeRule reads an HttpRule. Rules within rules may not hold more.
func decodeRule(b []byte, outer bool) (rule, error) {
	var out rule
	err := fields(b, func(n protowire.Number, v []byte) error {
		switch n {
		case ruleBody:
			out.body = string(v)
		case ruleResponseBody:
			out.response = string(v)
		case ruleCustom:
			return fields(v, func(n protowire.Number, v []byte) error {
				switch n {
				case customKind:
					out.method = strings.ToUpper(string(v))
				case customPath:
					out.path = string(v)
				}
				return nil
			})
		case ruleMore:
			if outer {
				more, err := decodeRule(v, false)
				out.more = append(out.more, more)
				return err
			}
		default:
			if method, ok := ruleMethods[n]; ok {
				out.method, out.path = method, string(v)
			}
		}
		return nil
	})
	return out, err
}

// jsonName is the name of a field in JSON.
func jsonName(f *descriptorpb.FieldDescriptorProto) string {
	if f.GetJsonName() != "" {
		return f.GetJsonName()
	}
	var b strings.Builder
	upper := false
	for i := range len(f.GetName()) {
		c := f.GetName()[i]
		switch {
		case c == '_':
			upper = true
			continue
		case upper && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		upper = false
		b.WriteByte(c)
	}
	return b.String()
}

func sixtyFour(t descriptorpb.FieldDescriptorProto_Type) bool {
	switch t {
	case descriptorpb.FieldDescriptorProto_TYPE_INT64, descriptorpb.FieldDescriptorProto_TYPE_UINT64, descriptorpb.FieldDescriptorProto_TYPE_SINT64,
		descriptorpb.FieldDescriptorProto_TYPE_FIXED64, descriptorpb.FieldDescriptorProto_TYPE_SFIXED64:
		return true
	}
	return false
}
