package console

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
)

const bankSpec = `openapi: 3.1.0
info: {title: Bank, version: "4"}
servers: [{url: https://api.bank.example}]
paths:
  /accounts/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: one}}
  /transfers:
    post:
      deprecated: true
      responses: {'201': {description: made}}
  /vault:
    get: {responses: {'200': {description: ok}}}
`

// nextBankSpec is a newer version of bankSpec: an operation less, one more, and one
// that is not deprecated any more.
func nextBankSpec() string {
	return strings.NewReplacer("  /vault:\n", "  /safe:\n", "deprecated: true", "deprecated: false", `version: "4"`, `version: "5"`).Replace(bankSpec)
}

// board is a topic of specifications that answers at once.
type board struct {
	*uploaded.Set
	mu     sync.Mutex
	offset int64
	err    error
}

func newBoard() *board {
	b := &board{Set: uploaded.NewSet(boardLimit)}
	b.CaughtUp()
	return b
}

const boardLimit = 64 << 10

func (b *board) Documents(tenant string) ([]uploaded.Entry, bool) {
	select {
	case <-b.Ready():
		return b.Set.Documents(tenant), true
	default:
		return b.Set.Documents(tenant), false
	}
}

func (b *board) put(key, value []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	b.offset++
	_ = b.Put(key, value, b.offset) // a record that cannot be read is taken all the same
	return nil
}

func (b *board) Publish(_ context.Context, d *uploaded.Document) error {
	return b.put(d.Key(), d.Encode())
}

func (b *board) Withdraw(_ context.Context, tenant, name string) error {
	d := uploaded.Document{Tenant: tenant, Name: name}
	return b.put(d.Key(), nil)
}

func boardLimits() SpecificationLimits {
	return SpecificationLimits{MaxBytes: boardLimit, Remind: 24 * time.Hour}
}

// differences puts what an audit would say of bankSpec into the tables.
func (w *world) differences(digest string) {
	id := func(method, template string) string { return catalog.ID("default", bankHost, method, template) }
	now := w.now
	for _, d := range []spec.Difference{
		{Kind: spec.Shadow, Severity: "medium", Endpoint: "PATCH " + bankHost + "/accounts/{int}/limits", EndpointID: id("PATCH", "/accounts/{int}/limits"), Where: spec.Place{File: "bank.yaml", Pointer: "/paths", Line: 4}, Count: 1290,
			Summary: "PATCH api.bank.example/accounts/{int}/limits was called 1290 times, and bank.yaml:4 does not document it."},
		{Kind: spec.Zombie, Severity: "low", Endpoint: "POST " + bankHost + "/transfers", EndpointID: id("POST", "/transfers"), Where: spec.Place{File: "bank.yaml", Pointer: "/paths/~1transfers/post", Line: 10}, Count: 18060,
			Summary: "POST api.bank.example/transfers was called 18060 times, and bank.yaml:10 marks it as deprecated."},
		{Kind: spec.Orphan, Severity: "info", Operation: "GET /vault", Where: spec.Place{File: "bank.yaml", Pointer: "/paths/~1vault/get", Line: 14}, Summary: "GET /vault, documented at bank.yaml:14, was never seen."},
		{Kind: spec.Drift, Aspect: "parameter", Name: "query:page", Severity: "low", Endpoint: "GET " + bankHost + "/accounts/{int}", EndpointID: id("GET", "/accounts/{int}"), Where: spec.Place{File: "bank.yaml", Pointer: "/paths/~1accounts~1{id}/get", Line: 6}, Count: 10320,
			Summary: `GET api.bank.example/accounts/{int}: query parameter "page" came with 10320 served requests, and bank.yaml:6 does not document it.`},
	} {
		d.Digest, d.FirstSeen, d.LastSeen = digest, now.Add(-time.Hour), now
		w.find = append(w.find, spec.Finding("default", d, now))
	}
	w.flush()
}

// send uploads a file with the fields of the form.
func (b *browser) send(file, content string, fields map[string]string) answer {
	b.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for k, v := range fields {
		must(b.t, m.WriteField(k, v))
	}
	if file != "" {
		part, err := m.CreateFormFile("document", file)
		must(b.t, err)
		_, err = part.Write([]byte(content))
		must(b.t, err)
	}
	must(b.t, m.Close())
	r, err := http.NewRequestWithContext(b.t.Context(), "POST", b.base+"/specifications", &body)
	must(b.t, err)
	r.Header.Set("Content-Type", m.FormDataContentType())
	res, err := b.client.Do(r)
	must(b.t, err)
	defer res.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(res.Body)
	must(b.t, err)
	return answer{res.StatusCode, text.String(), res.Header}
}

// upload sends a document that is good, and gives the page of what it changes.
func (b *browser) upload(file, content string) string {
	b.t.Helper()
	a := b.send(file, content, map[string]string{"csrf": csrfOf(b.t, b.page("/specifications"))})
	to := a.header.Get("Location")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(to, "/candidates/") {
		b.t.Fatalf("upload of %s: %d to %q: %s", file, a.status, to, a.body)
	}
	return to
}
