package read

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

func bytesField(b []byte, n protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), v)
}

// httpAnnotation is an HttpRule: the path in a field, a body, and rules within.
func httpAnnotation(field protowire.Number, path, body string, more ...[]byte) []byte {
	b := bytesField(nil, field, []byte(path))
	if body != "" {
		b = bytesField(b, ruleBody, []byte(body))
	}
	for _, m := range more {
		b = bytesField(b, ruleMore, m)
	}
	return b
}

// transcoded is the set of orders.textproto with a rule for its first method, as a
// compiler writes it that knows the option.
func transcoded(tb testing.TB, rule []byte) []byte {
	tb.Helper()
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(descriptorSet(tb, "orders.textproto"), &set); err != nil {
		tb.Fatal(err)
	}
	f := set.File[0]
	f.MessageType[1].Field = append(f.MessageType[1].Field, &descriptorpb.FieldDescriptorProto{
		Name: proto.String("page_size"), Number: proto.Int32(2), Type: descriptorpb.FieldDescriptorProto_TYPE_INT32.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	}, &descriptorpb.FieldDescriptorProto{
		Name: proto.String("order"), Number: proto.Int32(3), Type: descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), TypeName: proto.String(".orders.v1.Order"), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	})
	s := f.Service[0]
	s.Options, s.Method[0].Options = &descriptorpb.ServiceOptions{}, &descriptorpb.MethodOptions{}
	s.Options.ProtoReflect().SetUnknown(bytesField(nil, defaultHost, []byte("Orders.example:443")))
	s.Method[0].Options.ProtoReflect().SetUnknown(bytesField(nil, httpRule, rule))
	f.SourceCodeInfo.Location = append(f.SourceCodeInfo.Location, &descriptorpb.SourceCodeInfo_Location{Path: []int32{6, 0, 2, 0, 4, httpRule}, Span: []int32{42, 4, 20}})
	b, err := proto.Marshal(&set)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// readHTTP are the operations over HTTP and what could not be understood.
func readHTTP(t *testing.T, rule []byte) (out []spec.Operation, problems []string) {
	t.Helper()
	s, err := Bytes("orders.pb", transcoded(t, rule), document.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Operations {
		if s.Operations[i].Protocol == "rest" {
			out = append(out, s.Operations[i])
		}
	}
	return out, problemLines(s)
}

func TestTranscodedOperations(t *testing.T) {
	line := func(o *spec.Operation) string {
		var params []string
		for _, p := range o.Params {
			params = append(params, p.In+":"+p.Name)
		}
		body := "-"
		if len(o.Request) > 0 {
			body = "any"
			if s := o.Request[0].Schema; s != nil {
				body = ""
				for _, p := range s.Properties {
					body += p.Name + ","
				}
			}
		}
		return fmt.Sprintf("%s %s %s [%s] %s", o.Method, o.Template, o.Servers[0].Host, strings.Join(params, " "), body)
	}
	const query = "query:page_size query:pageSize query:order"
	custom := bytesField(nil, ruleCustom, bytesField(bytesField(nil, customKind, []byte("head")), customPath, []byte("/v1/a")))
	for _, c := range []struct {
		name    string
		rule    []byte
		want    []string
		problem string
	}{
		{"get", httpAnnotation(2, "/v1/orders/{id}", ""), []string{"GET /v1/orders/{id} orders.example [path:id " + query + "] -"}, ""},
		{"all as the body", httpAnnotation(4, "/v1/orders", "*"), []string{"POST /v1/orders orders.example [] id,order,pageSize,page_size,"}, ""},
		{"a field as the body", httpAnnotation(6, "/v1/orders/{id}", "order"),
			[]string{"PATCH /v1/orders/{id} orders.example [path:id query:page_size query:pageSize] extra,id,labels,lines,placed,previous,state,"}, ""},
		{"a body that is not known", httpAnnotation(3, "/v1/{id}", "gone"), []string{"PUT /v1/{id} orders.example [path:id " + query + "] any"}, ""},
		{"more than one", httpAnnotation(2, "/v1/{id}", "", httpAnnotation(5, "/v2/{id}", "", httpAnnotation(2, "/v3", "*"))),
			[]string{"GET /v1/{id} orders.example [path:id " + query + "] -", "DELETE /v2/{id} orders.example [path:id " + query + "] -"}, ""},
		{"a pattern and a verb", httpAnnotation(4, "/v1/{id=shelves/*/books/*}:open", "*"), []string{"POST /v1/shelves/{id}/books/{id.3}:open orders.example [path:id path:id.3] id,order,pageSize,page_size,"}, ""},
		{"wildcards without a name", httpAnnotation(2, "/v1/*/x/*:list", ""), []string{"GET /v1/{any1}/x/{any2}:list orders.example [path:any1 path:any2 query:id " + query + "] -"}, ""},
		{"any number of segments", httpAnnotation(2, "/v1/{id=**}", ""), []string{"GET /v1/{id+} orders.example [path:id " + query + "] -"}, ""},
		{"another method", custom, []string{"HEAD /v1/a orders.example [query:id " + query + "] -"}, ""},
		{"any number in the middle", httpAnnotation(2, "/v1/{id=**}/x", ""), nil, "goes on behind"},
		{"no slash", httpAnnotation(2, "v1", ""), nil, "begins with a slash"},
		{"open brace", httpAnnotation(2, "/v1/{id", ""), nil, "cannot be read"},
		{"no method", bytesField(nil, ruleBody, []byte("*")), nil, "no method of HTTP"},
		{"damaged", []byte{0x12, 0x7f}, nil, "cannot be decoded"},
	} {
		ops, problems := readHTTP(t, c.rule)
		var got []string
		for i := range ops {
			got = append(got, line(&ops[i]))
			if w := ops[i].Where; w.String() != "orders/v1/orders.proto:43" || w.Pointer != "orders.v1.Orders.Get" || ops[i].Name != "orders.v1.Orders/Get" {
				t.Errorf("%s: %+v", c.name, ops[i])
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if c.problem != "" && (len(problems) != 1 || !strings.Contains(problems[0], c.problem)) || c.problem == "" && problems != nil {
			t.Errorf("%s: problems %q, want %q", c.name, problems, c.problem)
		}
	}
}

// A method that is asked for over HTTP is no orphan of gRPC, and what it answers is
// compared by the names that JSON gives its fields.
func TestTranscodedTrafficIsKnown(t *testing.T) {
	s, err := Bytes("orders.pb", transcoded(t, httpAnnotation(2, "/v1/orders/{id}", "")), document.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	tally := func(name string) []catalog.Tally { return []catalog.Tally{{Name: name, Count: 50}} }
	field := func(name, typ string) catalog.Property {
		return catalog.Property{Name: name, Schema: catalog.Schema{Seen: 50, Types: tally(typ)}}
	}
	rest := catalog.Endpoint{ID: "r", Tenant: "t", Host: "orders.example", Method: "GET", Template: "/v1/orders/{int}", Protocol: "rest", Hits: 50, Callers: 9,
		FirstSeen: now.Add(-90 * 24 * time.Hour), LastSeen: now.Add(-time.Hour), Statuses: tally("2xx"),
		Params:    []catalog.Param{{In: "path", Name: "orders_id", Count: 50, Types: tally("int")}, {In: "query", Name: "pageSize", Count: 50, Types: tally("integer")}},
		Responses: []catalog.Body{{Status: "2xx", Media: "application/json", Seen: 50, Schema: catalog.Schema{Seen: 50, Types: tally("object"), Properties: []catalog.Property{field("id", "string"), field("secret", "string")}}}}}
	grpc := catalog.Endpoint{ID: "g", Tenant: "t", Host: "orders.example", Method: "POST", Template: "/orders.v1.Orders/Watch", Protocol: "grpc", Hits: 50, Callers: 9,
		FirstSeen: now.Add(-90 * 24 * time.Hour), LastSeen: now.Add(-time.Hour), Statuses: tally("2xx")}
	var got []string
	for _, d := range spec.Compare([]*spec.Specification{s}, []catalog.Endpoint{rest, grpc}, now, spec.Defaults()) {
		got = append(got, fmt.Sprintf("%s %s %s", d.Kind, d.Aspect, d.Name))
	}
	if want := []string{"zombie  ", "drift parameter response 2xx:secret"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
