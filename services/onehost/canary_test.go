// What is stored and shown does not depend on the race detector, and all services under it
// take minutes.

//go:build !race

package onehost_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/onehost"
	"github.com/segmentio/encoding/json"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMain(m *testing.M) {
	stack.MaybeRunChild()
	os.Exit(m.Run())
}

// canaries are values of a person who does not exist, and the piece of each that must
// be nowhere. The pieces are parts of the values, so that one in groups or within a
// text is seen too.
var canaries = []struct{ field, value, piece string }{
	{"card", "4012 8888 8888 1881", "8888 1881"},
	{"number", "5425233430109903", "30109903"},
	{"iban", "DE75512108001245126199", "1245126199"},
	{"email", "carla.canary@mail.example", "carla.canary"},
	{"ssn", "536-90-4399", "536-90-43"},
	{"phone", "+49 30 901820447", "901820447"},
	{"password", "fly-canary-fly", "fly-canary"},
	{"api_key", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "42F292c6912E7710"},
	{"access_token", "canary-token-77ab12cd34ef", "canary-token"},
	{"note", "call me at carla.note@mail.example", "carla.note"},
}

// planted is the key of a record that is no event.
var planted = []byte("planted")

// A value that a client sends must be in no store, topic, page or line of the log: with
// the settings as they are but for the events themselves, and with masking nowhere.
func TestCanaries(t *testing.T) {
	for _, mode := range []string{"raw", "mask"} {
		t.Run(mode, func(t *testing.T) { canary(t, mode) })
	}
}

func canary(t *testing.T, mode string) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	var logs lines
	cfg := onehost.Defaults()
	cfg.DataDir = t.TempDir()
	cfg.Enforcer.HTTP.Listen, cfg.Shipper.Listen, cfg.Console.Listen, cfg.Telemetry.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.Enforcer.HTTP.Token = rand.Text()
	ingest := rand.Text()
	cfg.Shipper.Tokens = []string{ingest}
	cfg.Shipper.Masking.Mode = mode
	cfg.Recorder.Headers, cfg.Recorder.Bodies = true, true // the most that can be stored
	h, err := onehost.Start(ctx, cfg, onehost.Options{Kafka: stack.TookKFake, Throwaway: true, Log: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	running, end := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- h.Run(running) }()
	defer func() {
		end()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	wait(ctx, t, "every service to be ready", h.Process.Health.Ready)

	var said bytes.Buffer
	h.Process.Announce(&said)
	address := regexp.MustCompile(`http://\S+/v1/events`).FindString(said.String())
	sent := send(ctx, t, address, ingest)
	// A record that is no event, as from a sensor that is broken.
	client, err := kgo.NewClient(kgo.SeedBrokers(h.Kafka.Brokers()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: "mirador.events", Key: planted, Value: []byte("\xdc no event: " + canaries[0].value + canaries[3].value)}).FirstErr(); err != nil {
		t.Fatal(err)
	}

	conn, err := chsink.Open(ctx, h.Process.Config.ClickHouse)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	db := h.Process.Config.ClickHouse.Database
	count := func(query string) (n uint64) {
		if err := conn.QueryRow(ctx, query).Scan(&n); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return n
	}
	wait(ctx, t, "all events to be recorded", func() bool { return count("SELECT count() FROM "+db+".v_events") == uint64(sent) })
	wait(ctx, t, "findings and fields", func() bool {
		return count("SELECT uniq(rule) FROM "+db+".v_findings") >= 2 && count("SELECT count() FROM "+db+".v_fields") >= 1
	})

	tables := stored(ctx, t, h.ClickHouse.HTTPAddr(), h.Process.Config.ClickHouse.User, h.Process.Config.ClickHouse.Password, db)
	seen(t, "table", tables, nil)
	if !strings.Contains(tables[db+".events"], `\/v1\/customers\/`) || len(tables) < 8 {
		t.Errorf("%d tables were read, events of %d bytes", len(tables), len(tables[db+".events"]))
	}
	topics := read(ctx, t, h.Kafka.Brokers())
	var may []string
	if mode == "raw" {
		may = []string{"mirador.events"}
	}
	seen(t, "topic", topics, may)
	if len(topics["mirador.dlq"]) == 0 || len(topics["mirador.findings"]) == 0 {
		t.Errorf("dead letters of %d bytes, findings of %d", len(topics["mirador.dlq"]), len(topics["mirador.findings"]))
	}
	token := regexp.MustCompile(`token of this run: (\S+)`).FindStringSubmatch(said.String())
	pages := browse(ctx, t, h.Process.ConsoleURL(), token[1])
	seen(t, "page", pages, nil)
	if len(pages) < 12 {
		t.Errorf("only %d pages: %v", len(pages), pages)
	}
	seen(t, "log", map[string]string{"log": logs.String()}, nil)
	for _, name := range []string{"spool", "keys"} { // what the process wrote beside Kafka and ClickHouse
		files := map[string]string{}
		_ = filepath.WalkDir(filepath.Join(cfg.DataDir, name), func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				b, _ := os.ReadFile(path)
				files[path] = string(b)
			}
			return nil
		})
		seen(t, "file", files, nil)
	}
	t.Logf("%d events, %d tables, %d topics, %d pages, %d bytes of log", sent, len(tables), len(topics), len(pages), len(logs.String()))
}

// seen looks for the canaries in texts, as they are, escaped, and in base64.
func seen(t *testing.T, kind string, texts map[string]string, may []string) {
	t.Helper()
	for name, text := range texts {
		for _, c := range canaries {
			forms := []string{c.piece, url.QueryEscape(c.piece), strings.NewReplacer(" ", "", "-", "").Replace(c.piece)}
			for shift := range 3 { // wherever it begins in groups of three bytes
				b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + c.piece))
				if inner := b[4 : len(b)-4]; len(inner) >= 6 {
					forms = append(forms, inner)
				}
			}
			for _, f := range forms {
				i := strings.Index(text, f)
				switch {
				case slices.Contains(may, name):
				case i >= 0:
					t.Errorf("%s %s holds %q of %s: …%s…", kind, name, f, c.field, text[max(0, i-120):min(len(text), i+80)])
				}
			}
		}
	}
	for _, name := range may {
		if !strings.Contains(texts[name], canaries[1].piece) {
			t.Errorf("%s %s does not hold what was sent: the search would find nothing", kind, name)
		}
	}
}

// send posts transactions that hold the canaries in every place, some of them attacks.
func send(ctx context.Context, t *testing.T, address, token string) int {
	t.Helper()
	var b bytes.Buffer
	n := 0
	line := func(v map[string]any) {
		v["ts"] = time.Now().Add(time.Duration(n) * time.Millisecond).Format(time.RFC3339Nano)
		v["client_ip"] = fmt.Sprintf("198.51.100.%d", 1+n%5)
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
		n++
	}
	person := map[string]string{}
	form := url.Values{}
	for _, c := range canaries {
		person[c.field] = c.value
		form.Set(c.field, c.value)
	}
	document, err := json.Marshal(person)
	if err != nil {
		t.Fatal(err)
	}
	asJSON := map[string]string{"content-type": "application/json"}
	const host = "https://api.canary.example"
	for i := range 30 {
		line(map[string]any{"method": "POST", "uri": fmt.Sprintf("%s/v1/customers/%d", host, 100+i), "headers": map[string]string{"content-type": "application/json",
			"authorization": "Bearer " + canaries[8].value, "cookie": "session=" + canaries[8].value, "x-customer": canaries[3].value, "x-api-key": canaries[7].value},
			"body": string(document), "status": 201, "response_headers": asJSON, "response_body": string(document)})
		line(map[string]any{"method": "GET", "uri": host + "/v1/customers/" + url.PathEscape(canaries[3].value) + "/cards/" + url.PathEscape(canaries[0].value), "headers": map[string]string{}, "status": 200,
			"response_headers": asJSON, "response_body": string(document)})
		line(map[string]any{"method": "GET", "uri": host + "/v1/search?" + form.Encode(), "headers": map[string]string{"referer": host + "/v1/search?" + form.Encode()}, "status": 200})
		line(map[string]any{"method": "POST", "uri": host + "/v1/login", "headers": map[string]string{"content-type": "application/x-www-form-urlencoded"},
			"body": "username=" + url.QueryEscape(canaries[3].value) + "&password=" + url.QueryEscape(canaries[6].value), "status": 401, "response_headers": asJSON, "response_body": `{"error":"no ` + canaries[3].value + `"}`})
		line(map[string]any{"method": "GET", "uri": fmt.Sprintf("%s/missing-%d/%s", host, i, url.PathEscape(canaries[3].value)), "headers": map[string]string{}, "status": 404})
	}
	for _, c := range canaries { // attacks beside each, so that evidence of findings would show it
		if c.field == "password" || c.field == "access_token" {
			continue // in a parameter of another name nobody can tell what they are
		}
		line(map[string]any{"method": "POST", "uri": host + "/v1/search?q=" + url.QueryEscape(c.value+"' union select password from users--"), "headers": map[string]string{"content-type": "application/json"},
			"body": `{"` + c.field + `":"` + c.value + `' or 1=1 union select password from users--"}`, "status": 500})
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, &b)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 {
		t.Fatalf("ingest answered %d %s", resp.StatusCode, answer)
	}
	return n
}

// stored is every table of the database with all that is in it.
func stored(ctx context.Context, t *testing.T, address, user, password, db string) map[string]string {
	t.Helper()
	ask := func(query string) string {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/", strings.NewReader(query))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(user, password)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s %v", query, resp.StatusCode, b, err)
		}
		return string(b)
	}
	out := map[string]string{}
	for _, name := range strings.Fields(ask("SELECT name FROM system.tables WHERE database = '" + db + "' AND engine LIKE '%MergeTree' FORMAT TSV")) {
		out[db+"."+name] = ask("SELECT * FROM " + db + ".`" + name + "` FORMAT JSONEachRow")
	}
	return out
}

// read is every topic of Mirador with keys, headers and values of all its records.
func read(ctx context.Context, t *testing.T, brokers []string) map[string]string {
	t.Helper()
	out := map[string]string{}
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeRegex(), kgo.ConsumeTopics(`^mirador\.`), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	begin := time.Now()
	for quiet := 0; quiet < 3; quiet++ { // heartbeats go on
		polled, cancel := context.WithTimeout(ctx, time.Second)
		client.PollFetches(polled).EachRecord(func(r *kgo.Record) {
			if r.Timestamp.Before(begin) {
				quiet = -1
			}
			if bytes.Equal(r.Key, planted) && r.Topic == "mirador.events" {
				return
			}
			out[r.Topic] += string(r.Key) + "\n" + string(r.Value) + "\n"
			for _, h := range r.Headers {
				out[r.Topic] += h.Key + "=" + string(h.Value) + "\n"
			}
		})
		cancel()
	}
	return out
}

// browse logs in and follows every link of every page.
func browse(ctx context.Context, t *testing.T, address, token string) map[string]string {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	base.Path, base.Fragment = "/", ""
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	get := func(r *http.Request, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode >= 500 {
			t.Fatalf("%s: %d %s %v", r.URL, resp.StatusCode, b, err)
		}
		return string(b)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath("login").String(), strings.NewReader(url.Values{"token": {token}, "person": {"canary"}}.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	get(r, err)
	pages := map[string]string{}
	link := regexp.MustCompile(`href="(/[^"#]*)`)
	todo := []string{"/"}
	for len(todo) > 0 && len(pages) < 150 {
		next := todo[0]
		todo = todo[1:]
		if _, ok := pages[next]; ok || strings.HasPrefix(next, "/assets") {
			continue
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base.String(), "/")+next, nil)
		pages[next] = get(r, err)
		for _, m := range link.FindAllStringSubmatch(pages[next], -1) {
			todo = append(todo, strings.ReplaceAll(m[1], "&amp;", "&"))
		}
	}
	return pages
}

func wait(ctx context.Context, t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !ok(); {
		if ctx.Err() != nil || time.Now().After(deadline) {
			t.Fatalf("waited for %s", what)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// lines is a log that several write to.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
