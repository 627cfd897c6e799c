package capture_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
)

// A class that shall stay is not masked for looking like an identifier as well.
func TestARawClassIsNoIdentifier(t *testing.T) {
	b := masking(t, capture.Masking{Mode: capture.ModeMask, Classes: map[string]capture.Mode{"card": capture.ModeRaw}})
	e := b.Build(sent("/a", "", asJSON, `{"a":"4111111111111111","b":"83726451"}`))
	if got := string(e.RequestBody.Data); !strings.Contains(got, "4111111111111111") || strings.Contains(got, "83726451") {
		t.Errorf("masked %s", got)
	}
}

func TestDatesWithoutSeparators(t *testing.T) {
	b := masking(t, capture.Masking{Mode: capture.ModeMask, Classes: map[string]capture.Mode{capture.ClassID: capture.ModeRaw}})
	for value, form := range map[string]string{"19840630": `^1984(0[1-9]|1[0-2]){2}$`, "30061984": `^(0[1-9]|1[0-2]){2}1984$`, "840630": `^[1-9]\d{5}$`, "30 June, To 1984": `^(0[1-9]|1[0-2]) June, To 1984$`} {
		e := b.Build(sent("/a", "", asJSON, `{"birth":"`+value+`"}`))
		got := strings.TrimSuffix(strings.TrimPrefix(string(e.RequestBody.Data), `{"birth":"`), `"}`)
		if !regexp.MustCompile(form).MatchString(got) || got == value {
			t.Errorf("%s became %s", value, got)
		}
	}
}

// What is kept of tokens and certificates may name people as well; times stay.
func TestClaimsAndSubjectsAreMasked(t *testing.T) {
	part := base64.RawURLEncoding.EncodeToString
	token := part([]byte(`{"alg":"HS256"}`)) + "." + part([]byte(`{"sub":"a","client_id":"ann@mail.example","aud":["ann@mail.example"],"exp":1790000000}`)) + ".c2ln"
	raw := sent("/a", "", "", "", "Authorization", "Bearer "+token)
	raw.Event.TLS.ClientSubject = []byte("CN=ann@mail.example,O=Example")
	e := masking(t, capture.Masking{Mode: capture.ModeMask}).Build(raw)
	all := string(e.TLS.ClientSubject)
	for _, c := range e.Identity.Claims {
		all += " " + string(c.Name) + "=" + string(c.Value)
	}
	if strings.Contains(all, "ann@") || !strings.Contains(all, "exp=1790000000") || !strings.HasSuffix(strings.Split(all, " ")[0], ",O=Example") {
		t.Errorf("masked %s", all)
	}
}

// A keyed hash stays what it is; its beginning alone keeps nothing.
func TestOnlyAHashIsTakenForOne(t *testing.T) {
	b := masking(t, capture.Masking{Mode: capture.ModeMask})
	hash := "hmac:k1:" + strings.Repeat("0123456789abcdef", 2)
	for value, stays := range map[string]bool{hash: true, hash + "0": false, "hmac:k1:83726451": false, "hmac:k2:" + hash[8:]: false} {
		e := b.Build(sent("/a", "a="+value, "", ""))
		if got := string(e.Query); (got == "a="+value) != stays {
			t.Errorf("%s became %s", value, got)
		}
	}
}

// Of a body that was cut the last characters are unreadable, and what stands before them
// is as ever.
func TestTheEndOfATruncatedBody(t *testing.T) {
	b := masking(t, capture.Masking{Mode: capture.ModeMask})
	long := strings.Repeat("word ", 40)
	for in, want := range map[string]string{
		`{"a":"b","c":"4111 1111 1`:       `{"a":"b","c":"0000 0000 0`,
		`{"a":"b","c":41111`:              `{"a":"b","c":00000`,
		`{"a":"ann\u0040ma`:               `{"a":"xxx@xx`,
		`{"a":"` + long:                   `{"a":"` + long[:len(long)-64] + strings.NewReplacer("w", "x", "o", "x", "r", "x", "d", "x").Replace(long[len(long)-64:]),
		`{"a":"b","c":"4111111111111111"`: "",
	} {
		raw := &capture.Raw{Event: event.Event{RequestBody: event.Body{Data: []byte(in), Truncated: true, ContentType: []byte(asJSON)}}}
		got := string(b.Build(raw).RequestBody.Data)
		if want != "" && got != want || strings.Contains(got, "4111111111111111") {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}
