package content_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	_ "google.golang.org/protobuf/types/known/apipb"
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/typepb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"
	_ "google.golang.org/protobuf/types/pluginpb"
)

// delimited counts the leaves of text in m by the path that they must have by
// number, as the schema knows them, and how many messages there are.
func delimited(m protoreflect.Message, path string, texts map[string]int) (messages int) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		at := strings.TrimPrefix(path+"."+strconv.Itoa(int(f.Number())), ".")
		each := func(v protoreflect.Value) {
			switch f.Kind() {
			case protoreflect.StringKind:
				texts[at+"="+v.String()]++
			case protoreflect.MessageKind:
				messages += 1 + delimited(v.Message(), at, texts)
			}
		}
		switch {
		case f.IsList():
			for i := range v.List().Len() {
				each(v.List().Get(i))
			}
		case !f.IsMap():
			each(v)
		}
		return true
	})
	return messages
}

// TestGuessesOfProtobuf reads messages that people wrote without their schema and
// compares: the descriptors of every .proto file that is linked in, which are
// messages within messages and texts of all lengths.
func TestGuessesOfProtobuf(t *testing.T) {
	limits := content.Limits{Leaves: 1 << 20, DecodedBytes: 1 << 24}
	var doc content.Document
	files, texts, wrong, messages := 0, 0, 0, 0
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		m := protodesc.ToFileDescriptorProto(f)
		body, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{}
		messages += delimited(m.ProtoReflect(), "", want)
		for _, n := range want {
			texts += n
		}
		e := &event.Event{RequestBody: event.Body{Data: body, ContentType: []byte("application/x-protobuf")}}
		content.ParseRequest(e, &doc, limits)
		if doc.Format != content.Protobuf || len(doc.Issues) > 0 {
			t.Errorf("%s: %s, issues %v", f.Path(), doc.Format, doc.Issues)
		}
		for i := range doc.Leaves {
			if l := &doc.Leaves[i]; l.Type == content.String {
				want[l.Path+"="+string(l.Value)]--
			}
		}
		for path, n := range want {
			switch {
			case n > 0: // a text that was read as something else
				wrong += n
				t.Logf("%s: not read as text: %q", f.Path(), path)
			case n < 0 && !strings.HasSuffix(path, "="): // something else that was read as text or bytes
				wrong -= n
				t.Logf("%s: read as text: %q", f.Path(), path)
			}
		}
		files++
		return true
	})
	t.Logf("%d files: %d texts and %d messages within messages, %d values read otherwise than the schema has them", files, texts, messages, wrong)
	if files < 10 || messages < 100 || wrong*100 > texts+messages {
		t.Errorf("%d files, %d messages, %d wrong", files, messages, wrong)
	}
}
