package content

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/event"
)

// ParseRequest takes the request of e apart into doc: path segments, query,
// headers, cookies and body. What doc held before is gone. e must not be changed
// while doc is read.
func ParseRequest(e *event.Event, doc *Document, limits Limits) {
	doc.begin(limits)
	doc.envelope.request(e)
	doc.parsePath(e.Path)
	doc.parsePairs(e.Query, doc.root(Query), Query)
	object := doc.names.object()
	for i := range e.RequestHeaders {
		h := &e.RequestHeaders[i]
		if len(h.Name) == 6 && bytes.EqualFold(h.Name, []byte("cookie")) {
			doc.parseCookies(h.Value, object)
			continue
		}
		doc.parseHeader(h)
	}
	doc.parseBody(&e.RequestBody, e.RequestHeader("Content-Type"), e.RequestHeader("Content-Encoding"))
	doc.findOperations()
	doc.openValues()
	doc.findPersisted()
	doc.findInUpload()
}

// ParseResponse takes the response of e apart into doc: headers, set cookies and
// body.
func ParseResponse(e *event.Event, doc *Document, limits Limits) {
	doc.begin(limits)
	doc.envelope.response(e)
	for i := range e.ResponseHeaders {
		h := &e.ResponseHeaders[i]
		if len(h.Name) == 10 && bytes.EqualFold(h.Name, []byte("set-cookie")) {
			doc.parseSetCookie(h.Value)
			continue
		}
		doc.parseHeader(h)
	}
	doc.parseBody(&e.ResponseBody, e.ResponseHeader("Content-Type"), e.ResponseHeader("Content-Encoding"))
	doc.findOperations()
	doc.openValues()
}

func (d *Document) begin(limits Limits) {
	d.Format = Empty
	d.Leaves, d.Nested, d.Operations = d.Leaves[:0], d.Nested[:0], d.Operations[:0]
	d.Issues, d.scratch = d.Issues[:0], d.scratch[:0]
	d.inner, d.messages, d.via, d.depth, d.soapBody = d.inner[:0], d.messages[:0], Direct, 0, ""
	d.queries, d.cut = 0, false
	d.limits = limits.orDefault()
	d.budget = d.limits.Leaves
	d.names.reset(d.limits.PathBytes)
}

func (d *Document) root(l Location) int32 { return int32(l) }

// issue notes an ambiguity at node at.
func (d *Document) issue(kind string, l Location, at int32) {
	if len(d.Issues) < d.limits.Leaves {
		d.Issues = append(d.Issues, Issue{Kind: kind, Location: l, Path: d.names.nodes[at].path})
	}
}

// take uses one leaf of the budget; the issue is noted once a message.
func (d *Document) take(l Location, at int32) bool {
	d.budget--
	if d.budget >= 0 {
		return true
	}
	if d.budget == -1 {
		d.issue(LeafLimit, l, at)
	}
	return false
}

// leaf adds a value. It and same, for one that is as on the wire, are the only
// places that do, so it is here that values which may hold others are noted;
// openValues opens them when the message is read.
func (d *Document) leaf(l Location, at int32, value, raw []byte, t Type) bool {
	if !d.same(l, at, value, t) {
		return false
	}
	d.Leaves[len(d.Leaves)-1].Raw = raw
	return true
}

func (d *Document) same(l Location, at int32, value []byte, t Type) bool {
	if d.budget--; d.budget < 0 {
		d.budget++
		return d.take(l, at)
	}
	i := len(d.Leaves)
	if i == cap(d.Leaves) {
		d.Leaves = slices.Grow(d.Leaves, 1)
	}
	d.Leaves = d.Leaves[:i+1]
	n, made := &d.names.nodes[at], &d.Leaves[i]
	made.Path, made.Name, made.Value, made.Raw = n.path, n.name, value, value
	made.Location, made.Type, made.Via = l, t, d.via
	if t == String && len(value) >= minInner && holds[value[0]] != nothing && promising(value) {
		d.inner = append(d.inner, inner{value: value, at: at, leaf: int32(i + 1), location: l, depth: d.depth})
	}
	return true
}

// text adds a value of a format that has only text.
func (d *Document) text(l Location, at int32, value, raw []byte) bool {
	if !ascii(value) && !utf8.Valid(value) {
		d.issue(BadUTF8, l, at)
	}
	return d.leaf(l, at, value, raw, textType(value))
}

// rest adds what a parser could not read, so that nobody hides behind a syntax
// error.
func (d *Document) rest(l Location, at int32, raw []byte) {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 {
		d.closed(l, at, raw)
	}
}

// closed adds a value that is not to be looked into.
func (d *Document) closed(l Location, at int32, raw []byte) bool {
	n := len(d.inner)
	ok := d.leaf(l, at, raw, raw, String)
	d.inner = d.inner[:n]
	return ok
}

// child is the node of key under parent, with its issues noted.
func (d *Document) child(parent int32, key []byte, l Location, object uint64) int32 {
	c := d.names.child(parent, key, d.limits.PathBytes)
	if d.names.nodes[c].cut {
		d.issue(PathLimit, l, parent)
	}
	if object != 0 && d.names.seen(c, object) {
		d.issue(DuplicateKey, l, c)
	}
	return c
}

func (d *Document) parsePath(path []byte) {
	if len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	var digits [20]byte
	for i := 0; len(path) > 0; i++ {
		segment, rest, _ := bytes.Cut(path, []byte{'/'})
		at := d.child(d.root(Path), strconv.AppendInt(digits[:0], int64(i), 10), Path, 0)
		if !d.text(Path, at, d.unescape(segment, false, Path, at), segment) {
			return
		}
		path = rest
	}
}

func (d *Document) parseHeader(h *event.Header) {
	at := d.child(d.root(Header), d.lower(h.Name), Header, 0)
	value := bytes.TrimSpace(h.Value)
	d.leaf(Header, at, value, value, textType(value))
}

// lower is name in lower case; it allocates nothing that stays.
func (d *Document) lower(name []byte) []byte {
	start := len(d.scratch)
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		d.scratch = append(d.scratch, c)
	}
	lowered := d.scratch[start:]
	d.scratch = d.scratch[:start]
	return lowered
}

func (d *Document) parseCookies(header []byte, object uint64) {
	for len(header) > 0 {
		pair, rest, _ := bytes.Cut(header, []byte{';'})
		header = rest
		if pair = bytes.TrimSpace(pair); len(pair) == 0 {
			continue
		}
		if !d.cookie(pair, pair, object) {
			return
		}
	}
}

func (d *Document) parseSetCookie(header []byte) {
	pair, _, _ := bytes.Cut(header, []byte{';'})
	// The attributes stay readable in Raw.
	d.cookie(bytes.TrimSpace(pair), header, 0)
}

func (d *Document) cookie(pair, raw []byte, object uint64) bool {
	name, value, ok := bytes.Cut(pair, []byte{'='})
	if !ok { // browsers read a lone word as the value of the empty name
		name, value = nil, pair
	}
	name, value = bytes.TrimSpace(name), bytes.TrimSpace(value)
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	at := d.child(d.root(Cookie), d.lower(name), Cookie, object)
	return d.text(Cookie, at, d.unescapeLoose(value), raw)
}
