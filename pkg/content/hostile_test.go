package content_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"google.golang.org/protobuf/encoding/protowire"
)

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func frames(n int, flags byte, payload []byte) []byte {
	one := append([]byte{flags}, binary.BigEndian.AppendUint32(nil, uint32(len(payload)))...)
	return bytes.Repeat(append(one, payload...), n)
}

// deflatedFrame is a text message of a WebSocket, deflated by itself.
func deflatedFrame(tb testing.TB, message []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 6)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(message); err != nil {
		tb.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	payload, ended := bytes.CutSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff})
	if !ended || len(payload) > 125 {
		tb.Fatalf("a message of %d bytes, ended is %t", len(payload), ended)
	}
	return append([]byte{0xc1, byte(len(payload))}, payload...)
}

// Each direction has its own word on what messages may point into.
func TestTakeoverIsAgreedByDirection(t *testing.T) {
	damaged := append([]byte{0xc1, 1, 0xff}, deflatedFrame(t, []byte(`{"a":1}`))...)
	for extension, want := range map[string][2]int{
		"permessage-deflate": {0, 0}, "permessage-deflate; Client_No_Context_Takeover": {1, 0},
		"permessage-deflate; server_no_context_takeover": {0, 1}, "": {0, 0},
	} {
		e := &event.Event{Status: 101, RequestHeaders: []event.Header{{Name: []byte("Upgrade"), Value: []byte("websocket")}},
			ResponseHeaders: []event.Header{{Name: []byte("Sec-WebSocket-Extensions"), Value: []byte(extension)}},
			RequestBody:     event.Body{Data: damaged}, ResponseBody: event.Body{Data: damaged}}
		var doc content.Document
		read := func() (n int) {
			for i := range doc.Leaves {
				if doc.Leaves[i].Path == "a" {
					n++
				}
			}
			return n
		}
		content.ParseRequest(e, &doc, content.Limits{})
		request := read()
		content.ParseResponse(e, &doc, content.Limits{})
		if got := [2]int{request, read()}; got != want {
			t.Errorf("%q: %v messages were read, want %v", extension, got, want)
		}
	}
}

// TestHostileBodiesStayBounded gives a new document about a megabyte of what costs
// most for its length. What is allocated must not multiply it.
func TestHostileBodiesStayBounded(t *testing.T) {
	const mega = 1 << 20
	nested := bytes.Repeat([]byte{8, 1}, mega/2)
	for range 64 {
		nested = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), nested)
	}
	printable := bytes.Repeat([]byte("B~"), mega/2)
	numbers := []byte{}
	for i := protowire.Number(1); len(numbers) < mega; i++ {
		numbers = protowire.AppendVarint(protowire.AppendTag(numbers, i, protowire.VarintType), 1)
	}
	deep := `{"a":1}`
	for range 12 {
		deep = `{"a":` + quoted(deep) + `}`
	}
	base := []byte(`{"a":1,"b":"0123456789"}`)
	for len(base) < mega/2 {
		base = []byte(base64.StdEncoding.EncodeToString(base))
	}
	bomb := encode(t, "gzip", bytes.Repeat([]byte{0}, 60<<10))
	fields := strings.Repeat("a ", 2000)
	for name, x := range map[string]struct{ contentType, body string }{
		"tokens of a query":           {"application/graphql", "{" + strings.Repeat("a ", mega/2) + "}"},
		"braces of a query":           {"application/graphql", strings.Repeat("{a", mega/2)},
		"comments of a query":         {"application/graphql", "{a}" + strings.Repeat("#\n", mega/2)},
		"one name in a query":         {"application/graphql", "{" + strings.Repeat("a", mega) + "}"},
		"fragments that multiply":     {"application/graphql", "{...a}" + strings.Repeat("fragment a on b{...a ...a}", mega/26)},
		"queries of a batch":          {"application/json", "[" + strings.Repeat(`{"query":"{`+fields+`}"},`, 200) + "1]"},
		"queries that are wrong":      {"application/json", "[" + strings.Repeat(`{"query":"{`+fields+`"},`, 200) + "1]"},
		"calls of a batch":            {"application/json", "[" + strings.Repeat(`{"jsonrpc":"2.0","method":"m"},`, mega/30) + "1]"},
		"messages within messages":    {"application/x-protobuf", string(nested)},
		"messages that can be text":   {"application/x-protobuf", string(printable)},
		"fields of a message":         {"application/x-protobuf", string(numbers)},
		"groups":                      {"application/x-protobuf", strings.Repeat("\x0b", mega)},
		"empty frames":                {"application/grpc", string(frames(mega/5, 0, nil))},
		"damaged frames":              {"application/grpc", string(frames(mega/6, 0, []byte("\n")))},
		"bombs":                       {"application/grpc", string(frames(mega/(len(bomb)+5), 1, bomb))},
		"padding":                     {"application/grpc-web-text", strings.Repeat("AA==", mega/4)},
		"trailers":                    {"application/grpc-web", string(frames(mega/9, 0x80, []byte("a:b\n")))},
		"events":                      {"text/event-stream", strings.Repeat("data:1\n\n", mega/8)},
		"lines of one event":          {"text/event-stream", strings.Repeat("data:1\n:\n", mega/9)},
		"fields that are none":        {"text/event-stream", "data:1\n" + strings.Repeat("x\n", mega/2)},
		"WebSocket frames":            {"application/websocket", strings.Repeat("\x81\x01x", mega/3)},
		"deflated WebSocket frames":   {"application/websocket", strings.Repeat("\xc1\x02\x00\x00", mega/4)},
		"deflated bombs":              {"application/websocket", strings.Repeat(string(deflatedFrame(t, bytes.Repeat([]byte{0}, 60<<10))), 4000)},
		"empty WebSocket frames":      {"application/websocket", strings.Repeat("\x01\x00", mega/2)},
		"pieces of a message":         {"application/websocket", "\x01\x01[" + strings.Repeat("\x00\x02,1", mega/4)},
		"values that are nearly JSON": {"application/json", "[" + strings.Repeat(quoted(`{"a":"`+strings.Repeat("x", 400)+`"`)+",", 2000) + "1]"},
		"JSON in JSON":                {"application/json", deep},
		"base64 in base64":            {"application/json", quoted(string(base))},
		"names of values in values":   {"application/json", "[" + strings.Repeat(quoted(`{"a1":1,"b2":2,"c3":3,"d4":4,"e5":5`)+",", mega/50) + "1]"},
		"files":                       {"multipart/form-data; boundary=X", strings.Repeat("--X\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n\x00\r\n", mega/64)},
		"envelopes":                   {"text/xml", "<Envelope><Body>" + strings.Repeat("<a/>", mega/4)},
	} {
		t.Run(name, func(t *testing.T) {
			e := transaction(x.contentType, []byte(x.body))
			e.RequestHeaders = []event.Header{{Name: []byte("content-type"), Value: []byte(x.contentType)}, {Name: []byte("grpc-encoding"), Value: []byte("gzip")}}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var doc content.Document
			content.ParseRequest(e, &doc, content.Limits{Descriptors: bankDescriptors(t)})
			runtime.ReadMemStats(&after)
			within(t, &doc, content.Limits{})
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes, %d allocated, %d leaves, %d nested, %d operations, %d issues", len(x.body), allocated, len(doc.Leaves), len(doc.Nested), len(doc.Operations), len(doc.Issues))
			if limit := uint64(32*len(x.body) + 4<<20); allocated > limit {
				t.Errorf("%d bytes of input allocate %d, limit %d", len(x.body), allocated, limit)
			}
		})
	}
}

// TestSteadyStateAllocatesNothing: a document that has seen a message of a kind
// reads the next without allocating, but for the names of operations.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	token := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"42","scope":"read"}`)) + ".c2lnbmF0dXJl"
	message := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "DE89370400440532013000")
	for name, x := range map[string]struct {
		contentType, body string
		allowed           float64
	}{
		"JSON":           {"application/json", string(accountList()), 0},
		"JSON in a text": {"application/json", `{"a":` + quoted(string(accountList())) + `}`, 0},
		"token":          {"application/json", `{"access_token":"` + token + `"}`, 0},
		"base64":         {"application/json", `{"state":"` + base64.StdEncoding.EncodeToString([]byte(`{"next":"/accounts"}`)) + `"}`, 0},
		"JSON-RPC":       {"application/json", `{"jsonrpc":"2.0","method":"transfer","params":{"name":"x"}}`, 1},
		"gRPC":           {"application/grpc", string(frames(3, 0, message)), 2},
		"protobuf":       {"application/x-protobuf", string(message), 2},
		"events":         {"text/event-stream", "event: m\ndata: {\"a\":1}\n\ndata: x\ndata: y\n\n", 0},
		"WebSocket":      {"application/websocket", "\x81\x07{\"a\":1}\x01\x01[\x80\x021]", 0},
		"deflated":       {"application/websocket", string(deflatedFrame(t, []byte(`{"a":1}`))), 0},
		"files":          {"multipart/form-data; boundary=X", "--X\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\n\x00\x01\r\n--X--\r\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := transaction(x.contentType, []byte(x.body))
			e.Path = []byte("/bank.v1.Payments/Send")
			e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte("content-type"), Value: []byte(x.contentType)})
			var doc content.Document
			content.ParseRequest(e, &doc, content.Limits{})
			if n := len(doc.Leaves); n < 6 {
				t.Fatalf("%d leaves", n)
			}
			if n := testing.AllocsPerRun(50, func() { content.ParseRequest(e, &doc, content.Limits{}) }); n > x.allowed {
				t.Errorf("%v allocations a message, %v allowed", n, x.allowed)
			}
		})
	}
}
