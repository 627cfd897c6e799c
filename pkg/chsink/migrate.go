package chsink

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/schemas"
)

// Migrate makes the database and brings its tables to what this build and r say.
// It may be called by any number of starters at once, and again after one was
// killed half way.
//
// ClickHouse has no lock that survives a killed holder, so none is taken. Instead
// every statement is one that does nothing when its work is done, and what was
// applied is recorded under number and checksum together: starters of one build
// come to the same end in any order, and builds that disagree about a number all
// see it and fail. A migration must not replace a view that an older one made
// with CREATE OR REPLACE too, lest a slow starter puts the older text back:
// CREATE VIEW IF NOT EXISTS first, CREATE OR REPLACE VIEW later.
//
// A database that a newer build has migrated further is left as it is.
func Migrate(ctx context.Context, cfg Config, r Retention, log *slog.Logger) error {
	return migrate(ctx, cfg, r, log, schemas.ClickHouse)
}

func migrate(ctx context.Context, cfg Config, r Retention, log *slog.Logger, files fs.FS) error {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("chsink: configuration: %w", err)
	}
	if err := r.Validate(); err != nil {
		return fmt.Errorf("chsink: retention: %w", err)
	}
	all, err := loadMigrations(files)
	if err != nil {
		return fmt.Errorf("chsink: %w", err)
	}
	// Not bound to the database: it may not be there yet, and this one always is.
	conn, err := cfg.open(ctx, anyDatabase)
	if err != nil {
		return err
	}
	defer conn.Close()
	m := migrator{conn: conn, database: cfg.Database, retention: r, log: log}
	if err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+cfg.Database); err != nil {
		return fmt.Errorf("chsink: create database %s: %w", cfg.Database, err)
	}
	if err := m.run(ctx, &all[0]); err != nil { // the table of migrations
		return err
	}
	for i := 1; i < len(all); i++ {
		if err := m.apply(ctx, &all[i]); err != nil {
			return err
		}
	}
	if err := m.reportNewer(ctx, all[len(all)-1].version); err != nil {
		return err
	}
	return applyRetention(ctx, conn, cfg.Database, r, log)
}

// migrator is one call of Migrate.
type migrator struct {
	conn      driver.Conn
	database  string
	retention Retention
	log       *slog.Logger
}

// apply runs one migration unless it is recorded.
func (m *migrator) apply(ctx context.Context, g *migration) error {
	recorded, err := m.recorded(ctx, g)
	if err != nil || recorded {
		return err
	}
	start := time.Now()
	if err := m.run(ctx, g); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	const insert = "INSERT INTO %s.migrations (version, name, checksum, applied_at, applied_by) SETTINGS async_insert = 0, insert_deduplicate = 0 VALUES (?, ?, ?, now64(6), ?)"
	if err := m.conn.Exec(ctx, fmt.Sprintf(insert, m.database), g.version, g.name, g.checksum, host); err != nil {
		return fmt.Errorf("chsink: record migration %s: %w", g.name, err)
	}
	// Another build may have recorded another text meanwhile: one of the two sees it here.
	if _, err := m.recorded(ctx, g); err != nil {
		return err
	}
	m.log.Info("migration applied", "migration", g.name, "database", m.database, "took", time.Since(start))
	return nil
}

func (m *migrator) run(ctx context.Context, g *migration) error {
	statements, err := g.statements(m.database, m.retention)
	if err != nil {
		return fmt.Errorf("chsink: %w", err)
	}
	for i, s := range statements {
		if err := m.conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("chsink: migration %s, statement %d of %d, in database %s (what ran before it stays; start again once the cause is gone): %w",
				g.name, i+1, len(statements), m.database, err)
		}
	}
	return nil
}

// recorded says whether g was applied. It fails where something else was under
// its number.
func (m *migrator) recorded(ctx context.Context, g *migration) (bool, error) {
	var sums []string
	query := fmt.Sprintf("SELECT groupUniqArray(toString(checksum)) FROM %s.migrations WHERE version = ?", m.database)
	if err := m.conn.QueryRow(ctx, query, g.version).Scan(&sums); err != nil {
		return false, fmt.Errorf("chsink: look up migration %s: %w", g.name, err)
	}
	for _, s := range sums {
		if s != g.checksum {
			slices.Sort(sums)
			return false, fmt.Errorf("chsink: migration %s of this build has checksum %.12s, but %s was applied to database %s: "+
				"an applied migration was changed, or two builds differ; use the build that made the database, or another database",
				g.name, g.checksum, strings.Join(sums, " and "), m.database)
		}
	}
	return len(sums) > 0, nil
}

func (m *migrator) reportNewer(ctx context.Context, newest uint32) error {
	var version uint32
	query := fmt.Sprintf("SELECT max(version) FROM %s.migrations", m.database)
	if err := m.conn.QueryRow(ctx, query).Scan(&version); err != nil {
		return fmt.Errorf("chsink: look up the newest migration: %w", err)
	}
	if version > newest {
		m.log.Warn("the database was migrated by a newer build", "database", m.database, "its_version", version, "our_version", newest)
	}
	return nil
}
