// Package chsink puts records of Mirador's topics into ClickHouse, and makes the
// tables it puts them into.
//
// A sink (Events, Findings, Actions, Statuses, Endpoints, Fields) turns records
// into columns and inserts them in one block. It delivers at least once: a batch
// whose insert failed stays and is inserted again, and a row that is there twice
// has the same key and content, which the tables and rollups of
// schemas/clickhouse leave without effect. Insert tokens of ClickHouse are not
// used: a server that is killed between its deduplication log and the rename of
// the part takes the retry for a repeat, and the rows are lost.
//
// Reading order: table.go (the life of a batch), column.go (columns that do not
// allocate), events.go and its siblings (one file a table), migrate.go.
package chsink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Config says where ClickHouse is. It is a value: sinks keep their own copy.
type Config struct {
	Addr           []string      `yaml:"addr" doc:"host:port of the native protocol. Several are ways to one server (or to one replicated set), tried in order."`
	Database       string        `yaml:"database" doc:"Database of all tables. Made if it is not there."`
	User           string        `yaml:"user" doc:"User. To migrate it needs CREATE and ALTER on the database, to run INSERT and SELECT."`
	Password       string        `yaml:"password" doc:"Password of the user."`
	TLS            TLS           `yaml:"tls"`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Send password and rows without TLS to a server that is not on this machine."`
	Compression    string        `yaml:"compression" doc:"Of what is sent: none, lz4 or zstd. none is fastest on one machine."`
	DialTimeout    time.Duration `yaml:"dial_timeout" doc:"Longest wait for a connection."`
	InsertTimeout  time.Duration `yaml:"insert_timeout" doc:"Longest wait for one insert, connecting included. After it the batch is tried again."`
	QueryTimeout   time.Duration `yaml:"query_timeout" doc:"Longest wait for a part of a query's answer."`
	MaxConnections int           `yaml:"max_connections" doc:"Connections for queries. Each sink has one more of its own."`
}

// TLS is how the connection is secured.
type TLS struct {
	Enabled    bool   `yaml:"enabled" doc:"Connect with TLS 1.2 or later."`
	CAFile     string `yaml:"ca_file" doc:"PEM file with the authorities to trust; empty: the system's."`
	CertFile   string `yaml:"cert_file" doc:"PEM file with a client certificate, with key_file."`
	KeyFile    string `yaml:"key_file" doc:"PEM file with its private key."`
	ServerName string `yaml:"server_name" doc:"Name the server's certificate must have; empty: the host of the address."`
	SkipVerify bool   `yaml:"skip_verify" doc:"Take any certificate. For trying only: whoever stands between can read all."`
}

// DefaultConfig is a server on this machine.
func DefaultConfig() Config {
	return Config{
		Addr: []string{"127.0.0.1:9000"}, Database: "mirador", User: "default", Compression: "lz4",
		DialTimeout: 5 * time.Second, InsertTimeout: 30 * time.Second, QueryTimeout: 30 * time.Second, MaxConnections: 8,
	}
}

// identifier is what needs no quoting anywhere: the name goes into DDL.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// Validate reports everything that is wrong.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Addr) == 0 {
		bad("addr: no address; 127.0.0.1:9000 is the usual one")
	}
	for _, a := range c.Addr {
		host, port, err := net.SplitHostPort(a)
		if err != nil || port == "" {
			bad("addr: %q is not host:port", a)
			continue
		}
		if !c.TLS.Enabled && !c.AllowPlaintext && !loopback(host) {
			bad("addr: %s is not on this machine and TLS is off: set tls.enabled, or allow_plaintext if the network is trusted", a)
		}
	}
	if !identifier.MatchString(c.Database) {
		bad("database: %q is not a name of letters, digits and _, up to 63", c.Database)
	}
	if c.User == "" {
		bad("user: empty; \"default\" is the usual one")
	}
	if _, ok := compressions[c.Compression]; !ok {
		bad("compression: %q is not none, lz4 or zstd", c.Compression)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"dial_timeout", c.DialTimeout}, {"insert_timeout", c.InsertTimeout}, {"query_timeout", c.QueryTimeout}} {
		if d.value <= 0 {
			bad("%s: %s is not more than 0", d.name, d.value)
		}
	}
	if c.MaxConnections < 1 {
		bad("max_connections: %d is less than 1", c.MaxConnections)
	}
	if _, err := c.TLS.config(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// LogValue leaves the password out.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("addr", c.Addr), slog.String("database", c.Database), slog.String("user", c.User),
		slog.Bool("tls", c.TLS.Enabled), slog.String("compression", c.Compression))
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// config is nil when TLS is off.
func (t *TLS) config() (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil
	}
	var errs []error
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.SkipVerify}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		switch pool := x509.NewCertPool(); {
		case err != nil:
			errs = append(errs, fmt.Errorf("tls.ca_file: %w", err))
		case !pool.AppendCertsFromPEM(pem):
			errs = append(errs, fmt.Errorf("tls.ca_file: %s holds no certificate in PEM", t.CAFile))
		default:
			out.RootCAs = pool
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		errs = append(errs, errors.New("tls: cert_file and key_file belong together"))
	} else if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			errs = append(errs, fmt.Errorf("tls.cert_file: %w", err))
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, errors.Join(errs...)
}

// Open gives connections for queries, bound to the database, and asks the server
// for a sign of life. The database must exist: call Migrate first. The caller
// closes it; it may be used from several goroutines.
func Open(ctx context.Context, c Config) (driver.Conn, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("chsink: configuration: %w", err)
	}
	// Asked for first: a server out of libchdb ends itself when a connection names a
	// database that it does not have.
	first, err := c.open(ctx, anyDatabase)
	if err != nil {
		return nil, err
	}
	defer first.Close()
	var n uint64
	if err := first.QueryRow(ctx, "SELECT count() FROM system.databases WHERE name = ?", c.Database).Scan(&n); err != nil {
		return nil, fmt.Errorf("chsink: look for database %s at %v: %w", c.Database, c.Addr, err)
	}
	if n == 0 {
		return nil, fmt.Errorf("chsink: there is no database %s at %v, or user %s may not see it: migrate first", c.Database, c.Addr, c.User)
	}
	return c.open(ctx, c.Database)
}

// anyDatabase is one that every server has and every user may connect to.
const anyDatabase = "system"

func (c *Config) open(ctx context.Context, database string) (driver.Conn, error) {
	o, err := c.options(database)
	if err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(o)
	if err != nil {
		return nil, fmt.Errorf("chsink: clickhouse at %v: %w", c.Addr, err)
	}
	if err := conn.Ping(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("chsink: clickhouse at %v, database %s, user %s: %w", c.Addr, database, c.User, err)
	}
	return conn, nil
}

func (c *Config) options(database string) (*clickhouse.Options, error) {
	secure, err := c.TLS.config()
	if err != nil {
		return nil, fmt.Errorf("chsink: %w", err)
	}
	return &clickhouse.Options{
		Addr: c.Addr, TLS: secure, Auth: clickhouse.Auth{Database: database, Username: c.User, Password: c.Password},
		DialTimeout: c.DialTimeout, ReadTimeout: c.QueryTimeout, MaxOpenConns: c.MaxConnections, MaxIdleConns: c.MaxConnections,
		Compression: compressions[c.Compression].query, ConnOpenStrategy: clickhouse.ConnOpenInOrder,
	}, nil
}
