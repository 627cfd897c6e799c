package content_test

import (
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// FuzzProtobufSyntax holds the verdict on damage against the library that servers
// decode with.
func FuzzProtobufSyntax(f *testing.F) {
	for _, s := range seeds(f, "protobuf") {
		f.Add([]byte(s))
	}
	file, err := protodesc.NewFile(bankFile(), protoregistry.GlobalFiles)
	if err != nil {
		f.Fatal(err)
	}
	transfer := file.Messages().ByName("Transfer")
	limits := content.Limits{Descriptors: bankDescriptors(f)}
	f.Fuzz(func(t *testing.T, b []byte) {
		e := &event.Event{Path: []byte("/bank.v1.Payments/Send"), RequestBody: event.Body{Data: b, ContentType: []byte("application/grpc")}}
		e.RequestBody.Data = frames(1, 0, b)
		var doc content.Document
		content.ParseRequest(e, &doc, limits)
		damaged := false
		for _, i := range doc.Issues {
			switch i.Kind {
			case content.BadSyntax:
				damaged = true
			default: // text that is none, a limit, or another type, which the library passes over
				return
			}
		}
		if err := proto.Unmarshal(b, dynamicpb.NewMessage(transfer)); (err != nil) != damaged {
			t.Fatalf("library: %v, damage noted: %v: %q", err, damaged, b)
		}
	})
}
