package capture

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/miradorhq/mirador/pkg/capture/redact"
	"github.com/miradorhq/mirador/pkg/event"
)

// MinSecret is the least length of a tenant key in bytes.
const MinSecret = 16

// Key is a tenant's key for hashing credentials. It is immutable and safe for
// concurrent use. Everybody who must know a credential again (shippers, edges,
// the decision endpoint) needs the same one; a new key gives every principal a
// new name.
type Key struct {
	id   string
	pool *sync.Pool // of *mac
}

type mac struct {
	hash.Hash
	sum [sha256.Size]byte
}

// NewKey makes a key. id is public and names the key in events: 1 to 32 letters,
// digits, '_', '-'. secret needs at least MinSecret bytes; 32 random ones are
// right.
func NewKey(id string, secret []byte) (Key, error) {
	if len(id) == 0 || len(id) > 32 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return Key{}, fmt.Errorf("capture: key id %q: need 1 to 32 letters, digits, '_' or '-'", id)
	}
	if len(secret) < MinSecret {
		return Key{}, fmt.Errorf("capture: key %q: secret of %d bytes, need at least %d (try: openssl rand -hex 32)", id, len(secret), MinSecret)
	}
	secret = bytes.Clone(secret)
	return Key{id: id, pool: &sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, secret)} }}}, nil
}

// ID is the public name of the key.
func (k Key) ID() string { return k.id }

var errNoKey = errors.New("capture: no tenant key: make one with NewKey")

// appendHash appends the first 128 bits of HMAC-SHA256(key, parts...) in hex.
func (k Key) appendHash(dst []byte, parts ...[]byte) []byte {
	m := k.pool.Get().(*mac)
	m.Reset()
	for _, p := range parts {
		m.Write(p)
	}
	sum := m.Sum(m.sum[:0])
	dst = append(dst, event.Hex(sum)...)
	k.pool.Put(m)
	return dst
}

// appendSum appends all 256 bits of HMAC-SHA256(key, parts...).
func (k Key) appendSum(dst []byte, parts ...[]byte) []byte {
	m := k.pool.Get().(*mac)
	m.Reset()
	for _, p := range parts {
		m.Write(p)
	}
	dst = append(dst, m.Sum(m.sum[:0])...)
	k.pool.Put(m)
	return dst
}

// appendMark appends what stands in the place of a credential: hmac:<key id>:<32 hex>
// of hashOf. A value that is an attack and no credential keeps its shape behind it, so
// an injection in a session cookie is still found.
func (k Key) appendMark(dst, value, hashOf []byte) []byte {
	dst = append(dst, "hmac:"...)
	dst = append(dst, k.id...)
	dst = append(dst, ':')
	dst = k.appendHash(dst, hashOf)
	if redact.Suspicious(value) {
		dst = append(dst, ' ')
		dst = redact.Shape(dst, value)
	}
	return dst
}

// CredentialHash is the keyed hash of a credential as it stands in
// Identity.Credential: HMAC-SHA256(key, token), first 128 bits, lower-case hex.
//
// value is the value of an Authorization or API-key header or of a key in the
// query. A leading scheme word (Bearer, Basic, ...) in any case and spaces
// around do not count, so who writes "bearer" for "Bearer" is not somebody else,
// and a key is the same in a header and in a query. Of schemes that sign each
// request (Digest, AWS4-HMAC-SHA256, Hawk) only the part that stays counts. An
// edge without Go computes the same as HMAC-SHA256 over the word after the
// scheme. An empty value gives "".
func CredentialHash(key Key, value string) string {
	token := credential([]byte(value)).token
	if len(token) == 0 {
		return ""
	}
	return string(key.appendHash(nil, token))
}

// SessionHash is the keyed hash of a session cookie's value, as it stands in
// Identity.Session: HMAC-SHA256(key, value).
func SessionHash(key Key, cookieValue string) string {
	if cookieValue == "" {
		return ""
	}
	return string(key.appendHash(nil, []byte(cookieValue)))
}

// SubjectHash is the keyed hash of issuer and subject, as it stands in
// Identity.Subject: HMAC-SHA256(key, issuer 0x00 subject). The issuer of a Basic
// user is "basic", of a client certificate "mtls", of Digest "digest" and of an
// AWS access key "aws4".
func SubjectHash(key Key, issuer, subject string) string {
	return string(key.appendHash(nil, []byte(issuer), []byte{0}, []byte(subject)))
}
