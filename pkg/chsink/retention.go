package chsink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Retention says for how many days after receipt by Kafka rows are kept. 0 keeps
// them for ever. Instances that share a database must agree: the last one to start
// has its way.
type Retention struct {
	EventsDays   int `yaml:"events_days" doc:"Days that transactions are kept in the table events."`
	FindingsDays int `yaml:"findings_days" doc:"Days that findings are kept after their last update."`
	ActionsDays  int `yaml:"actions_days" doc:"Days that actions and what enforcers did are kept."`
	RollupsDays  int `yaml:"rollups_days" doc:"Days that counts by minute and hour are kept."`
	CatalogDays  int `yaml:"catalog_days" doc:"Days that endpoints and sensitive fields are kept after their last record."`
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
		"endpoint_minutes": r.RollupsDays, "principal_hours": r.RollupsDays, "endpoints": r.CatalogDays, "fields": r.CatalogDays,
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
	rows, err := conn.Query(ctx, "SELECT name, engine_full FROM system.tables WHERE database = ? AND engine LIKE '%MergeTree' ORDER BY name", database)
	if err != nil {
		return fmt.Errorf("chsink: retention: list the tables of %s: %w", database, err)
	}
	defer rows.Close()
	want := r.tables()
	have := make(map[string]int)
	var order []string
	for rows.Next() {
		var name, engine string
		if err := rows.Scan(&name, &engine); err != nil {
			return fmt.Errorf("chsink: retention: list the tables of %s: %w", database, err)
		}
		if _, ours := want[name]; !ours {
			continue
		}
		order = append(order, name)
		if m := ttlInForce.FindStringSubmatch(engine); m != nil {
			have[name], _ = strconv.Atoi(m[1])
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("chsink: retention: list the tables of %s: %w", database, err)
	}
	for _, name := range order {
		if have[name] == want[name] {
			continue
		}
		change := "REMOVE TTL"
		if want[name] != 0 {
			change = "MODIFY " + ttlClause("received", want[name])
		}
		if err := conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s.%s %s", database, name, change)); err != nil {
			return fmt.Errorf("chsink: retention of %s.%s from %d to %d days: %w", database, name, have[name], want[name], err)
		}
		log.Info("retention changed", "table", name, "from_days", have[name], "to_days", want[name])
	}
	return nil
}
