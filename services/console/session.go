package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"
)

// cookieName of the session. Not __Host-: that needs HTTPS, and on loopback there
// is none.
const cookieName = "mirador_console"

// session is what the cookie carries. It is signed, not secret, and holds nothing
// that may not be shown to its owner.
type session struct {
	expires time.Time
	nonce   [12]byte
	person  string // may be empty
}

// sessions signs and opens cookies and checks the token. The key is derived from
// the token: a new token ends every session. Safe for concurrent use.
type sessions struct {
	key, tokenSum [32]byte
	life          time.Duration
	secure        bool
	now           func() time.Time
}

func newSessions(token string, life time.Duration, secure bool) *sessions {
	s := &sessions{life: life, secure: secure, now: time.Now, tokenSum: sha256.Sum256([]byte(token))}
	s.key = [32]byte(mac([]byte(token), "mirador console session key"))
	return s
}

func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

// tokenIs compares in a time that tells nothing of the token, not even its length.
func (s *sessions) tokenIs(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], s.tokenSum[:]) == 1
}

// start makes the session of person and its cookie.
func (s *sessions) start(person string) (session, *http.Cookie) {
	v := session{expires: s.now().Add(s.life), person: person}
	_, _ = rand.Read(v.nonce[:]) // never fails
	return v, s.cookie(s.seal(v), int(s.life/time.Second))
}

// end is the cookie that removes the session from a browser.
func (s *sessions) end() *http.Cookie { return s.cookie("", -1) }

func (s *sessions) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteStrictMode}
}

func (s *sessions) seal(v session) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(v.expires.Unix()))
	b = append(append(b, v.nonce[:]...), v.person...)
	sum := mac(s.key[:], "session", string(b))
	return base64.RawURLEncoding.EncodeToString(b) + "." + base64.RawURLEncoding.EncodeToString(sum)
}

// open is the session of a cookie's value; ok is false for one that is forged,
// damaged or over.
func (s *sessions) open(value string) (v session, ok bool) {
	body, sum, found := strings.Cut(value, ".")
	if !found || len(value) > 512 {
		return v, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(b) < 8+len(v.nonce) {
		return v, false
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(sum)
	if err != nil || !hmac.Equal(given, mac(s.key[:], "session", string(b))) {
		return v, false
	}
	v.expires = time.Unix(int64(binary.BigEndian.Uint64(b)), 0)
	copy(v.nonce[:], b[8:])
	v.person = string(b[8+len(v.nonce):])
	return v, s.now().Before(v.expires)
}

// of is the session of a request.
func (s *sessions) of(r *http.Request) (session, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return session{}, false
	}
	return s.open(c.Value)
}

// csrf is the token that every form of v carries.
func (s *sessions) csrf(v session) string {
	return base64.RawURLEncoding.EncodeToString(mac(s.key[:], "csrf", string(v.nonce[:])))
}

func (s *sessions) csrfIs(v session, token string) bool {
	return hmac.Equal([]byte(token), []byte(s.csrf(v)))
}
