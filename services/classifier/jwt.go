package classifier

import (
	"bytes"
	"encoding/base64"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/segmentio/encoding/json"
)

// TokenInURL is a path segment or query parameter that carries tokens.
var TokenInURL = finding.Rule{
	ID: "DATA-05", Title: "Token in a URL", Detector: "classifier", Severity: finding.Medium,
	OWASP: []string{"API2"}, CWE: []string{"CWE-598"}, ATTACK: []string{"T1550.001"},
	Remediation: "Send the token in the Authorization header: URLs are kept in logs, histories and referrers, and whoever reads one can act as its owner.",
}

// TokenInResponse is a field of a response that carries tokens. Where a client
// logs in it belongs there, elsewhere it does not.
var TokenInResponse = finding.Rule{
	ID: "DATA-06", Title: "Token in a response", Detector: "classifier", Severity: finding.Info,
	OWASP: []string{"API3"}, CWE: []string{"CWE-200"}, ATTACK: []string{"T1528"},
	Remediation: "Check that this endpoint is one that issues tokens, to the caller they are for; any other must not return them.",
}

var jwt = recognizer{
	typ: JWT, name: "jwt", checksum: true,
	named: 2.2, unnamed: -3,
	passTrue: 0.99, passRandom: 1e-6, // the header must decode to JSON with an algorithm
	enough:    1,
	words:     []string{"jwt", "token", "bearer", "authorization", "assertion", "session"},
	how:       "JSON web tokens whose header and claims parse",
	mask:      maskJWT,
	normalize: same,
	rule: func(p place) *finding.Rule {
		switch {
		case p.direction == response:
			return &TokenInResponse
		case p.inURL():
			return &TokenInURL
		}
		return nil
	},
}

// same is v as it is: case tells tokens apart.
func same(to, v []byte) []byte { return append(to, v...) }

// maxJWT is how long a token may be in bytes: a longer one fits no header.
const maxJWT = 16 << 10

func maskJWT(v []byte) string {
	alg := "?"
	if h, ok := jwtHeader(v); ok {
		alg = h
	}
	return "eyJ***.***.*** (" + alg + ")"
}

// jwtHeader is the algorithm that the header of a compact token names, if it is
// one: letters and digits, as the registry has them.
func jwtHeader(v []byte) (string, bool) {
	head, _, ok := bytes.Cut(v, []byte{'.'})
	if !ok || len(head) > 2048 {
		return "", false
	}
	var h struct {
		Algorithm string `json:"alg"`
	}
	raw, err := base64.RawURLEncoding.AppendDecode(nil, bytes.TrimRight(head, "="))
	if err != nil || json.Unmarshal(raw, &h) != nil || h.Algorithm == "" || len(h.Algorithm) > 20 {
		return "", false
	}
	for i := range len(h.Algorithm) {
		if c := h.Algorithm[i]; c-'0' > 9 && c != '-' && c != '+' && (c|0x20 < 'a' || c|0x20 > 'z') {
			return "", false
		}
	}
	return h.Algorithm, true
}

// validJWT says whether v is a signed or encrypted token in compact form: three
// or five parts, the first a header and, if signed, the second JSON.
func validJWT(v []byte) bool {
	parts := bytes.Count(v, []byte{'.'}) + 1
	if parts != 3 && parts != 5 || len(v) > maxJWT {
		return false
	}
	if _, ok := jwtHeader(v); !ok {
		return false
	}
	if parts == 5 {
		return true
	}
	_, rest, _ := bytes.Cut(v, []byte{'.'})
	claims, _, _ := bytes.Cut(rest, []byte{'.'})
	raw, err := base64.RawURLEncoding.AppendDecode(nil, bytes.TrimRight(claims, "="))
	return err == nil && len(raw) >= 2 && raw[0] == '{' && json.Valid(raw)
}
