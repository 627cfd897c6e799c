package console

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/risk"
)

// Config is the console's settings. It is a value: New keeps its own copy.
type Config struct {
	Listen         string        `yaml:"listen" doc:"Address of the console, host:port. Loopback by default: it shows who did what."`
	CertFile       string        `yaml:"cert_file" doc:"PEM file with a certificate, with key_file: serve HTTPS."`
	KeyFile        string        `yaml:"key_file" doc:"PEM file with its private key."`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Serve plain HTTP on an address that is not loopback: a proxy in front ends TLS, or the network is a container's own."`
	PublicURL      string        `yaml:"public_url" doc:"Address under which people reach the console, where it is not the one listened on. With https the session cookie is sent over TLS only."`
	Token          string        `yaml:"token" doc:"Login token, at least 16 characters. Better token_file: whoever reads the configuration reads this. Empty with no token_file: a new one at every start, printed once."`
	TokenFile      string        `yaml:"token_file" doc:"File whose first line is the login token."`
	User           string        `yaml:"user" doc:"Name of the person who uses this console, for what they order. Empty: asked for at login."`
	Tenant         string        `yaml:"tenant" doc:"Tenant that is shown."`
	SessionLife    time.Duration `yaml:"session_life" doc:"After this long one has to log in again."`
	LoginAttempts  int           `yaml:"login_attempts" doc:"Failed logins a minute from one address; more are refused unseen. From all addresses together ten times as many."`
	QueryTimeout   time.Duration `yaml:"query_timeout" doc:"Longest time a page may wait for ClickHouse, and for lag from Kafka."`
	QueryRows      int           `yaml:"query_rows" doc:"Most rows that one query of the console may read in ClickHouse, a guard for the ingesting side. 0 is no limit."`
	PageRows       int           `yaml:"page_rows" doc:"Rows a page of a list."`
	Compared       int           `yaml:"compared_endpoints" doc:"Most endpoints whose records of two days the page of changes compares."`
	Refresh        time.Duration `yaml:"refresh" doc:"How often open pages fetch news. 0 turns that off."`
	Range          string        `yaml:"range" doc:"Time range that the overview opens with: 15m, 1h, 6h, 24h, 7d or 30d."`

	// Prior is what a rule is believed before people judge its findings: the responder's.
	Prior risk.Prior `yaml:"-"`

	// Grace is how long after a release behaviour bears with what is new.
	Grace time.Duration `yaml:"-"`

	// ClickHouse is what error pages call the server, as host:port/database. The
	// caller knows it; a connection does not tell.
	ClickHouse string `yaml:"-"`
}

// Defaults are safe on a shared machine: loopback only, a token at every start.
func Defaults() Config {
	return Config{
		Listen: "127.0.0.1:8095", Tenant: "default", SessionLife: 12 * time.Hour, LoginAttempts: 10,
		QueryTimeout: 10 * time.Second, QueryRows: 200_000_000, PageRows: 50, Compared: 20_000, Refresh: 5 * time.Second, Range: "1h", Prior: risk.DefaultPrior(),
	}
}

// minToken is the shortest token that guessing does not find.
const minToken = 16

// Validate reports everything that is wrong.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	host, _, err := net.SplitHostPort(c.Listen)
	switch {
	case err != nil:
		bad("listen: %q is not host:port", c.Listen)
	case !loopback(host) && c.CertFile == "" && !c.AllowPlaintext:
		bad("listen: %s is not loopback and there is no cert_file: the token would cross the network in the clear; set cert_file and key_file, or allow_plaintext behind a proxy that ends TLS", c.Listen)
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		bad("cert_file and key_file belong together")
	}
	for _, f := range []struct{ name, path string }{{"cert_file", c.CertFile}, {"key_file", c.KeyFile}, {"token_file", c.TokenFile}} {
		if f.path == "" {
			continue
		}
		if _, err := os.Stat(f.path); err != nil {
			bad("%s: %w", f.name, err)
		}
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
			bad("public_url: %q is not http(s)://host[:port]", c.PublicURL)
		}
	}
	if c.Token != "" && c.TokenFile != "" {
		bad("token and token_file: only one of the two")
	}
	if c.Token != "" && len(c.Token) < minToken {
		bad("token: %d characters, but guessing is only hopeless from %d on", len(c.Token), minToken)
	}
	if c.User != "" && !validPerson(c.User) {
		bad("user: %q is not a name of letters, digits, '.', '_', '@' and '-', up to 64", c.User)
	}
	if c.Tenant == "" {
		bad("tenant: empty; \"default\" is the usual one")
	}
	for _, d := range []struct {
		name       string
		value, low time.Duration
	}{{"session_life", c.SessionLife, time.Minute}, {"query_timeout", c.QueryTimeout, 100 * time.Millisecond}} {
		if d.value < d.low {
			bad("%s: %s is less than %s", d.name, d.value, d.low)
		}
	}
	if c.Refresh != 0 && c.Refresh < time.Second {
		bad("refresh: %s is less than 1s; 0 turns it off", c.Refresh)
	}
	if c.LoginAttempts < 1 {
		bad("login_attempts: %d, but at least 1 is needed", c.LoginAttempts)
	}
	if c.QueryRows < 0 {
		bad("query_rows: %d is less than 0", c.QueryRows)
	}
	if c.PageRows < 1 || c.PageRows > 500 {
		bad("page_rows: %d is not between 1 and 500", c.PageRows)
	}
	if c.Compared < 1 || c.Compared > maxResultRows {
		bad("compared_endpoints: %d is not between 1 and %d", c.Compared, maxResultRows)
	}
	if _, ok := spanByName(c.Range); !ok {
		bad("range: %q is not one of %s", c.Range, strings.Join(spanNames(), ", "))
	}
	return errors.Join(errs...)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
