package classifier

import (
	"bytes"

	"github.com/miradorhq/mirador/pkg/finding"
)

var email = recognizer{
	typ: Email, name: "email",
	named: 2.2, unnamed: -3,
	passTrue: 0.99, passRandom: 0.05,
	words:     []string{"email", "mail", "emails", "emailaddress", "login", "username", "contact", "recipient", "subscriber"},
	how:       "e-mail addresses by their form",
	mask:      maskEmail,
	normalize: lower,
	rule:      func(place) *finding.Rule { return nil },
}

// maskEmail keeps the top level domain: a first letter and a company's domain
// together already name somebody.
func maskEmail(v []byte) string {
	return "***@***" + string(v[bytes.LastIndexByte(v, '.'):])
}

func lower(to, v []byte) []byte {
	for _, c := range v {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		to = append(to, c)
	}
	return to
}

// validEmail checks the form local@domain.tld with ASCII names.
func validEmail(v []byte) bool {
	at := bytes.IndexByte(v, '@')
	if at < 1 || at > 64 || len(v) > 254 || bytes.IndexByte(v[at+1:], '@') >= 0 {
		return false
	}
	local, domain := v[:at], v[at+1:]
	if local[0] == '.' || local[at-1] == '.' || bytes.Contains(local, []byte("..")) {
		return false
	}
	label, dots, letters := 0, 0, true
	for i, c := range domain {
		switch {
		case c == '.':
			if label == 0 || domain[i-1] == '-' {
				return false
			}
			dots++
			label, letters = 0, true
			continue
		case c == '-':
			if label == 0 {
				return false
			}
			letters = false
		case c-'0' <= 9:
			letters = false
		case c|0x20 < 'a' || c|0x20 > 'z':
			return false
		}
		label++
	}
	return dots > 0 && label >= 2 && label <= 24 && letters
}
