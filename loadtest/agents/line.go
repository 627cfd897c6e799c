package agents

import (
	"fmt"

	"github.com/segmentio/encoding/json"
)

// line is a record of the JSON lines that mirador inspect reads, and its truth, which
// inspect passes over.
type line struct {
	ID              string   `json:"id"`
	TS              string   `json:"ts"`
	ClientIP        string   `json:"client_ip"`
	Method          string   `json:"method"`
	URI             string   `json:"uri"`
	Headers         sent     `json:"headers"`
	Body            string   `json:"body,omitempty"`
	Status          uint16   `json:"status"`
	ResponseHeaders answered `json:"response_headers"`
	ResponseBody    string   `json:"response_body"`
	Duration        float64  `json:"duration_ms"`
	Cohort          Cohort   `json:"cohort"`
	Attack          string   `json:"attack,omitempty"`
	Template        string   `json:"template,omitempty"`
}

// sent are all headers that any agent sends.
type sent struct {
	Host          string `json:"host"`
	UserAgent     string `json:"user-agent"`
	Accept        string `json:"accept"`
	ContentType   string `json:"content-type,omitempty"`
	Authorization string `json:"authorization,omitempty"`
	APIKey        string `json:"x-api-key,omitempty"`
	Cookie        string `json:"cookie,omitempty"`
}

type answered struct {
	ContentType string `json:"content-type"`
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
		Body: string(e.RequestBody.Data), Status: e.Status, ResponseHeaders: answered{"application/json"},
		ResponseBody: string(e.ResponseBody.Data), Duration: float64(e.Duration().Microseconds()) / 1000, Cohort: t.Cohort, Template: t.Template}
	l.Headers = sent{Host: string(e.Authority), UserAgent: string(e.RequestHeader("User-Agent")), Accept: "application/json", ContentType: string(e.RequestBody.ContentType)}
	switch {
	case t.bearer != "":
		l.Headers.Authorization = "Bearer " + t.bearer
	case t.key != "":
		l.Headers.APIKey = t.key
	case t.cookie != "":
		l.Headers.Cookie = "sid=" + t.cookie
	}
	if t.Attack != nil {
		l.Attack = t.Attack.String()
	}
	b, err := json.Append(b, &l, 0)
	if err != nil {
		return nil, fmt.Errorf("agents: event %s: %w", l.ID, err)
	}
	return append(b, '\n'), nil
}
