// Package telemetry gives a service its log, its metrics and its health pages.
// Nothing here is global: whoever needs a logger or a registry is handed one.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/segmentio/encoding/json"
)

// Config is the telemetry of one process.
type Config struct {
	Listen    string `yaml:"listen" doc:"Address of /metrics, /healthz and /readyz. Empty turns them off."`
	LogLevel  string `yaml:"log_level" doc:"debug, info, warn or error."`
	LogFormat string `yaml:"log_format" doc:"json or text."`
}

// Defaults are safe on a shared machine: loopback only.
func Defaults() Config {
	return Config{Listen: "127.0.0.1:9464", LogLevel: "info", LogFormat: "json"}
}

// Validate reports everything that is wrong.
func (c *Config) Validate() error {
	var errs []error
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			errs = append(errs, fmt.Errorf("listen: %q is not host:port", c.Listen))
		}
	}
	if err := new(slog.LevelVar).UnmarshalText([]byte(c.LogLevel)); err != nil {
		errs = append(errs, fmt.Errorf("log_level: %q is not debug, info, warn or error", c.LogLevel))
	}
	if c.LogFormat != "json" && c.LogFormat != "text" {
		errs = append(errs, fmt.Errorf("log_format: %q is not json or text", c.LogFormat))
	}
	return errors.Join(errs...)
}

// Logger writes to w as c says. c must be valid.
func (c *Config) Logger(w io.Writer) *slog.Logger {
	var level slog.LevelVar
	_ = level.UnmarshalText([]byte(c.LogLevel)) // Validate has seen it
	o := &slog.HandlerOptions{Level: &level}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

// NewRegistry is a registry that already holds the process's own metrics.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Check is one part's opinion of itself. It must answer at once and may be
// called from several goroutines.
type Check func() (ok bool, reason string)

// Health gathers the checks of a process. The zero value is ready to use; all
// methods are safe for concurrent use.
type Health struct {
	mu     sync.RWMutex
	checks map[string]Check
	ready  bool
}

// Add registers check under name, replacing an earlier one of that name.
func (h *Health) Add(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checks == nil {
		h.checks = make(map[string]Check)
	}
	h.checks[name] = check
}

// SetReady says whether the process has started all it must start.
func (h *Health) SetReady(ready bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = ready
}

// Result is one part's health.
type Result struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

// Results asks every check, in order of name.
func (h *Health) Results() (ok bool, results []Result) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	ok = true
	for name, check := range h.checks {
		good, reason := check()
		ok = ok && good
		results = append(results, Result{Name: name, OK: good, Reason: reason})
	}
	sort.Slice(results, func(i, j int) bool { return results[i].Name < results[j].Name })
	return ok, results
}

// Ready says whether the process has started and is healthy.
func (h *Health) Ready() bool {
	h.mu.RLock()
	ready := h.ready
	h.mu.RUnlock()
	ok, _ := h.Results()
	return ready && ok
}

// Handler serves /metrics, /healthz (200 or 503, with each part's reason) and
// /readyz.
func Handler(g prometheus.Gatherer, h *Health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(g, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		ok, results := h.Results()
		answer(w, ok, results)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		_, results := h.Results()
		answer(w, h.Ready(), results)
	})
	return mux
}

func answer(w http.ResponseWriter, ok bool, results []Result) {
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(struct {
		OK    bool     `json:"ok"`
		Parts []Result `json:"parts"`
	}{ok, results})
}

// Serve answers on addr until ctx ends, then shuts down within a second. It
// returns once the listener is open or could not be opened; the channel closes
// when serving has ended.
func Serve(ctx context.Context, addr string, h http.Handler) (bound string, done <-chan struct{}, err error) {
	ln, err := Listen(ctx, addr)
	if err != nil {
		return "", nil, err
	}
	return ln.Addr().String(), ServeOn(ctx, ln, h), nil
}

// Listen opens addr, for a caller that has to know of a port that is taken long before
// it serves.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		if strings.Contains(err.Error(), "address already in use") {
			return nil, fmt.Errorf("listen on %s: another process has the port; choose another address or stop it: %w", addr, err)
		}
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln, nil
}

// ServeOn is Serve on a listener that is open; it closes it.
func ServeOn(ctx context.Context, ln net.Listener, h http.Handler) <-chan struct{} {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan struct{})
	stopped := context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if srv.Shutdown(late) != nil {
			_ = srv.Close()
		}
	})
	go func() {
		defer close(ended)
		defer stopped()
		_ = srv.Serve(ln)
	}()
	return ended
}
