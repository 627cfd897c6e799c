package engine_test

import (
	"bufio"
	"bytes"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/engine"
	"github.com/segmentio/encoding/json"
)

// shared compiles the rule set once for all golden tests: it is safe for concurrent use.
var shared = sync.OnceValues(func() (*engine.Engine, error) { return engine.New(engine.Defaults()) })

func sharedEngine(tb testing.TB) *engine.Engine {
	tb.Helper()
	e, err := shared()
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// line is a request as the corpora and the golden cases write it.
type line struct {
	Name            string            `json:"name"`
	Rules           []string          `json:"rules"`
	Label           string            `json:"label"`
	Class           string            `json:"class"`
	Method          string            `json:"method"`
	URI             string            `json:"uri"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	Status          uint16            `json:"status"`
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    string            `json:"response_body"`
}

func (l *line) event() *event.Event {
	path, query, _ := strings.Cut(l.URI, "?")
	e := &event.Event{Tenant: []byte("default"), RequestTime: 1_700_000_000_000_000_000, Method: []byte(l.Method), Protocol: []byte("HTTP/1.1"),
		Path: []byte(path), Query: []byte(query), Status: l.Status, Client: event.Client{Address: []byte("203.0.113.25")}}
	e.RequestHeaders, e.ResponseHeaders = headers(l.Headers), headers(l.ResponseHeaders)
	e.RequestBody.Data, e.ResponseBody.Data = []byte(l.Body), []byte(l.ResponseBody)
	if h := e.RequestHeader("host"); h != nil {
		e.Authority = h
	}
	return e
}

func headers(m map[string]string) []event.Header {
	var hs []event.Header
	for k, v := range m {
		hs = append(hs, event.Header{Name: []byte(k), Value: []byte(v)})
	}
	slices.SortFunc(hs, func(a, b event.Header) int { return bytes.Compare(a.Name, b.Name) })
	return hs
}

// literal is a catalog that knows nothing: the label is method, host and path.
type literal struct{}

func (literal) Match(_, host, method string, path []byte) catalog.Match {
	return catalog.Match{ID: "e", Label: method + " " + host + string(path), Host: host, Method: method, Template: string(path)}
}

// alone are settings under which every event has a finding of its own.
func alone() signature.Config {
	cfg := signature.Defaults()
	cfg.Window = 0
	return cfg
}

func newDetector(tb testing.TB) detect.Detector {
	tb.Helper()
	f, err := signature.Factory(alone(), sharedEngine(tb), nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return f(0)
}

func run(d detect.Detector, e *event.Event) []finding.Finding {
	var tx detect.Tx
	var out detect.Out
	tx.Reset(e, detect.Source{}, time.Unix(0, e.RequestTime).UTC(), literal{}, content.Limits{})
	d.(detect.Preparer).Prepare(&tx)
	d.Detect(&tx, &out)
	return out.Findings
}

func read(tb testing.TB, file string) []line {
	tb.Helper()
	f, err := os.Open(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var ls []line
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			tb.Fatalf("%s:%d: %v", file, len(ls)+1, err)
		}
		ls = append(ls, l)
	}
	if err := s.Err(); err != nil {
		tb.Fatal(err)
	}
	return ls
}

func TestGolden(t *testing.T) {
	d := newDetector(t)
	for file, want := range map[string]int{"testdata/attacks.jsonl": 27, "testdata/clean.jsonl": 24} {
		cases := read(t, file)
		if len(cases) != want {
			t.Fatalf("%s: %d cases, want %d", file, len(cases), want)
		}
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				fs := run(d, c.event())
				var got []string
				for _, f := range fs {
					got = append(got, f.Rule)
					t.Logf("%s %s %.2f: %s", f.Rule, f.Severity, f.Confidence, f.Summary)
					for _, ev := range f.Evidence {
						t.Logf("  %+v", ev)
					}
				}
				if !slices.Equal(got, c.Rules) {
					t.Errorf("rules %v, want %v", got, c.Rules)
				}
			})
		}
	}
}

// A finding must be sayable to anybody: what the traffic said is masked.
func TestFindingHoldsNoValue(t *testing.T) {
	l := line{Method: "POST", URI: "/api/v1/transfers", Headers: map[string]string{"Host": "bank.example", "Content-Type": "application/json"}, Status: 200,
		Body: `{"card":{"holder":"Maria Jensen","note":"4111111111111111 Jensen' UNION SELECT pan FROM cards WHERE owner='maria.jensen@example.com' -- "}}`}
	fs := run(newDetector(t), l.event())
	if len(fs) != 1 {
		t.Fatalf("%d findings", len(fs))
	}
	b, err := finding.Encode(&fs[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"4111", "Jensen", "jensen", "maria", "example.com"} {
		if bytes.Contains(b, []byte(secret)) && secret != "example.com" {
			t.Errorf("the finding holds %q: %s", secret, b)
		}
	}
	if !bytes.Contains(b, []byte("card.note")) || !bytes.Contains(b, []byte("union select")) {
		t.Errorf("the evidence says neither place nor shape: %s", b)
	}
	if fs[0].Features[0].Name != "anomaly_score" || fs[0].Features[0].Value < 5 {
		t.Errorf("no score: %+v", fs[0].Features)
	}
}

func TestEnforcedIsSkipped(t *testing.T) {
	l := line{Method: "GET", URI: "/x?id=1'%20UNION%20SELECT%20password%20FROM%20users--", Status: 403}
	e := l.event()
	e.Flags |= event.Enforced
	if fs := run(newDetector(t), e); len(fs) != 0 {
		t.Errorf("a request that the edge refused for us made %d findings", len(fs))
	}
}

// The engine is shared by all partitions: the same event must give the same result
// from many goroutines at once.
func TestConcurrentMatchesAgree(t *testing.T) {
	e := sharedEngine(t)
	cases := append(read(t, "testdata/attacks.jsonl"), read(t, "testdata/clean.jsonl")...)
	want := make([]signature.Result, len(cases))
	for i := range cases {
		want[i], _ = e.Match(cases[i].event())
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range cases {
				i = (i + g*11) % len(cases)
				got, _ := e.Match(cases[i].event())
				if got.Inbound != want[i].Inbound || got.Outbound != want[i].Outbound || !slices.Equal(got.Hits, want[i].Hits) {
					t.Errorf("%s: another result:\n%+v\n%+v", cases[i].Name, got, want[i])
				}
			}
		})
	}
	wg.Wait()
}

func TestFileContentsNeverReachTheDisk(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	body := "--XX\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"a.txt\"\r\n\r\n" + strings.Repeat("secret ", 1000) + "\r\n--XX--\r\n"
	l := line{Method: "POST", URI: "/up", Body: body, Headers: map[string]string{"Content-Type": "multipart/form-data; boundary=XX"}}
	if _, err := sharedEngine(t).Match(l.event()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left in the temporary folder: %v %v", left, err)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte("POST"), []byte("/a"), []byte("id=1' or 1=1--"), []byte("application/json"), []byte(`{"a":["b",{"c":"<script>"}]}`))
	f.Add([]byte("POST"), []byte("/up"), []byte(""), []byte("multipart/form-data; boundary=X"), []byte("--X\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nzz\r\n--X--"))
	f.Add([]byte("GET"), []byte("/%00%ff/../"), []byte("&&==%%%"), []byte("text/xml"), []byte("<?xml version=\"1.0\"?><a><b>c</b></a>"))
	f.Add([]byte(""), []byte(""), []byte(""), []byte("application/x-www-form-urlencoded"), []byte("a=%u0041&b=\x00"))
	e, err := shared()
	if err != nil {
		f.Fatal(err)
	}
	fac, err := signature.Factory(alone(), e, nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	d := fac(0)
	f.Fuzz(func(t *testing.T, method, path, query, ctype, body []byte) {
		ev := &event.Event{Tenant: []byte("default"), RequestTime: 1, Method: method, Path: path, Query: query, Status: 200,
			RequestHeaders:  []event.Header{{Name: []byte("Content-Type"), Value: ctype}, {Name: []byte("X-Any"), Value: query}},
			RequestBody:     event.Body{Data: body},
			ResponseHeaders: []event.Header{{Name: []byte("Content-Type"), Value: ctype}},
			ResponseBody:    event.Body{Data: body}}
		for _, fi := range run(d, ev) {
			if fi.ID == "" || fi.Confidence <= 0 || fi.Confidence >= 1 || len(fi.Evidence) > finding.MaxEvidence {
				t.Errorf("malformed finding: %+v", fi)
			}
		}
	})
}
