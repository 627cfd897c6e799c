package content_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"google.golang.org/protobuf/encoding/protowire"
)

// accountList is a JSON answer of about 3 KB, as a bank's API gives it.
func accountList() []byte {
	var b bytes.Buffer
	b.WriteString(`{"data":{"accounts":[`)
	for i := range 12 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"acc_%08d","owner":{"firstName":"Jos\u00e9","lastName":"Müller-%d","email":"user%d@example.com"},`+
			`"iban":"DE8937040044053201%04d","balance":%d.50,"currency":"EUR","active":true,"limits":[100,2500],"note":null}`,
			i*7919, i, i, i, 1000+i*37)
	}
	b.WriteString(`],"next":"/v1/accounts?cursor=eyJhIjoxfQ","total":4211},"status":"ok"}`)
	return b.Bytes()
}

// orders is a JSON answer of about 3 KB with more text in it than accountList: a
// shop's orders.
func orders() []byte {
	var b bytes.Buffer
	b.WriteString(`{"orders":[`)
	for i := range 6 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"0f8fad5b-d9cb-469f-a165-70867728%04d","createdAt":"2026-11-%02dT09:41:07.123Z","status":"shipped",`+
			`"customer":{"id":%d,"name":"Maria Anders","email":"maria.anders%d@example.com","phone":"+49 30 0074321"},`+
			`"shippingAddress":{"street":"Obere Strasse %d","city":"Berlin","postalCode":"12209","country":"DE"},`+
			`"items":[{"sku":"SKU-%05d","title":"Noise cancelling headphones, over ear","quantity":1,"unitPrice":199.90},`+
			`{"sku":"SKU-%05d","title":"USB-C charging cable, 2 m","quantity":2,"unitPrice":9.95}],"total":219.80,"note":null,"gift":false}`,
			i, i+1, 88000+i, i, i+50, i*37, i*91)
	}
	b.WriteString(`],"page":{"limit":6,"offset":0,"total":3127}}`)
	return b.Bytes()
}

func transaction(contentType string, body []byte) *event.Event {
	h := func(n, v string) event.Header { return event.Header{Name: []byte(n), Value: []byte(v)} }
	return &event.Event{
		Tenant: []byte("default"), Method: []byte("POST"), Authority: []byte("api.bank.example"),
		Path: []byte("/v1/customers/8842/accounts"), Query: []byte("limit=12&sort=name%20asc&fields=iban"),
		RequestHeaders: []event.Header{h("Host", "api.bank.example"), h("Accept", "application/json"),
			h("User-Agent", "BankApp/7.2 (iPhone; iOS 19.1)"), h("Cookie", "theme=dark; lang=de-DE"), h("X-Request-Id", "b3c1e2d8")},
		RequestBody:     event.Body{Data: body, ContentType: []byte(contentType)},
		ResponseHeaders: []event.Header{h("Content-Type", contentType), h("Cache-Control", "no-store"), h("Set-Cookie", "theme=dark; Path=/")},
		ResponseBody:    event.Body{Data: body},
		Status:          200,
	}
}

func benchmarkResponse(b *testing.B, e *event.Event, size int) {
	var doc content.Document
	content.ParseResponse(e, &doc, content.Limits{})
	if len(doc.Leaves) == 0 {
		b.Fatal("no leaves")
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		content.ParseResponse(e, &doc, content.Limits{})
	}
}

func BenchmarkJSON3KB(b *testing.B) {
	body := accountList()
	benchmarkResponse(b, transaction("application/json", body), len(body))
}

func BenchmarkJSON3KBGzip(b *testing.B) {
	body := accountList()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(body)
	_ = w.Close()
	e := transaction("application/json", packed.Bytes())
	e.ResponseHeaders = append(e.ResponseHeaders, event.Header{Name: []byte("Content-Encoding"), Value: []byte("gzip")})
	benchmarkResponse(b, e, len(body))
}

func BenchmarkForm1KB(b *testing.B) {
	body := bytes.Repeat([]byte("account=DE89%203704&amount=12.50&name=Jo+Doe&"), 22)
	benchmarkResponse(b, transaction("application/x-www-form-urlencoded", body), len(body))
}

func BenchmarkMultipart1KB(b *testing.B) {
	body := append(bytes.Repeat([]byte("--xyz\r\nContent-Disposition: form-data; name=\"amount\"\r\n\r\n12.50\r\n"), 15), "--xyz--\r\n"...)
	benchmarkResponse(b, transaction("multipart/form-data; boundary=xyz", body), len(body))
}

func BenchmarkXML1KB(b *testing.B) {
	body := []byte(`<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
		string(bytes.Repeat([]byte(`<Transfer id="7"><from>DE89370400440532013000</from><amount>12.50</amount></Transfer>`), 10)) + `</s:Body></s:Envelope>`)
	benchmarkResponse(b, transaction("text/xml", body), len(body))
}

func BenchmarkRequestWithoutBody(b *testing.B) {
	e := transaction("", nil)
	var doc content.Document
	b.ReportAllocs()
	for b.Loop() {
		content.ParseRequest(e, &doc, content.Limits{})
	}
}

func benchmarkRequest(b *testing.B, contentType string, body []byte, limits content.Limits) {
	e := transaction(contentType, body)
	e.Path = []byte("/bank.v1.Payments/Send")
	e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte("content-type"), Value: []byte(contentType)})
	var doc content.Document
	content.ParseRequest(e, &doc, limits)
	onCore(b, len(body), func() { content.ParseRequest(e, &doc, limits) })
}

// BenchmarkGraphQL reads one text anew each time, and from memory.
func BenchmarkGraphQL(b *testing.B) {
	body := []byte(`{"operationName":"Accounts","variables":{"first":20,"owner":"8842"},"query":"query Accounts($first: Int!, $owner: ID!) { customer(id: $owner) { id name accounts(first: $first, kind: CHECKING) { edges { node { id iban balance { amount currency } transactions(last: 5) { id amount memo counterparty { name iban } } } } pageInfo { endCursor hasNextPage } } } }"}`)
	b.Run("new", func(b *testing.B) { benchmarkRequest(b, "application/json", body, content.Limits{}) })
	b.Run("remembered", func(b *testing.B) {
		benchmarkRequest(b, "application/json", body, content.Limits{Queries: content.NewQueries(1 << 20)})
	})
}

func BenchmarkJSONRPCBatch(b *testing.B) {
	call := `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search","arguments":{"query":"invoices of may","limit":10}}}`
	benchmarkRequest(b, "application/json", []byte("["+call+","+call+","+call+","+call+"]"), content.Limits{})
}

func BenchmarkGRPC1KB(b *testing.B) {
	var m []byte
	for i := range 12 {
		var item []byte
		item = protowire.AppendString(protowire.AppendTag(item, 1, protowire.BytesType), fmt.Sprintf("DE8937040044053201%04d", i))
		item = protowire.AppendVarint(protowire.AppendTag(item, 2, protowire.VarintType), uint64(100000+i))
		item = protowire.AppendString(protowire.AppendTag(item, 3, protowire.BytesType), "monthly payment for the rent, thank you")
		m = protowire.AppendBytes(protowire.AppendTag(m, 1, protowire.BytesType), item)
	}
	benchmarkRequest(b, "application/grpc", frames(1, 0, m), content.Limits{})
}

func BenchmarkEvents1KB(b *testing.B) {
	benchmarkRequest(b, "text/event-stream", bytes.Repeat([]byte("data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"index\":0}]}\n\n"), 16), content.Limits{})
}

func BenchmarkWebSocket1KB(b *testing.B) {
	one := []byte(`{"op":"subscribe","channel":"trades","symbol":"EURUSD","id":12}`)
	frame := append([]byte{0x81, byte(0x80 | len(one)), 1, 2, 3, 4}, one...)
	for i := range one {
		frame[6+i] ^= byte(i&3 + 1)
	}
	benchmarkRequest(b, "application/websocket", bytes.Repeat(frame, 15), content.Limits{})
}

// BenchmarkValuesWithinValues reads a JSON document that is a string in another,
// and a token.
func BenchmarkValuesWithinValues(b *testing.B) {
	token := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT","kid":"2026-11"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://id.bank.example","sub":"8842","scope":"read write","exp":1795600000}`)) + ".c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"
	benchmarkRequest(b, "application/json", []byte(`{"token":"`+token+`","payload":`+quoted(string(accountList()))+`}`), content.Limits{})
}
