package crs

import (
	"bytes"
	"fmt"
	"mime"
	"strconv"

	"github.com/corazawaf/coraza/v3/types"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
)

// feed shows ev to t, phase after phase; the last comes also after an error.
func (e *Engine) feed(t types.Transaction, ev *event.Event, res *signature.Result) error {
	err := e.bodies(t, ev, res)
	t.ProcessLogging()
	return err
}

// bodies is all but the last phase.
func (e *Engine) bodies(t types.Transaction, ev *event.Event, res *signature.Result) error {
	t.ProcessConnection(string(ev.Client.Address), int(ev.Client.Port), "", 0)
	uri := string(ev.Path)
	if uri == "" {
		uri = "/"
	}
	if len(ev.Query) > 0 {
		uri += "?" + string(ev.Query)
	}
	protocol := string(ev.Protocol)
	if protocol == "" {
		protocol = "HTTP/1.1"
	}
	t.ProcessURI(uri, string(ev.Method), protocol)
	host, length := false, false
	for i := range ev.RequestHeaders {
		h := &ev.RequestHeaders[i]
		t.AddRequestHeader(string(h.Name), string(h.Value))
		host = host || bytes.EqualFold(h.Name, []byte("host"))
		length = length || bytes.EqualFold(h.Name, []byte("content-length")) || bytes.EqualFold(h.Name, []byte("transfer-encoding"))
	}
	// HTTP/2 has :authority and frames where HTTP/1.1 has these headers, and a sensor
	// may leave them out; the rule set takes their absence for an anomaly.
	if !host && len(ev.Authority) > 0 {
		t.AddRequestHeader("Host", string(ev.Authority))
	}
	if !length && len(ev.RequestBody.Data) > 0 {
		t.AddRequestHeader("Content-Length", strconv.Itoa(len(ev.RequestBody.Data)))
	}
	t.SetServerName(ev.Host())
	t.ProcessRequestHeaders()
	if err := e.requestBody(t, ev, res); err != nil {
		return err
	}
	if ev.Status == 0 || e.cfg.ResponseBody == 0 {
		return nil
	}
	return e.response(t, ev, res)
}

func (e *Engine) requestBody(t types.Transaction, ev *event.Event, res *signature.Result) error {
	data := ev.RequestBody.Data
	if len(data) > e.cfg.RequestBody {
		data, res.Clipped = data[:e.cfg.RequestBody], true
	}
	if len(data) > 0 {
		data = withoutFiles(data, ev.RequestHeader("Content-Type"))
	}
	if len(data) > 0 {
		if _, _, err := t.WriteRequestBody(data); err != nil {
			return fmt.Errorf("crs: event %s: request body: %w", ev.IDString(), err)
		}
	}
	if _, err := t.ProcessRequestBody(); err != nil {
		return fmt.Errorf("crs: event %s: request body: %w", ev.IDString(), err)
	}
	return nil
}

func (e *Engine) response(t types.Transaction, ev *event.Event, res *signature.Result) error {
	typed := false
	for i := range ev.ResponseHeaders {
		h := &ev.ResponseHeaders[i]
		t.AddResponseHeader(string(h.Name), string(h.Value))
		typed = typed || bytes.EqualFold(h.Name, []byte("content-type"))
	}
	if !typed && len(ev.ResponseBody.ContentType) > 0 {
		t.AddResponseHeader("Content-Type", string(ev.ResponseBody.ContentType))
	}
	t.ProcessResponseHeaders(int(ev.Status), "HTTP/1.1")
	data := ev.ResponseBody.Data
	if len(data) > e.cfg.ResponseBody {
		data, res.Clipped = data[:e.cfg.ResponseBody], true
	}
	if t.IsResponseBodyProcessable() && len(data) > 0 {
		if _, _, err := t.WriteResponseBody(data); err != nil {
			return fmt.Errorf("crs: event %s: response body: %w", ev.IDString(), err)
		}
	}
	if _, err := t.ProcessResponseBody(); err != nil {
		return fmt.Errorf("crs: event %s: response body: %w", ev.IDString(), err)
	}
	return nil
}

// withoutFiles empties the file parts of a multipart body. Coraza copies them to
// temporary files, and no rule of the set reads what is in them: what a person
// uploads must not touch this disk.
func withoutFiles(data, contentType []byte) []byte {
	if !bytes.Contains(bytes.ToLower(contentType), []byte("multipart/")) {
		return data
	}
	_, params, err := mime.ParseMediaType(string(contentType))
	if err != nil || params["boundary"] == "" {
		// Coraza refuses it for the same reason, before it looks at the body.
		return data
	}
	mark := []byte("--" + params["boundary"])
	out := make([]byte, 0, len(data))
	for len(data) > 0 {
		i := bytes.Index(data, mark)
		if i < 0 {
			return append(out, data...)
		}
		i += len(mark)
		out = append(out, data[:i]...)
		data = data[i:]
		end := bytes.Index(data, mark)
		part := data
		if end >= 0 {
			part = data[:end]
		}
		out = append(out, emptied(part)...)
		data = data[len(part):]
	}
	return out
}

// emptied is part without its content if it is a file's; the line break before the
// next boundary stays.
func emptied(part []byte) []byte {
	head, sep := bytes.Index(part, []byte("\r\n\r\n")), 4
	if lf := bytes.Index(part, []byte("\n\n")); lf >= 0 && (head < 0 || lf < head) {
		head, sep = lf, 2
	}
	if head < 0 || !bytes.Contains(bytes.ToLower(part[:head]), []byte("filename")) {
		return part
	}
	return append(append(make([]byte, 0, head+sep+2), part[:head+sep]...), "\r\n"...)
}
