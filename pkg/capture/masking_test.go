package capture_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
)

// forms finds by expressions what the tests need; the service's Finder has all classes.
type forms struct{}

var formOf = map[string]*regexp.Regexp{
	"card":            regexp.MustCompile(`\b4\d{3}([ -]?\d{4}){3}\b`),
	"iban":            regexp.MustCompile(`\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b`),
	"email":           regexp.MustCompile(`[\w.]+@[\w.]+\w`),
	"ip":              regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+\b`),
	"secret.test-key": regexp.MustCompile(`\bsk_live_\w+`),
}

func (forms) Find(to []capture.Span, name string, value []byte) []capture.Span {
	if strings.Contains(name, "birth") {
		return append(to, capture.Span{Class: "birthdate", End: len(value), Score: 1})
	}
	if name == "position" {
		return append(to, capture.Span{Class: "geo.coordinates", End: len(value), Score: 1})
	}
	if strings.Contains(name, "surname") {
		return append(to, capture.Span{Class: "name", End: len(value), Score: 1})
	}
	for class, re := range formOf {
		for _, at := range re.FindAllIndex(value, -1) {
			to = append(to, capture.Span{Class: class, Start: at[0], End: at[1], Score: 1})
		}
	}
	return to
}

func masking(t *testing.T, m capture.Masking) *capture.Builder {
	t.Helper()
	m.Find = forms{}
	key, err := capture.NewKey("k1", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := capture.NewBuilder(capture.Config{Key: key, Masking: m})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sent(path, query, contentType, body string, headers ...string) *capture.Raw {
	e := event.Event{Method: []byte("POST"), Path: []byte(path), Query: []byte(query), Status: 200,
		RequestHeaders: []event.Header{{Name: []byte("Content-Type"), Value: []byte(contentType)}}, RequestBody: event.Body{Data: []byte(body)}}
	for i := 0; i < len(headers); i += 2 {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(headers[i]), Value: []byte(headers[i+1])})
	}
	return &capture.Raw{Event: e}
}

const asJSON = "application/json"

// luhn and mod97 are written again: what made the check digits must not check them.
func luhn(s string) bool {
	sum, n := 0, 0
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		d := int(s[i] - '0')
		if n%2 == 1 {
			d = d*2/10 + d*2%10
		}
		sum += d
		n++
	}
	return sum%10 == 0
}

func mod97(s string) bool {
	rest := 0
	for _, c := range s[4:] + s[:4] {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest == 1
}

// A pseudonym has the form of what it stands for and nothing else of it.
func TestPseudonymsKeepTheForm(t *testing.T) {
	b := masking(t, capture.Masking{Mode: capture.ModeMask})
	masked := func(name, value string) string {
		e := b.Build(sent("/a", "", asJSON, `{"`+name+`":"`+value+`"}`))
		v, _ := strings.CutPrefix(string(e.RequestBody.Data), `{"`+name+`":"`)
		return strings.TrimSuffix(v, `"}`)
	}
	for _, c := range []struct{ name, value, form string }{
		{"x", "4111 1111 1111 1111", `^4111 11\d\d \d{4} \d{4}$`},
		{"x", "DE89370400440532013000", `^DE\d{20}$`},
		{"x", "Ann.Smith@mail.example.com", `^[a-z]{3}\.[a-z]{5}@[a-z]{4}\.[a-z]{7}\.com$`},
		{"x", "203.0.113.25", `^203\.0\.\d+\.\d+$`},
		{"x", "550e8400-e29b-41d4-a716-446655440000", `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$`},
		{"x", "acc_83726451", `^acc_[1-9]\d{7}$`},
		{"x", "00123456", `^0\d{7}$`},
		{"x", "aB3dE9xK2mQ4", `^[a-z][A-Z]\d[a-z][A-Z]\d[a-z][A-Z]\d[a-z][A-Z]\d$`},
		{"birth", "1984-06-30", `^1984-(0[1-9]|1[0-2])-(0[1-9]|1[0-2])$`},
		{"birth", "30.06.1984", `^(0[1-9]|1[0-2])\.(0[1-9]|1[0-2])\.1984$`},
		{"birth", "1984-06-30T12:30:00Z", `^1984-(0[1-9]|1[0-2])-(0[1-9]|1[0-2])T12:30:00Z$`},
		{"position", "52.520008,-13.404954", `^52\.\d{6},-13\.\d{6}$`},
		{"surname", "Müller-Ödön", `^[A-Z][a-z]{5}-[A-Z][a-z]{3}$`},
		{"x", "sk_live_abc", `^hmac:k1:[0-9a-f]{32}$`},
	} {
		got := masked(c.name, c.value)
		if !regexp.MustCompile(c.form).MatchString(got) || got == c.value {
			t.Errorf("%s became %s, want %s", c.value, got, c.form)
		}
		if again := masked(c.name, c.value); again != got {
			t.Errorf("%s became %s and then %s", c.value, got, again)
		}
	}
	if got := masked("x", "4111111111111111"); !luhn(got) || got != strings.ReplaceAll(masked("x", "4111 1111 1111 1111"), " ", "") {
		t.Errorf("card %s", got)
	}
	if got := masked("x", "DE89370400440532013000"); !mod97(got) {
		t.Errorf("IBAN %s", got)
	}
	if a, b := masked("x", "ann@mail.example"), masked("x", "bob@mail.example"); a[3:] != b[3:] || a == b {
		t.Errorf("%s and %s: one domain, two people", a, b)
	}
	for _, plain := range []string{"hello world", "true", "12345", "2026-11-25", "/v1/accounts", "EUR", "4111 1111"} {
		if got := masked("x", plain); got != plain {
			t.Errorf("%s became %s", plain, got)
		}
	}
}

// One value is one pseudonym wherever it stands, and another key's is another.
func TestPseudonymsCorrelate(t *testing.T) {
	build := func(m capture.Masking) string {
		b := masking(t, m)
		e := b.Build(sent("/accounts/83726451/ann@mail.example", "id=83726451&to=ann%40mail.example", asJSON, `{"account":{"number":83726451,"list":["83726451"]},"note":"of ann@mail.example"}`,
			"X-Account", "83726451", "Content-Length", "83726451"))
		return string(e.Path) + " " + string(e.Query) + " " + string(e.RequestBody.Data) + " " + string(e.RequestHeaders[1].Value) + " " + string(e.RequestHeaders[2].Value)
	}
	got := build(capture.Masking{Mode: capture.ModeMask})
	id := regexp.MustCompile(`/accounts/(\d{8})/`).FindStringSubmatch(got)
	mail := regexp.MustCompile(`\w+@\w+\.example`).FindString(got)
	if id == nil || mail == "" || strings.Count(got, id[1]) != 5 || strings.Count(got, strings.Split(mail, "@")[0]) != 3 || strings.Count(got, "83726451") != 1 {
		t.Errorf("masked %s", got)
	}
	other, err := capture.NewKey("p2", []byte("another secret of enough bytes!!"))
	if err != nil {
		t.Fatal(err)
	}
	if build(capture.Masking{Mode: capture.ModeMask, Key: other}) == got {
		t.Error("another key gives the same pseudonyms")
	}
	raw := `/accounts/83726451/ann@mail.example id=83726451&to=ann%40mail.example {"account":{"number":83726451,"list":["83726451"]},"note":"of ann@mail.example"} 83726451 83726451`
	if got := build(capture.Masking{}); got != raw {
		t.Errorf("raw %s", got)
	}
	want := regexp.MustCompile(`^/accounts/\d{8}/\w+@\w+.example id=10000000&to=xxx%40xxxx.xxxxxxx \{"account":\{"number":10000000,"list":\["10000000"\]\},"note":"xx xxx@xxxx.xxxxxxx"\}`)
	if got := build(capture.Masking{Mode: capture.ModeShape}); !want.MatchString(got) || strings.Contains(got, "/83726451") {
		t.Errorf("shape %s", got)
	}
}

func TestMaskingByRouteAndClass(t *testing.T) {
	m := capture.Masking{Mode: capture.ModeMask, Classes: map[string]capture.Mode{"email": capture.ModeRaw, "id": capture.ModeShape},
		Routes: []capture.MaskRoute{{Path: "/v1/*/public", Mode: capture.ModeRaw}, {Host: "cards.example", Path: "/", Mode: capture.ModeShape}}}
	b := masking(t, m)
	const body = `{"a":"ann@mail.example","b":"83726451","c":"4111111111111111"}`
	for _, c := range []struct{ path, host, want string }{
		{"/v1/x/public/y", "", `^` + regexp.QuoteMeta(body) + `$`},
		{"/v1/public", "", `^\{"a":"ann@mail.example","b":"10000000","c":"411111\d{10}"\}$`},
		{"/any", "Cards.example:8443", `^\{"a":"xxx@xxxx.xxxxxxx","b":"10000000","c":"1000000000000000"\}$`},
	} {
		e := b.Build(sent(c.path, "", asJSON, body, "Host", c.host))
		if got := string(e.RequestBody.Data); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s %s: %s, want %s", c.host, c.path, got, c.want)
		}
	}
	for _, bad := range []capture.Masking{{Mode: "hide", Find: forms{}}, {Mode: capture.ModeMask}, {Routes: []capture.MaskRoute{{Path: "v1", Mode: capture.ModeRaw}}},
		{Mode: capture.ModeMask, Find: forms{}, Classes: map[string]capture.Mode{"card": ""}}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

// What nobody can look into does not leave, credentials stay what they were, and the
// event says what was done.
func TestMaskingLeavesNothingUnseen(t *testing.T) {
	b := masking(t, capture.Masking{Mode: capture.ModeMask})
	for _, c := range []*capture.Raw{
		sent("/a", "", "application/grpc", "\x00\x00\x00\x00\x074111111"),
		sent("/a", "", asJSON, "\xff\xfe{\x00\"\x00"),
		sent("/a", "", asJSON, `{"a":"4111111111111111"}`, "Content-Encoding", "made-up"),
	} {
		e := b.Build(c)
		if len(e.RequestBody.Data) > 0 || !e.RequestBody.Truncated || !bytes.Contains(bytes.Join(e.Masked, []byte(" ")), []byte("request.body:unreadable")) {
			t.Errorf("%q left, masked %q", e.RequestBody.Data, e.Masked)
		}
	}
	plain := masking(t, capture.Masking{}).Build(sent("/a", "access_token=83726451&x=1", asJSON, `{"password":"83726451"}`, "Authorization", "Bearer 83726451", "Cookie", "session=83726451"))
	e := b.Build(sent("/a", "access_token=83726451&x=1", asJSON, `{"password":"83726451"}`, "Authorization", "Bearer 83726451", "Cookie", "session=83726451"))
	for i := range e.RequestHeaders {
		if !bytes.Equal(e.RequestHeaders[i].Value, plain.RequestHeaders[i].Value) {
			t.Errorf("%s: %s, want %s", e.RequestHeaders[i].Name, e.RequestHeaders[i].Value, plain.RequestHeaders[i].Value)
		}
	}
	if !bytes.Equal(e.Query, plain.Query) || !bytes.Equal(e.RequestBody.Data, plain.RequestBody.Data) || !bytes.Equal(e.Identity.Credential, plain.Identity.Credential) {
		t.Errorf("%s %s", e.Query, e.RequestBody.Data)
	}
	e = b.Build(sent("/a", "", asJSON, `{"a":"ann@mail.example"}`))
	if got := string(bytes.Join(e.Masked, []byte(" "))); got != "pseudonyms:k1 request.body:email" {
		t.Errorf("masked %q", got)
	}
}
