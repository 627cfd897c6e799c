package capture

import (
	"bytes"
	"encoding/base64"

	"github.com/segmentio/encoding/json"

	"github.com/miradorhq/mirador/pkg/event"
)

// cred is a credential taken apart.
type cred struct {
	scheme  string // of event.Identity
	word    []byte // the scheme word as sent, empty where there is none
	token   []byte // what is hashed
	issuer  string // of subject, where that is not a JWT's
	subject []byte
}

// credential takes the value of an Authorization or API-key header apart.
func credential(value []byte) cred {
	value = bytes.TrimSpace(value)
	i := bytes.IndexByte(value, ' ')
	if i <= 0 {
		return cred{scheme: "other", token: value}
	}
	word, rest := value[:i], bytes.TrimSpace(value[i+1:])
	c := cred{scheme: "other", word: word, token: rest}
	switch {
	case fold(word, "bearer"):
		c.scheme = "bearer"
	case fold(word, "basic"):
		c.scheme = "basic"
		if user, _, ok := bytes.Cut(decode64(rest), []byte{':'}); ok && len(user) > 0 {
			c.issuer, c.subject = "basic", user
		}
	case fold(word, "token"), fold(word, "apikey"), fold(word, "api-key"), fold(word, "key"):
		c.scheme = "api-key"
	case fold(word, "digest"):
		if user := attribute(rest, "username"); len(user) > 0 {
			c.issuer, c.subject, c.token = "digest", user, user
		}
	case fold(word, "aws4-hmac-sha256"):
		if id, _, ok := bytes.Cut(attribute(rest, "Credential"), []byte{'/'}); ok && len(id) > 0 {
			c.issuer, c.subject, c.token = "aws4", id, id
		}
	case fold(word, "hawk"):
		if id := attribute(rest, "id"); len(id) > 0 {
			c.issuer, c.subject, c.token = "hawk", id, id
		}
	case fold(word, "negotiate"), fold(word, "ntlm"), fold(word, "dpop"), fold(word, "hoba"), fold(word, "mac"), fold(word, "gnap"),
		fold(word, "privatetoken"), fold(word, "vapid"), fold(word, "oauth"):
	default:
		// Not a scheme that is known: the whole is the credential.
		c.word, c.token = nil, value
	}
	return c
}

// attribute is the value of name="..." or name=... in a list of such.
func attribute(list []byte, name string) []byte {
	for len(list) > 0 {
		part := list
		if i := bytes.IndexByte(list, ','); i >= 0 {
			part, list = list[:i], list[i+1:]
		} else {
			list = nil
		}
		k, v, ok := bytes.Cut(bytes.TrimSpace(part), []byte{'='})
		if ok && fold(k, name) {
			return bytes.Trim(v, `" `)
		}
	}
	return nil
}

// jwt is what is read of a JSON Web Token. Nothing of it is verified: the mirror
// is no gate, and whether it is valid the API's answer tells.
type jwt struct {
	header  []byte // JSON
	claims  []event.Claim
	issuer  []byte
	subject []byte // sub, else client_id or azp
}

// Bounds of what is kept of a token, in bytes.
const (
	maxToken       = 16 << 10
	maxTokenHeader = 4 << 10
	maxClaim       = 1 << 10
)

type claims struct {
	Iss      json.RawMessage `json:"iss"`
	Sub      json.RawMessage `json:"sub"`
	Aud      json.RawMessage `json:"aud"`
	Azp      json.RawMessage `json:"azp"`
	ClientID json.RawMessage `json:"client_id"`
	Scope    json.RawMessage `json:"scope"`
	Scp      json.RawMessage `json:"scp"`
	Roles    json.RawMessage `json:"roles"`
	Exp      json.RawMessage `json:"exp"`
	Iat      json.RawMessage `json:"iat"`
	Nbf      json.RawMessage `json:"nbf"`
}

// parseJWT reads a token in compact form; false where it is none.
func parseJWT(token []byte) (jwt, bool) {
	if len(token) < 10 || len(token) > maxToken || token[0] != 'e' {
		return jwt{}, false // '{"' always begins with "ey" or, with a space, "ew" or "eA"
	}
	a := bytes.IndexByte(token, '.')
	if a < 0 {
		return jwt{}, false
	}
	b := bytes.IndexByte(token[a+1:], '.')
	if b < 0 || bytes.IndexByte(token[a+1+b+1:], '.') >= 0 {
		return jwt{}, false
	}
	header, payload := decode64(token[:a]), decode64(token[a+1:a+1+b])
	if !object(header) || !object(payload) || !json.Valid(header) {
		return jwt{}, false
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return jwt{}, false
	}
	t := jwt{issuer: text(c.Iss), subject: text(c.Sub)}
	if len(header) <= maxTokenHeader {
		t.header = header
	}
	if len(t.subject) == 0 {
		t.subject = text(c.ClientID)
	}
	if len(t.subject) == 0 {
		t.subject = text(c.Azp)
	}
	t.claims = make([]event.Claim, 0, 8)
	add := func(name string, v json.RawMessage) {
		if len(v) > 0 && len(v) <= maxClaim {
			t.claims = append(t.claims, event.Claim{Name: []byte(name), Value: v})
		}
	}
	add("iss", c.Iss)
	add("aud", c.Aud)
	add("azp", c.Azp)
	add("client_id", c.ClientID)
	if len(c.Scope) == 0 {
		c.Scope = c.Scp
	}
	add("scope", c.Scope)
	add("roles", c.Roles)
	add("exp", c.Exp)
	add("iat", c.Iat)
	add("nbf", c.Nbf)
	return t, true
}

func object(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 1 && b[0] == '{' && b[len(b)-1] == '}'
}

// text is the text of a JSON string, or the JSON of anything else but null.
func text(v json.RawMessage) []byte {
	if len(v) == 0 || string(v) == "null" {
		return nil
	}
	if v[0] != '"' {
		return v
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return v
	}
	return []byte(s)
}

// decode64 takes both alphabets, with and without padding; nil where it is neither.
func decode64(b []byte) []byte {
	b = bytes.TrimRight(b, "=")
	enc := base64.RawURLEncoding
	if bytes.ContainsAny(b, "+/") {
		enc = base64.RawStdEncoding
	}
	out := make([]byte, enc.DecodedLen(len(b)))
	n, err := enc.Decode(out, b)
	if err != nil {
		return nil
	}
	return out[:n]
}

// fold compares ASCII without case.
func fold(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}
