package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/telemetry"
	"github.com/miradorhq/mirador/services/console"
	"github.com/miradorhq/mirador/services/enforcer"
	"github.com/miradorhq/mirador/services/enforcer/decide"
	"github.com/miradorhq/mirador/services/enforcer/edge"
	"github.com/miradorhq/mirador/services/enforcer/nft"
	"github.com/miradorhq/mirador/services/shipper"
	"github.com/miradorhq/mirador/services/specifications"
)

// EnforcerConfig is the enforcer's settings and its edges'.
type EnforcerConfig struct {
	enforcer.Config `yaml:",inline"`
	HTTP            HTTPEdgeConfig `yaml:"http" doc:"The decision endpoint, which a proxy asks before each request."`
	NFTables        NFTablesConfig `yaml:"nftables" doc:"The packet filter of this host."`
}

// HTTPEdgeConfig is the decision endpoint.
type HTTPEdgeConfig struct {
	Listen        string `yaml:"listen" doc:"Address of the decision endpoint, host:port. Empty turns it off."`
	decide.Config `yaml:",inline"`
}

// NFTablesConfig is the packet filter.
type NFTablesConfig struct {
	Enabled bool   `yaml:"enabled" doc:"Drop packets of blocked addresses on this host; needs CAP_NET_ADMIN."`
	Table   string `yaml:"table" doc:"Name of the inet table that is made and owned."`
}

func enforcerDefaults() EnforcerConfig {
	return EnforcerConfig{Config: enforcer.Defaults(), HTTP: HTTPEdgeConfig{Listen: "127.0.0.1:8091", Config: decide.Defaults()}, NFTables: NFTablesConfig{Table: "mirador"}}
}

// Validate reports everything that is wrong.
func (c *EnforcerConfig) Validate() error {
	errs := []error{c.Config.Validate(), c.HTTP.Config.Validate()}
	if c.HTTP.Listen != "" {
		if _, _, err := net.SplitHostPort(c.HTTP.Listen); err != nil {
			errs = append(errs, fmt.Errorf("http.listen: %q is not host:port", c.HTTP.Listen))
		}
	}
	return errors.Join(errs...)
}

// built is what callers in the same process may ask for.
type built struct {
	decideURL string
	ingestURL string
	console   *console.Console
}

// DecideURL is the decision endpoint; empty while the enforcer does not run here.
func (p *Process) DecideURL() string { return p.built.decideURL }

// DecideToken is what callers of the decision endpoint send.
func (p *Process) DecideToken() string { return p.Config.Enforcer.HTTP.Token }

// IdentityKey is the tenant's key.
func (p *Process) IdentityKey() capture.Key { return p.identity }

// ConsoleURL logs in where the token was made for this run; empty while the
// console does not run here.
func (p *Process) ConsoleURL() string {
	if p.built.console == nil {
		return ""
	}
	if _, generated := p.built.console.Token(); generated {
		return p.built.console.LoginURL()
	}
	return p.built.console.URL()
}

// Announce writes where people find what runs here. A login token that was made
// for this run is told nowhere else: logs do not hold it.
func (p *Process) Announce(w io.Writer) {
	if p.built.ingestURL != "" {
		fmt.Fprintf(w, "transactions: POST JSON lines to %s\n", p.built.ingestURL)
	}
	if c := p.built.console; c != nil {
		fmt.Fprintf(w, "console:      %s\n", p.ConsoleURL())
		if token, generated := c.Token(); generated {
			fmt.Fprintf(w, "              login token of this run: %s\n", token)
		}
	}
}

func (p *Process) shipper() ([]part, error) {
	cfg := p.Config.Shipper
	if len(cfg.Tokens)+len(cfg.TokenFiles) == 0 {
		path := p.Config.keyPath("ingest.token")
		if _, err := secretFile(path, 16); err != nil {
			return nil, err
		}
		cfg.TokenFiles = []string{path}
	}
	s, err := shipper.New(cfg, shipper.Parts{
		Key: p.identity, Tenant: p.Config.Tenant, Sensor: p.Config.instance(), SpoolDir: filepath.Join(p.Config.DataDir, "spool"),
		Kafka: p.kafka, Registry: p.Registry, Log: p.Log.With("service", "shipper"),
	})
	if err != nil {
		return nil, err
	}
	scheme := "http://"
	if cfg.CertFile != "" {
		scheme = "https://"
	}
	p.built.ingestURL = scheme + s.Addr().String() + "/v1/events"
	p.Log.Info("transactions are taken", "url", p.built.ingestURL, "token_files", cfg.TokenFiles)
	health := func() (bool, string) {
		if err := s.Shipper().Healthy(); err != nil {
			return false, err.Error()
		}
		return true, ""
	}
	return []part{{name: "ingest", run: s.Run, health: health, early: true}}, nil
}

func (p *Process) enforcer() ([]part, error) {
	cfg, log := p.Config.Enforcer, p.Log.With("service", "enforcer")
	verifier, err := p.verifier()
	if err != nil {
		return nil, err
	}
	var parts []part
	var edges []edge.Edge
	var decider *decide.Decider
	if cfg.HTTP.Listen != "" {
		capturing, err := p.Config.Shipper.Capture(p.identity, p.Config.Tenant)
		if err != nil {
			return nil, err
		}
		ids, err := capture.NewBuilder(capturing)
		if err != nil {
			return nil, err
		}
		if decider, err = decide.New(cfg.Name, cfg.HTTP.Config, ids, log, p.Registry); err != nil {
			return nil, err
		}
		edges = append(edges, decider)
	}
	if cfg.NFTables.Enabled {
		edges = append(edges, nft.New(nft.Options{Name: cfg.Name, Table: cfg.NFTables.Table, Tenant: p.Config.Tenant}))
	}
	e, err := enforcer.New(enforcer.Options{Config: cfg.Config, Verifier: verifier, Edges: edges, Kafka: p.kafka, Log: log, Registry: p.Registry})
	if err != nil {
		return nil, err
	}
	parts = append(parts, part{name: "actions", run: e.Run, health: e.Health})
	if decider != nil {
		ln, err := net.Listen("tcp", cfg.HTTP.Listen)
		if err != nil {
			return nil, fmt.Errorf("http.listen: %w", err)
		}
		p.built.decideURL = "http://" + ln.Addr().String() + "/v1/decide"
		p.Log.Info("decisions are answered", "url", p.built.decideURL)
		handler := decider.Handler(e.Live)
		parts = append(parts, part{name: "decide", early: true, run: func(ctx context.Context) error {
			<-telemetry.ServeOn(ctx, ln, handler)
			return nil
		}})
	}
	return parts, nil
}

func (p *Process) console() ([]part, error) {
	cfg, log := p.Config.Console, p.Log.With("service", "console")
	conn, err := chsink.OpenLazily(p.Config.ClickHouse)
	if err != nil {
		return nil, err
	}
	lift, err := console.NewKafkaUnblocker(p.signer, "", p.kafka...)
	if err != nil {
		return nil, err
	}
	templates, err := console.NewKafkaTemplateOrders("", p.kafka...)
	if err != nil {
		return nil, err
	}
	lag, err := console.NewKafkaLag("", p.kafka...)
	if err != nil {
		return nil, err
	}
	verdicts, err := console.NewKafkaVerdicts("", p.kafka...)
	if err != nil {
		return nil, err
	}
	deploys, err := console.NewKafkaReleases("", p.kafka...)
	if err != nil {
		return nil, err
	}
	cfg.Prior, cfg.Grace = p.Config.Responder.Prior, p.Config.Behavior.Release.Grace
	cfg.ClickHouse = fmt.Sprintf("%v/%s", p.Config.ClickHouse.Addr, p.Config.ClickHouse.Database)
	c, err := console.New(cfg, conn, lift, templates, lag, log, p.Registry)
	if err != nil {
		return nil, err
	}
	c.TakeVerdicts(verdicts)
	c.TakeReleases(deploys)
	set, err := p.followSpecifications()
	if err != nil {
		return nil, err
	}
	publisher, err := specifications.NewPublisher(p.Config.Specifications.MaxBytes, p.kafka...)
	if err != nil {
		return nil, err
	}
	c.TakeSpecifications(console.NewKafkaSpecifications(set, publisher),
		console.SpecificationLimits{MaxBytes: p.Config.Specifications.MaxBytes, Remind: p.Config.Specifications.Remind})
	ln, err := c.Listen(context.Background())
	if err != nil {
		return nil, err
	}
	p.built.console = c
	log.Info("console", "url", c.URL())
	return []part{{name: "pages", early: true, run: func(ctx context.Context) error {
		defer conn.Close()
		defer lift.Close()
		defer templates.Close()
		defer verdicts.Close()
		defer deploys.Close()
		defer lag.Close()
		defer publisher.Close()
		return c.Serve(ctx, ln)
	}}}, nil
}
