package scan

import "bytes"

// manifest looks at the word "kind" that ends before i: that of a Secret of Kubernetes has its values
// below "data", in base64, whose names may be anything.
func (l *line) manifest(i int) {
	text := l.text
	if i == len(text) || text[i] != ':' {
		return
	}
	i++
	for i < len(text) && (text[i] == ' ' || text[i] == '"' || text[i] == '\'') {
		i++
	}
	if len(text)-i < 6 || !containsFold(text[i:i+6], "secret") || i+6 < len(text) && kinds[text[i+6]] != other {
		return
	}
	// The document it is of: lines between those of three dashes.
	from, to := 0, len(text)
	if n := bytes.LastIndex(text[:i], documents); n >= 0 {
		from = n
	}
	if n := bytes.Index(text[i:], documents); n >= 0 {
		to = i + n
	}
	for rest := from; rest < to; {
		n := bytes.Index(text[rest:to], []byte("data:"))
		if n < 0 {
			return
		}
		at := rest + n
		rest = at + len("data:")
		if at > 0 && text[at-1] != '\n' && text[at-1] != ' ' && text[at-1] != '\t' || rest < to && text[rest] != '\n' && text[rest] != '\r' && text[rest] != ' ' {
			continue // metadata
		}
		l.entries(rest, to, indent(text, at))
		return
	}
}

var documents = []byte("\n---")

// indent is how far the line that has i is set in.
func indent(text []byte, i int) int {
	begin := bytes.LastIndexByte(text[:i], '\n') + 1
	n := 0
	for begin+n < i && (text[begin+n] == ' ' || text[begin+n] == '\t') {
		n++
	}
	return n
}

// entries takes the values of the lines from i to the first that is set in no further than least.
func (l *line) entries(i, to, least int) {
	text := l.text
	for i < to {
		next := bytes.IndexByte(text[i:to], '\n')
		if next < 0 {
			return
		}
		i += next + 1
		end := i + max(0, bytes.IndexByte(append(text[i:to:to], '\n'), '\n'))
		row := bytes.TrimSpace(text[i:end])
		if len(row) == 0 || row[0] == '#' {
			continue
		}
		if indent(text, i+bytes.Index(text[i:end], row)) <= least {
			return
		}
		v := row
		if n := bytes.Index(row, []byte(": ")); n >= 0 {
			v = bytes.Trim(row[n+2:], " \"'")
		}
		if len(v) < 12 || len(v)%4 != 0 || !base64Padded(v) {
			continue
		}
		at := i + bytes.Index(text[i:end], v)
		l.add(l.s.own.generic, at, at+len(v), scoreShape)
	}
}

// base64Padded says that v is of the alphabet, with what fills it up at its end alone.
func base64Padded(v []byte) bool {
	n := len(bytes.TrimRight(v, "="))
	if len(v)-n > 2 {
		return false
	}
	for _, c := range v[:n] {
		if !alphabets['b'][c] {
			return false
		}
	}
	return true
}
