package platform

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/config"
	"github.com/spf13/pflag"
)

// envStarter makes this test binary a service that starts on the folder it names.
const envStarter = "MIRADOR_PLATFORM_TEST_STARTER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envStarter); dir != "" {
		c := Config{DataDir: dir, Identity: IdentityConfig{KeyID: "k1"}}
		_, secret, err := c.identityKey()
		s, signErr := c.signer()
		if err := errors.Join(err, signErr); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Stdout.WriteString(secret + " " + s.KeyID + "\n")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestStartersShareKeys starts processes at once on one folder: all of them must
// have the same keys, whole, and leave nothing but the keys.
func TestStartersShareKeys(t *testing.T) {
	dir := t.TempDir()
	const n = 8
	said := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), envStarter+"="+dir)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("starter %d: %v: %s", i, err, out)
			}
			said[i] = string(out)
		})
	}
	wg.Wait()
	for i := range n {
		if said[i] != said[0] || said[i] == "" {
			t.Errorf("starter %d has %q, the first %q", i, said[i], said[0])
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "actions.key actions.key.pub identity.key" {
		t.Errorf("the folder holds %s", got)
	}
	pub, err := action.LoadPublicKey(filepath.Join(dir, "keys", "actions.key.pub"))
	if err != nil || !strings.HasSuffix(said[0], " "+pub.ID+"\n") {
		t.Errorf("the public key is %v, %v; the starters sign as %s", pub.ID, err, said[0])
	}
}

// load runs Load with flags and the environment of the process.
func load(t *testing.T, args ...string) (Config, string, error) {
	t.Helper()
	c := Defaults()
	fs := pflag.NewFlagSet("t", pflag.ContinueOnError)
	flags := AddFlags(fs, &c)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := flags.Load(&c, &out)
	return c, out.String(), err
}

func TestSecretsMadeAndRead(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MIRADOR_DATA_DIR", dir)
	open, shut := filepath.Join(dir, "open"), filepath.Join(dir, "shut")
	for range 2 {
		if _, _, err := load(t, "--make-secret="+open+":0444", "--make-secret="+shut); !errors.Is(err, ErrDone) {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]os.FileMode{open: 0o444, shut: 0o600, filepath.Join(dir, "keys", "identity.key"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %v", path, info, err, want)
		}
	}
	_, out, err := load(t, "--print-secret="+open)
	if !errors.Is(err, ErrDone) || len(strings.TrimSpace(out)) != 2*secretBytes {
		t.Fatalf("printed %q, %v", out, err)
	}
	t.Setenv("MIRADOR_CLICKHOUSE_PASSWORD_FILE", open)
	if c, _, err := load(t); err != nil || c.ClickHouse.Password != strings.TrimSpace(out) {
		t.Errorf("password %q, %v", c.ClickHouse.Password, err)
	}
	t.Setenv("MIRADOR_CLICKHOUSE_PASSWORD", "other")
	if _, _, err := load(t); err == nil || !strings.Contains(err.Error(), "only one") {
		t.Errorf("both set: %v", err)
	}
	for _, bad := range []string{"--make-secret=:0444", "--make-secret=" + shut + ":9", "--make-secret=" + shut + ":0044", "--print-secret=" + dir + "/none"} {
		if _, _, err := load(t, bad); err == nil || errors.Is(err, ErrDone) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestFileSettingsStay: a setting that is called ..._file is no file of another.
func TestFileSettingsStay(t *testing.T) {
	c := Defaults()
	in := []string{"MIRADOR_IDENTITY_KEY_FILE=/none", "MIRADOR_KAFKA_SASL_PASSWORD_FILE=/none", "OTHER_FILE=/none", "MIRADOR_NOTHING_FILE=/none"}
	out, err := fromFiles(in, config.Settings(&c))
	if err != nil || len(out) != len(in) {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := fromFiles([]string{"MIRADOR_CLICKHOUSE_PASSWORD_FILE=/none"}, config.Settings(&c)); err == nil || !strings.Contains(err.Error(), "MIRADOR_CLICKHOUSE_PASSWORD_FILE") {
		t.Errorf("a file that is missing: %v", err)
	}
}

func TestHealthFlag(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	good := false
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" && good {
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"ok":false,"parts":[{"name":"topics","ok":false,"reason":"waiting for kafka"},{"name":"x","ok":true}]}`))
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })

	// Listening everywhere, it is asked over loopback.
	for _, host := range []string{"0.0.0.0", "", "127.0.0.1", "[::]"} {
		_, _, err = load(t, "--health", "--telemetry.listen="+host+":"+port)
		if err == nil || errors.Is(err, ErrDone) || !strings.Contains(err.Error(), "topics: waiting for kafka") || strings.Contains(err.Error(), "x:") {
			t.Errorf("%s: %v", host, err)
		}
	}
	good = true
	if _, _, err := load(t, "--health", "--telemetry.listen=0.0.0.0:"+port); !errors.Is(err, ErrDone) {
		t.Error(err)
	}
	if _, _, err := load(t, "--health", "--telemetry.listen="); err == nil || errors.Is(err, ErrDone) {
		t.Errorf("no health page: %v", err)
	}
}

// --validate opens what would be read, by the services that would run, and makes
// nothing.
func TestValidateOpensFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MIRADOR_DATA_DIR", dir)
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	validate := func(services []string, args ...string) error {
		c := Defaults()
		fs := pflag.NewFlagSet("t", pflag.ContinueOnError)
		flags := AddFlags(fs, &c)
		if err := fs.Parse(append(args, "--validate")); err != nil {
			t.Fatal(err)
		}
		if !flags.Asks() {
			t.Fatal("--validate asks for nothing")
		}
		return flags.Load(&c, io.Discard, services...)
	}
	if err := validate(Names()); !errors.Is(err, ErrDone) {
		t.Errorf("keys that are made on first use: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d files were made", len(left))
	}
	short := file("short", "abc\n")
	cases := []struct{ service, flag, want string }{
		{"signature", "--identity.key_file=" + short, "identity: "},
		{"signature", "--identity.key_file=" + dir + "/gone", "identity: "},
		{"signature", "--signing.key_file=" + short, "signing: "},
		{"signature", "--stages.dead_letter_key_file=" + short, "stages.dead_letter_key_file: "},
		{"signature", "--content.descriptors=" + short, "content.descriptors"},
		{"enforcer", "--signing.trust=" + short, "signing.trust: "},
		{"shipper", "--shipper.token_files=" + short, "token_files: the first line"},
		{"console", "--console.token_file=" + short, "token file"},
	}
	for _, c := range cases {
		if err := validate([]string{c.service}, c.flag); err == nil || errors.Is(err, ErrDone) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %q", c.service, c.flag, err, c.want)
		}
	}
	// All of it is said at once, and of what a service does not read nothing.
	err := validate(Names(), "--console.token_file="+short, "--signing.trust="+short)
	if err == nil || !strings.Contains(err.Error(), "token file") || !strings.Contains(err.Error(), "signing.trust") {
		t.Errorf("two faults: %v", err)
	}
	if err := validate([]string{"signature"}, "--console.token_file="+short, "--signing.trust="+short); !errors.Is(err, ErrDone) {
		t.Errorf("files of other services: %v", err)
	}
}

// A telemetry port that is taken is told before anybody hears of the console.
func TestATakenTelemetryPortIsToldFirst(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c := Defaults()
	c.DataDir, c.Telemetry.Listen = t.TempDir(), ln.Addr().String()
	if _, err := New(c, []string{"signature"}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "telemetry: listen on "+c.Telemetry.Listen) {
		t.Errorf("%v", err)
	}
}
