package chsink

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// OpenLazily is Open for who must start before the server does: nothing is dialled
// before the first query, and a query fails with a clear error for as long as the
// server does not answer or has no such database.
func OpenLazily(c Config) (driver.Conn, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("chsink: configuration: %w", err)
	}
	o, err := c.options(c.Database)
	if err != nil {
		return nil, err
	}
	var there atomic.Bool
	o.DialContext = func(ctx context.Context, addr string) (net.Conn, error) {
		if !there.Load() {
			// Open asks in a way that cannot end the server.
			conn, err := Open(ctx, c)
			if err != nil {
				return nil, err
			}
			_ = conn.Close() // it was only to ask
			there.Store(true)
		}
		d := &net.Dialer{Timeout: c.DialTimeout}
		if o.TLS != nil {
			return (&tls.Dialer{NetDialer: d, Config: o.TLS}).DialContext(ctx, "tcp", addr)
		}
		return d.DialContext(ctx, "tcp", addr)
	}
	conn, err := clickhouse.Open(o)
	if err != nil {
		return nil, fmt.Errorf("chsink: clickhouse at %v: %w", c.Addr, err)
	}
	return conn, nil
}
