package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// store asks ClickHouse. Every query has the tenant in its conditions, takes what
// people typed as server-side parameters only, and is bounded in time and rows.
// Safe for concurrent use.
type store struct {
	conn    driver.Conn
	tenant  string
	timeout time.Duration
	rows    int
	metrics *metrics
	now     func() time.Time
}

// maxResultRows is the most rows that a query may give.
const maxResultRows = 20_000

// arg is a parameter of a query, {name:Type} in its text.
type arg = driver.NamedValue

// query runs a statement and hands each row to scan. name is the query's in
// metrics and errors.
func (s *store) query(ctx context.Context, name, text string, scan func(driver.Rows) error, args ...arg) (err error) {
	start := time.Now()
	defer func() {
		s.metrics.query(name, time.Since(start), err)
		if err != nil {
			err = &queryError{name: name, err: err}
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	settings := clickhouse.Settings{
		// The server gives up by itself too: a cancelled connection alone leaves it at work.
		"max_execution_time": max(int(s.timeout/time.Second), 1), "timeout_overflow_mode": "throw",
		"max_result_rows": maxResultRows, "result_overflow_mode": "throw",
	}
	if s.rows > 0 {
		settings["max_rows_to_read"] = s.rows
	}
	all := []any{clickhouse.Named("tenant", s.tenant)}
	for _, a := range args {
		all = append(all, a)
	}
	rows, err := s.conn.Query(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), text, all...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func named(name string, value any) arg { return clickhouse.Named(name, value) }

// stamp is a DateTime64(6) parameter: the driver's own form of a time drops nothing
// but is read in the server's zone.
func stamp(name string, t time.Time) arg {
	return named(name, t.UTC().Format("2006-01-02 15:04:05.000000"))
}

// queryError says which query failed.
type queryError struct {
	name string
	err  error
}

func (e *queryError) Error() string { return fmt.Sprintf("query %q: %v", e.name, e.err) }
func (e *queryError) Unwrap() error { return e.err }

// trouble sorts an error of a query by what a person can do about it.
type trouble int

const (
	broken      trouble = iota // a fault of ours
	unreachable                // the server does not answer
	tooMuch                    // the question was too big
	unprepared                 // the tables are not there
	refused                    // user or password
)

func troubleOf(err error) trouble {
	var ex *clickhouse.Exception
	if errors.As(err, &ex) {
		switch ex.Code {
		case 158, 159, 160, 241, 307, 396, 202: // too many rows, timeout, too slow, memory, bytes, result, queries at once
			return tooMuch
		case 60, 81, 36, 47: // unknown table, database, bad argument of a view, unknown column: another version's tables
			return unprepared
		case 192, 193, 194, 497, 516: // user, password, rights
			return refused
		}
		return broken
	}
	var ne net.Error
	switch {
	case errors.As(err, &ne), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, clickhouse.ErrAcquireConnTimeout), errors.Is(err, clickhouse.ErrConnectionClosed), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return unreachable
	case errors.Is(err, context.DeadlineExceeded):
		return unreachable
	}
	return broken
}
