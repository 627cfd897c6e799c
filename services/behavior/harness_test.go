package behavior_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/miradorhq/mirador/services/behavior/reputation"
	"github.com/segmentio/encoding/json"
)

// step is a line of a case: n transactions that differ in {i}.
//
// In u, body, resp, ip, sub, cred and ua, {i} is the running number from 0, {i+K} with K added,
// {i*K} times K, {r} a number below 10⁹ and {x} sixteen hex digits, both made from i.
type step struct {
	T     float64 `json:"t"`     // seconds from the start
	Every float64 `json:"every"` // seconds between, 1 if absent
	N     int     `json:"n"`
	IP    string  `json:"ip"`
	Sub   string  `json:"sub"` // absent: the address is the principal
	M     string  `json:"m"`
	U     string  `json:"u"`
	S     []int   `json:"s"` // statuses, in turn
	Body  string  `json:"body"`
	Resp  string  `json:"resp"`
	Flags uint32  `json:"flags"`
	Svc   string  `json:"svc"`    // service that is called
	Src   string  `json:"src"`    // service that calls
	NS    string  `json:"ns"`     // namespace of the called one
	Auth  string  `json:"scheme"` // of the identity, jwt if absent
	Size  uint64  `json:"size"`   // of the response on the wire, where not all of it was seen
	// Cred is the token, Ses the session cookie, Token the JWT's header, Claims its
	// claims as JSON by name; a time claim counts from the start of the case.
	Cred   string                     `json:"cred"`
	Ses    string                     `json:"ses"`
	Token  string                     `json:"token"`
	Claims map[string]json.RawMessage `json:"claims"`
	UA     string                     `json:"ua"`
	JA4    string                     `json:"ja4"`
	H      map[string]string          `json:"h"` // more request headers
}

// identify fills in who the i-th event of s is from, beyond its subject.
func (s *step) identify(e *event.Event, i int) {
	id := &e.Identity
	if s.Cred != "" {
		id.Scheme, id.Credential = []byte("jwt"), []byte(s.fill(s.Cred, i))
	}
	if s.Ses != "" {
		id.Scheme, id.Session = []byte("cookie"), []byte(s.fill(s.Ses, i))
	}
	id.TokenHeader = []byte(s.Token)
	for _, name := range slices.Sorted(maps.Keys(s.Claims)) {
		v := s.Claims[name]
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			v = fmt.Append(nil, start.Unix()+n)
		}
		id.Claims = append(id.Claims, event.Claim{Name: []byte(name), Value: v})
	}
	if s.UA != "" {
		e.RequestHeaders = append(slices.Clip(e.RequestHeaders), event.Header{Name: []byte("User-Agent"), Value: []byte(s.fill(s.UA, i))})
	}
	for _, name := range slices.Sorted(maps.Keys(s.H)) {
		e.RequestHeaders = append(slices.Clip(e.RequestHeaders), event.Header{Name: []byte(name), Value: []byte(s.H[name])})
	}
	e.TLS.JA4 = []byte(s.JA4)
}

type header struct {
	Case   string   `json:"case"`
	Expect []string `json:"expect"`  // rules, each of which makes exactly one finding id
	Stage2 []string `json:"expect2"` // the same of the second stage
	// Releases are those of which Mirador was told.
	Releases []struct {
		T       float64 `json:"t"` // seconds from the start
		Service string  `json:"svc"`
	} `json:"releases"`
}

// config are the settings that the case runs with.
func (h *header) config() behavior.Config {
	c := defaults()
	c.Releases = deploy.NewLog(c.Release.Services)
	for i, r := range h.Releases {
		c.Releases.Apply(deploy.Marker{Tenant: "default", ID: fmt.Sprint(i), Service: r.Service, At: start.Add(time.Duration(r.T * 1e9)), Person: "ann"})
	}
	return c
}

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func (s *step) fill(text string, i int) string {
	if !strings.Contains(text, "{") {
		return text
	}
	r := rand.New(rand.NewPCG(uint64(i), 7))
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, ok := strings.Cut(rest, "}")
		k, err := strconv.Atoi(strings.TrimLeft(name, "i+*"))
		switch {
		case !ok:
			b.WriteString("{" + rest)
			return b.String()
		case name == "i":
			fmt.Fprint(&b, i)
		case strings.HasPrefix(name, "i+") && err == nil:
			fmt.Fprint(&b, i+k)
		case strings.HasPrefix(name, "i*") && err == nil:
			fmt.Fprint(&b, i*k)
		case name == "r":
			fmt.Fprint(&b, r.IntN(1_000_000_000))
		case name == "x":
			fmt.Fprintf(&b, "%016x", r.Uint64())
		default: // JSON
			b.WriteString("{")
			text = rest
			continue
		}
		text = after
	}
}

func (s *step) events(seq *uint64) []*event.Event {
	var es []*event.Event
	every := s.Every
	if every == 0 {
		every = 1
	}
	for i := range max(1, s.N) {
		at := start.Add(time.Duration((s.T + float64(i)*every) * 1e9))
		path, query, _ := strings.Cut(s.fill(s.U, i), "?")
		e := &event.Event{Tenant: []byte("default"), RequestTime: at.UnixNano(), Method: []byte(s.M), Authority: []byte("api.bank.example"),
			Path: []byte(path), Query: []byte(query), Client: event.Client{Address: []byte(s.fill(s.IP, i))}, Flags: event.Flags(s.Flags)}
		if s.M == "" {
			e.Method = []byte("GET")
		}
		if s.Sub != "" {
			e.Identity.Scheme, e.Identity.Subject = []byte("jwt"), []byte(s.fill(s.Sub, i))
		}
		e.Deployment = event.Deployment{Service: []byte(s.fill(s.Svc, i)), Source: []byte(s.Src), Namespace: []byte(s.NS)}
		e.Status = 200
		if len(s.S) > 0 {
			e.Status = uint16(s.S[i%len(s.S)])
		}
		jsonType := []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}}
		if s.Body != "" {
			e.RequestBody.Data, e.RequestBody.ContentType, e.RequestHeaders = []byte(s.fill(s.Body, i)), []byte("application/json"), jsonType
		}
		if s.Resp != "" {
			e.ResponseBody.Data, e.ResponseBody.ContentType, e.ResponseHeaders = []byte(s.fill(s.Resp, i)), []byte("application/json"), jsonType
		}
		if s.Size > 0 {
			e.ResponseBody.WireLength, e.ResponseBody.Truncated = s.Size, true
		}
		s.identify(e, i)
		if s.Auth != "" {
			e.Identity.Scheme = []byte(s.Auth)
		}
		*seq++
		binary.BigEndian.PutUint64(e.ID[8:], *seq)
		es = append(es, e)
	}
	return es
}

// scenario reads a file of testdata.
func scenario(tb testing.TB, file string) (header, []*event.Event) {
	tb.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	var h header
	var es []*event.Event
	var seq uint64
	for n, s := 1, bufio.NewScanner(bytes.NewReader(b)); s.Scan(); n++ {
		var v any = &h
		st := step{}
		if n > 1 {
			v = &st
		}
		if err := json.Unmarshal(s.Bytes(), v); err != nil {
			tb.Fatalf("%s:%d: %v", file, n, err)
		}
		if n > 1 {
			es = append(es, st.events(&seq)...)
		}
	}
	slices.SortStableFunc(es, func(a, b *event.Event) int { return a.Time().Compare(b.Time()) })
	return h, es
}

func defaults() behavior.Config {
	c := behavior.Defaults()
	c.HashKey = "a secret of the tests"
	c.Reputation.Lists = []reputation.List{{Name: "test list", Source: reputation.Source{File: "testdata/reputation/bad.csv"}}}
	c.Reputation.Crawlers = []reputation.Crawler{{Name: "Goodbot", Agents: []string{"goodbot"}, Ranges: []reputation.Source{{File: "testdata/reputation/goodbot.json"}}}}
	return c
}

// run shows events to a set of partitions and the second stage behind them, cut and
// interrupted as plan says.
type run struct {
	partitions int
	// cut says whether a batch ends before event i; restart whether everything is
	// saved and restored there.
	cut, restart func(i int) bool
	// beside has the state captured at a restart and written while events go on; the new
	// machines take over at the next cut, having replayed what came in between.
	beside bool
	// order says in which order the partials of n partitions come, theirs if nil.
	order func(n int) []int
	cfg   *behavior.Config // nil is defaults
}

func newStage(tb testing.TB, cfg behavior.Config) (detect.Factory, detect.MergerFactory) {
	tb.Helper()
	m, err := behavior.NewMetrics(nil)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := behavior.Factory(cfg, m)
	if err != nil {
		tb.Fatal(err)
	}
	g, err := behavior.MergerFactory(cfg, m)
	if err != nil {
		tb.Fatal(err)
	}
	return f, g
}

func (r run) events(tb testing.TB, es []*event.Event) (first, second []finding.Finding) {
	tb.Helper()
	cfg := defaults()
	if r.cfg != nil {
		cfg = *r.cfg
	}
	factory, mergers := newStage(tb, cfg)
	ds := make([]detect.Detector, r.partitions)
	for p := range ds {
		ds[p] = factory(int32(p))
	}
	merger := mergers(0)
	watermarks := make([]time.Time, r.partitions)
	var tx detect.Tx
	var taken []*taken // of the partitions, then of the second stage
	flush := func() {
		low := watermarks[0]
		order := make([]int, r.partitions)
		for p := range order {
			order[p] = p
		}
		if r.order != nil {
			order = r.order(r.partitions)
		}
		for _, p := range order {
			var out detect.Out
			ds[p].(detect.Flusher).Flush(&out)
			for i := range out.Partials {
				b, err := detect.EncodePartial(&out.Partials[i])
				if err != nil {
					tb.Fatal(err)
				}
				part, err := detect.DecodePartial(b)
				if err != nil {
					tb.Fatal(err)
				}
				merger.Merge(&part, &out)
				if taken != nil {
					taken[r.partitions].then(func(m any) { m.(detect.Merger).Merge(&part, new(detect.Out)) })
				}
			}
			second = append(second, out.Findings...)
			if watermarks[p].Before(low) {
				low = watermarks[p]
			}
		}
		var out detect.Out
		merger.(detect.Advancer).Advance(low, &out)
		second = append(second, out.Findings...)
		if taken != nil {
			taken[r.partitions].then(func(m any) { m.(detect.Advancer).Advance(low, new(detect.Out)) })
		}
	}
	for i, e := range es {
		if r.cut(i) {
			flush()
			switch {
			case taken != nil:
				for p := range ds {
					fresh := factory(int32(p))
					taken[p].restore(tb, fresh)
					fresh.(detect.Flusher).Flush(new(detect.Out))
					ds[p] = fresh
				}
				fresh := mergers(0)
				taken[r.partitions].restore(tb, fresh)
				merger, taken = fresh, nil
			case r.restart(i) && r.beside:
				for p := range ds {
					taken = append(taken, take(ds[p]))
				}
				taken = append(taken, take(merger))
			case r.restart(i):
				for p := range ds {
					fresh := factory(int32(p))
					restore(tb, ds[p], fresh)
					ds[p] = fresh
				}
				fresh := mergers(0)
				restore(tb, merger, fresh)
				merger = fresh
			}
		}
		p := int(hashOf(e.Principal()) % uint32(r.partitions))
		see := func(d any, out *detect.Out) {
			tx.Reset(e, detect.Source{Partition: int32(p)}, e.Time(), &catalog.Lexical{}, content.Limits{})
			d.(detect.Preparer).Prepare(&tx)
			d.(detect.Advancer).Advance(e.Time(), out)
			d.(detect.Detector).Detect(&tx, out)
		}
		var out detect.Out
		see(ds[p], &out)
		if taken != nil {
			taken[p].then(func(d any) { see(d, new(detect.Out)) })
		}
		first = append(first, out.Findings...)
		for q := range watermarks { // an idle partition is moved on by time
			watermarks[q] = e.Time()
		}
	}
	for q := range watermarks {
		watermarks[q] = watermarks[q].Add(time.Minute)
	}
	flush()
	return first, second
}

// taken is what was captured of a machine that goes on, and what it has seen since.
type taken struct {
	state   bytes.Buffer
	written chan error
	since   []func(machine any)
}

func take(machine any) *taken {
	t := &taken{written: make(chan error, 1)}
	write := machine.(detect.Capturer).Capture()
	go func() { t.written <- write(&t.state) }()
	return t
}

func (t *taken) then(f func(machine any)) { t.since = append(t.since, f) }

func (t *taken) restore(tb testing.TB, fresh any) {
	tb.Helper()
	if err := <-t.written; err != nil {
		tb.Fatal(err)
	}
	if err := fresh.(detect.Stateful).Restore(&t.state); err != nil {
		tb.Fatal(err)
	}
	for _, f := range t.since {
		f(fresh)
	}
}

func restore(tb testing.TB, from, to any) {
	tb.Helper()
	var a, b bytes.Buffer
	save := func(x any, w io.Writer) {
		if err := x.(detect.Stateful).Snapshot(w); err != nil {
			tb.Fatal(err)
		}
	}
	save(from, &a)
	if err := to.(detect.Stateful).Restore(bytes.NewReader(a.Bytes())); err != nil {
		tb.Fatal(err)
	}
	save(to, &b)
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		tb.Fatal("another state after a restore")
	}
}

func hashOf(s string) uint32 {
	h := fnv.New32a()
	io.WriteString(h, s) //nolint:errcheck // never fails
	return h.Sum32()
}

// whole is a run without interruption.
var whole = run{partitions: 1, cut: func(i int) bool { return i%100 == 0 }, restart: func(int) bool { return false }}

// ids are the rules of the distinct finding ids, sorted.
func ids(fs []finding.Finding) []string {
	seen := make(map[string]string)
	for _, f := range fs {
		seen[f.ID] = f.Rule
	}
	rules := []string{}
	for _, r := range seen {
		rules = append(rules, r)
	}
	slices.Sort(rules)
	return rules
}
