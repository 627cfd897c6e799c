package openapi

import (
	"slices"
	"strings"
)

// schemes are the security schemes by the identity scheme of an event.
var schemes = [...]struct{ auth, name string }{
	{"api-key", "apiKey"}, {"basic", "basic"}, {"bearer", "bearer"}, {"cookie", "cookie"}, {"jwt", "jwt"}, {"mtls", "mtls"},
}

// security is any of the schemes with which the operation was served, and none
// where it was served without.
func (x *exported) security() []object {
	var out []object
	for _, s := range schemes {
		if x.auth[s.auth] > 0 {
			out = append(out, object{s.name: []string{}})
		}
	}
	if len(out) > 0 && x.auth["none"] > 0 {
		out = append(out, object{})
	}
	return out
}

// keyHeader is the header that carries an API key, by its name, or a usual one:
// that it was assumed is said.
func (x *exported) keyHeader() (name string, seen bool) {
	for _, p := range x.of("header") {
		if strings.Contains(p.Name, "key") || strings.Contains(p.Name, "token") {
			return p.Name, true
		}
	}
	return "x-api-key", false
}

func (x *exported) sessionCookie() (name string, seen bool) {
	for _, p := range x.of("cookie") {
		for _, word := range [...]string{"sess", "sid", "auth", "token"} {
			if strings.Contains(p.Name, word) {
				return p.Name, true
			}
		}
	}
	return "session", false
}

// securitySchemes are those that operations name.
func securitySchemes(all []*exported) object {
	out := object{}
	for _, x := range all {
		for _, s := range schemes {
			if x.auth[s.auth] == 0 {
				continue
			}
			var made object
			name, seen := "", true
			switch s.auth {
			case "basic", "bearer":
				made = object{"type": "http", "scheme": s.auth}
			case "jwt":
				made = object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
			case "mtls":
				made = object{"type": "mutualTLS"}
			case "api-key":
				name, seen = x.keyHeader()
				made = object{"type": "apiKey", "in": "header", "name": name}
			case "cookie":
				name, seen = x.sessionCookie()
				made = object{"type": "apiKey", "in": "cookie", "name": name}
			}
			if !seen {
				made["description"] = "The name is assumed: sensors send no secrets, and this one not the name either."
				if _, ok := out[s.name]; ok {
					continue
				}
			}
			if old, ok := out[s.name].(object); !ok || old["description"] != nil {
				out[s.name] = made
			}
		}
	}
	return out
}

// sorted are the operations by path and method.
func sorted[K comparable](joined map[K]*exported) []*exported {
	out := make([]*exported, 0, len(joined))
	for _, x := range joined {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b *exported) int {
		return strings.Compare(a.path+" "+a.method, b.path+" "+b.method)
	})
	return out
}
