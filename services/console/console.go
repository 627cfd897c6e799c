// Package console serves the pages that analysts work with: what is seen, what was
// found, what is done about it, and the button that undoes it.
//
// Pages are rendered here, from ClickHouse; a browser needs nothing from another
// network, and works without scripts except for charts and refreshing. Everything
// but the login page and the assets asks for a session.
//
// Reading order: console.go, routes.go (what is open and what is closed), store.go
// and store_*.go (a file a page: its queries), page_*.go (a file a page: its
// handler), unblock.go, template_orders.go and lag.go (the sides towards Kafka).
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/services/regimes"
	"github.com/prometheus/client_golang/prometheus"
)

// Console is the service. Make one with New. Safe for concurrent use.
type Console struct {
	cfg       Config
	store     *store
	unblocker Unblocker
	templates TemplateOrders
	lag       LagSource
	regimes   *regimes.Set
	log       *slog.Logger
	metrics   *metrics
	sessions  *sessions
	attempts  *attempts
	views     *views
	pending   pendingAllows

	verdicts Verdicts // nil without Kafka
	said     saidHere

	releases Releases // nil without Kafka

	specs      Specifications // nil without Kafka
	specLimits SpecificationLimits
	candidates candidates

	token     string
	generated bool
	handler   http.Handler

	mu    sync.Mutex
	bound string // address that Run listens on
}

// New makes a console. conn is bound to the database and stays the caller's, who
// closes it after Run has returned; the same for unblocker, templates and lag. unblocker
// and templates may be nil: then there are no buttons. lag may be nil: then the page
// says that it is not known.
func New(cfg Config, conn driver.Conn, unblocker Unblocker, templates TemplateOrders, lag LagSource, log *slog.Logger, registry prometheus.Registerer) (*Console, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("console: configuration: %w", err)
	}
	token, generated, err := loadToken(&cfg)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(registry)
	if err != nil {
		return nil, fmt.Errorf("console: register metrics: %w", err)
	}
	v, err := newViews()
	if err != nil {
		return nil, fmt.Errorf("console: templates: %w", err)
	}
	set, err := regimes.Load()
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	c := &Console{
		cfg: cfg, regimes: set, unblocker: unblocker, templates: templates, lag: lag, log: log, metrics: m, views: v, token: token, generated: generated,
		store:    &store{conn: conn, tenant: cfg.Tenant, timeout: cfg.QueryTimeout, rows: cfg.QueryRows, metrics: m, now: time.Now},
		sessions: newSessions(token, cfg.SessionLife, cfg.CertFile != "" || strings.HasPrefix(cfg.PublicURL, "https:")),
		attempts: newAttempts(cfg.LoginAttempts),
	}
	c.handler = c.routes()
	return c, nil
}

// Handler is the whole console, for a caller with a listener of its own.
func (c *Console) Handler() http.Handler { return c.handler }

// Token is the login token; generated says that New made it up, and then somebody
// has to print it.
func (c *Console) Token() (token string, generated bool) { return c.token, c.generated }

// URL is where the console is reached: the public address, else the one that Run
// listens on, else the one it will.
func (c *Console) URL() string {
	if c.cfg.PublicURL != "" {
		return strings.TrimRight(c.cfg.PublicURL, "/")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	addr := c.bound
	if addr == "" {
		addr = c.cfg.Listen
	}
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		addr = net.JoinHostPort("localhost", port)
	}
	scheme := "http"
	if c.cfg.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + addr
}

// LoginURL is URL with the token behind it, in the fragment: browsers never send
// that, so it reaches no log.
func (c *Console) LoginURL() string { return c.URL() + "/login#token=" + url.PathEscape(c.token) }

// Listen opens the address, so that URL is known before Run. Optional.
func (c *Console) Listen(ctx context.Context) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", c.cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("console: listen on %s (set console.listen to another address, or end what listens there): %w", c.cfg.Listen, err)
	}
	c.mu.Lock()
	c.bound = ln.Addr().String()
	c.mu.Unlock()
	return ln, nil
}

// Run listens and serves until ctx ends, then lets requests finish for up to two
// seconds.
func (c *Console) Run(ctx context.Context) error {
	ln, err := c.Listen(ctx)
	if err != nil {
		return err
	}
	return c.Serve(ctx, ln)
}

// Serve is Run on a listener that is open already. It closes ln.
func (c *Console) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler: c.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 2*c.cfg.QueryTimeout + 10*time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if srv.Shutdown(late) != nil {
			_ = srv.Close()
		}
	})
	c.log.Info("console is up", "url", c.URL(), "tenant", c.cfg.Tenant)
	var err error
	if c.cfg.CertFile != "" {
		err = srv.ServeTLS(ln, c.cfg.CertFile, c.cfg.KeyFile)
	} else {
		err = srv.Serve(ln)
	}
	if !stop() {
		<-ended
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("console: serve %s: %w", ln.Addr(), err)
}
