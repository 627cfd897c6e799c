package transcript

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

func inspecting(t testing.TB) *capture.Builder {
	t.Helper()
	b, err := Inspecting(capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// describe writes all that a reader gives, for the golden files.
func describe(t *testing.T, r *Reader) string {
	var out strings.Builder
	fmt.Fprintf(&out, "format %s\n", r.Format())
	for {
		e, meta, err := r.Next()
		if err == io.EOF {
			c := r.Counters()
			fmt.Fprintf(&out, "records %d bad %d\n", c.Records, c.Bad)
			return out.String()
		}
		if err != nil {
			fmt.Fprintf(&out, "error %v\n", err)
			var bad *LineError
			if !errors.As(err, &bad) {
				return out.String()
			}
			continue
		}
		fmt.Fprintf(&out, "line %d id %q raw %s event %s time %d+%v\n", meta.Line, meta.ID, meta.RawID, e.IDString(), e.RequestTime, e.Duration())
		fmt.Fprintf(&out, "  %s %s://%s %s ? %s %s -> %d flags %d\n", e.Method, e.Scheme, e.Authority, e.Path, e.Query, e.Protocol, e.Status, e.Flags)
		fmt.Fprintf(&out, "  client %s (%s) %s principal %s\n", e.Client.Address, e.Client.AddressSource, e.Identity.Scheme, e.Principal())
		for _, h := range e.RequestHeaders {
			fmt.Fprintf(&out, "  > %s: %s\n", h.Name, h.Value)
		}
		fmt.Fprintf(&out, "  > %d/%d %v %q %s\n", e.RequestBody.SeenLength, e.RequestBody.WireLength, e.RequestBody.Truncated, e.RequestBody.Data, e.RequestBody.ContentType)
		for _, h := range e.ResponseHeaders {
			fmt.Fprintf(&out, "  < %s: %s\n", h.Name, h.Value)
		}
		fmt.Fprintf(&out, "  < %d/%d %v %q %s\n  masked %s\n", e.ResponseBody.SeenLength, e.ResponseBody.WireLength, e.ResponseBody.Truncated, e.ResponseBody.Data, e.ResponseBody.ContentType, e.Masked)
	}
}

func TestGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.*")
	n := 0
	for _, f := range files {
		if strings.HasSuffix(f, ".golden") {
			continue
		}
		n++
		r, err := Open(f, Config{Builder: inspecting(t)})
		if err != nil {
			t.Fatal(err)
		}
		got := describe(t, r)
		r.Close()
		if *update {
			os.WriteFile(f+".golden", []byte(got), 0o644)
		}
		want, err := os.ReadFile(f + ".golden")
		if err != nil || got != string(want) {
			t.Errorf("%s: %v\n%s", f, err, got)
		}
		// gzip, and another place: the same events.
		plain, _ := os.ReadFile(f)
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write(plain)
		z.Close()
		r, err = New(&packed, Config{Builder: inspecting(t)})
		if err != nil {
			t.Fatal(err)
		}
		if again := describe(t, r); again != got {
			t.Errorf("%s.gz: differs\n%s", f, again)
		}
	}
	if n != 3 {
		t.Fatalf("%d golden files, want 3", n)
	}
}

func TestBrokenHAR(t *testing.T) {
	whole, err := os.ReadFile("testdata/session.har")
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.Index(whole, []byte(`{"startedDateTime": "2026-03-01T10:00:01`))
	for name, c := range map[string]struct {
		text   string
		before int // events before the end
		says   []string
	}{
		"cut in an entry":      {string(whole[:second+20]), 1, []string{"entry 2", "byte"}},
		"cut between entries":  {string(whole[:second]), 1, []string{"entry 2"}},
		"cut behind the list":  {string(whole[:bytes.Index(whole, []byte(`"pages"`))]), 2, []string{"behind the last entry (3)"}},
		"garbage in an entry":  {strings.Replace(string(whole), `"url": "https://api.test/"}`, `"url" "https`, 1), 1, []string{"entry 2"}},
		"no entries":           {`{"log":{"version":"1.2"}}`, 0, []string{"entries"}},
		"entries is an object": {`{"log":{"entries":{}}}`, 0, []string{"no list"}},
		"log is a list":        {`{"log":[]}`, 0, []string{"entries"}},
	} {
		r, err := New(strings.NewReader(c.text), Config{Builder: inspecting(t), Format: HAR})
		if err != nil {
			t.Fatal(name, err)
		}
		n := 0
		for {
			e, _, err := r.Next()
			if e != nil {
				n++
				continue
			}
			var bad *LineError
			if errors.As(err, &bad) {
				continue
			}
			if err == io.EOF || !errors.Is(err, ErrMalformed) {
				t.Fatalf("%s: %v", name, err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%s: %q does not say %q", name, err, s)
				}
			}
			if _, _, again := r.Next(); again != err {
				t.Errorf("%s: went on with %v", name, again)
			}
			break
		}
		if n != c.before {
			t.Errorf("%s: %d events before the damage, want %d", name, n, c.before)
		}
	}
}

func TestLimitsAndStrict(t *testing.T) {
	good := `{"method":"GET","uri":"/"}`
	long := `{"method":"GET","uri":"/` + strings.Repeat("x", 900<<10) + `"}`
	text := good + "\n\n" + long + "\r\n" + good // the last without its end
	r, err := New(strings.NewReader(text), Config{Builder: inspecting(t), RecordBytes: 200 << 10})
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	var bad *LineError
	for {
		_, meta, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			if !errors.As(err, &bad) || !errors.Is(err, ErrTooLong) || bad.Line != 3 {
				t.Fatal(err)
			}
			continue
		}
		lines = append(lines, meta.Line)
	}
	if fmt.Sprint(lines) != "[1 4]" || bad == nil || r.Counters().Bad != 1 || r.Counters().Bytes != int64(len(text)) {
		t.Fatal(lines, bad, r.Counters())
	}
	r, _ = New(strings.NewReader("{}\n"+good), Config{Builder: inspecting(t), Strict: true})
	if _, _, err := r.Next(); !errors.As(err, &bad) {
		t.Fatal(err)
	}
	if _, _, err := r.Next(); !errors.As(err, &bad) {
		t.Fatal("strict went on", err)
	}
	entry := `{"request":{"method":"GET","url":"/` + strings.Repeat("x", 900<<10) + `"}}`
	r, _ = New(strings.NewReader(`{"log":{"entries":[`+entry+`]}}`), Config{Builder: inspecting(t), RecordBytes: 100 << 10})
	if _, _, err := r.Next(); !errors.Is(err, ErrTooLong) {
		t.Fatal(err)
	}
}

// A stack that overflows cannot be caught, so depth is refused before.
func TestDeepNesting(t *testing.T) {
	for _, open := range []string{"[", `{"a":`} {
		for _, key := range []string{"zzz", "body", "headers", "id"} {
			line := []byte(`{"method":"GET","uri":"/","` + key + `":` + strings.Repeat(open, (DefaultRecordBytes-100)/len(open)))
			if _, _, err := ParseLine(line); !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			har := `{"log":{"entries":[{"request":{"method":"GET","url":"/","` + key + `":` + string(line[27:])
			r, _ := New(strings.NewReader(har), Config{Builder: inspecting(t)})
			if _, _, err := r.Next(); !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
		}
	}
	if _, _, err := ParseLine([]byte(`{"method":"GET","uri":"/","body":"` + strings.Repeat("[", 5000) + `"}`)); err != nil {
		t.Fatal("brackets in text are no nesting:", err)
	}
}

// A value of the wrong type is named in the words of the line.
func TestMistypedLines(t *testing.T) {
	for line, want := range map[string]string{
		`{"method":5,"uri":"/"}`:                                  "method: 5 is no text",
		`{"method":"GET","uri":["/"]}`:                            `uri: ["/"] is no text`,
		`{"method":"GET","uri":"/","duration_ms":"12"}`:           `duration_ms: "12" is no number`,
		`{"method":"GET","uri":"/","body_base64":{"a":1}}`:        `body_base64: {"a":1} is no text`,
		`{"method":"GET","uri":"/","METHOD":7}`:                   "a value is not of the type that a line has there",
		`{"method":null,"uri":"/","client_ip":true,"scheme":"x"}`: "client_ip: true is no text",
	} {
		_, _, err := ParseLine([]byte(line))
		if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "struct") || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

func TestDetect(t *testing.T) {
	f := func(head string, want Format) {
		t.Helper()
		if got := detect([]byte(head)); got != want {
			t.Errorf("%q is %s, want %s", head, got, want)
		}
	}
	f(`{"log":{"version"`, HAR)
	f("{\n  \"log\" : {", HAR)
	f(`{"log":"a field of a line","method":"GET"}`, JSONLines)
	f(`{"log":{"level":"info"},"method":"GET","uri":"/"}`, JSONLines)
	f(strings.Repeat(`{"log":`, 9000), JSONLines)
	f(`{"log":{"_made_by":"x"`, HAR)
	f(`{"log":{"ent`, HAR)
	f(`{"log":{}}`, HAR)
	f(strings.Repeat("[", 64<<10), JSONLines)
	f(strings.Repeat(`{"a":`, 13000), JSONLines)
	f(`[{"a":[[[[`+"\n"+`1.2.3.4 - - [x] "GET /"`+"\n", AccessLog)
	f("[2001:db8::1] - - [x] \"GET /\"\n", AccessLog)
	f("garbage\n{\"method\":1}\n{\"method\":2}\n", JSONLines)
	f("1.2.3.4 - - [x] \"GET /\"\n", AccessLog)
	f("", JSONLines)
	f("\n\n{\"a\":1}", JSONLines)
}

func TestSecretsStayOutOfFiles(t *testing.T) {
	key, _ := capture.NewKey("k", bytes.Repeat([]byte{7}, 32))
	b, err := capture.NewBuilder(capture.Config{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"topsecretcookie1", "hunter2", "geheim12345", "geheim99", "very-secret-api-key", "anothersecret", "user:pw", "alice", "c2ln"}
	n := 0
	for _, f := range []string{"testdata/traffic.jsonl", "testdata/access.log", "testdata/session.har"} {
		r, err := Open(f, Config{Builder: b})
		if err != nil {
			t.Fatal(err)
		}
		for {
			e, _, err := r.Next()
			if err == io.EOF {
				break
			}
			if e == nil {
				continue
			}
			n++
			wire := event.Encode(nil, e)
			for _, s := range secrets {
				if bytes.Contains(wire, []byte(s)) {
					t.Errorf("%s: %q on the wire: %q", f, s, wire)
				}
			}
		}
		r.Close()
	}
	if n != 10 {
		t.Fatalf("%d events", n)
	}
}

func TestCorpora(t *testing.T) {
	dir := os.Getenv("MIRADOR_CORPORA")
	files, _ := filepath.Glob(filepath.Join(dir, "signature/*.jsonl.gz"))
	logs, _ := filepath.Glob(filepath.Join(dir, "behavior/accesslog*.gz"))
	if dir == "" || len(files) == 0 {
		t.Log("MIRADOR_CORPORA names no folder with corpora: the golden files alone were read")
		return
	}
	for _, f := range append(files, logs...) {
		r, err := Open(f, Config{Builder: inspecting(t)})
		if err != nil {
			t.Fatal(err)
		}
		for {
			_, _, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Error(f, err)
			}
		}
		t.Logf("%s: %s %+v", filepath.Base(f), r.Format(), r.Counters())
		r.Close()
	}
}

func seeds(f *testing.F, path string) {
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.SplitSeq(b, []byte{'\n'}) {
		f.Add(line)
	}
	f.Add(b)
}

func FuzzJSONLine(f *testing.F) {
	b := inspecting(f)
	seeds(f, "testdata/traffic.jsonl")
	f.Fuzz(func(t *testing.T, line []byte) {
		if raw, _, err := ParseLine(line); err == nil {
			roundTrip(t, b.Build(raw))
		}
	})
}

func FuzzAccessLog(f *testing.F) {
	b := inspecting(f)
	seeds(f, "testdata/access.log")
	f.Fuzz(func(t *testing.T, line []byte) {
		if raw, err := parseLog(line); err == nil {
			roundTrip(t, b.Build(raw))
		}
	})
}

func FuzzReader(f *testing.F) {
	b := inspecting(f)
	for _, p := range []string{"testdata/session.har", "testdata/traffic.jsonl", "testdata/access.log"} {
		seeds(f, p)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := New(bytes.NewReader(text), Config{Builder: b, RecordBytes: 1 << 20})
		if err != nil {
			return
		}
		for range 10000 {
			e, _, err := r.Next()
			var bad *LineError
			if err != nil && !errors.As(err, &bad) {
				return
			}
			if e != nil {
				roundTrip(t, e)
			}
		}
	})
}

// roundTrip: what a reader gives can be sent and read again.
func roundTrip(t *testing.T, e *event.Event) {
	var back event.Event
	if err := event.Decode(event.Encode(nil, e), &back); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkJSONLine(b *testing.B) {
	builder := inspecting(b)
	text, err := os.ReadFile("testdata/traffic.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	line := text[:bytes.IndexByte(text, '\n')]
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		raw, _, err := ParseLine(line)
		if err != nil {
			b.Fatal(err)
		}
		builder.Build(raw)
	}
}
