package discovery

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/encoding/json"
)

type request struct {
	Tenant       string      `json:"tenant"`
	Method       string      `json:"method"`
	URI          string      `json:"uri"`
	Host         string      `json:"host"`
	Headers      [][2]string `json:"headers"`
	Body         string      `json:"body"`
	Status       uint16      `json:"status"`
	ResponseBody string      `json:"response_body"`
	ResponseType string      `json:"response_type"`
	Scheme       string      `json:"scheme"`
	Service      string      `json:"service"`
	Enforced     bool        `json:"enforced"`
}

func (r request) event(i int) *event.Event {
	or := func(s, d string) []byte {
		if s == "" {
			return []byte(d)
		}
		return []byte(s)
	}
	path, query, _ := strings.Cut(r.URI, "?")
	e := &event.Event{
		Tenant: or(r.Tenant, "default"), Method: or(r.Method, "GET"), Authority: or(r.Host, "h"),
		Path: []byte(path), Query: []byte(query), Status: r.Status, RequestTime: start.UnixNano() + int64(i),
	}
	e.ID[15] = byte(i)
	for _, h := range r.Headers {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(h[0]), Value: []byte(h[1])})
	}
	e.RequestBody.Data = []byte(r.Body)
	if r.ResponseBody != "" {
		e.ResponseBody.Data = []byte(r.ResponseBody)
		e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}}
	}
	if r.ResponseType != "" {
		e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte(r.ResponseType)}}
	}
	e.Identity.Scheme, e.Deployment.Service = []byte(r.Scheme), []byte(r.Service)
	if r.Enforced {
		e.Flags |= event.Enforced
	}
	return e
}

// line is an endpoint as the cases write it.
func line(e catalog.Endpoint) string {
	parts := []string{e.Label(), fmt.Sprintf("hits=%d", e.Hits)}
	for _, t := range slices.Concat(e.Statuses, e.Auth) {
		parts = append(parts, fmt.Sprintf("%s=%d", t.Name, t.Count))
	}
	parts = append(append(parts, e.Protocol), e.Services...)
	for _, p := range e.Params {
		var names []string
		for _, t := range p.Types {
			names = append(names, t.Name)
		}
		parts = append(parts, p.In+":"+p.Name+":"+strings.Join(names, ","))
	}
	return strings.Join(parts, " ")
}

func TestCases(t *testing.T) {
	b, err := os.ReadFile("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for l := range bytes.Lines(b) {
		n++
		var c struct {
			Name      string    `json:"name"`
			Requests  []request `json:"requests"`
			Endpoints []string  `json:"endpoints"`
		}
		if err := json.Unmarshal(l, &c); err != nil {
			t.Fatalf("case %d: %v", n, err)
		}
		t.Run(c.Name, func(t *testing.T) {
			var events []*event.Event
			for i, r := range c.Requests {
				events = append(events, r.event(i))
			}
			got := []string{}
			res := run(t, Defaults(), events, 1, nil)
			for _, e := range res.endpoints(t) {
				got = append(got, line(e))
			}
			if !slices.Equal(got, c.Endpoints) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.Endpoints, "\n"))
			}
			if len(res.findings) != len(c.Endpoints) {
				t.Errorf("%d findings", len(res.findings))
			}
		})
	}
	if n != 25 {
		t.Fatalf("%d cases, want 25", n)
	}
}

func TestUnanswered(t *testing.T) {
	cfg := Defaults()
	cfg.AdmitUnanswered = true
	res := run(t, cfg, []*event.Event{request{URI: "/a?q=1"}.event(0)}, 1, nil)
	if e := res.endpoints(t); len(e) != 1 || line(e[0]) != "GET h/a hits=1 none=1 none=1 rest query:q:integer" {
		t.Errorf("got %+v", e)
	}
}

func TestFinding(t *testing.T) {
	res := run(t, Defaults(), []*event.Event{
		request{URI: "/a", Status: 404}.event(1), request{URI: "/a", Status: 200}.event(3), request{URI: "/a", Status: 204}.event(2),
	}, 1, nil)
	for _, f := range res.findings {
		if f.Rule != "INV-00" || f.Severity != "info" || len(f.Events) != 1 || f.Events[0] != "00000000-0000-0000-0000-000000000002" ||
			f.Summary != "GET h/a first answered 204 at 2026-01-02T03:04:05.000000002Z and was not in the catalog before." ||
			f.Subject.Endpoint != "GET h/a" || f.Subject.EndpointID != catalog.ID("default", "h", "GET", "/a") {
			t.Errorf("got %+v", f)
		}
	}
	if len(res.findings) != 1 {
		t.Errorf("%d findings", len(res.findings))
	}
}

// A scan must neither be listed nor kept.
func TestScanIsForgotten(t *testing.T) {
	cfg := Defaults()
	cfg.MaxCandidates = 100
	m := newMerger(&cfg, newMetrics(nil), 0)
	var out detect.Out
	send := func(status uint16, path string) {
		d := Factory(cfg)(0)
		e := request{URI: path, Status: status}.event(0)
		var tx detect.Tx
		tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.DefaultLimits)
		d.Detect(&tx, &out)
		d.(detect.Flusher).Flush(&out)
		for i := range out.Partials {
			m.Merge(&out.Partials[i], &out)
		}
		out.Partials = nil
	}
	send(404, "/real")
	for i := range 1000 {
		send(404, fmt.Sprintf("/scan-%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676))
		if i%50 == 0 {
			send(401, "/real") // still used: must stay, with all its hits
		}
	}
	send(200, "/real")
	m.Flush(&out)
	if len(out.Records) != 1 || len(out.Findings) != 1 || len(m.entries) != 100 || m.candidates.Len() != 99 {
		t.Fatalf("%d records, %d findings, %d entries, %d candidates", len(out.Records), len(out.Findings), len(m.entries), m.candidates.Len())
	}
	if e, err := catalog.DecodeEndpoint(out.Records[0].Value); err != nil || e.Hits != 22 {
		t.Errorf("got %+v, %v", e, err)
	}
	if got := testutil.ToFloat64(m.metrics.lostHits); got != 901 {
		t.Errorf("%v hits forgotten, want 901", got)
	}
}

func TestMaxEndpoints(t *testing.T) {
	cfg := Defaults()
	cfg.MaxEndpoints, cfg.Learn = 3, false
	cfg.Metrics = prometheus.NewRegistry()
	var events []*event.Event
	for i := range 10 {
		events = append(events, request{URI: "/p" + string(rune('a'+i)) + "?q=1", Status: 200}.event(i))
	}
	res := run(t, cfg, events, 1, nil)
	if len(res.records) != 3 || len(res.findings) != 3 {
		t.Errorf("%d records, %d findings", len(res.records), len(res.findings))
	}
	if got := testutil.ToFloat64(newMetrics(cfg.Metrics).unlisted); got != 7 {
		t.Errorf("%v unlisted, want 7", got)
	}
}

func TestMalformedPartial(t *testing.T) {
	cfg := Defaults()
	m := newMerger(&cfg, newMetrics(nil), 0)
	m.log = MergerFactory(cfg)(0).(*merger).log
	var out detect.Out
	for _, p := range []detect.Partial{
		{Kind: Kind, Tenant: "default", Dimension: "h"},
		{Kind: Kind, Tenant: "default", Dimension: "h", Payload: []byte{9, 0x90}},
		{Kind: Kind, Tenant: "default", Dimension: "other", Payload: payload(t)},
		{Kind: "behavior", Tenant: "default", Dimension: "h", Payload: []byte("x")},
	} {
		m.Merge(&p, &out)
	}
	m.Flush(&out)
	if len(out.Records)+len(out.Findings)+len(m.entries) != 0 || testutil.ToFloat64(m.metrics.malformed) != 3 {
		t.Errorf("%+v", out)
	}
	if err := m.Restore(strings.NewReader("\x02")); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("restore: %v", err)
	}
}

// payload is a difference of one POST to h.
func payload(t testing.TB) []byte {
	t.Helper()
	cfg := Defaults()
	d := Factory(cfg)(0)
	e := request{Method: "POST", URI: "/a/1?q=x", Status: 200, Body: `{"a":[1,null]}`, Service: "s", ResponseBody: `{"b":"x@example.com"}`,
		Headers: [][2]string{{"Content-Type", "application/json"}}}.event(1)
	var tx detect.Tx
	tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.DefaultLimits)
	var out detect.Out
	d.Detect(&tx, &out)
	d.(detect.Flusher).Flush(&out)
	if len(out.Partials) != 1 {
		t.Fatalf("%d partials", len(out.Partials))
	}
	return out.Partials[0].Payload
}

func FuzzDecodePayload(f *testing.F) {
	f.Add(payload(f))
	f.Add([]byte{1, 0x90})
	cfg := Defaults()
	f.Fuzz(func(t *testing.T, b []byte) {
		ops, err := decodePayload(b, "default", "h", &cfg)
		if err != nil {
			if !errors.Is(err, wire.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		again := appendPayload(nil, len(ops))
		for _, op := range ops {
			again = appendOperation(again, op)
		}
		same, err := decodePayload(again, "default", "h", &cfg)
		if err != nil {
			t.Fatal(err)
		}
		third := appendPayload(nil, len(same))
		for _, op := range same {
			third = appendOperation(third, op)
		}
		if !bytes.Equal(again, third) {
			t.Fatalf("%x and %x", again, third)
		}
	})
}

func TestConfig(t *testing.T) {
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{}.Validate()
	if err == nil || strings.Count(err.Error(), "discovery.") != reflect.TypeFor[Config]().NumField()-12 {
		t.Errorf("not every error at once: %v", err)
	}
}

func BenchmarkDetect(b *testing.B) {
	cfg := Defaults()
	d := Factory(cfg)(0)
	e := request{Method: "POST", URI: "/accounts/1002/transfers?dry_run=true&page=2", Status: 201, Scheme: "jwt", Service: "payments",
		Body:         `{"amount":12.5,"currency":"EUR","to":{"iban":"DE89370400440532013000","name":"Jane Doe"},"note":"rent for may"}`,
		ResponseBody: `{"id":"3c1da8b0-fce6-4b8e-b5e3-fd007472206b","state":"booked","created":"2026-01-02T03:04:05Z","items":[` + strings.Repeat(`{"id":1,"text":"fee","amount":0.5},`, 9) + `{"id":2,"text":"x","amount":1}]}`,
		Headers: [][2]string{{"Content-Type", "application/json"}, {"X-Partner", "acme"}, {"User-Agent", "curl/8"}, {"Accept", "*/*"},
			{"Accept-Language", "en"}, {"Cookie", "theme=dark; lang=en"}, {"X-Request-Id", "1"}}}.event(1)
	x := &catalog.Lexical{}
	var tx detect.Tx
	var out detect.Out
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			tx.Reset(e, detect.Source{}, e.Time(), x, content.DefaultLimits)
			d.(detect.Preparer).Prepare(&tx)
			d.Detect(&tx, &out)
			if n++; n%500 == 0 { // a commit
				d.(detect.Flusher).Flush(&out)
				out.Reset()
			}
		}
	})
	tx.Reset(e, detect.Source{}, e.Time(), x, content.DefaultLimits)
	tx.Request()
	tx.Response()
	b.Run("parsed", func(b *testing.B) { // the leaves are shared with the other detectors
		b.ReportAllocs()
		for b.Loop() {
			d.(detect.Preparer).Prepare(&tx)
			d.Detect(&tx, &out)
		}
	})
}

func BenchmarkMerge(b *testing.B) {
	cfg := Defaults()
	m := newMerger(&cfg, newMetrics(nil), 0)
	p := detect.Partial{Kind: Kind, Tenant: "default", Dimension: "h", Payload: payload(b)}
	var out detect.Out
	b.ReportAllocs()
	for b.Loop() {
		m.Merge(&p, &out)
		m.Flush(&out)
		out.Reset()
	}
}
