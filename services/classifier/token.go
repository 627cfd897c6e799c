package classifier

import (
	"bytes"
	"encoding/base64"
	"hash/crc32"

	"github.com/segmentio/encoding/json"
)

// token is the first JSON web token in v that begins at i or later and parses: what only
// looks like one is none. Without one its end is 0.
func token(v []byte, i int) (start, end int) {
	for {
		n := bytes.Index(v[i:], []byte("eyJ"))
		if n < 0 {
			return 0, 0
		}
		start = i + n
		for i = start; i < len(v) && (kinds[v[i]] != 0 && v[i] != '@' || v[i] == '='); i++ {
		}
		w := bytes.TrimRight(v[start:i], ".")
		if (start == 0 || kinds[v[start-1]]&(digit|letter) == 0) && validJWT(w) {
			return start, start + len(w)
		}
	}
}

// leastJWT is how long one is at least: a header that names an algorithm, claims, two dots.
const leastJWT = 20

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

// githubCheck: the last six characters are the CRC-32 of those before, in base 62.
func githubCheck(rest []byte) bool {
	body, sum := rest[:len(rest)-6], crc32.ChecksumIEEE(rest[:len(rest)-6])
	want := rest[len(body):]
	for i := 5; i >= 0; i-- {
		if want[i] != base62[sum%62] {
			return false
		}
		sum /= 62
	}
	return sum == 0
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// genuine says whether a credential of the scanner's is one that its provider may have
// given out.
func (c *class) genuine(v []byte) bool {
	switch c.name {
	case "secret.github-pat", "secret.github-oauth", "secret.github-app-token":
		return githubCheck(v[bytes.IndexByte(v, '_')+1:])
	}
	return !bytes.Contains(v, []byte("xxxxxxxx"))
}
