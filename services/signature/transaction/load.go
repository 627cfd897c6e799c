package transaction

import (
	"bytes"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// Load makes the variables of phase 1 out of e: connection, URI and headers. What a
// sensor may leave out because HTTP/2 has it elsewhere (Host, Content-Length) is
// added as a header, for the core rule set takes its absence for an anomaly.
func (t *Tx) Load(e *event.Event) {
	t.e = e
	t.set(seclang.RemoteAddr, view(e.Client.Address))
	t.set(seclang.RemotePort, t.number(int(e.Client.Port)))
	t.set(seclang.ServerPort, "0")
	t.set(seclang.ServerName, t.host(view(e.Authority)))
	t.requestLine(e)

	host, length := false, false
	for i := range e.RequestHeaders {
		h := &e.RequestHeaders[i]
		t.requestHeader(view(h.Name), view(h.Value))
		host = host || bytes.EqualFold(h.Name, hostName)
		length = length || bytes.EqualFold(h.Name, lengthName) || bytes.EqualFold(h.Name, transferName)
	}
	if !host && len(e.Authority) > 0 {
		t.requestHeader("Host", view(e.Authority))
	}
	if !length && len(e.RequestBody.Data) > 0 {
		t.requestHeader("Content-Length", t.number(len(e.RequestBody.Data)))
	}
}

var (
	hostName     = []byte("host")
	lengthName   = []byte("content-length")
	transferName = []byte("transfer-encoding")
)

// host is what Event.Host says, without making a string of its own where the
// authority is in lower case.
func (t *Tx) host(authority string) string {
	for i := range len(authority) {
		if c := authority[i]; c == '[' || c == ':' || c >= 0x80 || c-'A' < 26 {
			return t.e.Host()
		}
	}
	if authority == "" {
		return "-"
	}
	return authority
}

// requestLine makes what stands in the first line of the request.
func (t *Tx) requestLine(e *event.Event) {
	path, query, mark, protocol := view(e.Path), view(e.Query), "", "HTTP/1.1"
	if path == "" {
		path = "/"
	}
	if query != "" {
		mark = "?"
	}
	if len(e.Protocol) > 0 {
		protocol = view(e.Protocol)
	}
	method := view(e.Method)
	line := t.arena.join(method, " ", path, mark, query, " ", protocol)
	uri := line[len(method)+1 : len(line)-len(protocol)-1]
	t.set(seclang.RequestMethod, method)
	t.set(seclang.RequestProtocol, protocol)
	t.set(seclang.RequestLine, line)
	t.set(seclang.RequestURIRaw, uri)
	t.uri(uri)
}

func (t *Tx) requestHeader(name, value string) {
	if name == "" {
		return
	}
	t.headers.add(name, value)
	switch {
	case named(name, "cookie"):
		t.parseCookies(value)
	case !t.typed && named(name, "content-type"):
		t.contentType, t.typed = value, true
		t.chooseProcessor(value)
	}
}

// chooseProcessor takes the processor that the content type stands for by itself;
// JSON and XML are for rules to choose. Only the first header of that name counts:
// it is the one that servers read.
func (t *Tx) chooseProcessor(contentType string) {
	value := strings.TrimSpace(strings.ToLower(contentType))
	switch {
	case strings.HasPrefix(value, "application/x-www-form-urlencoded"):
		t.set(seclang.ReqbodyProcessor, "URLENCODED")
	case strings.HasPrefix(value, "multipart/form-data"):
		t.set(seclang.ReqbodyProcessor, "MULTIPART")
	}
}

// parseCookies adds the pairs of one Cookie header. Nothing is decoded; a pair is
// left out only if neither name nor value has anything to look at.
func (t *Tx) parseCookies(s string) {
	for s = trimControls(s); s != ""; {
		var pair string
		pair, s, _ = strings.Cut(s, ";")
		name, value, _ := strings.Cut(trimControls(pair), "=")
		name, value = trimControls(name), trimControls(value)
		if name != "" || value != "" {
			t.cookies.add(name, value)
		}
	}
}

// trimControls takes spaces and control characters off both ends.
func trimControls(s string) string {
	for s != "" && (s[0] <= ' ' || s[0] == 0x7f) {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] <= ' ' || s[len(s)-1] == 0x7f) {
		s = s[:len(s)-1]
	}
	return s
}
