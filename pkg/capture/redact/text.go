package redact

import "bytes"

// text masks name=value, name: value and <name>value</name> in any text between
// from and to: GraphQL with literals, JSON inside a JSON string, XML, logs.
func (e *editor) text(names *Names, from, to int) {
	in := e.in
	if to-from < 4 {
		return
	}
	for i := from; i < to; {
		at := i
		for at < to && inString[in[at]] != separatorByte {
			at++
		}
		if at == to {
			return
		}
		i = at + 1
		var name []byte
		if in[at] == '>' {
			name = element(in, from, at)
		} else {
			name = wordBefore(in, from, at)
		}
		// Only behind a secret name the value is looked for: its end may be far, and
		// separators without number may stand before it.
		if !names.Has(name) {
			continue
		}
		start, end := at+1, at+1
		if in[at] == '>' {
			for end < to && in[end] != '<' {
				end++
			}
		} else {
			start, end = valueAfter(in, at+1, to)
		}
		if start >= end || len(bytes.TrimSpace(in[start:end])) == 0 {
			i = max(i, end)
			continue
		}
		e.replace(start, end, mask(in[start:end]), name)
		i = end
	}
}

// wordBefore is the name that stands before at, behind quotes and spaces.
func wordBefore(in []byte, from, at int) []byte {
	end := at
	for end > from && (in[end-1] == ' ' || in[end-1] == '"' || in[end-1] == '\'' || in[end-1] == '\\') {
		end--
	}
	start := end
	for start > from && end-start <= maxName && nameByte(in[start-1]) {
		start--
	}
	return in[start:end]
}

// element is the name of the tag that at ends, without its namespace.
func element(in []byte, from, at int) []byte {
	open := bytes.LastIndexByte(in[max(from, at-256):at], '<')
	if open < 0 {
		return nil
	}
	tag := in[max(from, at-256)+open+1 : at]
	if i := bytes.IndexAny(tag, " \t\r\n"); i >= 0 {
		tag = tag[:i]
	}
	if i := bytes.LastIndexByte(tag, ':'); i >= 0 {
		tag = tag[i+1:]
	}
	return tag
}

// valueAfter finds the value that follows a separator. A quoted one ends at its
// own quote, which inside another string is written \" .
func valueAfter(in []byte, i, to int) (start, end int) {
	for i < to && (in[i] == ' ' || in[i] == '\t') {
		i++
	}
	slashes := i
	for i < to && in[i] == '\\' {
		i++
	}
	if i < to && (in[i] == '"' || in[i] == '\'') {
		q := in[i]
		start = i + 1
		for end = start; end < to && in[end] != q; end++ {
			// A deeper escape than the opening quote's belongs to the value.
			run := end
			for run < to && in[run] == '\\' {
				run++
			}
			if run > end && run < to && in[run] == q {
				if run-end <= i-slashes {
					return start, end
				}
				end = run
			} else if run > end {
				end = run - 1 // or each backslash would be counted for all before it
			}
		}
		return start, min(end, to)
	}
	start = slashes
	for end = start; end < to; end++ {
		switch in[end] {
		case ' ', '\t', '\r', '\n', '&', ',', ';', ')', '}', ']', '<', '"', '\'':
			return start, end
		}
	}
	return start, end
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}
