package capture

import (
	"bytes"
	"net/http"

	"github.com/miradorhq/mirador/pkg/capture/redact"
	"github.com/miradorhq/mirador/pkg/event"
)

// Identity tells who acts, from raw request headers and query. It holds keyed
// hashes only. Precedence: a JWT's issuer and subject, the client certificate's
// subject, the Basic user. Scheme is that of the Authorization header, else of
// an API key, else of a session cookie, else mtls. Safe for concurrent use.
func (b *Builder) Identity(headers []event.Header, query []byte, tls event.TLS) event.Identity {
	var id event.Identity
	var issuer string
	var subject []byte
	rank := plainCookie
	var session []byte
	// A weaker credential waits until the stronger ones were looked for.
	var apiKey []byte
	for i := range headers {
		switch b.rules.kind(headers[i].Name) {
		case authorizationHeader:
			if len(id.Scheme) > 0 {
				continue
			}
			c := credential(headers[i].Value)
			if len(c.token) == 0 {
				continue
			}
			id.Scheme = []byte(c.scheme)
			id.Credential = b.key.appendHash(nil, c.token)
			issuer, subject = c.issuer, c.subject
			if t, ok := parseJWT(c.token); ok {
				id.Scheme = []byte("jwt")
				id.TokenHeader, id.Claims = t.header, t.claims
				if len(t.subject) > 0 {
					id.Subject = b.key.appendHash(nil, t.issuer, []byte{0}, t.subject)
				}
			}
		case keyHeader:
			if len(apiKey) == 0 {
				apiKey = credential(headers[i].Value).token
			}
		case cookieHeader:
			eachCookie(headers[i].Value, func(name, value []byte) {
				if k := b.rules.cookie(name); k > secretCookie && k > rank && len(value) > 0 {
					rank, session = k, value
				}
			})
		}
	}
	if len(apiKey) == 0 && len(id.Scheme) == 0 && len(query) > 0 {
		apiKey = credential(parameter(query, b.rules.keyParams)).token
	}
	if len(apiKey) > 0 && len(id.Scheme) == 0 {
		id.Scheme, id.Credential = []byte("api-key"), b.key.appendHash(nil, apiKey)
		if t, ok := parseJWT(apiKey); ok {
			id.Scheme, id.TokenHeader, id.Claims = []byte("jwt"), t.header, t.claims
			if len(t.subject) > 0 {
				id.Subject = b.key.appendHash(nil, t.issuer, []byte{0}, t.subject)
			}
		}
	}
	if len(session) > 0 {
		id.Session = b.key.appendHash(nil, session)
		if len(id.Scheme) == 0 {
			id.Scheme, id.Credential = []byte("cookie"), id.Session
			if t, ok := parseJWT(session); ok {
				id.TokenHeader, id.Claims = t.header, t.claims
				if len(t.subject) > 0 {
					id.Subject = b.key.appendHash(nil, t.issuer, []byte{0}, t.subject)
				}
			}
		}
	}
	if len(tls.ClientSubject) > 0 {
		if len(id.Subject) == 0 {
			id.Subject = b.key.appendHash(nil, []byte("mtls"), []byte{0}, tls.ClientSubject)
		}
		if len(id.Scheme) == 0 {
			id.Scheme = []byte("mtls")
			if len(tls.ClientCertificate) > 0 {
				id.Credential = b.key.appendHash(nil, tls.ClientCertificate)
			}
		}
	}
	if len(id.Subject) == 0 && len(subject) > 0 {
		id.Subject = b.key.appendHash(nil, []byte(issuer), []byte{0}, subject)
	}
	if len(id.Scheme) == 0 {
		id.Scheme = []byte("none")
	} else {
		id.KeyID = b.keyID
	}
	return id
}

// RequestIdentity is Identity of a request that an edge holds in its hands.
func (b *Builder) RequestIdentity(r *http.Request) event.Identity {
	headers := make([]event.Header, 0, 8)
	for name, values := range r.Header {
		if b.rules.kind([]byte(name)) == plainHeader {
			continue
		}
		for _, v := range values {
			headers = append(headers, event.Header{Name: []byte(name), Value: []byte(v)})
		}
	}
	// A map has no order; several API keys in one request must still give one answer.
	sortHeaders(headers)
	return b.Identity(headers, []byte(r.URL.RawQuery), tlsState(r.TLS))
}

// eachCookie calls f for each pair of a Cookie header. Quotes around a value
// are not part of it.
func eachCookie(header []byte, f func(name, value []byte)) {
	for len(header) > 0 {
		part := header
		if i := bytes.IndexByte(header, ';'); i >= 0 {
			part, header = header[:i], header[i+1:]
		} else {
			header = nil
		}
		name, value, ok := bytes.Cut(part, []byte{'='})
		if !ok {
			continue
		}
		f(bytes.TrimSpace(name), bytes.Trim(bytes.TrimSpace(value), `"`))
	}
}

// parameter is the value of the first query parameter that names holds, with
// percent escapes undone.
func parameter(query []byte, names *redact.Names) []byte {
	for len(query) > 0 {
		part := query
		if i := bytes.IndexAny(query, "&;"); i >= 0 {
			part, query = query[:i], query[i+1:]
		} else {
			query = nil
		}
		name, value, ok := bytes.Cut(part, []byte{'='})
		if ok && len(value) > 0 && names.Has(redact.Percent(name)) {
			return redact.Percent(value)
		}
	}
	return nil
}

func nibble(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
