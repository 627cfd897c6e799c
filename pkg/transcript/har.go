package transcript

import (
	"bytes"
	"encoding/base64"
	stdjson "encoding/json" // for Decoder.Token: a HAR is read entry by entry
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/segmentio/encoding/json"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
)

// harRecords is how many times longer than a record of other formats an entry may
// be: browsers put whole downloads into it, coded as text. Capture cuts bodies.
const harRecords = 8

type har struct {
	dec    *stdjson.Decoder
	budget *budget
	limit  int
	entry  int
	state  int // 0 before the entries, 1 inside, 2 behind
}

// budget ends the reading when one entry asks for too much of the input.
type budget struct {
	r    io.Reader
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func newHAR(r io.Reader, limit int) *har {
	b := &budget{r: r, left: limit}
	return &har{dec: stdjson.NewDecoder(b), budget: b, limit: limit}
}

type nameValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harEntry struct {
	Started string  `json:"startedDateTime"`
	Time    float64 `json:"time"`
	ID      string  `json:"_id"`
	Client  string  `json:"_clientIPAddress"`
	Request *struct {
		Method      string      `json:"method"`
		URL         string      `json:"url"`
		HTTPVersion string      `json:"httpVersion"`
		Headers     []nameValue `json:"headers"`
		PostData    *struct {
			MimeType string      `json:"mimeType"`
			Text     string      `json:"text"`
			Encoding string      `json:"encoding"`
			Params   []nameValue `json:"params"`
		} `json:"postData"`
		BodySize int64 `json:"bodySize"`
	} `json:"request"`
	Response *struct {
		Status   int         `json:"status"`
		Headers  []nameValue `json:"headers"`
		BodySize int64       `json:"bodySize"`
		Content  struct {
			Size     int64  `json:"size"`
			MimeType string `json:"mimeType"`
			Text     string `json:"text"`
			Encoding string `json:"encoding"`
		} `json:"content"`
	} `json:"response"`
}

// broken says where the file stopped being a HAR. That is final: behind a
// syntax error nothing can be found again.
func (h *har) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file ends within it")
	}
	where := "before the entries"
	switch h.state {
	case 1:
		where = fmt.Sprintf("in entry %d", h.entry+1)
	case 2:
		where = fmt.Sprintf("behind the last entry (%d)", h.entry)
	}
	return fmt.Errorf("transcript: %w HAR %s, at about byte %d: %w", ErrMalformed, where, h.dec.InputOffset(), err)
}

// begin goes down to log.entries.
func (h *har) begin() error {
	for _, want := range []string{"log", "entries"} {
		t, err := h.dec.Token()
		if err != nil {
			return err
		}
		if t != stdjson.Delim('{') {
			return fmt.Errorf("an object was expected for %q, found %v", want, t)
		}
		for {
			t, err := h.dec.Token()
			if err != nil {
				return err
			}
			if t == stdjson.Delim('}') {
				return fmt.Errorf("no %q", want)
			}
			if t == want {
				break
			}
			h.budget.left = h.limit
			var skipped stdjson.RawMessage
			if err := h.dec.Decode(&skipped); err != nil {
				return err
			}
		}
	}
	t, err := h.dec.Token()
	if err == nil && t != stdjson.Delim('[') {
		err = fmt.Errorf("\"entries\" is no list")
	}
	return err
}

func (h *har) next() (*capture.Raw, Meta, []byte, error) {
	if h.state == 2 {
		return nil, Meta{Line: h.entry}, nil, io.EOF
	}
	if h.state == 0 {
		if err := h.begin(); err != nil {
			return nil, Meta{}, nil, h.broken(err)
		}
		h.state = 1
	}
	h.budget.left = h.limit
	if !h.dec.More() {
		if err := h.finish(); err != nil {
			return nil, Meta{Line: h.entry}, nil, err
		}
		h.state = 2
		return nil, Meta{Line: h.entry}, nil, io.EOF
	}
	var content stdjson.RawMessage
	if err := h.dec.Decode(&content); err != nil {
		if errors.Is(err, ErrTooLong) {
			err = fmt.Errorf("%w: more than %d bytes", ErrTooLong, h.limit)
		}
		return nil, Meta{Line: h.entry + 1}, nil, h.broken(err)
	}
	h.entry++
	meta := Meta{Line: h.entry}
	raw, id, err := harTransaction(content)
	if err != nil {
		return nil, meta, nil, &LineError{Line: h.entry, Entry: true, Err: err}
	}
	meta.ID = id
	return raw, meta, content, nil
}

// finish reads on to the end: a file that was cut off behind an entry is not a
// whole one, and its reader should know.
func (h *har) finish() error {
	if _, err := h.dec.Token(); err != nil { // the list's end
		return h.broken(err)
	}
	h.state = 2
	for depth := 2; depth > 0; {
		h.budget.left = h.limit
		t, err := h.dec.Token()
		if err != nil {
			return h.broken(err)
		}
		switch t {
		case stdjson.Delim('{'), stdjson.Delim('['):
			depth++
		case stdjson.Delim('}'), stdjson.Delim(']'):
			depth--
		}
	}
	return nil
}

func harTransaction(content []byte) (*capture.Raw, string, error) {
	var x harEntry
	if err := json.Unmarshal(content, &x); err != nil {
		return nil, "", fmt.Errorf("%w entry: %w", ErrMalformed, plainly(err))
	}
	if x.Request == nil || x.Request.Method == "" || x.Request.URL == "" {
		return nil, x.ID, fmt.Errorf("%w entry: no request with method and url", ErrMalformed)
	}
	raw := &capture.Raw{}
	e := &raw.Event
	e.Method, e.Protocol = []byte(x.Request.Method), []byte(x.Request.HTTPVersion)
	setURI(e, x.Request.URL)
	if err := setClient(e, x.Client); err != nil {
		return nil, x.ID, err
	}
	if x.Started != "" {
		t, err := time.Parse(time.RFC3339Nano, x.Started)
		if err != nil || t.Year() < 1970 || t.Year() > 2261 {
			return nil, x.ID, fmt.Errorf("%w entry: startedDateTime %q", ErrMalformed, clip(x.Started))
		}
		e.RequestTime = t.UnixNano()
		if x.Time > 0 && x.Time < 1e9 {
			e.ResponseTime = e.RequestTime + int64(x.Time*1e6)
		}
	}
	e.RequestHeaders = harHeaders(x.Request.Headers)
	if p := x.Request.PostData; p != nil {
		e.RequestBody.ContentType = []byte(p.MimeType)
		switch {
		case p.Text != "":
			data, err := harText(p.Text, p.Encoding)
			if err != nil {
				return nil, x.ID, fmt.Errorf("postData: %w", err)
			}
			e.RequestBody.Data = data
		case len(p.Params) > 0:
			for i, v := range p.Params {
				if i > 0 {
					e.RequestBody.Data = append(e.RequestBody.Data, '&')
				}
				e.RequestBody.Data = append(e.RequestBody.Data, url.QueryEscape(v.Name)+"="+url.QueryEscape(v.Value)...)
			}
		}
		// The text stands there without its coding.
		e.RequestBody.Decoded = len(e.RequestHeader("content-encoding")) > 0
		if x.Request.BodySize > 0 {
			e.RequestBody.WireLength = uint64(x.Request.BodySize)
		}
	}
	r := x.Response
	if r == nil || r.Status < 0 || r.Status > 999 {
		e.Flags |= event.Unpaired
		return raw, x.ID, nil
	}
	e.Status = uint16(r.Status)
	if r.Status == 0 { // blocked, aborted, or from no network at all
		e.Flags |= event.Unpaired
	}
	e.ResponseHeaders = harHeaders(r.Headers)
	data, err := harText(r.Content.Text, r.Content.Encoding)
	if err != nil {
		return nil, x.ID, fmt.Errorf("response content: %w", err)
	}
	b := &e.ResponseBody
	b.Data, b.ContentType = data, []byte(r.Content.MimeType)
	b.Decoded = len(e.ResponseHeader("content-encoding")) > 0
	b.WireLength = uint64(max(r.BodySize, 0))
	b.SeenLength = uint64(max(r.Content.Size, int64(len(data)), 0))
	b.Truncated = int64(len(data)) < r.Content.Size && !b.Decoded || len(data) == 0 && r.Content.Size > 0
	return raw, x.ID, nil
}

// plainly says where a value has the wrong type in the words of the file, not in
// those of the struct that it was to fill.
func plainly(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("a value is not of the type that a HAR has there, at %s", clip(wrong.Value))
	}
	return err
}

func harText(text, encoding string) ([]byte, error) {
	if strings.EqualFold(encoding, "base64") {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("%w: base64: %w", ErrMalformed, err)
		}
		return data, nil
	}
	if text == "" {
		return nil, nil
	}
	return []byte(text), nil
}

// harHeaders leaves out the pseudo headers that browsers note for HTTP/2.
func harHeaders(list []nameValue) []event.Header {
	out := make([]event.Header, 0, len(list))
	for _, h := range list {
		if h.Name == "" || strings.HasPrefix(h.Name, ":") {
			continue
		}
		if !strings.EqualFold(h.Name, "set-cookie") {
			out = append(out, event.Header{Name: []byte(h.Name), Value: []byte(h.Value)})
			continue
		}
		// Browsers note several Set-Cookie in one value, a line each.
		for _, v := range bytes.Split([]byte(h.Value), []byte{'\n'}) {
			out = append(out, event.Header{Name: []byte(h.Name), Value: v})
		}
	}
	return out
}
