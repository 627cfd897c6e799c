package content

import "bytes"

// looksEvents says whether b begins with a line of an event stream.
func looksEvents(b []byte) bool {
	for _, field := range [...]string{"data", "event", "id", "retry", ""} {
		if rest, ok := bytes.CutPrefix(b, []byte(field)); ok && len(rest) > 0 && rest[0] == ':' {
			return true
		}
	}
	return false
}

// parseEvents reads server-sent events. The data of each is "data", as JSON below it
// where it is that; its other fields are leaves by their names. What the standard
// tells a browser to ignore is a leaf all the same, as "@comment" and "@ignored".
func (d *Document) parseEvents(b []byte, root int32, truncated bool) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	data := d.child(root, []byte("data"), Body, 0)
	var text []byte // the lines of data so far
	lines := 0
	flush := func(cut bool) bool {
		if lines == 0 {
			return true
		}
		lines = 0
		return d.eventData(text, data, cut)
	}
	for len(b) > 0 {
		line, rest := cutLine(b)
		last := len(rest) == 0
		b = rest
		if len(line) == 0 {
			if !flush(false) {
				return
			}
			continue
		}
		name, value, _ := bytes.Cut(line, []byte{':'})
		value = bytes.TrimPrefix(value, []byte{' '})
		switch string(name) {
		case "data":
			if lines++; lines == 1 {
				text = value[:len(value):len(value)] // a copy only where there are more
			} else {
				text = d.join(text, value, lines == 2)
			}
			if last && truncated {
				flush(true)
				return
			}
			continue
		case "event", "id", "retry":
		case "":
			name = []byte("@comment")
		default:
			name, value = []byte("@ignored"), line
		}
		if !d.text(Body, d.child(root, name, Body, 0), value, value) {
			return
		}
	}
	flush(truncated)
}

// join appends line to text, which is the first line alone or stands at the end of
// scratch.
func (d *Document) join(text, line []byte, first bool) []byte {
	start := len(d.scratch) - len(text)
	if first {
		start = len(d.scratch)
		d.scratch = append(d.scratch, text...)
	} else if start < 0 || len(text) == 0 || &d.scratch[start] != &text[0] {
		// Another value came between: the lines so far are copied behind it.
		start = len(d.scratch)
		d.scratch = append(d.scratch, text...)
	}
	d.scratch = append(append(d.scratch, '\n'), line...)
	return d.scratch[start:len(d.scratch):len(d.scratch)]
}

// cutLine is b up to the end of its first line: LF, CR, or both.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil
	}
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		return b[:i:i], b[i+2:]
	}
	return b[:i:i], b[i+1:]
}

// eventData reads the data of one event, or one message of a WebSocket.
func (d *Document) eventData(text []byte, at int32, truncated bool) bool {
	if looksJSON(bytes.TrimLeft(text, " \t\r\n")) && d.tryJSON(text, at, Body, truncated) {
		return d.budget > 0
	}
	return d.text(Body, at, text, text)
}
