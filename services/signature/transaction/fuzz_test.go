package transaction

import (
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
)

// fuzzed makes an event of what the fuzzer changes. head are lines of request headers.
func fuzzed(method, target, head, body, answerHead, answer string) *event.Event {
	path, query, _ := strings.Cut(target, "?")
	return &event.Event{ID: [16]byte{9}, RequestTime: 1_700_000_000_000_000_000, Method: []byte(method), Path: []byte(path), Query: []byte(query),
		Authority: []byte("Shop.example:8080"), Status: 200, RequestHeaders: lines(head), RequestBody: event.Body{Data: []byte(body)},
		ResponseHeaders: lines(answerHead), ResponseBody: event.Body{Data: []byte(answer), ContentType: []byte("application/json")}}
}

func lines(head string) (hs []event.Header) {
	for l := range strings.SplitSeq(head, "\n") {
		name, value, _ := strings.Cut(l, ":")
		hs = append(hs, event.Header{Name: []byte(name), Value: []byte(value)})
	}
	return hs
}

type seed struct{ method, target, head, body, answerHead, answer string }

const (
	asForm  = "Content-Type:application/x-www-form-urlencoded"
	asParts = "Content-Type:multipart/form-data; boundary=XX"
	asJSON  = "Content-Type:application/json"
	asXML   = "content-type:text/xml"
)

func part(head, body string) string { return "--XX\r\n" + head + "\r\n\r\n" + body + "\r\n" }

func parts(ps ...string) string { return strings.Join(ps, "") + "--XX--\r\n" }

func disposed(params string) string {
	return parts(part("Content-Disposition: form-data; "+params, "some text"), part(`Content-Disposition: form-data; name="last"`, "end"))
}

// seeds are one case of everything that decides something.
var seeds = []seed{
	// The request line.
	{"GET", "/a/b.php?x=1&y=2", "", "", "", ""},
	{"GET", "", "", "", "", ""},
	{"GET", "//host/path?a", "", "", "", ""},
	{"GET", "/a%2fb/%zz?%41=%4&b+c=d+e&=&&f==g&a=%", "", "", "", ""},
	{"GET", "/a b?c d", "", "", "", ""},
	{"GET", "/a\x00b?c=\x01", "", "", "", ""},
	{"GET", "/a?b=\x7f", "", "", "", ""},
	{"GET", "/a#b?c=d", "", "", "", ""},
	{"GET", "/a?b=c#d?e", "", "", "", ""},
	{"GET", "http://u:p@host:1/a:b;c,d?e=f?g", "", "", "", ""},
	{"OPTIONS", "*", "", "", "", ""},
	{"GET", "relative/x:y", "", "", "", ""},
	{"GET", "/ü/[x]/{y}/!$&'()*+,;=:@~", "", "", "", ""},
	{"GET", `/a\b\`, "", "", "", ""},
	{"GET", "/x:y", "", "", "", ""},
	{"G T", "/?", "", "", "", ""},
	{"GET", "/?a=1&a=2&A=3&b=1&c=1&d=1&e=1&f=1&", "", "", "", ""},
	{"GET", "/?a=1&a=2&A=3&b=1&c=1&d=1&e=1&&&", "", "", "", ""},
	// Headers and cookies.
	{"GET", "/", "Cookie: a=b; c = d;;=e; \x0bf\x0b=g\x7f; =; h", "", "", ""},
	{"GET", "/", "coo\u212aie: a=b\nCOOKIE:a=c; A=d\n:no name\nX:\nhost:h\ntransfer-encoding:chunked", "x", "", ""},
	{"GET", "/", "Content-Type: \u00a0Application/X-WWW-Form-URLEncoded;x\ncontent-type:multipart/form-data", "a=b", "", ""},
	{"GET", "/", "content-type:text/plain\ncontent-type:application/json", `{"a":1}`, "", ""},
	// Forms.
	{"POST", "/?q=1", asForm, "a=1&b=%3Cx%3E+y&&c&=d&A=2", "", ""},
	{"POST", "/?q=1", asForm, "a=1&a=2&b=3&c=4&d=5&e=6&f=7&g=8", "", ""},
	{"POST", "/", asForm + "\nX-Ctl:off", "a=b", "", ""},
	{"POST", "/", asForm + "\nX-Ctl:limit", strings.Repeat("a=b&", 20), "", ""},
	{"POST", "/", "X-Ctl:force", "a=b", "", ""},
	{"POST", "/", asJSON + "\nX-Ctl:force", "{}", "", ""},
	{"POST", "/", "X-Ctl:raw", "a=b", "", ""},
	{"POST", "/", "X-Ctl:other", "a=b", "", ""},
	{"POST", "/", "X-Ctl:parts", "a=b", "", ""},
	{"POST", "/", "Content-Type:text/plain\nX-Ctl:parts", "a=b", "", ""},
	// JSON.
	{"POST", "/", asJSON, `{"a":[1,2,{"b":null,"c":true}],"d":{"e":false,"f":"g\u00e9\ud83d\ude00\n"},"":"","a.0":-1.5e+3}`, "", ""},
	{"POST", "/", asJSON, ` [ ] `, "", ""},
	{"POST", "/", asJSON, `[[],[[]],{},[{}]]`, "", ""},
	{"POST", "/", asJSON, `"text"`, "", ""},
	{"POST", "/", asJSON, ` 12 `, "", ""},
	{"POST", "/", asJSON, `null`, "", ""},
	{"POST", "/", asJSON, `true x`, "", ""},
	{"POST", "/", asJSON, `nan`, "", ""},
	{"POST", "/", asJSON, "\ufeff{}", "", ""},
	{"POST", "/", asJSON, `{"a":"b"`, "", ""},
	{"POST", "/", asJSON, `{"a":"b`, "", ""},
	{"POST", "/", asJSON, `{"a":1,}`, "", ""},
	{"POST", "/", asJSON, `{"a":01,"b":1.,"c":+1,"d":-}`, "", ""},
	{"POST", "/", asJSON, `{"a":"\ud800","b":"\udc00\ud800","c":"\ud800\u0041","d":"\u12"}`, "", ""},
	{"POST", "/", asJSON, `{"a":"\x","b":"` + "\x01" + `"}`, "", ""},
	{"POST", "/", asJSON, `{"a":"\\\"","b\\":"\\\\"}{"c":1}`, "", ""},
	{"POST", "/", asJSON, "{\"\xff\":\"\xfe\"}", "", ""},
	{"POST", "/", asJSON, `{"k":1,"K":2,"k":3}`, "", ""},
	{"POST", "/", asJSON, `[[[[[[1]]]]]]`, "", ""},
	{"POST", "/", asJSON, `[[[1]],[[[[[2]]]]]]`, "", ""},
	{"POST", "/", asJSON, `[1,2,3,4,5,6,7,8,[[[[[[[[`, "", ""},
	{"POST", "/", asJSON, `[1,2,3,4,5,6,7]`, "", ""},
	{"POST", "/", asJSON, `[[{}],[{}],[{}],[{}],[{}],[{}],[{}],[{}],1]`, "", ""},
	{"POST", "/", asJSON, `{"` + strings.Repeat("k", 900) + `":[1,2,3,4,5]}`, "", ""},
	{"POST", "/", "Content-Type:application/vnd.api+json", `{"a":1}`, "", ""},
	// XML.
	{"POST", "/", asXML, `<?xml version="1.0"?><a b="c" d='e'>f<g>h</g><![CDATA[ i ]]><!-- j -->k&amp;&uuml;&x;</a>`, "", ""},
	{"POST", "/", asXML, `<a><b></a>`, "", ""},
	{"POST", "/", asXML, `<a b="1">x<br>y<b`, "", ""},
	{"POST", "/", asXML, `<?xml version="1.0" encoding="latin1"?><a b="c"/>`, "", ""},
	{"POST", "/", asXML, `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a></c>`, "", ""},
	{"POST", "/", asXML, `text only`, "", ""},
	// Multipart.
	{"POST", "/", asParts, disposed(`name="a"`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; filename="b.txt"`), "", ""},
	{"POST", "/", asParts, disposed(`name=a; filename=""`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; filename="b"; filename*=utf-8''c%20d`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; filename="b"; filename*=iso-8859-1'en'c%e9%zz`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; filename="b"; filename*="utf-8'en'c\"d"`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; filename="b"; filename*=utf-8''`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; filename*=nonsense`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; filename*0="b"; filename*1="c"; filename="d"`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; filename*0*=utf-8''b; filename*1="c"`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; filename*0="b"; filename*=utf-8''c; filename="x;y\\\"z"`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; filename="b"; filename="c"`), "", ""},
	{"POST", "/", asParts, disposed(`name="a"; =; ;`), "", ""},
	{"POST", "/", asParts, disposed(`name="a`), "", ""},
	{"POST", "/", asParts, parts(part("X: y", "no name"), part("Content-Disposition: attachment; name=a", "b")), "", ""},
	{"POST", "/", asParts, parts(part("Content-Disposition: form-data; name=a\r\nX-A: 1\r\nx-a: 2", "b")), "", ""},
	{"POST", "/", asParts, parts(part(`Content-Disposition: form-data; name=a; filename=F`, "b"), part(`Content-Disposition: form-data; name=A; filename=f`, "cc")), "", ""},
	{"POST", "/", asParts, part(`Content-Disposition: form-data; name=a; filename=f`, "not ended"), "", ""},
	{"POST", "/", asParts, part(`Content-Disposition: form-data; name=a`, "not ended"), "", ""},
	{"POST", "/", asParts, part(`Content-Disposition: form-data; name=a`, strings.Repeat("cut ", 100)), "", ""},
	{"POST", "/", asParts, part(`Content-Disposition: form-data; name=a`, "x") + "--XX\r\nbroken header\r\n\r\n", "", ""},
	{"POST", "/", asParts, "preamble\r\n" + parts(part(`Content-Disposition: form-data; name=a`, "x")) + "epilogue", "", ""},
	{"POST", "/", asParts, "--XX", "", ""},
	{"POST", "/", "Content-Type:multipart/form-data", "--", "", ""},
	{"POST", "/", "Content-Type:multipart/form-data; boundary", "--", "", ""},
	{"POST", "/", "Content-Type:multipart/form-data; boundary=\"X X\"", "--X X\n\na\n--X X--", "", ""},
	// Responses.
	{"GET", "/", "", "", "Content-Type:application/json; charset=utf-8", `{"a":1}`},
	{"GET", "/", "", "", "Content-Type:text/html\nContent-Type:application/json", `{"a":1}`},
	{"GET", "/", "", "", "Content-Type:image/png", "x"},
	{"GET", "/", "", "", "Content-Type:image/png\nX-Ctl:force", "x"},
	{"GET", "/", "", "", "X-Ctl:json", `{"a":[1,{"b":"c"}]}`},
	{"GET", "/", "", "", "X-Ctl:json", `{"a":[[[[1]]]]}`},
	{"GET", "/", "", "", "X-Ctl:json", `[1,2,3,4,5,6,7,8,9]`},
	{"GET", "/", "", "", "X-Ctl:xml", "<a/>"},
	{"GET", "/", "", "", "", strings.Repeat("x", 99)},
	{"GET", "/", "", "", "", strings.Repeat("x", 100)},
	{"GET", "/", "", "", "", strings.Repeat("x", 101)},
}

func TestSeedsAsCoraza(t *testing.T) {
	if len(seeds) != 100 {
		t.Errorf("%d seeds", len(seeds))
	}
	for _, cfg := range [...]Config{ample, narrow} {
		o := newOracle(t, cfg)
		for _, s := range seeds {
			differences, _ := o.compare(fuzzed(s.method, s.target, s.head, s.body, s.answerHead, s.answer))
			for _, d := range differences {
				t.Errorf("%+v\n%s", s, d)
			}
		}
	}
}

func FuzzAsCoraza(f *testing.F) {
	for _, s := range seeds {
		f.Add(s.method, s.target, s.head, s.body, s.answerHead, s.answer)
	}
	wide, tight := newOracle(f, ample), newOracle(f, narrow)
	f.Fuzz(func(t *testing.T, method, target, head, body, answerHead, answer string) {
		for _, o := range [...]*oracle{wide, tight} {
			differences, _ := o.compare(fuzzed(method, target, head, body, answerHead, answer))
			for _, d := range differences {
				t.Error(d)
			}
		}
	})
}
