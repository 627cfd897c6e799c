package parity

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
)

// request is an HTTP request as a test writes it, which need not be one that any
// server would take.
type request struct {
	method, uri, version string
	headers              []event.Header
	body                 []byte
}

func (r *request) header(name string) (string, bool) {
	for i := range r.headers {
		if strings.EqualFold(string(r.headers[i].Name), name) {
			return string(r.headers[i].Value), true
		}
	}
	return "", false
}

func (r *request) add(name, value string) {
	r.headers = append(r.headers, event.Header{Name: []byte(name), Value: []byte(value)})
}

// complete adds what a client of the tests adds unless told not to: the type of a
// form, its escaping where there is none yet, and the headers of a connection.
func (r *request) complete() {
	if len(r.body) > 0 {
		if _, ok := r.header("Content-Type"); !ok {
			r.add("Content-Type", "application/x-www-form-urlencoded")
		}
		if t, _ := r.header("Content-Type"); t == "application/x-www-form-urlencoded" {
			r.body = escaped(r.body)
		}
	}
	if t, _ := r.header("Content-Type"); strings.HasPrefix(t, "multipart/form-data;") {
		r.body = bytes.ReplaceAll(bytes.ReplaceAll(r.body, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	}
	if _, ok := r.header("Connection"); !ok {
		r.add("Connection", "close")
	}
	if _, ok := r.header("Content-Length"); !ok && (len(r.body) > 0 || r.method == "POST" || r.method == "PUT" || r.method == "PATCH" || r.method == "DELETE") {
		r.add("Content-Length", strconv.Itoa(len(r.body)))
	}
}

// escaped escapes names and values of a form in which nothing is escaped.
func escaped(form []byte) []byte {
	if plain, err := url.QueryUnescape(string(form)); err != nil || plain != string(form) {
		return form
	}
	fields := strings.Split(string(form), "&")
	for i, f := range fields {
		name, value, ok := strings.Cut(f, "=")
		fields[i] = url.QueryEscape(name)
		if ok {
			fields[i] += "=" + url.QueryEscape(value)
		}
	}
	return []byte(strings.Join(fields, "&"))
}

// parseWire reads the bytes of a request without minding what is wrong with them:
// any blanks between the parts of the first line, lines that end without CR, headers
// without a colon.
func parseWire(wire []byte) request {
	r := request{method: "GET", uri: "/", version: "HTTP/1.1"}
	line, rest := cutLine(wire)
	if method, after, ok := strings.Cut(string(line), " "); ok {
		r.method, r.uri = method, after
		if i := strings.LastIndex(after, " "); i >= 0 {
			r.uri, r.version = strings.TrimSpace(after[:i]), after[i+1:]
		}
	} else {
		r.method = string(line)
	}
	for len(rest) > 0 {
		if line, rest = cutLine(rest); len(line) == 0 {
			break
		}
		name, value, _ := strings.Cut(string(line), ":")
		r.add(name, strings.Trim(value, " \t"))
	}
	r.body = rest
	if v, _ := r.header("Transfer-Encoding"); strings.EqualFold(v, "chunked") {
		r.body = unchunked(rest)
	}
	return r
}

func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// unchunked joins chunks up to the first that is none; where there is not even one,
// the bytes stay.
func unchunked(b []byte) []byte {
	var out []byte
	for rest := b; ; {
		line, after := cutLine(rest)
		size, _, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil || n == 0 {
			if err != nil && len(rest) == len(b) {
				return b
			}
			return out
		}
		if int(n) > len(after) {
			return append(out, after...)
		}
		out = append(out, after[:n]...)
		_, rest = cutLine(after[n:])
	}
}

// event is the transaction of r; the response is the caller's.
func (r *request) event() *event.Event {
	path, query, _ := strings.Cut(r.uri, "?")
	e := &event.Event{Tenant: []byte("default"), RequestTime: 1_700_000_000_000_000_000, Method: []byte(r.method), Protocol: []byte(r.version),
		Path: []byte(path), Query: []byte(query), Status: 200, Client: event.Client{Address: []byte("203.0.113.25"), Port: 51234},
		RequestHeaders: r.headers, RequestBody: event.Body{Data: r.body}}
	if h, ok := r.header("Host"); ok {
		e.Authority = []byte(h)
	}
	return e
}
