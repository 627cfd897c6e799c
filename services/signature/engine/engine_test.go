package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/engine"
	"github.com/miradorhq/mirador/services/signature/parity"
)

func get(uri string) *event.Event {
	path, query, _ := strings.Cut(uri, "?")
	header := func(name, value string) event.Header { return event.Header{Name: []byte(name), Value: []byte(value)} }
	return &event.Event{Method: []byte("GET"), Protocol: []byte("HTTP/1.1"), Path: []byte(path), Query: []byte(query), Authority: []byte("api.example.com"),
		RequestHeaders: []event.Header{header("Host", "api.example.com"), header("User-Agent", "okhttp/4.12.0"), header("Accept", "application/json")}}
}

func newEngine(t testing.TB, change func(*engine.Config)) *engine.Engine {
	t.Helper()
	c := engine.Defaults()
	change(&c)
	e, err := engine.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func rules(t *testing.T, e *engine.Engine, ev *event.Event) []int {
	t.Helper()
	ids, _, err := e.Observe(ev)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestHitsSayWhere(t *testing.T) {
	e := newEngine(t, func(*engine.Config) {})
	res, err := e.Match(get("/files?name=..%2f..%2fetc%2fpasswd"))
	if err != nil || res.Inbound < 10 || res.Outbound != 0 || res.Exceeded || res.Clipped {
		t.Fatalf("%+v, %v", res, err)
	}
	i := slices.IndexFunc(res.Hits, func(h signature.Hit) bool { return h.Rule == 930120 })
	if i < 0 {
		t.Fatalf("no hit of 930120 in %+v", res.Hits)
	}
	want := signature.Hit{Rule: 930120, Class: signature.LFI, Score: 5, Message: "OS File Access Attempt", Location: "request.query", Name: "name", Value: "../../etc/passwd"}
	if res.Hits[i] != want {
		t.Errorf("%+v, want %+v", res.Hits[i], want)
	}
	if res, err := e.Match(get("/files?name=report")); err != nil || len(res.Hits) != 0 {
		t.Errorf("a plain request: %+v, %v", res, err)
	}
	if !strings.Contains(e.Version(), "OWASP_CRS/4.") {
		t.Errorf("version %q", e.Version())
	}
}

func TestOwnRulesAndReload(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("before-exclusions.conf", `SecRule REQUEST_FILENAME "@beginsWith /search" "id:10001,phase:1,pass,nolog,ctl:ruleRemoveById=942100"`)
	write("own.conf", `SecRule ARGS:name "@streq forbidden" "id:20001,phase:2,pass,tag:'attack-generic',severity:CRITICAL,msg:'A name of our own',setvar:'tx.inbound_anomaly_score_pl1=+%{tx.critical_anomaly_score}'"`)
	e := newEngine(t, func(c *engine.Config) { c.Rules, c.Reload = dir, 100*time.Millisecond })
	injection := "?q=1'%20or%201=1--"
	if got := rules(t, e, get("/search"+injection)); slices.Contains(got, 942100) || !slices.Contains(got, 10001) {
		t.Errorf("the exclusion is not in force: %v", got)
	}
	if got := rules(t, e, get("/else"+injection)); !slices.Contains(got, 942100) {
		t.Errorf("942100 is gone everywhere: %v", got)
	}
	if res, err := e.Match(get("/x?name=forbidden")); err != nil || len(res.Hits) != 1 || res.Hits[0].Rule != 20001 || res.Hits[0].Class != signature.Injection {
		t.Errorf("own rule: %+v, %v", res, err)
	}

	// A bad file names itself, and the old rules stay.
	write("own.conf", "SecRule ARGS \"@rx (\" \"id:20001,phase:2,pass\"\nSecRule NOTHING \"@rx a\" \"id:20002,phase:2,pass\"\n")
	err := e.Reload()
	if err == nil || !strings.Contains(err.Error(), "own.conf:1") || !strings.Contains(err.Error(), "own.conf:2") {
		t.Errorf("errors of a bad file: %v", err)
	}
	if got := rules(t, e, get("/x?name=forbidden")); !slices.Contains(got, 20001) {
		t.Errorf("the old rules are gone: %v", got)
	}

	// Whoever follows the folder gets the next version by itself.
	told := make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- e.Follow(ctx, func(err error) {
			select {
			case told <- err:
			case <-ctx.Done():
			}
		})
	}()
	// Written beside and renamed, for half a file is one, too.
	write("own.next", `SecRule ARGS:name "@streq other" "id:20003,phase:2,pass"`)
	if err := os.Rename(filepath.Join(dir, "own.next"), filepath.Join(dir, "own.conf")); err != nil {
		t.Fatal(err)
	}
	if err := <-told; err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := rules(t, e, get("/x?name=other")); !slices.Contains(got, 20003) || slices.Contains(got, 20001) {
		t.Errorf("the new rules: %v", got)
	}
}

// A rule that takes out what was worked out beforehand makes the engine work it out for
// this transaction.
func TestRemovalOfConstantRules(t *testing.T) {
	dir := t.TempDir()
	text := `SecRule ARGS:level "@streq all" "id:10002,phase:1,pass,nolog,ctl:ruleRemoveById=920013,ctl:ruleRemoveById=920014"`
	if err := os.WriteFile(filepath.Join(dir, "before.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, func(c *engine.Config) { c.Rules = dir })
	// 920230 is of level 2: its file's rules of level 2 are skipped by 920014.
	const twice = "&x=%25252e"
	if got := rules(t, e, get("/x?a=b"+twice)); slices.Contains(got, 920230) {
		t.Errorf("level 2 at level 1: %v", got)
	}
	if got := rules(t, e, get("/x?level=all"+twice)); !slices.Contains(got, 920230) || slices.Contains(got, 920014) {
		t.Errorf("without the rule that skips level 2: %v", got)
	}
}

func TestWorkIsBounded(t *testing.T) {
	e := newEngine(t, func(c *engine.Config) { c.Work = 1 << 20 })
	big := get("/x")
	big.Method = []byte("POST")
	var b strings.Builder
	b.WriteString(`{"a":"x"`)
	for i := range 900 {
		fmt.Fprintf(&b, `,"f%d":"select %s from x where '"`, i, strings.Repeat("y ", 40))
	}
	b.WriteString("}")
	big.RequestHeaders = append(big.RequestHeaders, event.Header{Name: []byte("Content-Type"), Value: []byte("application/json")})
	big.RequestBody.Data = []byte(b.String())
	res, err := e.Match(big)
	if err == nil || !res.Exceeded || !strings.Contains(err.Error(), "engine.work") {
		t.Errorf("%v, %v", res.Exceeded, err)
	}
	if res, err := e.Match(get("/x?a=1")); err != nil || res.Exceeded {
		t.Errorf("an ordinary request: %+v, %v", res, err)
	}
	if res, err := newEngine(t, func(*engine.Config) {}).Match(big); err != nil || res.Exceeded {
		t.Errorf("with the default: %v, %v", res.Exceeded, err)
	}
}

func TestConcurrentUse(t *testing.T) {
	e := newEngine(t, func(*engine.Config) {})
	cases := append(parity.Kinds(), parity.Mixed()...)
	want := make([][]int, len(cases))
	for i := range cases {
		want[i] = rules(t, e, cases[i].Event)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for n := range 3 * len(cases) {
				i := (n*7 + g*11) % len(cases)
				if got, _, err := e.Observe(cases[i].Event); err != nil || !slices.Equal(got, want[i]) {
					t.Errorf("%s: %v, want %v (%v)", cases[i].Name, got, want[i], err)
				}
				if n == len(cases) && g == 0 {
					if err := e.Reload(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestConfigReportsAllErrors(t *testing.T) {
	err := engine.Config{Methods: []string{"GET POST"}, Rules: "nowhere"}.Validate()
	for _, want := range []string{"paranoia", "request_body", "arguments", "work", "reload", `methods: "GET POST"`, "content_types", "rules"} {
		if err == nil || !strings.Contains(err.Error(), "engine."+want) {
			t.Errorf("no word of %s: %v", want, err)
		}
	}
	if err := engine.Defaults().Validate(); err != nil {
		t.Error(err)
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[engine.Config]()) {
		if f.Tag.Get("yaml") == "" || f.Tag.Get("doc") == "" {
			t.Errorf("%s has no name or no text", f.Name)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	e := newEngine(b, func(*engine.Config) {})
	for _, c := range append(parity.Kinds(), parity.Links(1, 1)...) {
		b.Run(c.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Match(c.Event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkUnfolded is a rule set of which a rule takes out what was worked out, at
// every transaction.
func BenchmarkUnfolded(b *testing.B) {
	dir := b.TempDir()
	text := `SecAction "id:10002,phase:1,pass,nolog,ctl:ruleRemoveById=920013"`
	if err := os.WriteFile(filepath.Join(dir, "before.conf"), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	e := newEngine(b, func(c *engine.Config) { c.Rules = dir })
	for _, c := range parity.Kinds() {
		b.Run(c.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Match(c.Event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLoad compiles the core rule set.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		newEngine(b, func(*engine.Config) {})
	}
}
