package capture

import (
	"bytes"
	"slices"
	"strings"
)

// Path masks the segments of a raw path, each by the name of the one before, and their
// matrix parameters by their own.
func (p *Masker) Path(path []byte) []byte {
	var out []byte
	var name []byte
	copied := 0
	piece := func(name []byte, from, to int) {
		// A plus is one in a path, and no blank.
		if masked, ok := p.masked(name, unescaped(path[from:to])); ok {
			out = escapedLike(append(out, path[copied:from]...), masked, path[from:to])
			copied = to
		}
	}
	for i := 0; i < len(path); {
		end := i + indexOr(path[i:], '/', len(path)-i)
		plain := i + indexOr(path[i:end], ';', end-i)
		piece(name, i, plain)
		for at := plain + 1; at < end; {
			to := at + indexOr(path[at:end], ';', end-at)
			eq := at + indexOr(path[at:to], '=', -1)
			piece(unescaped(path[at:max(at, eq)]), eq+1, to)
			at = to + 1
		}
		name = unescaped(path[i:plain])
		i = end + 1
	}
	if out == nil {
		return path
	}
	return append(out, path[copied:]...)
}

// indexOr is the place of c, or none.
func indexOr(in []byte, c byte, none int) int {
	if i := bytes.IndexByte(in, c); i >= 0 {
		return i
	}
	return none
}

// Header masks the value of a header that is not of the protocol. What it gives holds
// until the next call.
func (p *Masker) Header(name, value []byte) []byte {
	n := lower(name)
	switch {
	case protocolHeader(n):
		return p.proven(value)
	case n == "cookie":
		return p.cookies(value, len(value))
	case n == "set-cookie": // what follows says where it counts
		return p.cookies(value, indexOr(value, ';', len(value)))
	case slices.Contains(urlHeaders, n):
		return p.address(value)
	}
	return p.text(name, value)
}

// proven masks what a value of the protocol shows beyond doubt, as some put a name into what tells their
// program apart. Numbers of requests, times and addresses of the network stay.
func (p *Masker) proven(value []byte) []byte {
	if len(value) < 6 || !bytes.ContainsAny(value, "@0123456789") {
		return value
	}
	spans := p.find.Find(p.spans[:0], "", value)
	p.spans = spans
	var out []byte
	at := 0
	for _, s := range spans {
		if s.Score < beyondDoubt || s.Start < at || s.End > len(value) || modeOf(p.classes, s.Class) == ModeRaw || p.isHash(value, s.Start) {
			continue
		}
		switch s.Class {
		case "ip", "mac", "phone", "date", "birthdate":
			continue
		}
		if strings.HasPrefix(s.Class, "secret.") { // what lets in was sealed before
			continue
		}
		out = append(out, value[at:s.Start]...)
		if modeOf(p.classes, s.Class) == ModeShape {
			out = shape(out, value[s.Start:s.End])
		} else {
			out = p.pseudonyms.append(out, s.Class, value[s.Start:s.End])
		}
		at = s.End
		p.note(s.Class)
	}
	if out == nil {
		return value
	}
	return append(out, value[at:]...)
}

// beyondDoubt is the score of what arithmetic or a form of its own proves.
const beyondDoubt = 0.95

// Claim masks the value of a token's claim, which is JSON. Numbers are times there.
func (p *Masker) Claim(name, value []byte) []byte {
	if len(value) > 0 && value[0] != '"' && value[0] != '[' && value[0] != '{' {
		return value
	}
	return p.text(name, value)
}

var clientSubject = []byte("client-subject")

func (p *Masker) text(name, value []byte) []byte {
	if masked, ok := p.masked(bytes.ToLower(name), value); ok {
		return masked
	}
	return value
}

// cookies masks the pairs before end by their names.
func (p *Masker) cookies(value []byte, end int) []byte {
	var out []byte
	for at := 0; at < end; {
		to := at + indexOr(value[at:end], ';', end-at)
		from := at + indexOr(value[at:to], '=', -1) + 1
		name := bytes.TrimSpace(value[at:max(at, from-1)])
		shown := value[at:from]
		if masked, ok := p.masked(nil, name); ok { // data may stand there too
			shown = append(append(bytes.Clone(value[at:at+bytes.Index(value[at:from], name)]), masked...), '=')
		}
		out = append(append(out, shown...), p.text(name, value[from:to])...)
		if at = to + 1; to < end {
			out = append(out, ';')
		}
	}
	return append(out, value[end:]...)
}

// address masks path, query and fragment of an address; the host stays.
func (p *Masker) address(value []byte) []byte {
	from := 0
	if i := bytes.Index(value, []byte("://")); i >= 0 && i < 16 {
		from = i + 3 + max(0, bytes.IndexAny(append(value[i+3:len(value):len(value)], '/'), "/?#"))
	}
	path, fragment, _ := bytes.Cut(value[from:], []byte{'#'})
	path, query, asks := bytes.Cut(path, []byte{'?'})
	out := append(bytes.Clone(value[:from]), p.Path(path)...)
	if asks {
		out = append(append(out, '?'), p.Query(query)...)
	}
	if len(fragment) > 0 {
		out = append(append(out, '#'), p.text(nil, fragment)...)
	}
	return out
}

// protocolHeader says whether a header says how the message is carried and not what
// somebody put in. n is in small letters.
func protocolHeader(n string) bool {
	switch n {
	case "host", "date", "etag", "age", "expires", "last-modified", "user-agent", "connection", "server", "via", "vary", "allow", "upgrade", "te", "range",
		"authorization", "proxy-authorization", "forwarded", "x-real-ip", "x-request-id", "x-correlation-id", "traceparent", "tracestate", "alt-svc",
		"retry-after", "transfer-encoding", "strict-transport-security", "keep-alive", "pragma", "origin",
		"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server", "x-forwarded-scheme", "x-forwarded-ssl":
		return true
	case "content-disposition", "content-location", "content-id", "content-description":
		return false
	}
	for _, p := range [...]string{"accept", "content-", "sec-", "if-", "access-control-", "cache-", "x-ratelimit-", "x-b3-"} {
		if strings.HasPrefix(n, p) {
			return true
		}
	}
	return false
}
