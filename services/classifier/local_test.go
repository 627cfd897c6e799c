package classifier

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/discovery/dataclass"
	"github.com/segmentio/encoding/json"
)

const testKey = "a key for tests only"

func contains(s, part string) bool { return strings.Contains(s, part) }

// byPath matches every path as it is.
type byPath struct{}

func (byPath) Match(tenant, host, method string, path []byte) catalog.Match {
	return catalog.Match{ID: catalog.ID(tenant, host, method, string(path)), Label: method + " " + host + string(path), Host: host, Method: method, Template: string(path)}
}

// local runs both stages over events as the runner would, with as many source
// partitions as streams, and keeps the latest record of each key.
type local struct {
	t         testing.TB
	cfg       Config
	tables    *Classes
	detectors []detect.Detector
	merger    detect.Merger
	fields    map[string]catalog.Field
	findings  map[string]finding.Finding
	classes   map[string][]string // told to discovery, by host, method and template
	carried   map[string][]string // the fields that are told beside them
}

func newLocal(t testing.TB, partitions int) *local {
	cfg := Defaults()
	cfg.HashKey = testKey
	classes := testClasses(t, cfg)
	l := &local{t: t, cfg: cfg, tables: classes, merger: MergerFactory(cfg, classes)(0), fields: map[string]catalog.Field{}, findings: map[string]finding.Finding{}, classes: map[string][]string{}, carried: map[string][]string{}}
	for p := range partitions {
		l.detectors = append(l.detectors, newDetector(t, cfg, classes, int32(p)))
	}
	return l
}

func (l *local) event(partition int, e *event.Event) {
	var tx detect.Tx
	var out detect.Out
	tx.Reset(e, detect.Source{}, e.Time(), byPath{}, content.Limits{})
	d := l.detectors[partition]
	d.(detect.Preparer).Prepare(&tx)
	d.Detect(&tx, &out)
}

// flush sends what the detector of partition gathered through the merger, and
// what the merger then says to the tables if say is set.
func (l *local) flush(partition int, say bool) {
	var out detect.Out
	l.detectors[partition].(detect.Flusher).Flush(&out)
	for i := range out.Partials {
		b, err := detect.EncodePartial(&out.Partials[i])
		if err != nil {
			l.t.Fatal(err)
		}
		p, err := detect.DecodePartial(b)
		if err != nil {
			l.t.Fatal(err)
		}
		l.merger.Merge(&p, nil)
	}
	if !say {
		return
	}
	out.Reset()
	l.merger.(detect.Flusher).Flush(&out)
	for _, p := range out.Partials {
		said, err := dataclass.Decode(p.Payload)
		if err != nil || p.Kind != dataclass.Kind {
			l.t.Fatalf("partial of kind %s: %v", p.Kind, err)
		}
		at := p.Dimension + " " + said.Method + " " + said.Template
		if slices.Equal(l.classes[at], said.Classes) && slices.Equal(l.carried[at], said.Fields) {
			l.t.Fatalf("%s: %v is said twice", at, said.Classes)
		}
		if l.classes[at], l.carried[at] = said.Classes, said.Fields; said.Classes == nil {
			delete(l.classes, at)
			delete(l.carried, at)
		}
	}
	for _, r := range out.Records {
		var f catalog.Field
		if err := json.Unmarshal(r.Value, &f); err != nil {
			l.t.Fatal(err)
		}
		l.fields[string(r.Key)] = f
	}
	for _, f := range out.Findings {
		l.findings[f.ID] = f
	}
}

// restart replaces every stage by one restored from a snapshot, and checks that a
// snapshot of that is the same bytes.
func (l *local) restart() {
	again := func(from, to any) {
		var b, b2 bytes.Buffer
		if err := from.(detect.Stateful).Snapshot(&b); err != nil {
			l.t.Fatal(err)
		}
		first := bytes.Clone(b.Bytes())
		if err := to.(detect.Stateful).Restore(&b); err != nil {
			l.t.Fatal(err)
		}
		if err := to.(detect.Stateful).Snapshot(&b2); err != nil {
			l.t.Fatal(err)
		}
		if !bytes.Equal(first, b2.Bytes()) {
			l.t.Fatal("a restored state has another snapshot")
		}
	}
	for p, old := range l.detectors {
		l.detectors[p] = newDetector(l.t, l.cfg, l.tables, int32(p))
		again(old, l.detectors[p])
	}
	old := l.merger
	l.merger = MergerFactory(l.cfg, l.tables)(0)
	again(old, l.merger)
}

// holding is what holds in the end: a field that fell below the bar again is
// said with its low probability by a run that had said it before, and not at all
// by one that had not.
func (l *local) holding() (map[string]catalog.Field, map[string]finding.Finding) {
	fields, findings := map[string]catalog.Field{}, map[string]finding.Finding{}
	for k, f := range l.fields {
		if f.Confidence >= l.cfg.CandidateAt {
			fields[k] = f
		}
	}
	for k, f := range l.findings {
		if f.Confidence >= l.cfg.ConfirmAt {
			findings[k] = f
		}
	}
	return fields, findings
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// answer is a transaction whose response body is body.
func answer(n int, path, body string) *event.Event {
	e := &event.Event{Tenant: []byte("default"), Method: []byte("GET"), Authority: []byte("api.bank.example"), Path: []byte(path),
		RequestTime: start.Add(time.Duration(n) * time.Second).UnixNano(), Status: 200,
		ResponseBody: event.Body{Data: []byte(body), ContentType: []byte("application/json")}}
	binary.BigEndian.PutUint64(e.ID[8:], uint64(n))
	return e
}

// build makes a JSON answer with value at path ("data[].v").
func build(path string, values []string) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte('\n')
		}
		closing := ""
		for part := range strings.SplitSeq(path, ".") {
			name, list := strings.CutSuffix(part, "[]")
			fmt.Fprintf(&b, "{%q:", name)
			closing = "}" + closing
			if list {
				b.WriteByte('[')
				closing = "]" + closing
			}
		}
		q, _ := json.Marshal(v)
		b.Write(q)
		b.WriteString(closing)
	}
	return b.String()
}

// fieldCase is a whole field: its values and what it must be taken for.
type fieldCase struct {
	Name, Path, Confirmed string
	Values                json.RawMessage
}

func (c *fieldCase) values(t *testing.T) (vs []string) {
	if json.Unmarshal(c.Values, &vs) == nil {
		return vs
	}
	var g struct {
		Kind              string
		From, Step, Count int64
	}
	if err := json.Unmarshal(c.Values, &g); err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range g.Count {
		switch g.Kind {
		case "sequence":
			vs = append(vs, fmt.Sprint(g.From+i*max(g.Step, 1)))
		case "digits16":
			vs = append(vs, fmt.Sprintf("%016d", r.Int64N(1e16)))
		case "visa-like":
			vs = append(vs, fmt.Sprintf("4%015d", r.Int64N(1e15)))
		default:
			t.Fatalf("%s: kind %q is not known", c.Name, g.Kind)
		}
	}
	return vs
}

const fieldCases = 57

func TestFields(t *testing.T) {
	var cases []fieldCase
	readJSON(t, "testdata/fields.json", &cases)
	if len(cases) != fieldCases {
		t.Errorf("%d cases, want %d", len(cases), fieldCases)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			l := newLocal(t, 3)
			// Seen through ever other windows: no prefix of the traffic may confirm what
			// the whole does not.
			for i, v := range c.values(t) {
				l.event(i%3, answer(i, "/v1/things", build(c.Path, []string{v})))
				if i%7 == 0 {
					l.flush(i%3, true)
				}
				for _, f := range l.fields {
					if f.Confirmed && f.Type != c.Confirmed {
						t.Fatalf("after %d values: confirmed as %s: %+v", i+1, f.Type, f)
					}
				}
			}
			for p := range 3 {
				l.flush(p, true)
			}
			confirmed := ""
			for _, f := range l.fields {
				if f.Confirmed {
					confirmed = f.Type
				}
			}
			if confirmed != c.Confirmed {
				t.Errorf("confirmed as %q, want %q: %+v", confirmed, c.Confirmed, l.fields)
			}
		})
	}
}

// traffic is a mixture of endpoints with and without sensitive fields.
func traffic(t testing.TB, n int) []*event.Event {
	var cards, ibans valueCases
	readJSON(t, "testdata/card.json", &cards)
	readJSON(t, "testdata/iban.json", &ibans)
	r := rand.New(rand.NewPCG(3, 4))
	var es []*event.Event
	for i := range n {
		var body string
		path := fmt.Sprintf("/v1/area%d", r.IntN(4))
		switch r.IntN(5) {
		case 0:
			body = build("data[].cardNumber", []string{cards.Positive[r.IntN(len(cards.Positive))].Value, ""})
		case 1:
			body = build("account.iban", []string{ibans.Positive[r.IntN(len(ibans.Positive))].Value})
		case 2:
			body = build("ref", []string{fmt.Sprintf("4%015d", r.Int64N(1e15))}) // chance, up and down
		case 3:
			body = build("owner.email", []string{fmt.Sprintf("u%d@example.com", r.IntN(5000))})
		default:
			body = `{"ok":true,"items":[1,2,3]}`
		}
		e := answer(i, path, body)
		e.Identity.Scheme, e.Scheme = []byte([]string{"none", "bearer", "jwt"}[i%3]), []byte([]string{"https", "http"}[i%2])
		if i%7 == 0 {
			e.Status = 500
		}
		es = append(es, e)
	}
	es[n/2].Path = []byte("/v1/cards/4111111111111111") // one odd request
	return es
}

// TestCutsAndRestarts runs the same traffic with other cuts, orders of partials
// and restarts: what is said in the end is the same.
func TestCutsAndRestarts(t *testing.T) {
	const partitions = 3
	events := traffic(t, 1500)
	whole := newLocal(t, partitions)
	for i, e := range events {
		whole.event(i%partitions, e)
	}
	for p := range partitions {
		whole.flush(p, true)
	}
	fields, findings := whole.holding()
	if len(fields) == 0 || len(findings) == 0 {
		t.Fatalf("%d fields, %d findings: the traffic shows nothing", len(fields), len(findings))
	}
	for _, f := range fields {
		if at := "api.bank.example " + f.Endpoint[:3] + " " + f.Endpoint[len("GET api.bank.example"):]; f.Confirmed != slices.Contains(whole.classes[at], f.Type) {
			t.Errorf("%s: told are %v, the field %s %s is confirmed: %t", at, whole.classes[at], f.Path, f.Type, f.Confirmed)
		}
	}
	t.Logf("%d events: %d fields, %d findings", len(events), len(fields), len(findings))
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 9))
		l := newLocal(t, partitions)
		for i, e := range events {
			l.event(i%partitions, e)
			if r.IntN(10) == 0 {
				l.flush(r.IntN(partitions), r.IntN(2) == 0)
			}
			if r.IntN(200) == 0 {
				l.restart()
			}
		}
		for _, p := range r.Perm(partitions) {
			l.flush(p, true)
		}
		gotFields, gotFindings := l.holding()
		if !reflect.DeepEqual(fields, gotFields) {
			t.Errorf("seed %d: fields differ:\n%v\n%v", seed, fields, gotFields)
		}
		if !reflect.DeepEqual(whole.classes, l.classes) {
			t.Errorf("seed %d: classes told to discovery differ:\n%v\n%v", seed, whole.classes, l.classes)
		}
		if !reflect.DeepEqual(whole.carried, l.carried) {
			t.Errorf("seed %d: fields told to discovery differ:\n%v\n%v", seed, whole.carried, l.carried)
		}
		if !reflect.DeepEqual(findings, gotFindings) {
			t.Errorf("seed %d: findings differ:\n%v\n%v", seed, findings, gotFindings)
		}
	}
}

// Methods at one path are endpoints each: what one of them answers is not said of the
// other.
func TestFieldsOfOperations(t *testing.T) {
	l := newLocal(t, 1)
	for i := range 20 {
		for method, body := range map[string]string{"whoami": build("result.owner", []string{fmt.Sprintf("u%d@example.com", i)}), "status": build("result.owner", []string{fmt.Sprintf("node %d", i)})} {
			e := answer(i, "/rpc", body)
			e.Method = []byte("POST")
			e.RequestBody = event.Body{Data: []byte(`{"jsonrpc":"2.0","id":1,"method":"` + method + `"}`), ContentType: []byte("application/json")}
			l.event(0, e)
		}
	}
	l.flush(0, true)
	if len(l.fields) != 1 {
		t.Fatalf("fields %+v", l.fields)
	}
	for _, f := range l.fields {
		if f.Endpoint != "POST api.bank.example/rpc#whoami" || f.Seen != 20 || !f.Confirmed || f.EndpointID != catalog.ID("default", "api.bank.example", "POST", "/rpc#whoami") {
			t.Errorf("%+v", f)
		}
	}
	if got := l.classes["api.bank.example POST /rpc#whoami"]; len(l.classes) != 1 || !slices.Equal(got, []string{"email"}) {
		t.Errorf("told %v", l.classes)
	}
	if got := l.carried["api.bank.example POST /rpc#whoami"]; !slices.Equal(got, []string{"medium email result.owner"}) {
		t.Errorf("fields told %v", l.carried)
	}
}

// testClasses are shared by tests: what they are made of does not change.
func testClasses(tb testing.TB, cfg Config) *Classes {
	tb.Helper()
	c, err := NewClasses(&cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func newDetector(tb testing.TB, cfg Config, classes *Classes, partition int32) detect.Detector {
	tb.Helper()
	f, err := Factory(cfg, classes)
	if err != nil {
		tb.Fatal(err)
	}
	return f(partition)
}
