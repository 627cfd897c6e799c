package content

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
)

// openElement is one element whose end has not come.
type openElement struct {
	at     int32
	name   string
	budget int // leaves left when it was opened: an empty element costs one too
}

// xmlParser reads one XML text. Text of an element that comes in pieces (CDATA,
// comments between) is one value: from text on in the document's scratch.
type xmlParser struct {
	d             *Document
	data          []byte
	stack         []openElement
	text          int
	raw, rawEnd   int // the same in data; raw is -1 for no text
	before, after int // where the token stands in data
	root          int32
}

// parseXML reads elements and attributes ("order.item.@id") as leaves. Prefixes
// of names are dropped. Entities other than XML's own five stay as they are
// written, whatever a DOCTYPE defines; the DOCTYPE itself is a leaf, for it is an
// attack more often than not.
func (d *Document) parseXML(data []byte, root int32, truncated bool) {
	d.xmlSource.Reset(data)
	p := xmlParser{d: d, data: data, root: root, raw: -1, stack: append(d.xmlStack[:0], openElement{at: root})}
	decoder := xml.NewDecoder(&d.xmlSource)
	decoder.Strict = false
	// Another encoding is read as if it were UTF-8; what then is not, ends the
	// reading and is a leaf as text.
	decoder.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		p.before = int(decoder.InputOffset())
		token, err := decoder.RawToken()
		p.after = min(int(decoder.InputOffset()), len(data))
		if err != nil {
			p.end(err, truncated)
			break
		}
		if !p.token(token) {
			break
		}
	}
	d.xmlStack = p.stack
}

func (p *xmlParser) token(token xml.Token) bool {
	d := p.d
	switch t := token.(type) {
	case xml.StartElement:
		return p.flush() && p.open(&t)
	case xml.EndElement:
		if !p.flush() {
			return false
		}
		last := len(p.stack) - 1
		if last == 0 || p.stack[last].name != t.Name.Local {
			d.issue(BadSyntax, Body, p.stack[last].at)
			if last == 0 {
				return true
			}
		}
		empty := p.stack[last].budget == d.budget
		at := p.stack[last].at
		p.stack = p.stack[:last]
		return !empty || d.take(Body, at)
	case xml.CharData:
		if p.raw < 0 {
			if len(bytes.TrimSpace(t)) == 0 {
				return true
			}
			p.raw, p.text = p.before, len(d.scratch)
		}
		d.scratch = append(d.scratch, t...)
		p.rawEnd = p.after
	case xml.Directive:
		raw := p.data[p.before:p.after]
		return p.flush() && d.leaf(Body, d.child(p.root, []byte("!DOCTYPE"), Body, 0), raw, raw, String)
	}
	return true
}

// flush makes the text gathered so far a leaf of the open element.
func (p *xmlParser) flush() bool {
	if p.raw < 0 {
		return true
	}
	value := bytes.TrimSpace(p.d.scratch[p.text:len(p.d.scratch):len(p.d.scratch)])
	raw := bytes.TrimSpace(p.data[p.raw:p.rawEnd])
	p.raw = -1
	return p.d.text(Body, p.stack[len(p.stack)-1].at, value, raw)
}

func (p *xmlParser) open(t *xml.StartElement) bool {
	d, top := p.d, p.stack[len(p.stack)-1]
	if len(p.stack) > d.limits.Depth {
		d.issue(DepthLimit, Body, top.at)
		d.rest(Body, top.at, p.data[p.before:])
		return false
	}
	at := d.child(top.at, append(d.scratch, t.Name.Local...)[len(d.scratch):], Body, 0)
	if len(p.stack) == 3 && d.soapBody == "" && p.stack[1].name == "Envelope" && p.stack[2].name == "Body" {
		d.soapBody = operationName([]byte(t.Name.Local))
	}
	p.stack = append(p.stack, openElement{at: at, name: t.Name.Local, budget: d.budget})
	if len(t.Attr) == 0 {
		return true
	}
	object := d.names.object()
	for i := range t.Attr {
		a := &t.Attr[i]
		start := len(d.scratch)
		d.scratch = append(append(d.scratch, '@'), a.Name.Local...)
		child := d.child(at, d.scratch[start:], Body, object)
		d.scratch = append(d.scratch[:start], a.Value...)
		value := d.scratch[start:len(d.scratch):len(d.scratch)]
		// The decoder does not say where an attribute stands: its raw form is the
		// whole tag.
		if !d.text(Body, child, value, p.data[p.before:p.after]) {
			return false
		}
	}
	return true
}

// end notes how the reading ended.
func (p *xmlParser) end(err error, truncated bool) {
	d := p.d
	if !p.flush() {
		return
	}
	top := p.stack[len(p.stack)-1].at
	if errors.Is(err, io.EOF) {
		if len(p.stack) > 1 && !truncated {
			d.issue(BadSyntax, Body, top)
		}
		return
	}
	if !truncated || p.after < len(p.data) {
		d.issue(BadSyntax, Body, top)
	}
	d.rest(Body, top, p.data[min(p.before, len(p.data)):])
}
