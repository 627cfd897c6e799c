package content_test

import (
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

type kind = descriptorpb.FieldDescriptorProto_Type

// bankFile is a schema like:
//
//	package bank.v1;
//	enum Currency { EUR = 0; USD = 1; }
//	message Money { int64 cents = 1; Currency currency = 2; }
//	message Transfer { string iban = 1; Money amount = 2; repeated int32 tags = 3; map<string, string> notes = 4;
//	  sint32 delta = 5; double rate = 6; bool urgent = 7; bytes blob = 8; fixed64 serial = 9; repeated Money parts = 10; }
//	service Payments { rpc Send(Transfer) returns (Money); }
func bankFile() *descriptorpb.FileDescriptorProto {
	field := func(name string, number int32, k kind, list bool, of string) *descriptorpb.FieldDescriptorProto {
		f := &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Type: k.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}
		if list {
			f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		}
		if of != "" {
			f.TypeName = &of
		}
		return f
	}
	const (
		str = descriptorpb.FieldDescriptorProto_TYPE_STRING
		msg = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
	)
	value := func(name string, n int32) *descriptorpb.EnumValueDescriptorProto {
		return &descriptorpb.EnumValueDescriptorProto{Name: &name, Number: &n}
	}
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("bank.proto"), Package: proto.String("bank.v1"), Syntax: proto.String("proto3"),
		EnumType: []*descriptorpb.EnumDescriptorProto{{Name: proto.String("Currency"), Value: []*descriptorpb.EnumValueDescriptorProto{value("EUR", 0), value("USD", 1)}}},
		MessageType: []*descriptorpb.DescriptorProto{
			{Name: proto.String("Money"), Field: []*descriptorpb.FieldDescriptorProto{
				field("cents", 1, descriptorpb.FieldDescriptorProto_TYPE_INT64, false, ""),
				field("currency", 2, descriptorpb.FieldDescriptorProto_TYPE_ENUM, false, ".bank.v1.Currency")}},
			{Name: proto.String("Transfer"),
				Field: []*descriptorpb.FieldDescriptorProto{
					field("iban", 1, str, false, ""), field("amount", 2, msg, false, ".bank.v1.Money"),
					field("tags", 3, descriptorpb.FieldDescriptorProto_TYPE_INT32, true, ""),
					field("notes", 4, msg, true, ".bank.v1.Transfer.NotesEntry"),
					field("delta", 5, descriptorpb.FieldDescriptorProto_TYPE_SINT32, false, ""),
					field("rate", 6, descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, false, ""),
					field("urgent", 7, descriptorpb.FieldDescriptorProto_TYPE_BOOL, false, ""),
					field("blob", 8, descriptorpb.FieldDescriptorProto_TYPE_BYTES, false, ""),
					field("serial", 9, descriptorpb.FieldDescriptorProto_TYPE_FIXED64, false, ""),
					field("parts", 10, msg, true, ".bank.v1.Money")},
				NestedType: []*descriptorpb.DescriptorProto{{Name: proto.String("NotesEntry"), Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
					Field: []*descriptorpb.FieldDescriptorProto{field("key", 1, str, false, ""), field("value", 2, str, false, "")}}}},
		},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Payments"), Method: []*descriptorpb.MethodDescriptorProto{
			{Name: proto.String("Send"), InputType: proto.String(".bank.v1.Transfer"), OutputType: proto.String(".bank.v1.Money")}}}},
	}
}

func setOf(t testing.TB, files ...*descriptorpb.FileDescriptorProto) []byte {
	b, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: files})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bankDescriptors(t testing.TB) *content.Descriptors {
	x, err := content.NewDescriptors(setOf(t, bankFile()))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestDescriptorSetsAreMergedOrRefused(t *testing.T) {
	if _, err := content.NewDescriptors(setOf(t, bankFile()), setOf(t, bankFile())); err != nil {
		t.Errorf("the same file twice: %v", err)
	}
	other := bankFile()
	other.MessageType[0].Name = proto.String("Cash")
	if _, err := content.NewDescriptors(setOf(t, bankFile()), setOf(t, other)); err == nil || !strings.Contains(err.Error(), "bank.proto") {
		t.Errorf("two files of one name that differ: %v", err)
	}
	if _, err := content.NewDescriptors([]byte("{}")); err == nil {
		t.Error("no descriptor set, and no error")
	}
	lone := bankFile()
	lone.Dependency = []string{"google/type/money.proto"}
	if _, err := content.NewDescriptors(setOf(t, lone)); err == nil || !strings.Contains(err.Error(), "money.proto") {
		t.Errorf("an import that is missing: %v", err)
	}
}
