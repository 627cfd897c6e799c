package inspect_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/services/inspect"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/segmentio/encoding/json"
)

const attack = `"method":"POST","uri":"https://api.shop.example/v1/orders/17","client_ip":"203.0.113.9","headers":{"content-type":"application/json"},"body":"{\"note\":\"x' UNION SELECT name, pw FROM users -- \"}","status":201`

const clean = `"method":"GET","uri":"/v1/orders/18","headers":[["host","api.shop.example"],["content-type","application/json"]],"status":200,"response_headers":{"content-type":"application/json"},"response_body":"{\"email\":\"a@b.example\"}"`

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run inspects as the command does and gives its lines and its complaints.
func run(t *testing.T, o inspect.Options) (lines, complaints []string, sum inspect.Summary, err error) {
	t.Helper()
	cfg := platform.Defaults()
	var out bytes.Buffer
	o.Tenant, o.Build, o.Fuse, o.Stdout, o.Content = cfg.Tenant, cfg.InspectStages, cfg.InspectFused, &out, runner.DefaultOptions()
	o.Complain = func(s string) { complaints = append(complaints, s) }
	sum, err = inspect.Run(context.Background(), o)
	if text := strings.TrimSuffix(out.String(), "\n"); text != "" {
		lines = strings.Split(text, "\n")
	}
	return lines, complaints, sum, err
}

// What a verdict line says of its score: a number above one half of a high severity,
// and at least one rule and one term.
var (
	fitted    = regexp.MustCompile(`"score":0\.[4-9]\d*`)
	explained = regexp.MustCompile(`"rules":\["[^\]]+"\],"terms":\[\{"name":"bias"[^\]]+\}\]`)
)

func TestVerdictsEchoIDsInInputOrder(t *testing.T) {
	file := strings.Join([]string{
		`{"id":"t1",` + attack + `}`, `{"id":42,` + clean + `}`, `broken`, `{"id":12345678901234567890,` + attack + `}`,
		`{"id":{"a":[1]},` + clean + `}`, `{"id":"q\"\u00e9",` + clean + `}`,
	}, "\n")
	want := []string{
		`{"id":"t1","verdict":"attack","attack":true,"score":S,"findings":["SIG-SQLI"],"class":"sqli","rules":R,"terms":T}`,
		`{"id":42,"verdict":"clean","attack":false,"score":0,"findings":[]}`,
		`{"id":12345678901234567890,"verdict":"attack","attack":true,"score":S,"findings":["SIG-SQLI"],"class":"sqli","rules":R,"terms":T}`,
		`{"id":{"a":[1]},"verdict":"clean","attack":false,"score":0,"findings":[]}`, `{"id":"q\"\u00e9","verdict":"clean","attack":false,"score":0,"findings":[]}`,
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, file)
	z.Close()
	for _, path := range []string{write(t, "plain.jsonl", file), write(t, "packed.gz", packed.String())} {
		// Alone signature is fed in batches, with behaviour one by one.
		for _, detectors := range [][]string{nil, {"signature"}} {
			lines, complaints, sum, err := run(t, inspect.Options{Files: []string{path}, Out: inspect.Verdicts, Detectors: detectors})
			for i := range lines { // how much is the model's
				lines[i] = fitted.ReplaceAllString(explained.ReplaceAllString(lines[i], `"rules":R,"terms":T`), `"score":S`)
			}
			if err != nil || !slices.Equal(lines, want) {
				t.Errorf("%s %v: %v\n%s", path, detectors, err, strings.Join(lines, "\n"))
			}
			if sum.Records != 5 || sum.Bad != 1 || sum.Attacks != 2 || len(complaints) != 1 || !strings.Contains(complaints[0], "line 3") {
				t.Errorf("%s: %+v %q", path, sum, complaints)
			}
		}
	}
	if _, _, _, err := run(t, inspect.Options{Files: []string{write(t, "a", file)}, Out: inspect.Verdicts, Strict: true}); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("strict: %v", err)
	}
}

func TestFindingsNameEventsByInputIDs(t *testing.T) {
	file := fmt.Sprintf("{\"id\":\"t1\",%[1]s}\n{\"id\":7,%[1]s}\n{%[1]s}\n", attack)
	path := write(t, "a.jsonl", file)
	o := inspect.Options{Files: []string{path}, Out: inspect.Findings, JSON: true, Detectors: []string{"signature"}}
	findings := decode(t, o)
	verdicts, _, _, _ := run(t, inspect.Options{Files: []string{path}, Out: inspect.Verdicts, Detectors: []string{"signature"}})
	var third struct{ ID string }
	if len(findings) != 1 || len(verdicts) != 3 || json.Unmarshal([]byte(verdicts[2]), &third) != nil || third.ID == "" {
		t.Fatalf("%d findings, verdicts %q", len(findings), verdicts)
	}
	want := []string{"t1", "7", third.ID} // without an id: the one that its verdict has
	if f := findings[0]; f.Rule != "SIG-SQLI" || f.Count != 3 || !slices.Equal(f.Events, want) {
		t.Errorf("%s of %d: %q, want %q", f.Rule, f.Count, f.Events, want)
	}
	if s := findings[0].Subject; s.Principal == "" || !slices.Equal(s.Addresses, []string{"203.0.113.9"}) || s.Endpoint != "POST api.shop.example/v1/orders/{int}" {
		t.Errorf("subject %+v", s)
	}
}

func TestFindingOverTimeKeepsWhenItWasRaised(t *testing.T) {
	var b strings.Builder
	for i := 1; i <= 40; i++ {
		fmt.Fprintf(&b, `{"id":"r%d","ts":"2026-01-05T10:00:%02dZ","client_ip":"198.51.100.77","method":"POST","uri":"https://api.x.example/v1/login","headers":{"content-type":"application/json"},"body":"{\"username\":\"u%d\",\"password\":\"p\"}","status":401}`+"\n", i, i, i)
	}
	path := write(t, "a.jsonl", b.String())
	o := inspect.Options{Files: []string{path}, Out: inspect.Findings, JSON: true, Detectors: []string{"behavior"}}
	findings := decode(t, o)
	if len(findings) == 0 {
		t.Fatal("nothing found")
	}
	f := findings[0]
	if f.Rule != "CRED-01" || f.Time.Second() != 10 || f.Count != 40 || f.LastSeen.Second() != 40 {
		t.Errorf("%s raised %v, count %d, last seen %v", f.Rule, f.Time, f.Count, f.LastSeen)
	}
	if len(f.Events) != finding.MaxEvents || f.Events[0] != "r1" || f.Events[19] != "r20" {
		t.Errorf("events %q", f.Events)
	}
	again, _, _, _ := run(t, o)
	first, _, _, _ := run(t, o)
	if !slices.Equal(first, again) {
		t.Error("two runs differ")
	}
}

func decode(t *testing.T, o inspect.Options) (list []finding.Finding) {
	t.Helper()
	lines, complaints, _, err := run(t, o)
	if err != nil || len(complaints) > 0 {
		t.Fatal(err, complaints)
	}
	for _, l := range lines {
		var f finding.Finding
		if err := json.Unmarshal([]byte(l), &f); err != nil {
			t.Fatalf("%s: %v", l, err)
		}
		if strings.Contains(l, `"events":null`) {
			t.Errorf("events are no list: %s", l)
		}
		list = append(list, f)
	}
	return list
}

func TestOtherOutputs(t *testing.T) {
	path := write(t, "a.jsonl", "{"+attack+"}\n{"+clean+"}\n")
	for out, want := range map[inspect.Output]string{
		inspect.Endpoints: "GET     api.shop.example/v1/orders/{int}", inspect.OpenAPI: "openapi: 3.1.0",
		inspect.Fields: "email of GET api.shop.example/v1/orders/{int}", inspect.Findings: "HIGH     SIG-SQLI",
	} {
		lines, _, _, err := run(t, inspect.Options{Files: []string{path}, Out: out})
		if err != nil || !strings.Contains(strings.Join(lines, "\n"), want) {
			t.Errorf("%s: %v: no %q in\n%s", out, err, want, strings.Join(lines, "\n"))
		}
	}
}

func TestOtherFormats(t *testing.T) {
	har := `{"log":{"entries":[{"_id":"h1","startedDateTime":"2026-01-05T10:00:00Z","request":{"method":"GET","url":"https://h.example/a?q=1%27%20UNION%20SELECT%20a,b%20FROM%20c--%20"},"response":{"status":200}},{"request":5}]}}`
	lines, complaints, _, err := run(t, inspect.Options{Files: []string{write(t, "a.har", har)}, Out: inspect.Verdicts})
	if err != nil || len(lines) != 1 || !strings.HasPrefix(lines[0], `{"id":"h1","verdict":"attack"`) {
		t.Errorf("HAR: %v %q", err, lines)
	}
	if len(complaints) != 1 || !strings.Contains(complaints[0], "entry 2") || strings.Contains(complaints[0], "struct") {
		t.Errorf("HAR: %q", complaints)
	}
	log := `203.0.113.5 - - [05/Jan/2026:10:00:00 +0000] "GET /a?id=1%27%20UNION%20SELECT%201,2-- HTTP/1.1" 200 12 "-" "curl/8"`
	lines, _, _, err = run(t, inspect.Options{Files: []string{write(t, "access.log", log)}, Out: inspect.Verdicts})
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0], `"attack"`) {
		t.Errorf("access log: %v %q", err, lines)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "missing"), write(t, "cut.har", `{"log":{"entries":[{"request":{"met`)} {
		if _, _, _, err := run(t, inspect.Options{Files: []string{path}, Out: inspect.Findings}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if lines, complaints, _, err := run(t, inspect.Options{Files: []string{write(t, "empty", "")}, Out: inspect.Findings}); err != nil || len(lines)+len(complaints) > 0 {
		t.Errorf("empty file: %v %q %q", err, lines, complaints)
	}
}

// A file that breaks off: what stands before is whole, and found.
func TestFilesThatBreakOff(t *testing.T) {
	attack := `{"_id":"h1","startedDateTime":"2026-01-05T10:00:00Z","request":{"method":"GET","url":"https://h.example/a?q=1%27%20UNION%20SELECT%20a,b%20FROM%20c--%20"},"response":{"status":200}}`
	har := write(t, "cut.har", `{"log":{"entries":[`+attack+`,{"request":{"met`)
	lines, complaints, sum, err := run(t, inspect.Options{Files: []string{har}, Out: inspect.Verdicts})
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0], `"attack"`) || sum.Bad != 1 {
		t.Errorf("HAR: %v %+v %q", err, sum, lines)
	}
	if len(complaints) != 1 || !strings.Contains(complaints[0], "entry 2") {
		t.Errorf("HAR: %q", complaints)
	}
	if lines, _, _, err = run(t, inspect.Options{Files: []string{har}, Out: inspect.Verdicts, Strict: true}); err == nil || len(lines) != 1 {
		t.Errorf("strict: %v %q", err, lines)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for i := range 2000 {
		fmt.Fprintf(z, `{"method":"GET","uri":"https://h.example/a?q=1%%27%%20UNION%%20SELECT%%20a,b%%20FROM%%20c--%%20%d","status":200}`+"\n", i*7919%1000)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	gz := write(t, "cut.jsonl.gz", packed.String()[:packed.Len()*3/4])
	lines, complaints, _, err = run(t, inspect.Options{Files: []string{gz}, Out: inspect.Verdicts})
	if err != nil || len(lines) < 500 || len(complaints) == 0 {
		t.Errorf("gzip: %v, %d lines, %q", err, len(lines), complaints)
	}
}

// Values that only other traffic shows to be values: what is printed are the
// templates after all input.
func TestEndpointsAreLearned(t *testing.T) {
	var b strings.Builder
	names := strings.Fields("zelda mario luigi peach yoshi toad bowser wario daisy rosalina birdo koopa")
	for i := range 60 {
		fmt.Fprintf(&b, `{"method":"GET","uri":"https://h.example/users/%s/orders","status":200}`+"\n", names[i%len(names)])
		fmt.Fprintf(&b, `{"method":"GET","uri":"https://h.example/users/search","status":200}`+"\n")
	}
	fmt.Fprintf(&b, `{"method":"GET","uri":"https://h.example/users/nobody/orders","status":404}`+"\n")
	lines, _, sum, err := run(t, inspect.Options{Files: []string{write(t, "a.jsonl", b.String())}, Out: inspect.Endpoints, JSON: true})
	if err != nil || len(lines) != 2 || sum.Endpoints != 2 {
		t.Fatalf("%v: %+v\n%s", err, sum, strings.Join(lines, "\n"))
	}
	type param struct {
		In, Name string
		Count    uint64
	}
	type endpoint struct {
		Host, Method, Template string
		Hits                   uint64
		Params                 []param
	}
	var got [2]endpoint
	for i, l := range lines {
		if err := json.Unmarshal([]byte(l), &got[i]); err != nil {
			t.Fatal(err)
		}
	}
	want := [2]endpoint{
		{"h.example", "GET", "/users/search", 60, []param{}},
		{"h.example", "GET", "/users/{string}/orders", 61, []param{{"path", "users_id", 60}}},
	}
	if len(got[0].Params) > 0 || !strings.Contains(lines[0], `"params":[]`) {
		t.Errorf("no list of parameters: %s", lines[0])
	}
	got[0].Params = []param{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A slash at the end is part of what is printed, and of the document.
func TestEndpointsEndAsTheyAreAskedFor(t *testing.T) {
	file := write(t, "a.jsonl", strings.Repeat(`{"method":"GET","uri":"https://h.example/labels/7/","status":200}`+"\n", 5))
	for out, want := range map[inspect.Output]string{inspect.Endpoints: `"template":"/labels/{int}/"`, inspect.OpenAPI: `"/labels/{labels_id}/":`} {
		lines, _, _, err := run(t, inspect.Options{Files: []string{file}, Out: out, JSON: true})
		if err != nil || !strings.Contains(strings.Join(lines, ""), want) {
			t.Errorf("%v, no %s in %s", err, want, strings.Join(lines, "\n"))
		}
	}
}

// Hosts that differ in one label and are one API stand under one template.
func TestHostsAreLearned(t *testing.T) {
	var b strings.Builder
	for i := range 12 {
		for _, p := range []string{"/v1/orders", "/v1/orders/7", "/v1/items/7/photos", "/health"} {
			fmt.Fprintf(&b, `{"method":"GET","uri":"https://tenant%c.api.example.com%s","client_ip":"203.0.113.9","status":200}`+"\n", 'a'+i, p)
		}
	}
	for _, p := range []string{"/v1/keys", "/v1/tenants", "/v1/orders"} {
		fmt.Fprintf(&b, `{"method":"GET","uri":"https://admin.api.example.com%s","client_ip":"203.0.113.9","status":200}`+"\n", p)
	}
	lines, _, _, err := run(t, inspect.Options{Files: []string{write(t, "a.jsonl", b.String())}, Out: inspect.Endpoints})
	want := []string{
		"GET admin.api.example.com/v1/keys 1", "GET admin.api.example.com/v1/orders 1", "GET admin.api.example.com/v1/tenants 1",
		"GET {string}.api.example.com/health 12", "GET {string}.api.example.com/v1/items/{int}/photos 12",
		"GET {string}.api.example.com/v1/orders 12", "GET {string}.api.example.com/v1/orders/{int} 12",
	}
	var got []string
	for _, l := range lines {
		f := strings.Fields(l)
		got = append(got, strings.Join([]string{f[1], f[2], f[0]}, " "))
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n%s", err, strings.Join(got, "\n"))
	}
}

// Look-alikes are told in files of a few records too: by the endpoints that the
// records before them showed.
func TestLookAlikesInASmallFile(t *testing.T) {
	var b strings.Builder
	line := func(id, path string, status int) {
		fmt.Fprintf(&b, `{"id":%q,"method":"GET","uri":"https://h.example%s","client_ip":"203.0.113.9","status":%d}`+"\n", id, path, status)
	}
	line("early", "/Admin/Users/7", 404) // resembles nothing yet
	line("plain", "/admin/users/7", 200)
	line("case", "/ADMIN/users/7", 403)
	line("encoded", "/admin/%75sers/7", 200)
	line("other", "/nothing/like/it", 404)
	lines, _, sum, err := run(t, inspect.Options{Files: []string{write(t, "a.jsonl", b.String())}, Out: inspect.Findings, JSON: true})
	var got []string
	for _, l := range lines {
		var f finding.Finding
		if err := json.Unmarshal([]byte(l), &f); err != nil {
			t.Fatal(err)
		}
		if f.Rule == "INV-02" {
			got = append(got, f.Events...)
		}
	}
	if err != nil || sum.Records != 5 || !slices.Equal(got, []string{"case", "encoded"}) {
		t.Errorf("%v: %+v, look-alikes %q", err, sum, got)
	}
	// What is answered under another spelling is no endpoint of its own.
	line("served", "/Admin/Users/7", 200)
	line("dots", "/static/..;/admin/users/7", 200)
	lines, _, _, err = run(t, inspect.Options{Files: []string{write(t, "b.jsonl", b.String())}, Out: inspect.Endpoints, JSON: true})
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0], `"template":"/admin/users/{int}"`) || !strings.Contains(lines[0], `"hits":4`) {
		t.Errorf("%v: endpoints %q", err, lines)
	}
}
