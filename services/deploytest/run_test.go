package deploytest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/pkg/stack"
)

// envKafka asks for a real broker: real.
const envKafka = "MIRADOR_TEST_KAFKA"

// patience bounds every wait of the test: generous, for a loaded machine.
const patience = 3 * time.Minute

// TestComposeUp does what `docker compose up` does to the services of ours: secrets
// first, then all of them at once, as docker-compose.yml says, on a real ClickHouse.
// One transaction goes in by the published ingest port and comes out as a row and an
// endpoint. Then all are told to stop, as the engine tells them.
func TestComposeUp(t *testing.T) {
	p := loadCompose(t)
	h := &host{t: t, dir: t.TempDir(), image: theImage(t), ports: map[string]string{}}
	ch := startClickHouse(t)
	kafka := startKafka(t)
	h.servers = map[string]string{"kafka:9092": strings.Join(kafka.Brokers(), ",")}
	t.Logf("kafka %s, clickhouse %s", kafka.Took, ch.Took)

	secrets := h.create(p.Services[setup])
	for range 2 { // the second time it changes nothing
		h.start(secrets)
		<-secrets.done
		if secrets.err != nil {
			t.Fatalf("secrets: %v\n%s", secrets.err, secrets.log())
		}
	}
	sql := connect(t, ch)
	user := p.Services["clickhouse"].Environment["CLICKHOUSE_USER"]
	if user == nil {
		t.Fatal("clickhouse: no CLICKHOUSE_USER")
	}
	h.servers["clickhouse:9000"] = newGate(t, ch.Addr(), *user, h.secret("clickhouse-secrets/password")).ln.Addr().String()

	var running []*container
	for name, s := range p.Services {
		if !ours(s) || name == setup {
			continue
		}
		c := h.create(s)
		h.start(c)
		running = append(running, c)
	}
	for _, c := range running {
		awaitHealth(t, c)
	}
	h.send()
	awaitRow(t, sql, running, "transaction", "SELECT concat(method, ' ', host, path, ' ', toString(status)) FROM mirador.v_events", "GET api.bank.example/accounts/10442 200")
	awaitRow(t, sql, running, "endpoint", "SELECT concat(method, ' ', host) FROM mirador.v_endpoints", "GET api.bank.example")
	h.asks()
	for _, c := range running {
		if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, c := range running {
		select {
		case <-c.done:
			if c.err != nil {
				t.Errorf("%s ended with %v\n%s", c.name, c.err, c.log())
			}
		case <-time.After(c.grace):
			t.Errorf("%s did not end within its stop_grace_period of %s: the engine would have killed it\n%s", c.name, c.grace, c.log())
		}
		for _, path := range c.wroteOutside() {
			t.Errorf("%s wrote %s, but its root is read only", c.name, path)
		}
	}
}

func startClickHouse(t *testing.T) *stack.ClickHouse {
	t.Helper()
	// Not one that somebody runs: the database has its usual name here.
	t.Setenv(stack.EnvClickHouseAddr, "")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ch, err := stack.StartClickHouse(ctx, stack.ClickHouseOptions{Progress: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ch.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return ch
}

func startKafka(t *testing.T) *stack.Kafka {
	t.Helper()
	t.Setenv(stack.EnvKafkaBrokers, "")
	kind := stack.TookKFake
	switch v := os.Getenv(envKafka); v {
	case "":
	case "real":
		kind = stack.TookJava
	default:
		t.Fatalf("%s=%s: it is real or empty", envKafka, v)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	k, err := stack.StartKafka(ctx, stack.KafkaOptions{Kind: kind, Progress: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return k
}

// connect opens the test's own connection.
func connect(t *testing.T, ch *stack.ClickHouse) driver.Conn {
	t.Helper()
	c, err := clickhouse.Open(&clickhouse.Options{Addr: []string{ch.Addr()}, Auth: clickhouse.Auth{Database: "system", Username: "default"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// secret reads a file of a volume.
func (h *host) secret(path string) string {
	h.t.Helper()
	b, err := os.ReadFile(filepath.Join(h.dir, "volumes", path))
	h.must(err)
	return strings.TrimSpace(string(b))
}

func awaitHealth(t *testing.T, c *container) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		err := c.healthy(ctx)
		if err == nil {
			return
		}
		if ok, end := c.ended(); ok {
			t.Fatalf("%s ended: %v\n%s", c.name, end, c.log())
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s does not become healthy: %v\n%s", c.name, err, c.log())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// send posts one transaction to the ingest endpoint as a person would.
func (h *host) send() {
	h.t.Helper()
	line := `{"id":"t1","ts":"` + time.Now().UTC().Format(time.RFC3339Nano) + `","client_ip":"198.51.100.7","method":"GET","uri":"/accounts/10442",` +
		`"headers":{"Host":"api.bank.example","Authorization":"Bearer abcdefghijklmnop"},"status":200,` +
		`"response_headers":{"Content-Type":"application/json"},"response_body":"{\"id\":10442,\"balance\":12}"}` + "\n"
	url := "http://" + h.address("shipper", "8090") + "/v1/events"
	res := h.request(http.MethodPost, url, line, "Authorization", "Bearer "+h.secret("keys/shipper.token"))
	if !strings.Contains(res, `"accepted":1`) {
		h.t.Fatalf("the shipper answers %s", res)
	}
}

// asks puts a question to the decision endpoint and opens the console.
func (h *host) asks() {
	h.t.Helper()
	if got := h.request(http.MethodGet, "http://"+h.address("enforcer", "8091")+"/v1/actions", "", "X-Mirador-Token", h.secret("keys/enforcer.token")); !strings.HasPrefix(got, "[") {
		h.t.Errorf("the enforcer's actions are %s", got)
	}
	if got := h.request(http.MethodGet, "http://"+h.address("console", "8095")+"/", "", "", ""); !strings.Contains(got, "<html") {
		h.t.Errorf("the console answers %s", got)
	}
}

func (h *host) request(method, url, body, header, value string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	h.must(err)
	if header != "" {
		req.Header.Set(header, value)
	}
	res, err := http.DefaultClient.Do(req)
	h.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	h.must(err)
	if res.StatusCode/100 != 2 {
		h.t.Fatalf("%s %s: %s: %s", method, url, res.Status, b)
	}
	return string(b)
}

// awaitRow waits until the query gives want in its first column.
func awaitRow(t *testing.T, sql driver.Conn, running []*container, what, query, want string) {
	t.Helper()
	end := time.Now().Add(patience)
	var last string
	for time.Now().Before(end) {
		got, err := column(t.Context(), sql, query)
		last = fmt.Sprint(got, err)
		for _, row := range got {
			if strings.HasPrefix(row, want) {
				return
			}
		}
		for _, c := range running {
			if ok, err := c.ended(); ok {
				t.Fatalf("%s ended: %v\n%s", c.name, err, c.log())
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
	for _, c := range running {
		t.Logf("%s:\n%s", c.name, c.log())
	}
	t.Fatalf("the %s %q does not show: %s", what, want, last)
}

func column(ctx context.Context, sql driver.Conn, query string) ([]string, error) {
	rows, err := sql.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
