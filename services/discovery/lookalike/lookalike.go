// Package lookalike finds requests that look like a catalogued endpoint and are
// not (INV-02): what a gateway and the service behind it may read in two ways, and what
// somebody tries who looks for a way around a rule. It says what the request resembles and by
// which tricks.
package lookalike

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/event"
)

// Trick is one way in which a request differs from what it resembles.
type Trick string

// Tricks, in the order in which they are looked for.
const (
	DoubleEncoding  Trick = "double-encoding" // %2561
	Encoding        Trick = "encoding"        // %61: what needs no encoding
	Matrix          Trick = "matrix"          // ;x=y
	Backslash       Trick = "backslash"
	DotSegments     Trick = "dot-segments" // /./ and /../
	RepeatedSlashes Trick = "repeated-slashes"
	TrailingSlash   Trick = "trailing-slash"
	TrailingDot     Trick = "trailing-dot" // and blanks, and a null byte
	Case            Trick = "case"
	Version         Trick = "version"
	NearName        Trick = "near-name"
	MethodOverride  Trick = "method-override"
)

// Request is what is looked at.
type Request struct {
	Host   string // as in catalog.Match
	Method string
	Path   []byte // as it was sent, without the query
	// Override is the method that the request asks for beside its own.
	Override string
	// Known: the catalog has the endpoint that the path comes to.
	Known bool
}

// Of is the request of an event and of what the catalog says of it.
func Of(e *event.Event, m *catalog.Match) Request {
	return Request{Host: m.Host, Method: m.Method, Path: e.Path, Override: Override(e), Known: m.Known}
}

// Match is what a request resembles.
type Match struct {
	EndpointID string
	Label      string // "METHOD host/template"
	Tricks     []Trick
	// Sent is the path as it was sent, its values masked.
	Sent string
	// Spelled is the path in the spelling of the catalog, where the request differs from
	// it in nothing else: not in version, name or method. It is set without an endpoint
	// too, where the path is known and its method is not.
	Spelled string
}

// overriding are the headers in which frameworks look for another method.
var overriding = [...]string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"}

// Override is the method that headers or the parameter _method ask for, or "".
func Override(e *event.Event) string {
	for i := range e.RequestHeaders {
		// The length sorts out nearly every header at no cost.
		if n := len(e.RequestHeaders[i].Name); n < len("x-http-method") || n > len(overriding[0]) {
			continue
		}
		for _, name := range overriding {
			if strings.EqualFold(string(e.RequestHeaders[i].Name), name) {
				return method(string(e.RequestHeaders[i].Value))
			}
		}
	}
	if len(e.Query) < len("_method=") {
		return ""
	}
	for pair := range strings.SplitSeq(string(e.Query), "&") {
		if v, ok := strings.CutPrefix(pair, "_method="); ok {
			return method(v)
		}
	}
	return ""
}

// method is v as a method, "" when it is none.
func method(v string) string {
	v = strings.ToUpper(strings.TrimSpace(v))
	switch v {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT":
		return v
	}
	return ""
}

// odd marks the bytes that an ordinary path has none of.
var odd = func() (t [256]bool) {
	for _, b := range []byte("%;\\ \x00") {
		t[b] = true
	}
	return t
}()

// ordinary is the cheap look that is enough for nearly every request.
func ordinary(path []byte) bool {
	last := byte(0)
	for _, b := range path {
		if odd[b] || last == '/' && (b == '/' || b == '.') {
			return false
		}
		last = b
	}
	return len(path) < 2 || last != '/' && last != '.'
}

// Resembles says what a request resembles that no endpoint of the catalog fits as it
// stands. It is deterministic and safe for concurrent use.
func (x *Index) Resembles(r Request) (Match, bool) {
	overridden := r.Override != "" && r.Override != r.Method
	plain := ordinary(r.Path)
	if r.Known && plain && !overridden {
		return Match{}, false
	}
	h := x.host(r.Host)
	if h == nil {
		return Match{}, false
	}
	var tricks []Trick
	path := string(r.Path[:min(len(r.Path), maxPath)])
	if !plain {
		path, tricks = straighten(path)
	}
	var list []string
	for s := range strings.SplitSeq(path, "/") {
		if s != "" {
			list = append(list, s)
		}
	}
	if len(list) > maxSegments {
		return Match{}, false
	}
	notes := make([]string, 2*len(list))
	w := walk{segments: list, types: notes[:len(list)], names: notes[len(list):], left: maxSteps}
	for _, level := range [...]level{{}, {fold: true}, {fold: true, version: true}, {fold: true, near: true}} {
		w.level, w.used = level, w.used[:0]
		n := w.find(h, 0)
		if n == nil {
			continue
		}
		tricks = append(tricks, w.used...)
		if overridden {
			tricks = append(tricks, MethodOverride)
		}
		m, ok := n.match(r, tricks)
		if ok {
			m.Sent = w.sent(string(r.Path))
		}
		if len(r.Path) <= maxPath && isSpelling(tricks) {
			m.Spelled = w.spelled()
		}
		return m, ok
	}
	return Match{}, false
}

// isSpelling says whether tricks leave the path that was meant the same, for a
// reader that is lenient.
func isSpelling(tricks []Trick) bool {
	for _, t := range tricks {
		if t == Version || t == NearName || t == MethodOverride {
			return false
		}
	}
	return len(tricks) > 0
}

// match names the endpoint of a path. Without a trick there is nothing to say, and
// neither when the path has no endpoint of that method.
func (n *node) match(r Request, tricks []Trick) (Match, bool) {
	if len(tricks) == 0 {
		return Match{}, false
	}
	wanted := r.Method
	if slices.Contains(tricks, MethodOverride) {
		wanted = r.Override
	}
	e, ok := n.methods[wanted]
	if !ok && wanted != r.Method {
		e, ok = n.methods[r.Method]
	}
	if !ok {
		return Match{}, false
	}
	return Match{EndpointID: e.id, Label: e.label, Tricks: slices.Compact(tricks)}, true
}
