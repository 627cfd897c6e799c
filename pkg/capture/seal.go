package capture

import (
	"bytes"

	"github.com/miradorhq/mirador/pkg/capture/redact"
	"github.com/miradorhq/mirador/pkg/event"
)

// sealer replaces the credentials in one event. Replaced values are new slices:
// the old ones may belong to somebody else.
type sealer struct {
	b *Builder
	e *event.Event
}

// note adds to the list of what was masked, each once, up to its limit.
func (m *sealer) note(kind, name string) {
	if len(m.e.Masked) >= maxMasked {
		return
	}
	full := kind + ":" + name
	for _, x := range m.e.Masked {
		if string(x) == full {
			return
		}
	}
	m.e.Masked = append(m.e.Masked, []byte(full))
}

func (m *sealer) headers(hs []event.Header, side string) {
	for i := range hs {
		h := &hs[i]
		kind := m.b.rules.kind(h.Name)
		if kind == plainHeader || len(h.Value) == 0 {
			continue
		}
		switch kind {
		case authorizationHeader, keyHeader, secretHeader:
			c := credential(h.Value)
			if len(c.token) == 0 {
				continue
			}
			var v []byte
			if len(c.word) > 0 {
				v = append(append(v, c.word...), ' ')
			}
			suspect := c.token
			if c.issuer != "" {
				suspect = nil // a signed scheme is full of quotes and equals signs by its nature
			}
			h.Value = m.b.key.appendMark(v, suspect, c.token)
			m.note(side+".header", lower(h.Name))
		case cookieHeader:
			h.Value = m.cookies(h.Value, side)
		case setCookieHeader:
			h.Value = m.setCookie(h.Value, side)
		case urlHeader:
			h.Value = m.url(h.Value, side+".header:"+lower(h.Name))
		}
	}
}

// cookies masks the session-like pairs of a Cookie header; the rest stays byte
// for byte, to be inspected.
func (m *sealer) cookies(v []byte, side string) []byte {
	var out []byte
	copied := 0
	for at := 0; at < len(v); {
		end := len(v)
		if i := bytes.IndexByte(v[at:], ';'); i >= 0 {
			end = at + i
		}
		if eq := bytes.IndexByte(v[at:end], '='); eq >= 0 {
			name := bytes.TrimSpace(v[at : at+eq])
			raw := v[at+eq+1 : end]
			if value := bytes.Trim(bytes.TrimSpace(raw), `"`); len(value) > 0 && m.b.rules.cookie(name) > plainCookie {
				out = append(out, v[copied:at+eq+1]...)
				out = m.b.key.appendMark(out, value, value)
				copied = end
				m.note(side+".cookie", string(name))
			}
		}
		at = end + 1
	}
	if out == nil {
		return v
	}
	return append(out, v[copied:]...)
}

// setCookie masks the value of a session cookie that is being set; attributes stay.
func (m *sealer) setCookie(v []byte, side string) []byte {
	end := len(v)
	if i := bytes.IndexByte(v, ';'); i >= 0 {
		end = i
	}
	eq := bytes.IndexByte(v[:end], '=')
	if eq < 0 {
		return v
	}
	name, value := bytes.TrimSpace(v[:eq]), bytes.Trim(bytes.TrimSpace(v[eq+1:end]), `"`)
	if len(value) == 0 || m.b.rules.cookie(name) == plainCookie {
		return v
	}
	out := append([]byte(nil), v[:eq+1]...)
	out = m.b.key.appendMark(out, value, value)
	m.note(side+".cookie", string(name))
	return append(out, v[end:]...)
}

// query masks credentials among the parameters. where is "request.query", or
// the header that holds the address.
func (m *sealer) query(q []byte, where string) []byte {
	if bytes.IndexByte(q, '=') < 0 {
		return q
	}
	r := redact.Query(q, m.b.rules.parameters, func(_, value []byte) []byte {
		return m.b.key.appendMark(nil, value, credential(redact.Percent(value)).token)
	})
	for _, f := range r.Fields {
		m.note(where, f)
	}
	return r.Data
}

// url masks user information, query and fragment of an address in a header.
func (m *sealer) url(v []byte, where string) []byte {
	v = m.userinfo(v, where)
	q := bytes.IndexAny(v, "?#")
	if q < 0 {
		return v
	}
	masked := m.query(v[q+1:], where)
	if h := bytes.IndexByte(v[q+1:], '#'); h >= 0 && v[q] == '?' {
		front, back := m.query(v[q+1:q+1+h], where), m.query(v[q+1+h+1:], where)
		masked = append(append(append([]byte(nil), front...), '#'), back...)
	}
	if bytes.Equal(masked, v[q+1:]) {
		return v
	}
	return append(append([]byte(nil), v[:q+1]...), masked...)
}

// userinfo takes user:password@ out of an absolute address.
func (m *sealer) userinfo(v []byte, where string) []byte {
	s := bytes.Index(v, []byte("://"))
	if s < 0 {
		return v
	}
	end := len(v)
	if i := bytes.IndexAny(v[s+3:], "/?#"); i >= 0 {
		end = s + 3 + i
	}
	at := bytes.LastIndexByte(v[s+3:end], '@')
	if at < 0 {
		return v
	}
	m.note(where, "userinfo")
	return append(append([]byte(nil), v[:s+3]...), v[s+3+at+1:]...)
}

func lower(b []byte) string { return string(bytes.ToLower(b)) }
