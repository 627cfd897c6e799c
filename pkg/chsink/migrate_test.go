package chsink

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/miradorhq/mirador/schemas"
)

// TestMigrateTogether lets several starters begin at once on nothing.
func TestMigrateTogether(t *testing.T) {
	cfg := config(t)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = Migrate(t.Context(), cfg, DefaultRetention(), quiet) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("starter %d: %v", i, err)
		}
	}
	conn := open(t, cfg)
	all, err := loadMigrations(schemas.ClickHouse)
	must(t, err)
	var want []string
	for _, m := range all[1:] {
		want = append(want, fmt.Sprintf("%d\t%s\t%s", m.version, m.name, m.checksum))
	}
	same(t, "migrations", lines(t, conn, "SELECT toString(version), name, toString(checksum) FROM migrations FINAL ORDER BY version"), want)
}

// TestMigrateAgain: a second start changes nothing, with other settings only TTLs.
func TestMigrateAgain(t *testing.T) {
	cfg := config(t)
	must(t, Migrate(t.Context(), cfg, DefaultRetention(), quiet))
	conn := open(t, cfg)
	const query = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name"
	first := lines(t, conn, query)
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	must(t, Migrate(t.Context(), cfg, DefaultRetention(), logger))
	if log.Len() > 0 {
		t.Errorf("a second start did something:\n%s", log.String())
	}
	same(t, "tables", lines(t, conn, query), first)

	changed := Retention{EventsDays: 7, FindingsDays: 30, ActionsDays: 0, RollupsDays: 100, CatalogDays: 500}
	must(t, Migrate(t.Context(), cfg, changed, logger))
	want := changed.tables()
	for _, l := range lines(t, conn, "SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'") {
		name, engine, _ := strings.Cut(l, "\t")
		days, ours := want[name]
		if !ours {
			if name != "migrations" {
				t.Errorf("%s has no retention", name)
			}
			continue
		}
		has := strings.Contains(engine, fmt.Sprintf("toIntervalDay(%d)", days))
		if days == 0 {
			has = !strings.Contains(engine, "TTL")
		}
		if !has {
			t.Errorf("%s: want %d days: %s", name, days, engine)
		}
	}
	// And back, by several starters at once.
	var wg sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		wg.Go(func() { errs[i] = Migrate(t.Context(), cfg, DefaultRetention(), quiet) })
	}
	wg.Wait()
	for _, err := range errs {
		must(t, err)
	}
	same(t, "tables", lines(t, conn, query), first)
}

func folder(t *testing.T) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	entries, err := fs.ReadDir(schemas.ClickHouse, "clickhouse")
	must(t, err)
	for _, e := range entries {
		b, err := fs.ReadFile(schemas.ClickHouse, "clickhouse/"+e.Name())
		must(t, err)
		out["clickhouse/"+e.Name()] = &fstest.MapFile{Data: b}
	}
	return out
}

func TestMigrateRefusesAnotherText(t *testing.T) {
	cfg := config(t)
	must(t, Migrate(t.Context(), cfg, Retention{}, quiet))
	changed := folder(t)
	changed["clickhouse/0001_events.sql"].Data = append([]byte("-- another\n"), changed["clickhouse/0001_events.sql"].Data...)
	err := migrate(t.Context(), cfg, Retention{}, quiet, changed)
	if err == nil || !strings.Contains(err.Error(), "0001_events.sql") || !strings.Contains(err.Error(), cfg.Database) {
		t.Fatalf("error %v does not name the migration and the database", err)
	}
	// The other way round: this build, after another one recorded its own text too.
	conn := open(t, cfg)
	must(t, conn.Exec(t.Context(), "INSERT INTO migrations VALUES (2, 'x', ?, now64(6), 'y')", strings.Repeat("0", 64)))
	if err := Migrate(t.Context(), cfg, Retention{}, quiet); err == nil || !strings.Contains(err.Error(), "0002") {
		t.Fatalf("two texts under one number: error %v", err)
	}
}

func TestMigrateResumesAndIsOvertaken(t *testing.T) {
	cfg := config(t)
	// Killed after the first statement of the third file.
	broken := folder(t)
	text := string(broken["clickhouse/0003_actions.sql"].Data)
	broken["clickhouse/0003_actions.sql"].Data = []byte(strings.Replace(text, "PARTITION BY toDate(received)", "PARTITION BY nothing", 1))
	err := migrate(t.Context(), cfg, Retention{}, quiet, broken)
	if err == nil || !strings.Contains(err.Error(), "0003_actions.sql, statement 2 of 2") {
		t.Fatalf("error %v does not name the statement", err)
	}
	must(t, Migrate(t.Context(), cfg, Retention{}, quiet))
	// A newer build goes on; this one lets it be, and says so.
	newer := folder(t)
	n := len(newer)
	newer[fmt.Sprintf("clickhouse/%04d_more.sql", n)] = &fstest.MapFile{Data: []byte("CREATE OR REPLACE VIEW {{.Database}}.v_fields AS SELECT 1 AS newer;\n")}
	must(t, migrate(t.Context(), cfg, Retention{}, quiet, newer))
	var log strings.Builder
	must(t, migrate(t.Context(), cfg, Retention{}, slog.New(slog.NewTextHandler(&log, nil)), folder(t)))
	if !strings.Contains(log.String(), "newer build") {
		t.Errorf("log does not tell of the newer build: %q", log.String())
	}
	if got := one(t, open(t, cfg), "SELECT toString(newer) FROM v_fields"); got != "1" {
		t.Errorf("the newer view is gone: %q", got)
	}
}

func TestLoadMigrations(t *testing.T) {
	statement := func(s string) fstest.MapFS {
		f := folder(t)
		f[fmt.Sprintf("clickhouse/%04d_x.sql", len(f))] = &fstest.MapFile{Data: []byte(s)}
		return f
	}
	for name, s := range map[string]string{
		"plain create": "CREATE TABLE {{.Database}}.x (a Int8) ENGINE = Memory;\n", "insert": "INSERT INTO x VALUES (1);\n",
		"add column": "ALTER TABLE x ADD COLUMN a Int8;\n", "bad template": "{{.Nothing}}\n",
	} {
		all, err := loadMigrations(statement(s))
		must(t, err)
		if _, err := all[len(all)-1].statements("db", Retention{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, files := range map[string]fstest.MapFS{
		"empty": {}, "gap": {"clickhouse/0000_a.sql": {}, "clickhouse/0002_b.sql": {}}, "name": {"clickhouse/first.sql": {}},
	} {
		if _, err := loadMigrations(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestDescribed: DESCRIBE tells an analyst what a column is, and every column of a
// table is filled by its sink.
func TestDescribed(t *testing.T) {
	cfg, conn := migrated(t)
	const tables = "database = currentDatabase() AND table NOT LIKE '%\\_feed' AND table NOT LIKE 'v\\_%'"
	if bare := lines(t, conn, "SELECT table, name FROM system.columns WHERE comment = '' AND "+tables); len(bare) > 0 {
		t.Errorf("columns without a comment: %q", bare)
	}
	if bare := lines(t, conn, "SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = '' AND name NOT LIKE '%\\_feed'"); len(bare) > 0 {
		t.Errorf("tables and views without a comment: %q", bare)
	}
	for name, in := range inputs(t, cfg) {
		same(t, name, in, lines(t, conn, "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = ? ORDER BY name", name))
	}
}

func inputs(t *testing.T, cfg Config) map[string][]string {
	t.Helper()
	events, err := NewEvents(cfg, firstSegment{}, DefaultEventSettings(), nil)
	must(t, err)
	findings, err := NewFindings(cfg, nil)
	must(t, err)
	actions, err := NewActions(cfg, nil)
	must(t, err)
	statuses, err := NewStatuses(cfg, nil)
	must(t, err)
	endpoints, err := NewEndpoints(cfg, nil)
	must(t, err)
	fields, err := NewFields(cfg, nil)
	must(t, err)
	out := map[string][]string{}
	principals, err := NewPrincipals(cfg, nil)
	must(t, err)
	verdicts, err := NewVerdicts(cfg, nil)
	must(t, err)
	flows, err := NewFlows(cfg, nil)
	must(t, err)
	deploys, err := NewDeploys(cfg, nil)
	must(t, err)
	for _, s := range []*table{events.table, findings.table, actions.table, statuses.table, endpoints.table, fields.table, principals.table, verdicts.table, flows.table, deploys.table} {
		for _, c := range s.input {
			out[s.name] = append(out[s.name], c.Name)
		}
		slices.Sort(out[s.name])
	}
	return out
}

func TestOpenWithoutDatabase(t *testing.T) {
	cfg := config(t)
	if _, err := Open(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), cfg.Database) {
		t.Errorf("error %v does not name the database", err)
	}
}
