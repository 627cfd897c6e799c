package chsink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Retention says for how many days after receipt by Kafka rows are kept. 0 keeps
// them for ever. Instances that share a database must agree: the last one to start
// has its way.
type Retention struct {
	EventsDays   int `yaml:"events_days" doc:"Days that transactions are kept in the table events."`
	FindingsDays int `yaml:"findings_days" doc:"Days that findings, and the risk of principals, are kept after their last update."`
	ActionsDays  int `yaml:"actions_days" doc:"Days that actions and what enforcers did are kept."`
	RollupsDays  int `yaml:"rollups_days" doc:"Days that counts by minute and hour, and what an endpoint was on a day, are kept."`
	CatalogDays  int `yaml:"catalog_days" doc:"Days that endpoints, sensitive fields, business flows, releases and verdicts of people are kept after their last record."`
}

// DefaultRetention keeps a month of transactions and a year of what they led to.
func DefaultRetention() Retention {
	return Retention{EventsDays: 30, FindingsDays: 365, ActionsDays: 365, RollupsDays: 400}
}

// maxDays keeps the end of retention within what a DateTime can express.
const maxDays = 36500 / 4

// Validate reports everything that is wrong.
func (r *Retention) Validate() error {
	var errs []error
	for _, v := range []struct {
		name string
		days int
	}{{"events_days", r.EventsDays}, {"findings_days", r.FindingsDays}, {"actions_days", r.ActionsDays},
		{"rollups_days", r.RollupsDays}, {"catalog_days", r.CatalogDays}} {
		if v.days < 0 || v.days > maxDays {
			errs = append(errs, fmt.Errorf("%s: %d is not between 0 (for ever) and %d", v.name, v.days, maxDays))
		}
	}
	return errors.Join(errs...)
}

// tables gives each table's days. All count from the column received.
func (r *Retention) tables() map[string]int {
	return map[string]int{
		"events": r.EventsDays, "findings": r.FindingsDays, "actions": r.ActionsDays, "action_status": r.ActionsDays,
		"endpoint_minutes": r.RollupsDays, "principal_hours": r.RollupsDays, "endpoint_days": r.RollupsDays,
		"endpoints": r.CatalogDays, "fields": r.CatalogDays, "verdicts": r.CatalogDays, "flows": r.CatalogDays, "deploys": r.CatalogDays, "principals": r.FindingsDays,
	}
}

// ttlClause is what the migrations call ttl.
func ttlClause(column string, days int) string {
	if days == 0 {
		return ""
	}
	return fmt.Sprintf("TTL toDateTime(%s) + INTERVAL %d DAY", column, days)
}

// ttlInForce finds the days in a table's engine as the server writes it.
var ttlInForce = regexp.MustCompile(` TTL toDateTime\(received\) \+ toIntervalDay\((\d+)\)`)

// applyRetention changes the TTL of every table whose TTL is another. It asks the
// server and not its own records, so a change by hand is put right too.
func applyRetention(ctx context.Context, conn driver.Conn, database string, r Retention, log *slog.Logger) error {
	want := r.tables()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if err := applyTTL(ctx, conn, database+"."+name, want[name], log); err != nil {
			return err
		}
	}
	return nil
}

// applyTTL asks and changes until the server says what is wanted: another starter
// may do the same at this moment, and the server then refuses one of the two.
func applyTTL(ctx context.Context, conn driver.Conn, table string, want int, log *slog.Logger) error {
	database, name, _ := strings.Cut(table, ".")
	var refused error
	for range 5 {
		var engine string
		const query = "SELECT engine_full FROM system.tables WHERE database = ? AND name = ?"
		if err := conn.QueryRow(ctx, query, database, name).Scan(&engine); err != nil {
			return fmt.Errorf("chsink: retention of %s: %w", table, err)
		}
		have := 0
		if m := ttlInForce.FindStringSubmatch(engine); m != nil {
			have, _ = strconv.Atoi(m[1])
		}
		if have == want {
			return nil
		}
		change := "REMOVE TTL"
		if want != 0 {
			change = "MODIFY " + ttlClause("received", want)
		}
		if refused = conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s %s", table, change)); refused == nil {
			log.Info("retention changed", "table", table, "from_days", have, "to_days", want)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("chsink: retention of %s: %w", table, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
	return fmt.Errorf("chsink: set retention of %s to %d days: %w", table, want, refused)
}
