package capture

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
)

// copyHeaders takes a copy of h, which the handler may change at any time. A map
// has no order, so names are sorted; the values of a name keep theirs. first and
// extra are pairs that net/http keeps elsewhere.
func copyHeaders(h http.Header, pairs ...[2]string) []event.Header {
	n, size := 0, 0
	for name, values := range h {
		for _, v := range values {
			n++
			size += len(name) + len(v)
		}
	}
	for _, p := range pairs {
		if p[1] != "" {
			n++
			size += len(p[0]) + len(p[1])
		}
	}
	if n == 0 {
		return nil
	}
	out := make([]event.Header, 0, n)
	mem := make([]byte, 0, size)
	take := func(s string) []byte {
		from := len(mem)
		mem = append(mem, s...)
		return mem[from:len(mem):len(mem)]
	}
	for _, p := range pairs {
		if p[1] != "" {
			out = append(out, event.Header{Name: take(p[0]), Value: take(p[1])})
		}
	}
	from := len(out)
	for name, values := range h {
		for _, v := range values {
			out = append(out, event.Header{Name: take(name), Value: take(v)})
		}
	}
	sortHeaders(out[from:])
	return out
}

// sortHeaders sorts by name and keeps the order of the values of one name.
func sortHeaders(hs []event.Header) {
	slices.SortStableFunc(hs, func(a, b event.Header) int { return bytes.Compare(a.Name, b.Name) })
}

// request fills r's event with what is known when the request arrives.
func (r *Raw) request(q *http.Request, scheme string) {
	e := &r.Event
	e.Method = []byte(q.Method)
	if q.Method == "" {
		e.Method = []byte(http.MethodGet) // an outgoing request may leave it out
	}
	e.Protocol = []byte(q.Proto)
	e.Scheme = []byte(scheme)
	host := q.Host
	if host == "" && q.URL != nil {
		host = q.URL.Host
	}
	e.Authority = []byte(host)
	e.Path, e.Query = target(q)
	te := ""
	if len(q.TransferEncoding) > 0 {
		te = strings.Join(q.TransferEncoding, ", ")
	}
	e.RequestHeaders = copyHeaders(q.Header, [2]string{"Host", host}, [2]string{"Transfer-Encoding", te})
	if q.ContentLength > 0 {
		e.RequestBody.WireLength = uint64(q.ContentLength)
	}
	if address, port, err := net.SplitHostPort(q.RemoteAddr); err == nil {
		e.Client.Address = []byte(address)
		if p, err := strconv.ParseUint(port, 10, 16); err == nil {
			e.Client.Port = uint16(p)
		}
	} else {
		e.Client.Address = []byte(q.RemoteAddr)
	}
	e.Client.AddressSource = []byte("connection")
	e.TLS = tlsState(q.TLS)
}

// target is the request target as it came, split at the first '?'.
func target(q *http.Request) (path, query []byte) {
	uri := q.RequestURI
	if uri == "" && q.URL != nil { // outgoing
		uri = q.URL.RequestURI()
	}
	return SplitTarget([]byte(uri))
}

// SplitTarget splits a request target at the first '?' into path and query. Of
// an absolute form (http://host/path) scheme and authority are left out, and a
// fragment, which no client sends, stays where it is.
func SplitTarget(uri []byte) (path, query []byte) {
	if len(uri) > 0 && uri[0] != '/' && uri[0] != '*' {
		if i := bytes.Index(uri, []byte("://")); i > 0 && i < 12 && bytes.IndexByte(uri[:i], '?') < 0 {
			rest := uri[i+3:]
			j := bytes.IndexAny(rest, "/?")
			switch {
			case j < 0:
				return []byte("/"), nil
			case rest[j] == '?':
				return []byte("/"), rest[j+1:]
			}
			uri = rest[j:]
		}
	}
	if i := bytes.IndexByte(uri, '?'); i >= 0 {
		return uri[:i], uri[i+1:]
	}
	return uri, nil
}

func tlsState(s *tls.ConnectionState) event.TLS {
	if s == nil {
		return event.TLS{}
	}
	t := event.TLS{SNI: []byte(s.ServerName)}
	switch s.Version {
	case tls.VersionTLS13:
		t.Version = []byte("1.3")
	case tls.VersionTLS12:
		t.Version = []byte("1.2")
	case tls.VersionTLS11:
		t.Version = []byte("1.1")
	case tls.VersionTLS10:
		t.Version = []byte("1.0")
	}
	// Only a certificate that the server verified is an identity.
	if len(s.VerifiedChains) > 0 && len(s.PeerCertificates) > 0 {
		sum := sha256.Sum256(s.PeerCertificates[0].Raw)
		t.ClientCertificate = hex.AppendEncode(nil, sum[:])
		t.ClientSubject = []byte(s.PeerCertificates[0].Subject.String())
	}
	return t
}
