package shipper

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/capture/ship"
)

// Parts are what a process gives to its shipper.
type Parts struct {
	Key    capture.Key
	Tenant string
	// Sensor and SpoolDir serve where the settings leave theirs empty.
	Sensor, SpoolDir string
	// Kafka holds seed brokers, TLS and SASL.
	Kafka    []kgo.Opt
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// Service is the endpoint with its server and the path to Kafka. Run it once.
type Service struct {
	cfg     Config
	log     *slog.Logger
	shipper *ship.Shipper
	server  *http.Server
	ln      net.Listener
}

// New binds the address, so that a wrong one fails at once, and starts the path
// to Kafka: what an earlier run left in the spool goes out. Nothing is answered
// before Run, which must follow, for it closes what New opened.
func New(cfg Config, p Parts) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if p.Log == nil {
		return nil, errors.New("shipper: no logger")
	}
	cc, err := cfg.Capture(p.Key, p.Tenant)
	if err != nil {
		return nil, err
	}
	builder, err := capture.NewBuilder(cc)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("shipper: listen on %s: %w (is another process there?)", cfg.Listen, err)
	}
	sc := cfg.Ship(p.Sensor, p.SpoolDir)
	sc.Kafka = p.Kafka
	sh, err := ship.New(sc, builder, p.Registry, p.Log)
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	s, err := serve(cfg, sh, ln, p)
	if err != nil {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		return nil, errors.Join(err, ln.Close(), sh.Close(now))
	}
	return s, nil
}

func serve(cfg Config, s *ship.Shipper, ln net.Listener, p Parts) (*Service, error) {
	log := p.Log
	in, err := NewIngest(cfg, s, p.Registry, log)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/events", in)
	srv := &http.Server{Handler: mux, ReadTimeout: cfg.ReadTimeout, ReadHeaderTimeout: min(cfg.ReadTimeout, 10*time.Second), WriteTimeout: cfg.ReadTimeout + 10*time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	cert, err := cfg.certificate()
	if err != nil {
		return nil, err
	}
	if cert != nil {
		srv.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*cert}}
	}
	return &Service{cfg: cfg, log: log, shipper: s, server: srv, ln: ln}, nil
}

// Addr is where the endpoint listens.
func (s *Service) Addr() net.Addr { return s.ln.Addr() }

// Shipper is the path to Kafka, for a tap or a replay in the same process. It
// belongs to the service.
func (s *Service) Shipper() *ship.Shipper { return s.shipper }

// Run serves until ctx ends, then lets open requests finish and sends what is
// queued, within Config.Drain. The rest is in the spool.
func (s *Service) Run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() {
		if s.server.TLSConfig != nil {
			served <- s.server.ServeTLS(s.ln, "", "")
			return
		}
		served <- s.server.Serve(s.ln)
	}()
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-served:
		failed = fmt.Errorf("shipper: serve %s: %w", s.cfg.Listen, failed)
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Drain)
	defer cancel()
	if err := s.server.Shutdown(bounded); err != nil {
		s.log.Warn("shipper: requests were cut off at the deadline", "error", err)
		failed = errors.Join(failed, s.server.Close())
	}
	if err := s.shipper.Close(bounded); err != nil {
		failed = errors.Join(failed, err)
	}
	c := s.shipper.Counters()
	s.log.Info("shipper: closed", "seen", c.Seen, "shipped", c.Shipped, "spooled", c.Spooled, "dropped", c.Lost())
	return failed
}
