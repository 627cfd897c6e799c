package redact

import (
	"bytes"
	"strings"
	"testing"

	"github.com/segmentio/encoding/json"
)

var fields = NewNames(DefaultFields()...)

func TestBody(t *testing.T) {
	n := 0
	f := func(ct, in, want string) {
		t.Helper()
		n++
		r := Body([]byte(in), ct, fields)
		if string(r.Data) != want {
			t.Errorf("%s\n in   %s\n got  %s\n want %s", ct, in, r.Data, want)
		}
		if (len(r.Fields) > 0) != (in != want) {
			t.Errorf("%s: fields %v", in, r.Fields)
		}
	}
	const js, form = "application/json", "application/x-www-form-urlencoded"
	// JSON
	f(js, `{"user":"bob","password":"hunter2"}`, `{"user":"bob","password":"***"}`)
	f(js, `{"user":"bob","passwords_seen":"x","compass":"n"}`, `{"user":"bob","passwords_seen":"x","compass":"n"}`)
	f(js, `{ "accessToken" : "abc" , "Refresh-Token":"d\"e" }`, `{ "accessToken" : "***" , "Refresh-Token":"***" }`)
	f(js, `{"pin":1234,"pin2":5,"cvv":-1.5e3,"otp":null,"secret":true}`, `{"pin":0,"pin2":5,"cvv":0,"otp":null,"secret":true}`)
	f(js, `{"secret":{"a":"x","b":[1,"y",{"c":"z"}]},"k":"v"}`, `{"secret":{"a":"***","b":[0,"***",{"c":"***"}]},"k":"v"}`)
	f(js, `{"pass\u0077ord":"geheim"}`, `{"pass\u0077ord":"***"}`)
	f(js, `{"password":"cut off her`, `{"password":"***`)
	f(js, `{"password":`, `{"password":`)
	f(js, `{"password":""}`, `{"password":""}`)
	f(js, `{"password":geheim}`, `{"password":***}`)
	f("text/plain", `[{"token":"a"},{"token":"b"}]`, `[{"token":"***"},{"token":"***"}]`)
	f(form, `{"token":"a"}`, `{"token":"***"}`)
	f(js, `{"payload":"{\"password\":\"geheim\",\"n\":1}"}`, `{"payload":"{\"password\":\"***\",\"n\":1}"}`)
	f(js, `{"query":"mutation { login(user: \"bob\", password: \"geheim\") { id } }"}`, `{"query":"mutation { login(user: \"bob\", password: \"***\") { id } }"}`)
	f(js, `{"next":"/cb?access_token=abc&x=1"}`, `{"next":"/cb?access_token=***&x=1"}`)
	f(js, `{"password":"' OR 1=1 -- secretword"}`, `{"password":"' OR 0=0 -- x"}`)
	f(js, `{"password":"a\u0027 or \u00271\u0027=\u00271"}`, `{"password":"x\u0027 or \u00270\u0027=\u00270"}`)
	f(js, `{"password":"it's a dog"}`, `{"password":"***"}`)
	// Forms
	f(form, `user=bob&password=hunter2&x=1`, `user=bob&password=***&x=1`)
	f(form, `user[password]=a&user.pin=b&p%61sswd=c&=d&token=`, `user[password]=***&user.pin=***&p%61sswd=***&=d&token=`)
	f(form, `password=%27+or+1%3D1+--+geheim`, `password=%27+or+0%3D0+--+x`)
	f("", `grant_type=password&client_secret=s3cr3t`, `grant_type=password&client_secret=***`)
	f(form, `data=%7B&q=password: geheim`, `data=%7B&q=password: ***`)
	// Multipart
	f("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nge\r\nheim\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nabc\r\n--b--",
		"--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n***\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nabc\r\n--b--")
	f("multipart/form-data", "--b\nContent-Disposition: form-data; name=pin\n\n1234", "--b\nContent-Disposition: form-data; name=pin\n\n***")
	// XML and text
	f("application/xml", `<l><u>bob</u><ns:password type="t">geheim</ns:password><a token="x"/></l>`, `<l><u>bob</u><ns:password type="t">***</ns:password><a token="***"/></l>`)
	f("text/plain", "login password: geheim, token=abc.", "login password: ***, token=***")
	f("image/png", "password=geheim", "password=geheim")
	f(js, ``, ``)
	if n != 29 {
		t.Fatalf("%d cases", n)
	}
}

// Floods of what the scanners look for cost a multiple of their length, not its
// square, which at a megabyte would be minutes.
func TestFloods(t *testing.T) {
	for _, unit := range []string{">", "=", ":", `"`, `\\"`, `"token":`, `"token":[`, "<token>", "token=", "token='", "name=\"token\"", "&", "[{", `\\`} {
		body := []byte(strings.Repeat(unit, (1<<20)/len(unit)))
		for _, ct := range []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/xml"} {
			Body(body, ct, fields)
		}
	}
}

func TestSuspicious(t *testing.T) {
	f := func(s string, want bool) {
		t.Helper()
		if got := Suspicious([]byte(s)); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
	for _, s := range []string{"hunter2", "P@ss (1)", "it's my dog", "correct horse battery staple", "dGVzdA==", "aB3$%^&*!", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "x;y"} {
		f(s, false)
	}
	for _, s := range []string{"' OR '1'='1", "admin'--", "<script>alert(1)</script>", "${jndi:ldap://x}", "../../etc/passwd'", "%27%20or%201%3d1", "1 UNION SELECT a FROM b WHERE (1=1)", "\"><img src=x>"} {
		f(s, true)
	}
}

func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"password":"hunter2","a":[1,{"pin":2}]}`, `a=b&password=c`, "--b\r\nname=\"pin\"\r\n\r\n1\r\n--b--", `<password>x</password>`, `{"q":"a(password: \"x\")"}`, `"password\":\"x`} {
		for ct := range 5 {
			f.Add([]byte(s), uint8(ct))
		}
	}
	types := []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/xml", ""}
	f.Fuzz(func(t *testing.T, in []byte, ct uint8) {
		keep := bytes.Clone(in)
		r := Body(in, types[int(ct)%len(types)], fields)
		if !bytes.Equal(in, keep) {
			t.Fatal("the input was changed")
		}
		if len(r.Fields) == 0 && !bytes.Equal(r.Data, in) {
			t.Fatal("changed and no field named")
		}
		if len(r.Data) > 4*len(in)+16 {
			t.Fatal("grew out of measure")
		}
	})
}

// A secret in any of the well-known fields of a valid document is gone, and the
// document is valid still.
func FuzzSecretInJSON(f *testing.F) {
	f.Add("hunter2", uint8(1), true)
	f.Add("with \"quotes\" and \\", uint8(7), false)
	names := DefaultFields()
	f.Fuzz(func(t *testing.T, secret string, which uint8, nested bool) {
		if len(secret) < 6 || Suspicious([]byte(secret)) || strings.ContainsAny(secret, "\x00") {
			return
		}
		name := names[int(which)%len(names)]
		var doc any = map[string]any{"a": 1, name: secret, "z": []string{"x"}}
		if nested {
			doc = []any{map[string]any{name: map[string]any{"inner": []any{secret, 5}}}}
		}
		in, err := json.Marshal(doc)
		if err != nil {
			return
		}
		quoted, _ := json.Marshal(secret)
		if Suspicious(quoted[1 : len(quoted)-1]) {
			return // keeps its shape, which may be itself where it is all syntax
		}
		r := Body(in, "application/json", fields)
		if bytes.Contains(r.Data, quoted[1:len(quoted)-1]) && !bytes.Contains([]byte(`{"a":1,"`+name+`":"***","z":["x"]}[{"inner":["***",0]}]`), quoted[1:len(quoted)-1]) {
			t.Fatalf("%s still in %s", secret, r.Data)
		}
		if !json.Valid(r.Data) {
			t.Fatalf("no JSON any more: %s", r.Data)
		}
	})
}

func BenchmarkBody3KB(b *testing.B) {
	item := `{"sku":"SKU-000123","name":"compact wireless keyboard","quantity":2,"unit_price":19.99,"in_stock":true,"tags":["black","medium"]},`
	doc := []byte(`{"order_id":"ord_1","customer":{"id":7,"email":"maria@example.com"},"items":[` + strings.Repeat(item, 23) + `{}],"total":1}`)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		Body(doc, "application/json", fields)
	}
}
