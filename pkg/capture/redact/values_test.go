package redact_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/capture/redact"
)

// Every value is shown once with the name of its field, and what is put in its place
// arrives as that value.
func TestValues(t *testing.T) {
	const multipart = "--X\r\nContent-Disposition: form-data; name=\"to\"; filename=\"ann.txt\"\r\n\r\nhello\r\n--X\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n12\r\n--X\r\n" +
		"Content-Disposition: form-data; name=\"raw\"; filename=z\r\n\r\n\x00\x01\r\n--X--\r\n"
	cases := []struct{ kind, in, seen, out string }{
		{"application/json", `{"a":"x","b":[1,"y",{"c":2}],"d":{"e":"z"},"f":true}`, "=a a=x =b b=1 b=y =c c=2 =d =e e=z =f",
			`{"A":"X","B":[1,"Y",{"C":2}],"D":{"E":"Z"},"F":true}`},
		{"", `{"a":"é\n\"q","b":[["p"],"q"]}`, "=a a=é\n\"q =b b=p b=q", `{"A":"É\n\"Q","B":[["P"],"Q"]}`},
		{"", `{"card":"4111 11`, "=card card=4111 11", `{"CARD":"4111 11`},
		{"", `{"name":"x","value":[1,"y"]},{"value":2}`, "=name name=x =value x=1 x=y =value value=2", `{"NAME":"X","VALUE":[1,"Y"]},{"VALUE":2}`},
		{"text/plain", `{"a":nul`, "=a a=nul", `{"A":NUL`},
		{"application/x-www-form-urlencoded", "a=x%20y&b=&c&d=%zz", "=a a=x y =b =c =d d=%zz", "A=X+Y&B=&C&D=%25ZZ"},
		{"multipart/form-data; boundary=X", multipart, `=Content-Disposition: form-data; name="to"; filename=" filename=ann.txt =" to=hello =Content-Disposition: form-data; name="n" n=12 ` +
			`=Content-Disposition: form-data; name="raw"; filename= filename=z`, strings.ReplaceAll(strings.ToUpper(multipart), "\x00\x01", "")},
		{"multipart/mixed", "before\n--X\n\nline\n\x00\x01\n--X--", "=before =line", "BEFORE\n--X\n\nLINE\n\n--X--"},
		{"text/xml", `<a b = "&lt;c"><![CDATA[d<e>]]><!-- f --></a>`, "b=<c a=d<e> = f ", `<a b = "&lt;C"><![CDATA[D<E>]]><!-- F --></a>`},
		{"text/plain", "1 < 2 <x@y> z", "=1 < 2  =x@y x@y= z", "1 < 2 <X@Y> Z"},
		{"text/event-stream", "event: a\ndata: {}\n\ndata:x", "=event: a ={} =x", "EVENT: A\ndata: {}\n\ndata:X"},
		{"application/json", "card 4012 8888 was, {a(b: 1)}", "=card 4012 8888 was =a(b b=1)", "CARD 4012 8888 WAS, {A(B: 1)}"},
		{"text/xml", `<a b="c"><d>x</d> <n:e>y</n:e></a>`, `b=c d=x e=y`, `<a b="C"><d>X</d> <n:e>Y</n:e></a>`},
		{"text/plain", "some words", "=some words", "SOME WORDS"},
	}
	for _, c := range cases {
		var seen []string
		out, readable := redact.Values([]byte(c.in), c.kind, func(name, value []byte, _ bool) ([]byte, bool) {
			seen = append(seen, string(name)+"="+string(value))
			return bytes.ToUpper(value), true
		})
		if got := strings.Join(seen, " "); !readable || got != c.seen || string(out) != c.out {
			t.Errorf("%s\nseen %q\nwant %q\nout  %q\nwant %q", c.in, got, c.seen, out, c.out)
		}
	}
	for kind, in := range map[string]string{"image/png": "abc", "application/grpc": "abc", "text/plain": "a\x00b"} {
		if out, readable := redact.Values([]byte(in), kind, nil); readable || string(out) != in {
			t.Errorf("%s: %q was looked into", kind, in)
		}
	}
}

func TestNumbersStayNumbers(t *testing.T) {
	for put, want := range map[string]string{"7": `{"a":7}`, "x7": `{"a":0}`, "": `{"a":0}`, "***": `{"a":0}`} {
		out, _ := redact.Values([]byte(`{"a":123}`), "", func(_, _ []byte, structure bool) ([]byte, bool) { return []byte(put), !structure })
		if string(out) != want {
			t.Errorf("%q: %s, want %s", put, out, want)
		}
	}
}

// Whatever is put in, a JSON document stays one, and nothing that the visitor refused
// to see is lost.
func FuzzValues(f *testing.F) {
	for _, s := range []string{`{"a":"b","c":[1,2,{"d":null}],"e":"\ud83d\ude00\u0041\n"}`, "a=b&c=%41+d", "<a b='c'>d</a>", "--X\r\nname=\"a\"; filename=\"b\"\r\n\r\nc\r\n--X--", `"`, `{"a":1e5}`} {
		f.Add([]byte(s), "application/json", "z")
		f.Add([]byte(s), "multipart/form-data", `"&<`)
		f.Add([]byte(s), "", "1")
	}
	f.Fuzz(func(t *testing.T, in []byte, kind, put string) {
		kept, _ := redact.Values(bytes.Clone(in), kind, func(_, _ []byte, _ bool) ([]byte, bool) { return nil, false })
		if !strings.Contains(strings.ToLower(kind), "multipart") && !bytes.Equal(kept, in) {
			t.Fatalf("nothing was replaced and %q became %q", in, kept)
		}
		out, _ := redact.Values(bytes.Clone(in), kind, func(_, v []byte, _ bool) ([]byte, bool) { return append([]byte(put), v...), true })
		if (bytes.HasPrefix(in, []byte("{")) || bytes.HasPrefix(in, []byte("["))) && json.Valid(in) && !json.Valid(out) {
			t.Fatalf("%q became %q", in, out)
		}
	})
}

// A run of backslashes is passed over at once: to count it anew for each of them took
// minutes for a megabyte.
func TestBackslashes(t *testing.T) {
	in := `x password="` + strings.Repeat(`\`, 1<<20) + `a"`
	r := redact.Body([]byte(in), "text/plain", redact.NewNames("password"))
	if got := string(r.Data); got != `x password="***"` {
		t.Errorf("%d bytes are left", len(got))
	}
}
