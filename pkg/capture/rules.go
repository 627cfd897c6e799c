package capture

import (
	"bytes"
	"strings"

	"github.com/miradorhq/mirador/pkg/capture/redact"
)

// Rules say which parts of a transaction are credentials. A nil list means the
// default one, an empty list none.
type Rules struct {
	// KeyHeaders hold an API key: they are masked and identify the caller. Any case.
	KeyHeaders []string
	// SecretHeaders are masked and identify nobody (CSRF tokens, proofs).
	SecretHeaders []string
	// SessionCookies are names of session cookies beyond those that SessionLike
	// knows; PlainCookies are never taken for one.
	SessionCookies []string
	PlainCookies   []string
	// KeyParameters are query parameters that identify the caller; they and
	// SecretParameters are masked.
	KeyParameters    []string
	SecretParameters []string
	// BodyFields are fields of JSON, forms and XML whose values are masked.
	BodyFields []string
}

// DefaultRules is what a nil list stands for.
func DefaultRules() Rules {
	return Rules{
		KeyHeaders: []string{
			"x-api-key", "apikey", "api-key", "x-apikey", "x-auth-token", "x-auth-key", "x-access-token", "x-session-token", "x-session-id",
			"x-goog-api-key", "ocp-apim-subscription-key", "x-vault-token", "private-token", "x-gitlab-token", "x-shopify-access-token",
			"x-subject-token", "x-token", "x-functions-key", "x-rapidapi-key",
		},
		SecretHeaders: []string{
			"x-csrf-token", "x-xsrf-token", "csrf-token", "dpop", "x-amz-security-token", "x-forwarded-access-token", "x-amzn-oidc-data",
			"x-amzn-oidc-accesstoken", "x-client-secret", "x-webhook-secret", "x-telegram-bot-api-secret-token",
		},
		KeyParameters:    []string{"access_token", "api_key", "apikey", "x-api-key", "auth_token", "token", "app_key", "subscription-key"},
		SecretParameters: redact.DefaultParameters(),
		BodyFields:       redact.DefaultFields(),
	}
}

// or gives the lists of r, and those of d where r has nil.
func (r Rules) or(d Rules) Rules {
	pick := func(a *[]string, b []string) {
		if *a == nil {
			*a = b
		}
	}
	pick(&r.KeyHeaders, d.KeyHeaders)
	pick(&r.SecretHeaders, d.SecretHeaders)
	pick(&r.SessionCookies, d.SessionCookies)
	pick(&r.PlainCookies, d.PlainCookies)
	pick(&r.KeyParameters, d.KeyParameters)
	pick(&r.SecretParameters, d.SecretParameters)
	pick(&r.BodyFields, d.BodyFields)
	return r
}

// headerKind is what a header is to masking.
type headerKind uint8

const (
	plainHeader headerKind = iota
	authorizationHeader
	keyHeader
	secretHeader
	cookieHeader
	setCookieHeader
	urlHeader
)

type compiled struct {
	headers    map[string]headerKind // by lower-case name
	longest    int
	session    map[string]bool // cookie name in lower case -> is a session cookie
	keyParams  *redact.Names
	parameters *redact.Names
	fields     *redact.Names
}

// urlHeaders hold the address of a page.
var urlHeaders = []string{"referer", "location", "content-location", "x-original-url", "x-rewrite-url", "x-original-uri", "x-forwarded-uri"}

func compile(r Rules) *compiled {
	r = r.or(DefaultRules())
	c := &compiled{
		headers:    map[string]headerKind{"authorization": authorizationHeader, "proxy-authorization": secretHeader, "cookie": cookieHeader, "set-cookie": setCookieHeader},
		session:    map[string]bool{},
		keyParams:  redact.NewNames(r.KeyParameters...),
		parameters: redact.NewNames(append(append([]string(nil), r.KeyParameters...), r.SecretParameters...)...),
		fields:     redact.NewNames(r.BodyFields...),
	}
	for _, h := range urlHeaders {
		c.headers[h] = urlHeader
	}
	for _, h := range r.SecretHeaders {
		c.headers[strings.ToLower(h)] = secretHeader
	}
	for _, h := range r.KeyHeaders {
		c.headers[strings.ToLower(h)] = keyHeader
	}
	for h := range c.headers {
		c.longest = max(c.longest, len(h))
	}
	for _, n := range r.SessionCookies {
		c.session[strings.ToLower(n)] = true
	}
	for _, n := range r.PlainCookies {
		c.session[strings.ToLower(n)] = false
	}
	return c
}

// kind does not allocate.
func (c *compiled) kind(name []byte) headerKind {
	if len(name) < 4 || len(name) > c.longest || len(name) > 64 {
		return plainHeader
	}
	var low [64]byte
	for i, b := range name {
		if b >= 'A' && b <= 'Z' {
			b |= 0x20
		}
		low[i] = b
	}
	return c.headers[string(low[:len(name)])]
}

// cookieKind is what a cookie is: nothing, a secret, or a session with a rank
// (the higher identifies the caller where there are several).
type cookieKind uint8

const (
	plainCookie cookieKind = iota
	secretCookie
	rememberCookie
	tokenCookie
	sessionCookie
)

func (c *compiled) cookie(name []byte) cookieKind {
	if len(c.session) > 0 && len(name) <= 256 {
		if is, ok := c.session[string(bytes.ToLower(name))]; ok {
			if is {
				return sessionCookie
			}
			return plainCookie
		}
	}
	return sessionLike(name)
}

func sessionLike(name []byte) cookieKind {
	if len(name) < 3 || len(name) > 128 {
		return plainCookie
	}
	var room [128]byte
	low := room[:len(name)]
	for i, b := range name {
		if b >= 'A' && b <= 'Z' {
			b |= 0x20
		}
		low[i] = b
	}
	if bytes.Contains(low, []byte("csrf")) || bytes.Contains(low, []byte("xsrf")) {
		return secretCookie
	}
	if bytes.Contains(low, []byte("session")) || bytes.Contains(low, []byte("sessid")) {
		return sessionCookie
	}
	best := plainCookie
	for start := 0; start < len(low); {
		end := start
		for end < len(low) && low[end] >= 'a' && low[end] <= 'z' {
			end++
		}
		k := plainCookie
		switch string(low[start:end]) {
		case "sid", "sess", "ssid", "osid", "hsid", "sso", "aspxauth":
			k = sessionCookie
		case "auth", "token", "jwt", "accesstoken", "authtoken", "idtoken", "bearer", "oauth", "refreshtoken":
			k = tokenCookie
		case "remember", "rememberme":
			k = rememberCookie
		}
		best = max(best, k)
		start = end + 1
	}
	if best == plainCookie && bytes.Contains(low, []byte("remember")) {
		best = rememberCookie
	}
	return best
}
