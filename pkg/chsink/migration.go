package chsink

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

// migration is one numbered file.
type migration struct {
	version  uint32
	name     string
	checksum string // of the text before settings are filled in: they may change
	text     string
}

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

// repeatable is what a migration may consist of: statements that do nothing when
// their work is done, so that two starters at once, and one that was killed half
// way, come to the same end.
var repeatable = regexp.MustCompile(`^(CREATE (TABLE|VIEW|MATERIALIZED VIEW) IF NOT EXISTS` +
	`|CREATE OR REPLACE VIEW` +
	`|ALTER TABLE \S+ (ADD (COLUMN|INDEX) IF NOT EXISTS|DROP (COLUMN|INDEX) IF EXISTS|MODIFY (COLUMN|COMMENT|SETTING|QUERY))` +
	`|DROP (TABLE|VIEW) IF EXISTS)\s`)

// loadMigrations reads the folder clickhouse of files, in order of number.
func loadMigrations(files fs.FS) ([]migration, error) {
	entries, err := fs.ReadDir(files, "clickhouse") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	var out []migration
	for _, e := range entries {
		m := migrationName.FindStringSubmatch(e.Name())
		if m == nil {
			return nil, fmt.Errorf("migrations: %s is not named NNNN_name.sql", e.Name())
		}
		n, _ := strconv.ParseUint(m[1], 10, 32) // four digits
		if int(n) != len(out) {
			return nil, fmt.Errorf("migrations: %s where number %04d is due", e.Name(), len(out))
		}
		b, err := fs.ReadFile(files, "clickhouse/"+e.Name())
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		sum := sha256.Sum256(b)
		out = append(out, migration{version: uint32(n), name: e.Name(), checksum: hex.EncodeToString(sum[:]), text: string(b)})
	}
	if len(out) < 2 {
		return nil, errors.New("migrations: there are none")
	}
	return out, nil
}

// statements fills in database and settings and takes the text apart. Every
// statement ends with a semicolon at the end of its line.
func (m *migration) statements(database string, r Retention) ([]string, error) {
	t, err := template.New(m.name).Option("missingkey=error").Funcs(template.FuncMap{"ttl": ttlClause}).Parse(m.text)
	if err != nil {
		return nil, fmt.Errorf("migration %s: %w", m.name, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, struct {
		Retention
		Database string
	}{r, database}); err != nil {
		return nil, fmt.Errorf("migration %s: %w", m.name, err)
	}
	var out []string
	for part := range strings.SplitSeq(b.String()+"\n", ";\n") {
		s := strings.TrimSpace(part)
		if s == "" {
			continue
		}
		if !repeatable.MatchString(withoutComments(s)) {
			return nil, fmt.Errorf("migration %s: a statement that can't be run twice: %.80q", m.name, withoutComments(s))
		}
		out = append(out, s)
	}
	return out, nil
}

// withoutComments drops the comment lines that lead a statement.
func withoutComments(s string) string {
	for strings.HasPrefix(s, "--") {
		_, s, _ = strings.Cut(s, "\n")
		s = strings.TrimLeft(s, " \t\n")
	}
	return s
}
