package transaction

import (
	"errors"
	"strings"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

var errProcessor = errors.New("invalid body processor")

// RequestBody makes the variables of phase 2: the body, read by the processor that
// the content type or a rule of phase 1 chose. Without one nothing is read.
func (t *Tx) RequestBody() {
	t.requestRead = true
	data := t.e.RequestBody.Data
	if len(data) > t.cfg.RequestBody {
		data = data[:t.cfg.RequestBody]
		t.clipped |= ClippedRequestBody
	}
	if len(data) == 0 || t.noRequestBody || t.limit == 0 {
		return
	}
	if len(data) >= t.limit {
		t.set(seclang.InboundDataError, "1")
		if len(data) > t.limit {
			data = data[:t.limit]
			t.clipped |= ClippedRequestBody
		}
	}
	processor := t.get(seclang.ReqbodyProcessor)
	if processor == "" && t.forced {
		processor = "URLENCODED"
		t.set(seclang.ReqbodyProcessor, processor)
	}
	if processor == "" {
		return
	}
	if err := t.process(processor, view(data)); err != nil {
		message := err.Error()
		t.set(seclang.ReqbodyError, "1")
		t.set(seclang.ReqbodyErrorMsg, t.arena.join(t.get(seclang.ReqbodyProcessor), ": ", message))
		t.set(seclang.ReqbodyProcessorError, "1")
		t.set(seclang.ReqbodyProcessorErrorMsg, message)
	}
}

func (t *Tx) process(processor, body string) error {
	switch processor {
	case "URLENCODED":
		t.pairs(body)
		t.raw(body)
	case "RAW":
		t.raw(body)
	case "JSON":
		return t.requestJSON(body)
	case "MULTIPART":
		return t.multipart(body)
	case "XML":
		return t.readXML(body)
	default:
		return errProcessor
	}
	return nil
}

func (t *Tx) raw(body string) {
	t.set(seclang.RequestBody, body)
	t.set(seclang.RequestBodyLength, t.number(len(body)))
}

// HasResponse says whether there is a response to look at.
func (t *Tx) HasResponse() bool { return t.e.Status != 0 && t.cfg.ResponseBody > 0 }

// ResponseHeaders makes the variables of phase 3.
func (t *Tx) ResponseHeaders() {
	e, typed := t.e, false
	for i := range e.ResponseHeaders {
		h := &e.ResponseHeaders[i]
		typed = t.responseHeader(view(h.Name), view(h.Value)) || typed
	}
	if !typed && len(e.ResponseBody.ContentType) > 0 {
		t.responseHeader("Content-Type", view(e.ResponseBody.ContentType))
	}
	t.set(seclang.ResponseStatus, t.number(int(e.Status)))
	t.set(seclang.ResponseProtocol, "HTTP/1.1")
}

func (t *Tx) responseHeader(name, value string) (contentType bool) {
	if name == "" {
		return false
	}
	t.responses.add(name, value)
	if !named(name, "content-type") {
		return false
	}
	value, _, _ = strings.Cut(value, ";")
	t.set(seclang.ResponseContentType, value)
	return true
}

// ResponseBody makes the variables of phase 4. processable says whether the content
// type is one whose bodies are read; where it is not, the rules of the phase run
// without a body.
func (t *Tx) ResponseBody() (processable bool) {
	t.responseRead = true
	if t.cfg.ResponseBody == 0 || !t.responseForced && !t.readable() {
		return false
	}
	data := t.e.ResponseBody.Data
	if len(data) >= t.cfg.ResponseBody {
		t.set(seclang.OutboundDataError, "1")
		if len(data) > t.cfg.ResponseBody {
			data = data[:t.cfg.ResponseBody]
			t.clipped |= ClippedResponseBody
		}
	}
	switch t.get(seclang.ResBodyProcessor) {
	case "":
		t.set(seclang.ResponseContentLength, t.number(len(data)))
		t.set(seclang.ResponseBody, view(data))
	case "JSON":
		t.responseJSON(view(data))
	}
	return true
}

func (t *Tx) readable() bool {
	contentType := t.get(seclang.ResponseContentType)
	for _, s := range t.cfg.ResponseTypes {
		if s == contentType {
			return true
		}
	}
	return false
}
