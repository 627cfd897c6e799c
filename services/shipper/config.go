// Package shipper is the service that takes transactions from outside and ships
// them: an HTTP endpoint for JSON lines, and the replay of recorded files.
//
//	POST /v1/events   JSON lines, Authorization: Bearer <token>
//
// The path behind it, which loses nothing without counting it, is pkg/capture/ship.
package shipper

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/capture/ship"
	"github.com/miradorhq/mirador/pkg/capture/spool"
)

// MinToken is the least length of an ingest token in bytes.
const MinToken = 16

// Config of the service. Start from Defaults.
type Config struct {
	Listen         string        `yaml:"listen" doc:"Address of the ingest endpoint, host:port. Loopback by default."`
	CertFile       string        `yaml:"cert_file" doc:"PEM file with a certificate, with key_file: serve HTTPS."`
	KeyFile        string        `yaml:"key_file" doc:"PEM file with its private key."`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Serve plain HTTP on an address that is not loopback: a proxy in front ends TLS, or the network is a container's own."`
	Tokens         []string      `yaml:"tokens" doc:"Bearer tokens that are accepted, at least 16 characters each. Better token_files: whoever reads the configuration reads these."`
	TokenFiles     []string      `yaml:"token_files" doc:"Files whose first line is a bearer token that is accepted: two while one is being replaced."`
	LineBytes      int           `yaml:"line_bytes" doc:"Longest line, in bytes."`
	RequestBytes   int64         `yaml:"request_bytes" doc:"Largest request, in bytes, after gzip."`
	Concurrent     int           `yaml:"concurrent" doc:"Requests that are read at once; more are answered 429."`
	ReadTimeout    time.Duration `yaml:"read_timeout" doc:"Longest time a request may take to arrive."`
	Drain          time.Duration `yaml:"drain" doc:"Longest shutdown: open requests and what is queued. The rest waits in the spool."`

	Sensor          string   `yaml:"sensor" doc:"Name of this sensor in events and heartbeats, unique in its tenant. Empty: the instance's name."`
	TrustedProxies  []string `yaml:"trusted_proxies" doc:"Networks (CIDR) of the proxies whose forwarding header counts. The caller is the first address from the right that is none of them."`
	ForwardedHeader string   `yaml:"forwarded_header" doc:"The header that these proxies append to: x-forwarded-for, forwarded, another with a list of addresses, or none. Exactly one is read."`
	BodyBytes       int      `yaml:"body_bytes" doc:"What is kept of a body, in bytes, a direction."`
	HeaderBytes     int      `yaml:"header_bytes" doc:"What is kept of headers, in bytes, a direction."`
	EventBytes      int      `yaml:"event_bytes" doc:"Largest event, in bytes; a larger one goes without bodies."`
	KeyHeaders      []string `yaml:"key_headers" doc:"Headers that hold an API key, beside the usual ones."`
	SessionCookies  []string `yaml:"session_cookies" doc:"Session cookies, beside those with a usual name."`
	PlainCookies    []string `yaml:"plain_cookies" doc:"Cookies that are no session though their name looks like one."`
	SecretFields    []string `yaml:"secret_fields" doc:"Fields of bodies and queries whose values are masked, beside the usual ones."`

	Masking Masking `yaml:"masking" doc:"Personal data."`

	RingBytes       int           `yaml:"ring_bytes" doc:"What may wait to be built, in bytes; beyond it events are dropped and counted, never waited for."`
	BufferBytes     int           `yaml:"buffer_bytes" doc:"What the Kafka client may hold, in bytes."`
	Linger          time.Duration `yaml:"linger" doc:"How long a batch is gathered. 0 for the shortest time to a block, at the price of more requests."`
	Zstd            bool          `yaml:"zstd" doc:"Compress with zstd instead of lz4: smaller, dearer."`
	DeliveryTimeout time.Duration `yaml:"delivery_timeout" doc:"How long an event waits for a broker before it is spooled, at least 1s."`
	Heartbeat       time.Duration `yaml:"heartbeat" doc:"How often the counters are sent to mirador.sensors."`
	SpoolDir        string        `yaml:"spool_dir" doc:"Folder for events while Kafka is away, this process's own. Empty: spool in data_dir."`
	SpoolBytes      int64         `yaml:"spool_bytes" doc:"Cap of that folder, in bytes; the oldest are dropped and counted."`
	SpoolAge        time.Duration `yaml:"spool_age" doc:"Age beyond which spooled events are dropped and counted."`
}

// Defaults fit one machine.
func Defaults() Config {
	return Config{
		Listen: "127.0.0.1:8090", LineBytes: 1 << 20, RequestBytes: 16 << 20, Concurrent: 64, ReadTimeout: 30 * time.Second, Drain: 10 * time.Second,
		ForwardedHeader: "x-forwarded-for", BodyBytes: capture.DefaultBodyBytes, HeaderBytes: capture.DefaultHeaderBytes, EventBytes: capture.DefaultEventBytes,
		Masking:   Masking{Mode: string(capture.ModeRaw), Classes: map[string]string{"date": string(capture.ModeRaw)}, KeyID: "p1"},
		RingBytes: 64 << 20, BufferBytes: 32 << 20, Linger: 5 * time.Millisecond, DeliveryTimeout: 10 * time.Second, Heartbeat: time.Second,
		SpoolBytes: 1 << 30, SpoolAge: 24 * time.Hour,
	}
}

// Validate reports everything that is wrong at once. It repeats no token, and
// does not ask for one: only who serves needs it.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	host, _, err := net.SplitHostPort(c.Listen)
	switch {
	case err != nil:
		bad("listen: %q is not host:port", c.Listen)
	case c.CertFile == "" && !c.AllowPlaintext && !loopback(host):
		bad("listen: %s is not loopback and there is no cert_file: events and the token would cross the network in the clear; set cert_file and key_file, or allow_plaintext where the network is protected", c.Listen)
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		bad("cert_file and key_file belong together")
	}
	for i, t := range c.Tokens {
		if len(t) < MinToken {
			bad("tokens: number %d has %d characters, need at least %d (try: openssl rand -hex 32)", i+1, len(t), MinToken)
		}
	}
	for _, l := range []struct {
		name string
		v    int64
	}{{"line_bytes", int64(c.LineBytes)}, {"request_bytes", c.RequestBytes}, {"concurrent", int64(c.Concurrent)}, {"read_timeout", int64(c.ReadTimeout)},
		{"drain", int64(c.Drain)}, {"body_bytes", int64(c.BodyBytes)}, {"header_bytes", int64(c.HeaderBytes)}, {"event_bytes", int64(c.EventBytes)},
		{"ring_bytes", int64(c.RingBytes)}, {"buffer_bytes", int64(c.BufferBytes)}, {"heartbeat", int64(c.Heartbeat)}, {"spool_bytes", c.SpoolBytes}, {"spool_age", int64(c.SpoolAge)}} {
		if l.v <= 0 {
			bad("%s: must be more than 0", l.name)
		}
	}
	if c.EventBytes > 1<<20-1<<10 || c.EventBytes < c.HeaderBytes {
		bad("event_bytes: %d must be at least header_bytes (%d) and below the broker's 1 MiB a message", c.EventBytes, c.HeaderBytes)
	}
	if c.DeliveryTimeout < time.Second || c.Linger < 0 {
		bad("delivery_timeout %v must be at least 1s, linger %v not negative", c.DeliveryTimeout, c.Linger)
	}
	if _, err := c.proxies(); err != nil {
		errs = append(errs, err)
	}
	if err := c.Masking.check(); err != nil {
		errs = append(errs, err)
	}
	if strings.ContainsRune(c.Sensor, '|') {
		bad("sensor: %q must not hold '|'", c.Sensor)
	}
	return errors.Join(errs...)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// proxies takes networks and single addresses.
func (c *Config) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	var errs []error
	for _, s := range c.TrustedProxies {
		if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("trusted_proxies: %q is no network such as 10.0.0.0/8", s))
			continue
		}
		out = append(out, p.Masked())
	}
	return out, errors.Join(errs...)
}

// Capture is the Builder's configuration.
func (c *Config) Capture(key capture.Key, tenant string) (capture.Config, error) {
	proxies, err := c.proxies()
	if err != nil {
		return capture.Config{}, err
	}
	masking, err := c.Masking.capture()
	if err != nil {
		return capture.Config{}, err
	}
	rules := capture.DefaultRules()
	rules.KeyHeaders = append(rules.KeyHeaders, c.KeyHeaders...)
	rules.SessionCookies, rules.PlainCookies = c.SessionCookies, c.PlainCookies
	rules.SecretParameters = append(rules.SecretParameters, c.SecretFields...)
	rules.BodyFields = append(rules.BodyFields, c.SecretFields...)
	return capture.Config{Key: key, Tenant: tenant, TrustedProxies: proxies, ForwardedHeader: c.ForwardedHeader,
		BodyBytes: c.BodyBytes, HeaderBytes: c.HeaderBytes, EventBytes: c.EventBytes, Rules: rules, Masking: masking}, nil
}

// Ship is the path's configuration but for the Kafka options. sensor and
// spoolDir serve where the settings leave theirs empty.
func (c *Config) Ship(sensor, spoolDir string) ship.Config {
	if c.Sensor != "" {
		sensor = c.Sensor
	}
	if c.SpoolDir != "" {
		spoolDir = c.SpoolDir
	}
	linger := c.Linger
	if linger == 0 {
		linger = -1
	}
	return ship.Config{Sensor: sensor, RingBytes: c.RingBytes, BufferBytes: c.BufferBytes, EventBytes: c.EventBytes, Linger: linger, Zstd: c.Zstd,
		DeliveryTimeout: c.DeliveryTimeout, Heartbeat: c.Heartbeat, Spool: spool.Config{Dir: spoolDir, MaxBytes: c.SpoolBytes, MaxAge: c.SpoolAge}}
}

// CheckFiles opens the files that the settings name and reports all that is wrong.
func (c *Config) CheckFiles() error {
	_, certErr := c.certificate()
	_, maskErr := c.Masking.capture()
	certErr = errors.Join(certErr, maskErr)
	if len(c.Tokens)+len(c.TokenFiles) == 0 {
		return certErr // whoever starts it makes a token
	}
	_, err := c.tokens()
	return errors.Join(err, certErr)
}

// certificate is that of the endpoint, nil where it serves plain HTTP.
func (c *Config) certificate() (*tls.Certificate, error) {
	if c.CertFile == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("shipper: TLS certificate %s and key %s: %w", c.CertFile, c.KeyFile, err)
	}
	return &cert, nil
}

// tokens gathers those of the settings and of the files.
func (c *Config) tokens() ([]string, error) {
	tokens := append([]string(nil), c.Tokens...)
	var errs []error
	for _, path := range c.TokenFiles {
		f, err := os.Open(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("shipper: token_files: %w", err))
			continue
		}
		line, _ := bufio.NewReader(f).ReadString('\n') // without a token the length says so
		f.Close()
		if line = strings.TrimSpace(line); len(line) < MinToken {
			errs = append(errs, fmt.Errorf("shipper: token_files: the first line of %s has %d characters, need at least %d", path, len(line), MinToken))
			continue
		}
		tokens = append(tokens, line)
	}
	if len(tokens) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("shipper: no ingest token: set tokens or token_files (try: openssl rand -hex 32)"))
	}
	return tokens, errors.Join(errs...)
}
