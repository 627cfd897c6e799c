// Package redact takes secrets out of bodies and query strings before they leave
// the process: the values of well-known fields (password, access_token, ...) in
// JSON, forms, multipart forms, XML and plain text.
//
// It scans and does not parse: a body that was cut at a cap, or that no strict
// parser accepts, is masked as far as it goes, because a lenient server may
// still have read the secret in it.
//
// A masked string becomes "***", a masked number 0, so a document keeps its
// syntax and its types. A value that looks like an attack (it carries quotes,
// operators, tags) becomes its shape instead: syntax and well-known keywords
// stay, every other run of letters is one x, of digits one 0. So an injection
// through a password field is still found, and no password is kept.
//
// Everything here is safe for concurrent use.
package redact

import (
	"bytes"
	"strings"
)

// Mark is what a masked string becomes.
const Mark = "***"

// maxName bounds a field's name in bytes; a longer one is no well-known field.
const maxName = 64

// Names is a set of field names. Case, '_', '-', '.' and spaces do not count:
// access_token, accessToken and Access-Token are one.
type Names struct {
	set map[string]struct{}
	// lengths and begins (the first two letters) turn away most names before the
	// map is asked.
	lengths [maxName + 1]bool
	begins  [32 * 32]bool
}

// NewNames compiles a set.
func NewNames(names ...string) *Names {
	n := &Names{set: make(map[string]struct{}, len(names))}
	for _, name := range names {
		var buf [maxName]byte
		k, ok := fold(&buf, []byte(name))
		if !ok || len(k) == 0 {
			continue
		}
		n.set[string(k)] = struct{}{}
		n.lengths[len(k)] = true
		if len(k) > 1 {
			n.begins[begin(k)] = true
		}
	}
	return n
}

// DefaultFields are the fields of bodies and forms whose values are secrets.
func DefaultFields() []string {
	return []string{
		"password", "passwd", "passphrase", "pwd", "pass", "current_password", "new_password", "old_password", "confirm_password",
		"password_confirmation", "user_password", "pin", "pin_code", "cvv", "cvc", "cvv2", "otp", "totp", "one_time_password",
		"mfa_code", "secret", "client_secret", "app_secret", "access_token", "refresh_token", "id_token", "auth_token", "session_token",
		"csrf_token", "bearer_token", "jwt", "token", "api_key", "apikey", "x_api_key", "secret_key", "private_key", "access_key_secret",
		"secret_access_key", "client_assertion", "assertion", "session_id", "sessionid", "code_verifier", "device_code",
	}
}

// DefaultParameters are the query parameters whose values are credentials.
func DefaultParameters() []string {
	return []string{
		"access_token", "refresh_token", "id_token", "auth_token", "session_token", "token", "jwt", "api_key", "apikey", "x_api_key",
		"app_key", "subscription_key", "client_secret", "secret", "password", "passwd", "pwd", "sig", "signature", "x_amz_signature",
		"x_amz_security_token", "x_goog_signature", "session_id", "sessionid", "jsessionid", "phpsessid", "id_token_hint", "otp",
	}
}

// fold writes the comparable form of name into buf; false where it is too long.
func fold(buf *[maxName]byte, name []byte) ([]byte, bool) {
	n := 0
	for _, c := range name {
		switch {
		case c == '_' || c == '-' || c == '.' || c == ' ':
			continue
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		}
		if n == maxName {
			return nil, false
		}
		buf[n] = c
		n++
	}
	return buf[:n], true
}

// begin folds case by itself: five bits of a letter do not hold it.
func begin(name []byte) int { return int(name[0]&31)<<5 | int(name[1]&31) }

// Has says whether name is in the set. It does not allocate.
func (n *Names) Has(name []byte) bool {
	if n == nil || len(name) < 2 || len(name) > maxName {
		return false
	}
	// A separator among the first two is rare, and left to the map.
	if name[0] > '.' && name[1] > '.' && name[1] != '_' && name[0] != '_' && !n.begins[begin(name)] {
		return false
	}
	var buf [maxName]byte
	k, ok := fold(&buf, name)
	if !ok || !n.lengths[len(k)] {
		return false
	}
	_, ok = n.set[string(k)]
	return ok
}

// hasLast is Has for the name of a form field: the whole name, or the last part
// of user[password], user.password.
func (n *Names) hasLast(name []byte) bool {
	if n.Has(name) {
		return true
	}
	name = bytes.TrimRight(name, "[]")
	if i := bytes.LastIndexAny(name, "[.:"); i >= 0 {
		return n.Has(name[i+1:])
	}
	return false
}

// Result is what masking did.
type Result struct {
	// Data is the input itself where nothing was found, else a new slice.
	Data []byte
	// Fields are the names of the fields that were masked, in order, each once.
	Fields []string
}

type editor struct {
	in     []byte
	out    []byte
	copied int // in[:copied] is in out
	fields []string
}

// replace puts with in the place of in[from:to]. Calls must go left to right.
func (e *editor) replace(from, to int, with, name []byte) {
	if e.out == nil {
		e.out = make([]byte, 0, len(e.in)+32)
	}
	e.out = append(e.out, e.in[e.copied:from]...)
	e.out = append(e.out, with...)
	e.copied = to
	e.note(name)
}

func (e *editor) note(name []byte) {
	if len(e.fields) >= 32 {
		return // the list tells a reader what was masked, it need not be endless
	}
	for _, f := range e.fields {
		if f == string(name) {
			return
		}
	}
	e.fields = append(e.fields, string(name))
}

func (e *editor) result() Result {
	if e.out == nil {
		return Result{Data: e.in}
	}
	return Result{Data: append(e.out, e.in[e.copied:]...), Fields: e.fields}
}

// Body masks a body whose content codings are already removed. contentType may
// be empty or wrong: a document that begins like JSON is taken for JSON.
func Body(data []byte, contentType string, names *Names) Result {
	if len(data) == 0 || names == nil || len(names.set) == 0 {
		return Result{Data: data}
	}
	e := &editor{in: data}
	switch kindOf(data, contentType) {
	case jsonBody:
		e.json(names)
	case multipartBody:
		e.multipart(names)
	case formBody:
		e.pairs(names, 0, len(data))
	case textBody:
		e.text(names, 0, len(data))
	}
	return e.result()
}

// Query masks a raw query string; with gives the replacement for a value, as
// the caller wants a credential to be told apart from another. A nil with
// masks as in a form.
func Query(query []byte, names *Names, with func(name, value []byte) []byte) Result {
	e := &editor{in: query}
	e.pairsWith(names, 0, len(query), with)
	return e.result()
}

func firstByte(b []byte) byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c
		}
	}
	return 0
}

func looksLikeForm(b []byte) bool {
	eq := bytes.IndexByte(b, '=')
	return eq > 0 && !bytes.ContainsAny(b[:eq], " \r\n<>{\"")
}

// binary types are left alone: to change a byte that happens to follow a word
// would break the document for every parser behind.
func binary(mt string) bool {
	for _, p := range []string{"image/", "video/", "audio/", "font/", "application/octet-stream", "application/grpc", "application/zip",
		"application/pdf", "application/x-protobuf", "application/protobuf", "application/vnd.google.protobuf"} {
		if strings.HasPrefix(mt, p) {
			return true
		}
	}
	return false
}
