package operator

import "github.com/corazawaf/libinjection-go"

// SQLi is @detectSQLi. It captures the fingerprint, not the value.
type SQLi struct{}

// Match asks libinjection.
func (SQLi) Match(s string, env Env) bool {
	found, fingerprint := libinjection.IsSQLi(s)
	if found && env.Capturing() {
		env.Capture(0, fingerprint)
	}
	return found
}

// XSS is @detectXSS.
type XSS struct{}

// Match asks libinjection.
func (XSS) Match(s string, _ Env) bool { return libinjection.IsXSS(s) }
