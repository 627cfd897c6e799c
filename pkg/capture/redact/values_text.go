package redact

import (
	"bytes"
	"html"
)

// textValues shows the elements and attributes of XML by their names, and any other
// text as a whole.
func (e *editor) textValues(visit Visitor) {
	in := e.in
	last := bytes.LastIndexByte(in, '>') // behind it nothing is a tag
	var name []byte
	if last < 0 {
		e.lines(visit, 0, len(in))
		return
	}
	for i := 0; i < len(in); {
		end := i
		for end < len(in) && !opens(in, end, last) {
			end++
		}
		e.marked(visit, i, end, name, false)
		if end == len(in) {
			return
		}
		rest := in[end:]
		switch {
		case bytes.HasPrefix(rest, cdataOpen):
			from := end + len(cdataOpen)
			i = closing(in, from, "]]>")
			e.plain(visit, from, i, name)
			i = min(i+3, len(in))
			continue
		case bytes.HasPrefix(rest, commentOpen):
			from := end + len(commentOpen)
			i = closing(in, from, "-->")
			e.plain(visit, from, i, nil)
			i = min(i+3, len(in))
			continue
		}
		stop := end + bytes.IndexByte(rest, '>')
		label := e.attributes(visit, end+1, stop)
		name = element(in, 0, stop)
		switch {
		case len(name) > 0 && name[0] == '/':
			name = nil
		case len(label) > 0 && generic.Has(name):
			name = label
		}
		i = stop + 1
	}
}

// generic are elements whose attribute says what they hold: <field name="phone">.
var generic = NewNames("field", "param", "parameter", "property", "entry", "item", "value", "attribute", "data", "string", "input", "meta", "arg", "column", "cell")

var cdataOpen, commentOpen = []byte("<![CDATA["), []byte("<!--")

// opens says whether a tag begins at i. A lone less-than is text.
func opens(in []byte, i, last int) bool {
	if in[i] != '<' || i+1 >= last {
		return false
	}
	c := in[i+1]
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '/' || c == '!' || c == '?' || c == '_' || c >= 0x80
}

func closing(in []byte, from int, mark string) int {
	if i := bytes.Index(in[from:], []byte(mark)); i >= 0 {
		return from + i
	}
	return len(in)
}

func (e *editor) plain(visit Visitor, from, to int, name []byte) {
	if len(bytes.TrimSpace(e.in[from:to])) == 0 {
		return
	}
	if r, ok := visit(name, e.in[from:to], false); ok {
		e.put(from, to, r)
	}
}

// marked shows text in which entities may stand.
func (e *editor) marked(visit Visitor, from, to int, name []byte, structure bool) {
	text := e.in[from:to]
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	entities := bytes.IndexByte(text, '&') >= 0
	if entities {
		text = []byte(html.UnescapeString(string(text)))
	}
	r, ok := visit(name, text, structure)
	if !ok {
		return
	}
	if entities {
		r = []byte(html.EscapeString(string(r)))
	}
	e.put(from, to, r)
}

// attributes shows those of the tag between from and to, and gives what one of them calls the
// element. What has no quotes, and is more than a name, goes as a whole: an address of mail stands in
// angle brackets too.
func (e *editor) attributes(visit Visitor, from, to int) (label []byte) {
	in := e.in
	tag := in[from:to]
	if bytes.IndexByte(tag, '=') < 0 || !bytes.ContainsAny(tag, "\"'") {
		if bytes.ContainsAny(tag, " @=0123456789") {
			e.marked(visit, from, to, nil, true)
		}
		return nil
	}
	for i := from; i < to; {
		eq := bytes.IndexByte(in[i:to], '=')
		if eq < 0 {
			return label
		}
		eq += i
		start, end := valueAfter(in, min(skipSpace(in, eq+1), to), to)
		if start < end {
			word := wordBefore(in, i, eq)
			e.marked(visit, start, end, naming(word, label), false)
			if labels.Has(word) && end-start <= maxName {
				label = in[start:end]
			}
		}
		i = max(end, eq) + 1
	}
	return label
}

// eventValues shows the data of server-sent events, line by line.
func (e *editor) eventValues(visit Visitor) {
	in := e.in
	for from := 0; from < len(in); {
		end := len(in)
		if i := bytes.IndexByte(in[from:], '\n'); i >= 0 {
			end = from + i
		}
		line := bytes.TrimSuffix(in[from:end], []byte{'\r'})
		to := from + len(line)
		if rest, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			e.plain(visit, to-len(bytes.TrimLeft(rest, " ")), to, nil)
		} else {
			e.plain(visit, from, to, nil)
		}
		from = end + 1
	}
}
