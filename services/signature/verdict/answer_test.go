package verdict

import (
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/signature"
)

// An error that a failing service shows is a leak; the same words in a page that tells
// of errors are none, and what nobody matched costs nothing.
func TestAnswer(t *testing.T) {
	s := newStages(t)
	page := strings.Repeat("<p>How to read what a service logs, and what to do about it.</p>\n", 400)
	const sql, trace = "You have an error in your SQL syntax; check the manual", "Traceback (most recent call last):\n  File \"a.py\", line 1"
	for _, c := range []struct {
		name   string
		status uint16
		body   string
		leak   bool
		term   string
	}{
		{"error of a database", 500, `{"error":"` + sql + `"}`, true, "leak.response-sql-error"},
		{"trace", 500, trace, true, "leak.response-trace"},
		{"trace in a refusal", 400, trace, true, "leak.short"},
		{"key", 502, "-----BEGIN RSA PRIVATE KEY-----", true, "leak.response-command"},
		{"page about errors", 200, page + sql + trace + page, false, ""},
		{"plain error", 500, `{"error":"not available"}`, false, ""},
		{"ordinary", 200, `{"name":"Anna"}`, false, ""},
		{"nothing", 204, "", false, ""},
	} {
		e := request("GET", "/v1/things", "", "", nil)
		e.Status, e.ResponseBody.Data = c.status, []byte(c.body)
		res, err := s.engine.Match(e)
		if err != nil {
			t.Fatal(err)
		}
		v := s.judge.Answer(e, res)
		if v.Attack != c.leak || v.Attack && (v.Class != signature.Leak || len(v.Matches) == 0) {
			t.Errorf("%s: %+v", c.name, v)
		}
		if _, ok := term(&v, c.term); c.term != "" && !ok {
			t.Errorf("%s: no term %s in %+v", c.name, c.term, v.Terms)
		}
	}
}
