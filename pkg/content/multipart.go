package content

import (
	"bytes"
	"strconv"
)

// parseMultipart reads the parts of a multipart body: fields are leaves by their
// name, a file is its name, type and size ("upload.@filename", "upload.@type",
// "upload.@size") and, where it is text of a kind that is known, its content under
// the field's name. What is binary has no leaves.
func (d *Document) parseMultipart(data, parameters []byte, truncated bool) {
	root, object := d.root(Body), d.names.object()
	boundary := parameter(parameters, "boundary")
	if len(boundary) == 0 { // the first line shows it
		d.issue(BadSyntax, Body, root)
		line, _, _ := bytes.Cut(bytes.TrimLeft(data, "\r\n"), []byte{'\n'})
		boundary = bytes.TrimPrefix(bytes.TrimRight(line, "\r"), []byte("--"))
	}
	start := len(d.scratch)
	d.scratch = append(append(d.scratch, "\n--"...), boundary...)
	delimiter := d.scratch[start:len(d.scratch):len(d.scratch)]

	var rest []byte
	if bytes.HasPrefix(data, delimiter[1:]) {
		rest = data[len(delimiter)-1:]
	} else if i := bytes.Index(data, delimiter); i >= 0 {
		rest = data[i+len(delimiter):] // what stands before is for nobody to read
	} else {
		d.issue(BadSyntax, Body, root)
		d.rest(Body, root, data)
		return
	}
	for {
		if bytes.HasPrefix(rest, []byte("--")) {
			return
		}
		_, rest, _ = bytes.Cut(rest, []byte{'\n'})
		part, after, closed := bytes.Cut(rest, delimiter)
		if !closed && !truncated {
			d.issue(BadSyntax, Body, root)
		}
		if len(part) > 0 && !d.parsePart(bytes.TrimSuffix(part, []byte{'\r'}), root, object, truncated && !closed) {
			return
		}
		if !closed {
			return
		}
		rest = after
	}
}

// parsePart reads one part; false says that the leaves are used up.
func (d *Document) parsePart(part []byte, root int32, object uint64, truncated bool) bool {
	var name, file, media []byte
	isFile := false
	for {
		line, rest, ok := bytes.Cut(part, []byte{'\n'})
		if line = bytes.TrimRight(line, "\r"); len(line) == 0 && ok {
			part = rest
			break
		}
		key, value, colon := bytes.Cut(line, []byte{':'})
		if !ok || !colon { // no end of the headers: all of it is content
			d.issue(BadSyntax, Body, root)
			break
		}
		part = rest
		switch {
		case bytes.EqualFold(key, []byte("content-disposition")):
			_, parameters := mediaType(value)
			name = parameter(parameters, "name")
			file = parameter(parameters, "filename")
			isFile = file != nil
		case bytes.EqualFold(key, []byte("content-type")):
			media, _ = mediaType(value)
		}
	}
	if bytes.HasSuffix(name, []byte("[]")) {
		object = 0
	}
	at := d.child(root, name, Body, object)
	if isFile {
		if !d.text(Body, d.child(at, []byte("@filename"), Body, 0), file, file) || !d.parseFile(media, len(part), at) {
			return false
		}
	}
	format := Text
	if isFile || len(media) > 0 {
		declared, certain := declaredFormat(media)
		if format = shownFormat(part, declared); certain && format != declared && len(part) > 0 && !truncated {
			d.issue(TypeMismatch, Body, at)
		}
	}
	if format == Text || format == Multipart || format == Form {
		return d.text(Body, at, part, part)
	}
	d.parseAs(format, part, at, media, nil, truncated)
	return d.budget >= 0
}

// parseFile adds what is known of a file beside its name. The size is of what
// there is of it where the body was cut.
func (d *Document) parseFile(media []byte, size int, at int32) bool {
	if len(media) > 0 && !d.leaf(Body, d.child(at, []byte("@type"), Body, 0), media, media, String) {
		return false
	}
	start := len(d.scratch)
	d.scratch = strconv.AppendInt(d.scratch, int64(size), 10)
	digits := d.scratch[start:len(d.scratch):len(d.scratch)]
	return d.leaf(Body, d.child(at, []byte("@size"), Body, 0), digits, digits, Integer)
}

// parameter is the value of the parameter called name (lower case), or nil.
func parameter(parameters []byte, name string) []byte {
	for len(parameters) > 0 {
		parameters = bytes.TrimLeft(parameters, "; \t")
		i := bytes.IndexAny(parameters, "=;")
		if i < 0 {
			return nil
		}
		key := bytes.TrimSpace(parameters[:i])
		found := parameters[i] == '='
		parameters = parameters[i+1:]
		if !found {
			continue
		}
		var value []byte
		if len(parameters) > 0 && parameters[0] == '"' {
			end := bytes.IndexByte(parameters[1:], '"')
			if end < 0 {
				end = len(parameters) - 1
			}
			value, parameters = parameters[1:1+end], parameters[min(end+2, len(parameters)):]
		} else {
			value, parameters, _ = bytes.Cut(parameters, []byte{';'})
			value = bytes.TrimSpace(value)
		}
		if len(key) == len(name) && bytes.EqualFold(key, []byte(name)) {
			return value[:len(value):len(value)]
		}
	}
	return nil
}
