package transaction

import (
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// form is what only multipart bodies have.
type form struct {
	files, fields, sizes           []Value // FILES, FILES_NAMES, FILES_SIZES
	names, headers                 []Value // of the parts
	filenames, charsets, languages []Value
	at                             map[string]int // where in sizes a name in lower case stands
}

func (f *form) reset() {
	f.at = nil
	for _, l := range [...]*[]Value{&f.files, &f.fields, &f.sizes, &f.names, &f.headers, &f.filenames, &f.charsets, &f.languages} {
		*l = emptied(*l)
	}
}

var errNotMultipart = errors.New("not a multipart body")

// multipart reads a body part by part. Fields become parameters; of files only the
// names and sizes are kept, and nothing is written anywhere. An error leaves what
// was read before it.
func (t *Tx) multipart(body string) error {
	mediaType, params, err := mime.ParseMediaType(t.contentType)
	if err != nil {
		t.strict()
		return err
	}
	if !strings.HasPrefix(mediaType, "multipart/") {
		return errNotMultipart
	}
	r := multipart.NewReader(strings.NewReader(body), params["boundary"])
	for total := int64(0); ; {
		part, err := r.NextPart()
		// A body that we cut may end in the middle of a boundary, too.
		if err == io.EOF || errors.Is(err, io.EOF) && t.cut() { //nolint:errorlint // a wrapped one is a broken boundary
			return nil
		}
		if err != nil {
			t.strict()
			return err
		}
		size, more, err := t.part(part)
		if err != nil {
			t.strict()
			return err
		}
		total += size
		t.set(seclang.FilesCombinedSize, strconv.FormatInt(total, 10))
		if !more {
			return nil
		}
	}
}

func (t *Tx) strict() { t.set(seclang.MultipartStrictError, "1") }

// cut says whether the body was as long as may be read of it.
func (t *Tx) cut() bool { return t.get(seclang.InboundDataError) == "1" }

// part takes in one part; more is false where the body ended within it.
func (t *Tx) part(part *multipart.Part) (size int64, more bool, err error) {
	name := part.FormName()
	repeated := false
	for _, key := range slices.Sorted(maps.Keys(part.Header)) {
		values := part.Header[key]
		repeated = repeated || len(values) > 1
		for _, v := range values {
			t.form.headers = append(t.form.headers, Value{name, t.arena.join(key, ": ", v)})
		}
	}
	d := parseDisposition(part.Header.Get("Content-Disposition"))
	if repeated || d.repeated {
		t.set(seclang.MultipartDuplicatePartHeader, "1")
	}
	if d.quoted {
		t.set(seclang.MultipartInvalidQuoting, "1")
	}
	if repeated || d.repeated || d.quoted || d.malformed {
		t.strict()
	}
	t.form.names = append(t.form.names, Value{name, name})
	for _, f := range [...]string{d.filename, d.other} {
		if f != "" {
			t.form.filenames = append(t.form.filenames, Value{name, f})
		}
	}
	if d.extended {
		t.form.charsets = append(t.form.charsets, Value{name, d.charset})
		t.form.languages = append(t.form.languages, Value{name, d.language})
	}
	file, second := d.filename, d.other
	if file == "" {
		file, second = second, ""
	}
	if file == "" {
		data, err := io.ReadAll(part)
		if more, err = t.ended(err); err != nil {
			return 0, false, err
		}
		t.args.add(name, view(data))
		return int64(len(data)), more, nil
	}
	size, err = io.Copy(io.Discard, part)
	if more, err = t.ended(err); err != nil {
		return 0, false, err
	}
	text := strconv.FormatInt(size, 10)
	t.form.files = append(t.form.files, Value{Text: file})
	t.size(file, text)
	if second != "" && second != file {
		t.form.files = append(t.form.files, Value{Text: second})
		t.size(second, text)
	}
	t.form.fields = append(t.form.fields, Value{Text: name})
	return size, more, nil
}

// ended says what the error of reading a part means: that the body ended within it
// is none, but it is noted unless we cut the body ourselves.
func (t *Tx) ended(err error) (more bool, _ error) {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		if !t.cut() {
			t.strict()
		}
		return false, nil
	}
	return true, err
}

// size notes the size of a file; there is one a name, the last.
func (t *Tx) size(name, text string) {
	lower := strings.ToLower(name)
	if i, ok := t.form.at[lower]; ok {
		t.form.sizes[i] = Value{name, text}
		return
	}
	if t.form.at == nil {
		t.form.at = make(map[string]int)
	}
	t.form.at[lower] = len(t.form.sizes)
	t.form.sizes = append(t.form.sizes, Value{name, text})
}
