package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
)

func has(t *testing.T, where, body string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(body, w) {
			t.Errorf("%s: no %q in\n%s", where, w, body)
		}
	}
}

func TestSpecificationsFromUploadToWithdrawal(t *testing.T) {
	cfg, conn := database(t)
	c, b := serve(t, conn, nil, nil)
	topic := newBoard()
	c.TakeSpecifications(topic, boardLimits())
	has(t, "an empty list", b.page("/specifications"), "No specifications yet", "mirador spec publish", "up to 64")

	// Nothing is published before somebody has seen what changes.
	to := b.upload("bank.yaml", bankSpec)
	page := b.page(to)
	has(t, "a new document", page, "New: bank.yaml", "every operation is new", "GET /<wbr>accounts/<wbr>{id}", "bank.yaml:6")
	has(t, "a page that fetches nothing while it is published", page, `data-refresh="0"`)
	if list, _ := topic.Documents("default"); len(list) != 0 {
		t.Fatalf("published already: %+v", list)
	}
	if a := b.post(to, url.Values{"csrf": {"no token"}}); a.status != http.StatusForbidden {
		t.Errorf("published without a token: %d", a.status)
	}
	a := b.post(to, url.Values{"csrf": {csrfOf(t, page)}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/specifications/bank.yaml?done=published" {
		t.Fatalf("publish: %d to %q: %s", a.status, a.header.Get("Location"), a.body)
	}
	list, _ := topic.Documents("default")
	if len(list) != 1 || list[0].Person != "ann" || string(list[0].Bytes) != bankSpec || list[0].Media != "application/yaml" || time.Since(list[0].At) > time.Minute {
		t.Fatalf("published is %+v", list)
	}
	if a := b.get(to); a.status != http.StatusNotFound {
		t.Errorf("a candidate that was published is still there: %d", a.status)
	}

	// What differs, from the findings.
	w := newWorld(t, cfg)
	w.differences(list[0].Specification.Digest)
	has(t, "list", b.page("/specifications"), "Bank", "openapi 3.1.0", `>ann<`, `kind-shadow">shadow</span> 1`, `kind-drift">drift</span> 1`)
	page = b.page("/specifications/bank.yaml?done=published")
	has(t, "one", page, "Published:", "api.bank.example", "1290 times", `href="/specifications/bank.yaml/document?line=14#L14"`, "query:page", "never seen",
		`href="/endpoints/`+catalog.ID("default", bankHost, "POST", "/transfers")+`"`)
	page = b.page("/specifications/bank.yaml?kind=zombie")
	if !strings.Contains(page, "18060 times") || strings.Contains(page, "1290 times") {
		t.Errorf("one kind alone:\n%s", page)
	}
	page = b.page("/specifications/bank.yaml/document?line=10")
	has(t, "document", page, `<li id="L10" class="on"><span class="n">10</span><code>    post:</code>`, "lines 1–14 of 14")

	// A newer version: what changes in it, and then its differences are not those of the old.
	next := nextBankSpec()
	to = b.upload("bank.yaml", next)
	page = b.page(to)
	has(t, "what changes", page, "What changes in bank.yaml", "4 →", `id="removed"`, "GET /<wbr>vault", "GET /<wbr>safe", "deprecation changed", "3 changes against what ann published")
	b.post(to, url.Values{"csrf": {csrfOf(t, page)}})
	has(t, "the next version", b.page("/specifications/bank.yaml"), "None was said of this version")
	has(t, "the same again", b.page(b.upload("bank.yaml", next)), "byte for byte")

	if a := b.post("/specifications/bank.yaml/withdraw", url.Values{"csrf": {csrfOf(t, page)}}); a.status != http.StatusSeeOther {
		t.Fatalf("withdraw: %d: %s", a.status, a.body)
	}
	has(t, "after it was withdrawn", b.page("/specifications?done=withdrawn"), "Withdrawn:", "No specifications yet")
	for _, path := range []string{"/specifications/bank.yaml", "/specifications/bank.yaml/document"} {
		if a := b.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestUploadsThatAreNotTaken(t *testing.T) {
	_, conn := database(t)
	c, b := serve(t, conn, nil, nil)
	topic := newBoard()
	c.TakeSpecifications(topic, boardLimits())
	token := csrfOf(t, b.page("/specifications"))
	for name, v := range map[string]struct {
		file, content string
		fields        map[string]string
		status        int
		want          string
	}{
		"a fault in it":       {"bank.yaml", "openapi: 3.0.0\npaths: [\n", nil, 400, "bank.yaml:2"},
		"of no known kind":    {"list.json", "[1, 2]", nil, 400, "list.json:1"},
		"no file":             {"", "", nil, 400, "choose a file"},
		"an empty file":       {"bank.yaml", "", nil, 400, "is empty"},
		"a name with a bar":   {"bank.yaml", bankSpec, map[string]string{"name": "a|b"}, 400, "must not hold |"},
		"a bad person":        {"bank.yaml", bankSpec, map[string]string{"person": "a|b"}, 400, "is not a name"},
		"too large":           {"bank.yaml", bankSpec + strings.Repeat("#", boardLimit), nil, 400, "max_bytes"},
		"far too large":       {"bank.yaml", strings.Repeat("#", boardLimit+2*maxForm), nil, 413, "larger than 64"},
		"a form of elsewhere": {"bank.yaml", bankSpec, map[string]string{"csrf": "x"}, 403, "not of your session"},
	} {
		fields := map[string]string{"csrf": token}
		for k, f := range v.fields {
			fields[k] = f
		}
		if a := b.send(v.file, v.content, fields); a.status != v.status || !strings.Contains(a.body, v.want) {
			t.Errorf("%s: %d, no %q in\n%s", name, a.status, v.want, a.body)
		}
	}
	if list, _ := topic.Documents("default"); len(list) != 0 {
		t.Errorf("published: %+v", list)
	}
	// Another session sees no candidate of this one, and publishes none.
	to := b.upload("bank.yaml", bankSpec)
	srv := httptest.NewServer(c.Handler())
	defer srv.Close()
	other := newBrowser(t, srv.URL)
	if a := other.send("bank.yaml", bankSpec, nil); a.status != http.StatusUnauthorized {
		t.Errorf("upload without a session: %d", a.status)
	}
	other.post("/login", url.Values{"token": {testToken}, "person": {"eve"}})
	if a := other.get(to); a.status != http.StatusNotFound {
		t.Errorf("a candidate of another: %d", a.status)
	}
	if a := other.post(to, url.Values{"csrf": {csrfOf(t, other.page("/specifications"))}}); a.status != http.StatusNotFound {
		t.Errorf("published for another: %d", a.status)
	}
	if a := b.post("/specifications/none.yaml/withdraw", url.Values{"csrf": {token}}); a.status != http.StatusNotFound {
		t.Errorf("withdrawn what is not there: %d", a.status)
	}
	topic.err = errors.New("the broker is away")
	if a := b.post(to, url.Values{"csrf": {token}}); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "the broker is away") {
		t.Errorf("a broker that is away: %d\n%s", a.status, a.body)
	}
	topic.err = nil
	if a := b.post(to, url.Values{"csrf": {token}}); a.status != http.StatusSeeOther {
		t.Errorf("what was not published can't be published again: %d", a.status)
	}
}

func TestSpecificationsThatAreOdd(t *testing.T) {
	_, conn := database(t)
	c, b := serve(t, conn, nil, nil)
	has(t, "without Kafka", b.page("/specifications"), "no connection to Kafka")
	if a := b.send("bank.yaml", bankSpec, map[string]string{"csrf": "x"}); a.status != http.StatusServiceUnavailable {
		t.Errorf("upload without Kafka: %d", a.status)
	}
	topic := &board{Set: uploaded.NewSet(boardLimit)}
	c.TakeSpecifications(topic, boardLimits())
	has(t, "a topic that is not read yet", b.page("/specifications"), "not been read to its end")
	// One that nobody can read any more, with a name that needs escaping, and one that is binary.
	odd := uploaded.Document{Tenant: "default", Name: "100% <b>.yaml?", Person: "bob", At: time.Now(), Bytes: []byte("paths: [")}
	must(t, topic.Publish(t.Context(), &odd))
	binary := uploaded.Document{Tenant: "default", Name: "orders.pb", Bytes: []byte("\x0a\x00\xff")}
	must(t, topic.Publish(t.Context(), &binary))
	others := uploaded.Document{Tenant: "other", Name: "secret.yaml", Bytes: []byte(bankSpec)}
	must(t, topic.Publish(t.Context(), &others))
	page := b.page("/specifications")
	has(t, "list", page, "100% &lt;b&gt;.yaml?", `href="/specifications/100%25%20%3Cb%3E.yaml%3F"`, "yaml?:1")
	if strings.Contains(page, "secret.yaml") {
		t.Error("a document of another tenant is shown")
	}
	has(t, "one", b.page("/specifications/100%25%20%3Cb%3E.yaml%3F"), "cannot be read", `action="/specifications/100%25%20%3Cb%3E.yaml%3F/withdraw"`)
	has(t, "binary", b.page("/specifications/orders.pb/document"), "Not a text")
	has(t, "no line", b.page("/specifications/100%25%20%3Cb%3E.yaml%3F/document?line=none"), "lines 1–1 of 1")
}

func TestLinesAroundOne(t *testing.T) {
	var text strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&text, "line %d\n", i+1)
	}
	for line, want := range map[int][3]int{0: {1, 400, 1}, 5: {1, 400, 1}, 1000: {800, 1199, 800}, 2000: {1601, 2000, 1601}, 99999: {1601, 2000, 1601}} {
		b := documentBody{}
		b.around([]byte(text.String()), line)
		if b.First != want[0] || b.Last != want[1] || len(b.Lines) != 400 || b.Lines[0].Text != fmt.Sprintf("line %d", want[2]) {
			t.Errorf("line %d: %d to %d, %d lines from %q", line, b.First, b.Last, len(b.Lines), b.Lines[0].Text)
		}
		if on := b.Lines[max(b.Line, 1)-b.First]; on.On != (line > 0) {
			t.Errorf("line %d: %+v", line, on)
		}
	}
	b := documentBody{}
	b.around([]byte(strings.Repeat("é", 1000)), 1)
	if len(b.Lines) != 1 || !b.Lines[0].Cut || len(b.Lines[0].Text) != lineBytes {
		t.Errorf("a long line: %d lines, %d bytes", len(b.Lines), len(b.Lines[0].Text))
	}
}

func TestCandidatesAreBounded(t *testing.T) {
	var c candidates
	now := time.Now()
	first, _ := c.add(session{}, uploaded.Document{}, nil, now)
	for i := range maxCandidates {
		if _, replaced := c.add(session{}, uploaded.Document{}, nil, now); replaced != (i == maxCandidates-1) {
			t.Errorf("candidate %d: replaced is %v", i+2, replaced)
		}
	}
	if _, err := c.get(session{}, first, now); !errors.Is(err, errNotFound) {
		t.Errorf("the oldest is still there: %v", err)
	}
	id, _ := c.add(session{}, uploaded.Document{}, nil, now)
	if _, err := c.get(session{}, id, now.Add(candidateLife)); !errors.Is(err, errNotFound) {
		t.Errorf("it outlives its time: %v", err)
	}
}
