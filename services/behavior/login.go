package behavior

import (
	"strings"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
)

// isLogin says whether the request is an attempt to log in, by method and path. What
// it carries is asked for by userOf.
func isLogin(tx *detect.Tx) bool {
	return string(tx.Event.Method) == "POST" && loginPath(tx.Event.Path)
}

// try is an attempt to log in, as the rules share it: counts where one is made and was
// answered.
type try struct {
	counts, failed bool
	user           uint64 // keyed hash of the name
}

func tryOf(o *observation) (t try) {
	if !isLogin(o.tx) {
		return t
	}
	failed, answered := loginFailed(o.tx.Event.Status)
	if !failed && !answered {
		return t
	}
	name := userOf(o.tx)
	if name == nil {
		return t
	}
	return try{counts: true, failed: failed, user: o.hash.user(o.tx.Tenant, name)}
}

// loginPath says whether one of the words of path is a login's.
func loginPath(path []byte) bool {
	start := 0
	for i := 0; i <= len(path) && i < 512; i++ {
		if i < len(path) && letter(path[i]) {
			continue
		}
		if i-start >= 4 && loginWord(path[start:i]) {
			return true
		}
		start = i + 1
	}
	return false
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }

func loginWord(w []byte) bool {
	if len(w) > 12 {
		return false
	}
	var b [12]byte
	for i, c := range w {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		b[i] = c
	}
	switch string(b[:len(w)]) {
	case "login", "signin", "logon", "token", "tokens", "oauth", "oauth2", "authenticate", "auth", "session", "sessions":
		return true
	}
	return false
}

// userOf is the user name of an attempt; nil where the request carries none, or no
// password beside it.
func userOf(tx *detect.Tx) []byte {
	var user []byte
	password := false
	for _, l := range tx.Request().Leaves {
		if l.Location != content.Body || len(l.Value) == 0 {
			continue
		}
		switch {
		case user == nil && len(l.Value) <= 256 && userName(l.Name):
			user = l.Value
		case passwordName(l.Name):
			password = true
		}
	}
	if !password {
		return nil
	}
	return user
}

func userName(name string) bool {
	switch strings.ToLower(name) {
	case "username", "user", "user_name", "userid", "user_id", "login", "email", "mail", "account", "phone", "msisdn", "identifier", "client_id", "customer", "customer_id", "name":
		return true
	}
	return false
}

func passwordName(name string) bool {
	switch strings.ToLower(name) {
	case "password", "passwd", "pass", "pwd", "pin", "passcode", "secret", "client_secret", "otp", "code", "passphrase":
		return true
	}
	return false
}

// loginFailed says whether an attempt was refused, and whether it was answered at
// all: a 5xx says nothing of the password.
func loginFailed(status uint16) (failed, answered bool) {
	switch status {
	case 400, 401, 403, 422, 429:
		return true, true
	}
	return false, status >= 200 && status < 400
}
