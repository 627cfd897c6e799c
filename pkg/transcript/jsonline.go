package transcript

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/encoding/json"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
)

// record is a JSON line; what else it holds is ignored.
type record struct {
	ID              json.RawMessage `json:"id"`
	TS              json.RawMessage `json:"ts"`
	ClientIP        string          `json:"client_ip"`
	Method          string          `json:"method"`
	URI             string          `json:"uri"`
	Protocol        string          `json:"protocol"`
	Scheme          string          `json:"scheme"`
	Headers         json.RawMessage `json:"headers"`
	Body            json.RawMessage `json:"body"`
	BodyBase64      string          `json:"body_base64"`
	Status          json.RawMessage `json:"status"`
	ResponseHeaders json.RawMessage `json:"response_headers"`
	ResponseBody    json.RawMessage `json:"response_body"`
	ResponseBase64  string          `json:"response_body_base64"`
	// Duration is what the transaction took, in milliseconds.
	Duration float64 `json:"duration_ms"`
}

type jsonLines struct{ lines lineReader }

func (j *jsonLines) next() (*capture.Raw, Meta, []byte, error) {
	line, err := j.lines.next()
	meta := Meta{Line: j.lines.Number()}
	if err != nil {
		return nil, meta, nil, err
	}
	raw, m, err := ParseLine(line)
	m.Line = meta.Line
	if err != nil {
		return nil, m, nil, &LineError{Line: meta.Line, Err: err}
	}
	return raw, m, line, nil
}

// ParseLine reads one JSON line
//
//	{id?, ts?, client_ip?, method, uri, headers?, body?, body_base64?, status?,
//	 response_headers?, response_body?, response_body_base64?, protocol?, scheme?, duration_ms?}
//
// ts is RFC 3339 text, or seconds, milliseconds, microseconds or nanoseconds
// since the epoch, told apart by size. headers are an object, whose values may be
// lists, or a list of pairs. A body that is no text is taken as its JSON. Other
// fields are ignored. The line is not kept.
func ParseLine(line []byte) (*capture.Raw, Meta, error) {
	var r record
	var meta Meta
	if len(line) == 0 || line[0] != '{' {
		return nil, meta, fmt.Errorf("%w: not a JSON object", ErrMalformed)
	}
	if deep(line) {
		return nil, meta, fmt.Errorf("%w: nested deeper than %d", ErrMalformed, maxDepth)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, meta, fmt.Errorf("%w: %w", ErrMalformed, mistyped(line, err))
	}
	if len(r.ID) > 0 && string(r.ID) != "null" {
		meta.RawID = bytes.Clone(r.ID)
		meta.ID = loose(r.ID)
	}
	if r.Method == "" {
		return nil, meta, fmt.Errorf("%w: no method", ErrMalformed)
	}
	if r.URI == "" {
		return nil, meta, fmt.Errorf("%w: no uri", ErrMalformed)
	}
	raw := &capture.Raw{}
	e := &raw.Event
	e.Method, e.Protocol = []byte(r.Method), []byte(r.Protocol)
	setURI(e, r.URI)
	if r.Scheme != "" {
		e.Scheme = []byte(r.Scheme)
	}
	var err error
	if e.RequestTime, err = parseTime(r.TS); err != nil {
		return nil, meta, err
	}
	if r.Duration > 0 && r.Duration < 1e9 && e.RequestTime > 0 {
		e.ResponseTime = e.RequestTime + int64(r.Duration*1e6)
	}
	if err := setClient(e, r.ClientIP); err != nil {
		return nil, meta, err
	}
	if e.RequestHeaders, err = parseHeaders(r.Headers); err != nil {
		return nil, meta, fmt.Errorf("headers: %w", err)
	}
	if e.ResponseHeaders, err = parseHeaders(r.ResponseHeaders); err != nil {
		return nil, meta, fmt.Errorf("response_headers: %w", err)
	}
	if len(e.Authority) == 0 {
		e.Authority = e.RequestHeader("host")
	}
	if err := setBody(&e.RequestBody, r.Body, r.BodyBase64); err != nil {
		return nil, meta, fmt.Errorf("body: %w", err)
	}
	if err := setBody(&e.ResponseBody, r.ResponseBody, r.ResponseBase64); err != nil {
		return nil, meta, fmt.Errorf("response_body: %w", err)
	}
	if e.Status, err = parseStatus(loose(r.Status)); err != nil {
		return nil, meta, err
	}
	if e.Status == 0 {
		e.Flags |= event.Unpaired
	}
	return raw, meta, nil
}

// texts are the fields of a record that must be text.
var texts = [...]string{"client_ip", "method", "uri", "protocol", "scheme", "body_base64", "response_body_base64"}

// mistyped says which field has the wrong type, in the words of the line and not in
// those of the struct that it was to fill.
func mistyped(line []byte, err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	var values map[string]json.RawMessage
	if json.Unmarshal(line, &values) == nil {
		for _, name := range texts {
			if v := values[name]; len(v) > 0 && v[0] != '"' && string(v) != "null" {
				return fmt.Errorf("%s: %s is no text", name, clip(string(v)))
			}
		}
		var number float64
		if v := values["duration_ms"]; len(v) > 0 && json.Unmarshal(v, &number) != nil {
			return fmt.Errorf("duration_ms: %s is no number", clip(string(v)))
		}
	}
	return fmt.Errorf("a value is not of the type that a line has there, at %s", clip(wrong.Value))
}

// maxDepth bounds the nesting of a line. The JSON decoder recurses, and a stack
// that overflows ends the process: no recover catches it.
const maxDepth = 1000

func deep(line []byte) bool {
	if bytes.Count(line, []byte{'['})+bytes.Count(line, []byte{'{'}) <= maxDepth {
		return false
	}
	depth, inside := 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// setURI takes a request target, or an absolute address, which then also tells
// scheme and authority. User information in it is a Basic credential and is not
// kept as it is.
func setURI(e *event.Event, uri string) {
	e.Scheme = []byte("http")
	if i := strings.Index(uri, "://"); i > 0 && i < 12 && uri[0] != '/' && !strings.Contains(uri[:i], "?") {
		e.Scheme = []byte(strings.ToLower(uri[:i]))
		host := uri[i+3:]
		if j := strings.IndexAny(host, "/?#"); j >= 0 {
			host = host[:j]
		}
		if at := strings.LastIndexByte(host, '@'); at >= 0 {
			e.Masked = append(e.Masked, []byte("request.target:userinfo"))
			host = host[at+1:]
		}
		e.Authority = []byte(host)
	}
	e.Path, e.Query = capture.SplitTarget([]byte(uri))
}

func setClient(e *event.Event, address string) error {
	if address == "" {
		return nil
	}
	host := address
	if ap, err := netip.ParseAddrPort(address); err == nil {
		host = ap.Addr().String()
		e.Client.Port = ap.Port()
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return fmt.Errorf("%w: client_ip %q is no address", ErrMalformed, clip(address))
	}
	e.Client.Address = []byte(a.Unmap().WithZone("").String())
	e.Client.AddressSource = []byte("file")
	return nil
}

// parseTime gives ns since the epoch, 0 where there is none.
func parseTime(v json.RawMessage) (int64, error) {
	s := loose(v)
	if s == "" {
		return 0, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return scaleTime(n), nil
		}
		if !(f > 0 && f < 9e18) {
			return 0, fmt.Errorf("%w: ts %q is out of range", ErrMalformed, clip(s))
		}
		whole, frac := math.Modf(f)
		unit := scaleTime(int64(whole))
		if whole > 0 && f < 1e11 { // seconds with a fraction, rounded to the microseconds that a float holds
			return unit + int64(math.Round(frac*1e6))*1000, nil
		}
		return unit, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Year() < 1970 || t.Year() > 2261 {
				break
			}
			return t.UnixNano(), nil
		}
	}
	return 0, fmt.Errorf("%w: ts %q is neither RFC 3339 nor a number since the epoch", ErrMalformed, clip(s))
}

// scaleTime tells s, ms, us and ns apart by size: each holds from 1973 on.
func scaleTime(n int64) int64 {
	switch {
	case n < 0:
		return 0
	case n < 1e11:
		if n > 9e9 {
			return 0 // beyond what ns can say
		}
		return n * 1e9
	case n < 1e14:
		return min(n, 9e12) * 1e6
	case n < 1e17:
		return min(n, 9e15) * 1e3
	}
	return n
}

func parseStatus(s string) (uint16, error) {
	if s == "" || s == "-" {
		return 0, nil
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(s, ".0"), 10, 16)
	if err != nil || n > 999 {
		return 0, fmt.Errorf("%w: status %q", ErrMalformed, clip(s))
	}
	return uint16(n), nil
}

func setBody(b *event.Body, text json.RawMessage, encoded string) error {
	if encoded != "" {
		data, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return fmt.Errorf("%w: base64: %w", ErrMalformed, err)
		}
		b.Data = data
	} else if len(text) > 0 && string(text) != "null" {
		b.Data = []byte(loose(text))
	}
	return nil
}

// parseHeaders keeps the order of the text, repeats included.
func parseHeaders(v json.RawMessage) ([]event.Header, error) {
	if len(v) == 0 || string(v) == "null" {
		return nil, nil
	}
	switch v[0] {
	case '{':
		return headerObject(v)
	case '[':
		var pairs []json.RawMessage
		if err := json.Unmarshal(v, &pairs); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		out := make([]event.Header, 0, len(pairs))
		for _, p := range pairs {
			if len(p) > 0 && p[0] == '{' { // {"name": ..., "value": ...} as in a HAR
				var nv struct {
					Name  string          `json:"name"`
					Value json.RawMessage `json:"value"`
				}
				if err := json.Unmarshal(p, &nv); err != nil || nv.Name == "" {
					return nil, fmt.Errorf("%w: %s is no name and value", ErrMalformed, clip(string(p)))
				}
				out = append(out, event.Header{Name: []byte(nv.Name), Value: []byte(loose(nv.Value))})
				continue
			}
			var pair []json.RawMessage
			if err := json.Unmarshal(p, &pair); err != nil || len(pair) != 2 {
				return nil, fmt.Errorf("%w: %s is no pair", ErrMalformed, clip(string(p)))
			}
			out = append(out, event.Header{Name: []byte(loose(pair[0])), Value: []byte(loose(pair[1]))})
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: neither an object nor a list of pairs", ErrMalformed)
}

func headerObject(v json.RawMessage) ([]event.Header, error) {
	var out []event.Header
	var name []byte
	depth := 0
	t := json.NewTokenizer(v)
	for t.Next() {
		switch {
		case t.Delim == '{' || t.Delim == '[':
			if depth++; depth > 2 || depth == 2 && t.Delim == '{' {
				return nil, fmt.Errorf("%w: the value of %q is neither text nor a list", ErrMalformed, clip(string(name)))
			}
		case t.Delim == '}' || t.Delim == ']':
			depth--
		case t.Delim != 0:
		case t.IsKey && depth == 1:
			name = []byte(loose(json.RawMessage(t.Value)))
		default:
			if string(t.Value) == "null" {
				continue
			}
			out = append(out, event.Header{Name: name, Value: []byte(loose(json.RawMessage(t.Value)))})
		}
	}
	if t.Err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, t.Err)
	}
	return out, nil
}

// loose is the text of a JSON string, the JSON of anything else, and nothing of
// null.
func loose(v json.RawMessage) string {
	if len(v) == 0 || string(v) == "null" {
		return ""
	}
	if v[0] == '"' {
		var s string
		if err := json.Unmarshal(v, &s); err == nil {
			return s
		}
	}
	return string(v)
}

// clip bounds what an error repeats of the input.
func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}
