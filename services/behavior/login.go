package behavior

import (
	"bytes"
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
	// user is a keyed hash of the name; of unnamed attempts, which come where no bodies
	// are recorded, one of the address.
	user    uint64
	unnamed bool
}

// tryOf reads an attempt. APIs that have one path for everything, and those whose paths
// say it in a language that nobody here knows, log in by what a request carries: a
// name and a password, which who makes an account or changes a password sends too.
func tryOf(o *observation) (t try) {
	e := o.tx.Event
	if string(e.Method) != "POST" {
		return t
	}
	named := loginPath(e.Path)
	if !named && (len(e.RequestBody.Data) < 16 || accountWords.in(e.Path)) {
		return t
	}
	name, secret := userOf(o)
	failed, answered := loginFailed(e.Status)
	switch {
	case name == nil && named && len(e.RequestBody.Data) == 0:
		return try{counts: answered && (!failed || e.Status == 401 || e.Status == 403), failed: failed, user: unnamedUser(string(e.Client.Address)), unnamed: true}
	case name == nil || !answered, !named && (!secret || failed && e.Status != 401 && e.Status != 403):
		return t
	}
	return try{counts: true, failed: failed || refusal(o), user: o.hash.user(o.tx.Tenant, name)}
}

// accountWords are of paths where a name and a password come together though nobody
// logs in.
var accountWords = wordsOf("register registration registrations signup enroll enrol join users accounts customers members password passwords passwd reset invite invitation")

// unnamedUser stands for the user of an attempt from an address, of whom nothing more
// is known.
func unnamedUser(address string) uint64 { return hashText(address) }

// loginPath says whether one of the words of path is a login's, or two are: sign-in.
func loginPath(path []byte) bool {
	start, half := 0, false
	for i := 0; i <= len(path) && i < 512; i++ {
		if i < len(path) && letter(path[i]) {
			continue
		}
		w := path[start:i]
		switch {
		case len(w) >= 4 && loginWord(w), half && len(w) == 2 && (w[0]|0x20 == 'i' || w[0]|0x20 == 'o') && w[1]|0x20 == 'n':
			return true
		case len(w) > 0:
			half = len(w) == 3 && bytes.EqualFold(w, []byte("log")) || len(w) == 4 && bytes.EqualFold(w, []byte("sign"))
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
// password beside it. secret says that it is called a password, and by no name that
// other things have too.
func userOf(o *observation) (user []byte, secret bool) {
	password := false
	doc := o.tx.Request()
	for _, leaves := range [...][]content.Leaf{doc.Leaves, doc.Nested} {
		for i := range leaves {
			l := &leaves[i]
			if l.Location != content.Body || len(l.Value) == 0 || l.Via != content.Direct && l.Via != content.FromGraphQL {
				continue
			}
			name := o.name(strings.TrimPrefix(l.Name, "@"))
			switch {
			case user == nil && len(l.Value) <= 256 && name.user:
				user = l.Value
			case name.password:
				password = true
				secret = secret || name.secret
			}
		}
	}
	if !password {
		return nil, false
	}
	return user, secret
}

func userName(name string) bool {
	n := bare(name)
	switch n {
	case "user", "userid", "mail", "account", "phone", "msisdn", "identifier", "clientid", "customer", "customerid", "name", "uid", "loginid", "card", "customerno", "customernumber":
		return true
	}
	return strings.HasSuffix(n, "username") || strings.HasSuffix(n, "email") || strings.HasSuffix(n, "login")
}

func passwordName(name string) bool {
	switch bare(name) {
	case "pin", "passcode", "secret", "clientsecret", "otp", "code", "credential":
		return true
	}
	return certainly(name)
}

// certainly says whether the name is of a password and of nothing else.
func certainly(name string) bool {
	n := bare(name)
	switch n {
	case "pass", "pwd", "userpass", "userpwd", "passphrase":
		return true
	}
	return strings.HasSuffix(n, "password") || strings.HasSuffix(n, "passwd")
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
