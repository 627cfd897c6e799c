package agents

import (
	"fmt"
	"strings"

	"github.com/segmentio/encoding/json"
)

// line is a record of the JSON lines that mirador inspect reads, and its truth, which
// inspect passes over.
type line struct {
	ID              string            `json:"id"`
	TS              string            `json:"ts"`
	ClientIP        string            `json:"client_ip"`
	Method          string            `json:"method"`
	URI             string            `json:"uri"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body,omitempty"`
	Status          uint16            `json:"status"`
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    string            `json:"response_body"`
	Duration        float64           `json:"duration_ms"`
	Cohort          Cohort            `json:"cohort"`
	Attack          string            `json:"attack,omitempty"`
	Template        string            `json:"template,omitempty"`
}

// AppendLine appends t as a JSON line: with its credentials as they were sent, which
// whoever reads it hashes with a key of their own.
func (t *Transaction) AppendLine(b []byte) ([]byte, error) {
	e := t.Event
	uri := "https://" + string(e.Authority) + string(e.Path)
	if len(e.Query) > 0 {
		uri += "?" + string(e.Query)
	}
	l := line{ID: e.IDString(), TS: e.Time().Format("2006-01-02T15:04:05.000000000Z"), ClientIP: string(e.Client.Address), Method: string(e.Method), URI: uri,
		Headers: map[string]string{}, Body: string(e.RequestBody.Data), Status: e.Status, ResponseHeaders: map[string]string{"content-type": "application/json"},
		ResponseBody: string(e.ResponseBody.Data), Duration: float64(e.Duration().Microseconds()) / 1000, Cohort: t.Cohort, Template: t.Template}
	for _, h := range e.RequestHeaders {
		l.Headers[strings.ToLower(string(h.Name))] = string(h.Value)
	}
	switch {
	case t.bearer != "":
		l.Headers["authorization"] = "Bearer " + t.bearer
	case t.key != "":
		l.Headers["x-api-key"] = t.key
	case t.cookie != "":
		l.Headers["cookie"] = "sid=" + t.cookie
	}
	if t.Attack != nil {
		l.Attack = t.Attack.String()
	}
	// Keys of maps are sorted, so that a run repeats.
	b, err := json.Append(b, l, json.SortMapKeys)
	if err != nil {
		return nil, fmt.Errorf("agents: event %s: %w", l.ID, err)
	}
	return append(b, '\n'), nil
}
