package coraza

import (
	"bytes"
	"fmt"
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
		if _, _, err := t.WriteRequestBody(data); err != nil {
			return fmt.Errorf("coraza: event %s: request body: %w", ev.IDString(), err)
		}
	}
	if _, err := t.ProcessRequestBody(); err != nil {
		return fmt.Errorf("coraza: event %s: request body: %w", ev.IDString(), err)
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
			return fmt.Errorf("coraza: event %s: response body: %w", ev.IDString(), err)
		}
	}
	if _, err := t.ProcessResponseBody(); err != nil {
		return fmt.Errorf("coraza: event %s: response body: %w", ev.IDString(), err)
	}
	return nil
}
