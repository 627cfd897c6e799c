package redact

import "bytes"

// separators of columns, the likeliest first.
const separators = ",;\t|"

// tableValues shows the cells of rows by the names in the first one: a list that was written to be read
// by a spreadsheet. false, and nothing is shown, where the text is none.
func (e *editor) tableValues(visit Visitor, said bool) bool {
	in := e.in
	end := lineEnd(in, 0)
	sep, columns := header(in[:end])
	if columns == nil || !said && (len(columns) < 2 || bytes.Count(in[end:], []byte{sep}) < len(columns)-1) {
		return false
	}
	if !said && bytes.Contains(in[:end], []byte{sep, ' '}) {
		return false // prose has blanks behind its commas
	}
	if !said && count(in, min(end+1, len(in)), sep) != len(columns) {
		return false
	}
	for _, c := range columns {
		if r, ok := visit(nil, c.text, true); ok {
			e.put(c.from, c.to, r)
		}
	}
	for i := end; i < len(in); {
		i++ // the end of the line before
		for n := 0; ; n++ {
			from, to, next := cell(in, i, sep)
			var name []byte
			if n < len(columns) {
				name = columns[n].text
			}
			if text := in[from:to]; len(bytes.TrimSpace(text)) > 0 {
				quoted := from > i
				if quoted {
					text = bytes.ReplaceAll(text, []byte(`""`), []byte(`"`))
				}
				if r, ok := visit(name, text, false); ok {
					if quoted {
						r = bytes.ReplaceAll(r, []byte(`"`), []byte(`""`))
					}
					e.put(from, to, r)
				}
			}
			if i = next; i >= len(in) || in[i] != sep {
				break
			}
			i++
		}
	}
	return true
}

// column is a name in the first row.
type column struct {
	text     []byte
	from, to int
}

// header takes a line for the names of columns: words, and not values.
func header(line []byte) (sep byte, columns []column) {
	line = bytes.TrimRight(line, "\r")
	for _, s := range []byte(separators) {
		if bytes.IndexByte(line, s) >= 0 {
			sep = s
			break
		}
	}
	for i := 0; i <= len(line); {
		from, to, next := cell(line, i, sep)
		text := bytes.TrimSpace(line[from:to])
		if len(text) == 0 || len(text) > maxName || text[0]|0x20 < 'a' || text[0]|0x20 > 'z' || bytes.Count(text, []byte{' '}) > 3 || bytes.ContainsAny(text, "@=<>{}[]:") {
			return 0, nil
		}
		columns = append(columns, column{text, from, to})
		i = next + 1
	}
	return sep, columns
}

// count is how many cells the line at i has.
func count(in []byte, i int, sep byte) (n int) {
	for i < len(in) {
		_, _, next := cell(in, i, sep)
		n++
		if i = next; i >= len(in) || in[i] != sep {
			break
		}
		i++
	}
	return n
}

// cell is the text of the one at i, without its quotes, and where what follows it begins.
func cell(in []byte, i int, sep byte) (from, to, next int) {
	if i < len(in) && in[i] == '"' {
		for to = i + 1; to < len(in); to++ {
			if in[to] != '"' {
				continue
			}
			if to+1 < len(in) && in[to+1] == '"' {
				to++
				continue
			}
			break
		}
		next = min(to+1, len(in))
		for next < len(in) && in[next] != sep && in[next] != '\n' {
			next++
		}
		return i + 1, to, next
	}
	to = i
	for to < len(in) && in[to] != sep && in[to] != '\n' {
		to++
	}
	next = to
	if to > i && in[to-1] == '\r' {
		to--
	}
	return i, to, next
}

// lineEnd is where the line that has i ends.
func lineEnd(in []byte, i int) int {
	if n := bytes.IndexByte(in[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(in)
}

// lines shows the lines of a text that are a name and a value by that name, as settings, YAML and heads
// of messages have them, and what stands between as a whole.
func (e *editor) lines(visit Visitor, from, to int) {
	in := e.in
	begin := from
	for i := from; i < to; {
		end := min(lineEnd(in, i), to)
		if name, value := assignment(in[i:end]); name != nil {
			at := end - len(value)
			value = bytes.TrimRight(value, " \r")
			if begin < i {
				e.marked(visit, begin, i, nil, false)
			}
			if quoted := len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0]; quoted {
				at, value = at+1, value[1:len(value)-1]
			}
			e.marked(visit, at, at+len(value), name, false)
			begin = at + len(value)
		}
		i = end + 1
	}
	if begin < to {
		e.marked(visit, begin, to, nil, false)
	}
}

// assignment takes a line apart: "  phone: 030 12345", "- phone = 030 12345". name is nil for another.
func assignment(line []byte) (name, value []byte) {
	text := bytes.TrimLeft(line, " \t-")
	n := 0
	for n < len(text) && nameByte(text[n]) {
		n++
	}
	if n == 0 || n > 40 || text[0] >= '0' && text[0] <= '9' {
		return nil, nil
	}
	rest := bytes.TrimLeft(text[n:], " ")
	if len(rest) < 2 || rest[0] != ':' && rest[0] != '=' || rest[0] == ':' && rest[1] != ' ' {
		return nil, nil
	}
	value = bytes.TrimLeft(rest[1:], " \t")
	if len(value) == 0 || value[0] == '|' || value[0] == '>' {
		return nil, nil
	}
	return text[:n], value
}
