package verdict

import (
	"strings"
	"sync"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/engine"
	"github.com/miradorhq/mirador/services/signature/verdict/cases"
	"github.com/segmentio/encoding/json"
)

// How many there are, and how many of them are missed today: a miss
// says that what rules and weights have of its kind is not enough.
const (
	attackCases, attackMissed     = 207, 2
	requestCases, requestMissed   = 97, 0
	ordinaryCases, ordinaryAlarms = 48, 0
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// stages are both stages, as a service has them.
type stages struct {
	engine signature.Engine
	judge  *Judge
	doc    content.Document
}

// compiled is the engine, which all tests share: it is safe for concurrent use.
var compiled = sync.OnceValues(func() (*engine.Engine, error) { return engine.New(engine.Defaults()) })

func newStages(t testing.TB) *stages {
	t.Helper()
	e, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	j, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	return &stages{engine: e, judge: j}
}

func (s *stages) verdict(t testing.TB, e *event.Event) Verdict {
	t.Helper()
	res, err := s.engine.Match(e)
	if err != nil {
		t.Fatal(err)
	}
	content.ParseRequest(e, &s.doc, content.DefaultLimits)
	return s.judge.Judge(e, "", &s.doc, res)
}

func request(method, uri, contentType, body string, headers map[string]string) *event.Event {
	path, query, _ := strings.Cut(uri, "?")
	e := &event.Event{Tenant: []byte("default"), Method: []byte(method), Protocol: []byte("HTTP/1.1"), Path: []byte(path), Query: []byte(query), Authority: []byte("api.example.test"),
		RequestHeaders: []event.Header{{Name: []byte("Host"), Value: []byte("api.example.test")}, {Name: []byte("Accept"), Value: []byte("application/json")}}}
	add := func(name, value string) {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(name), Value: []byte(value)})
	}
	if headers["User-Agent"] == "" {
		add("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
	}
	if contentType != "" {
		add("Content-Type", contentType)
	}
	for name, value := range headers { // their order decides nothing
		add(name, value)
	}
	e.RequestBody.Data = []byte(body)
	return e
}

func inJSON(t *testing.T, text string) *event.Event {
	t.Helper()
	b, err := json.Marshal(map[string]any{"id": 17, "value": text, "active": true})
	if err != nil {
		t.Fatal(err)
	}
	return request("POST", "/v1/things", "application/json", string(b), nil)
}

func TestAttacksInJSON(t *testing.T) {
	s := newStages(t)
	n, missed := 0, 0
	for class, values := range must(cases.Attacks())(t) {
		for _, text := range values {
			n++
			if v := s.verdict(t, inJSON(t, text)); !v.Attack {
				missed++
				t.Logf("%s: %q is missed: %.3f %+v", class, text, v.Score, v.Terms)
			}
		}
	}
	if n != attackCases || missed > attackMissed {
		t.Errorf("%d of %d are missed, want at most %d of %d", missed, n, attackMissed, attackCases)
	}
}

func TestExploits(t *testing.T) {
	s := newStages(t)
	list := must(cases.Requests())(t)
	missed := 0
	for _, r := range list {
		method := r.Method
		if method == "" {
			method = "GET"
		}
		if v := s.verdict(t, request(method, r.URI, r.Type, r.Body, r.Headers)); !v.Attack {
			missed++
			t.Logf("%s is missed: %.3f %+v", r.URI, v.Score, v.Terms)
		}
	}
	if len(list) != requestCases || missed > requestMissed {
		t.Errorf("%d of %d are missed, want at most %d of %d", missed, len(list), requestMissed, requestCases)
	}
}

func TestOrdinaryValues(t *testing.T) {
	s := newStages(t)
	list := must(cases.Ordinary())(t)
	alarms := 0
	for _, text := range list {
		if v := s.verdict(t, inJSON(t, text)); v.Attack {
			alarms++
			t.Logf("%q: %.3f %+v", text, v.Score, v.Terms)
		}
	}
	if len(list) != ordinaryCases || alarms > ordinaryAlarms {
		t.Errorf("%d of %d alarm, want at most %d of %d", alarms, len(list), ordinaryAlarms, ordinaryCases)
	}
}
