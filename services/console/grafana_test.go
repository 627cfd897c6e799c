package console

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/goccy/go-yaml"
	"github.com/segmentio/encoding/json"
)

const grafanaFolder = "../../deploy/grafana"

// macro is one of Grafana's ClickHouse plugin, as it writes them out; f gets what
// stands in the parentheses.
type macro struct {
	pattern *regexp.Regexp
	f       func(arg string, from, to time.Time) string
}

func macros() []macro {
	unix := func(t time.Time) string { return fmt.Sprintf("toDateTime(%d)", t.Unix()) }
	return []macro{
		{regexp.MustCompile(`\$__timeFilter\(([^)]*)\)`), func(c string, from, to time.Time) string {
			return c + " >= " + unix(from) + " AND " + c + " <= " + unix(to)
		}},
		{regexp.MustCompile(`\$__timeInterval\(([^)]*)\)`), func(c string, _, _ time.Time) string {
			return "toStartOfInterval(toDateTime(" + c + "), INTERVAL 60 second)"
		}},
		{regexp.MustCompile(`\$__fromTime()`), func(_ string, from, _ time.Time) string { return unix(from) }},
		{regexp.MustCompile(`\$__toTime()`), func(_ string, _, to time.Time) string { return unix(to) }},
		{regexp.MustCompile(`\$__interval_s()`), func(string, time.Time, time.Time) string { return "60" }},
		{regexp.MustCompile(`\$\{tenant:sqlstring\}()`), func(string, time.Time, time.Time) string { return "'default'" }},
	}
}

func expand(t testing.TB, sql string, from, to time.Time) string {
	t.Helper()
	for _, m := range macros() {
		sql = m.pattern.ReplaceAllStringFunc(sql, func(hit string) string { return m.f(m.pattern.FindStringSubmatch(hit)[1], from, to) })
	}
	if strings.Contains(sql, "$") {
		t.Fatalf("a macro that this test does not know: %s", sql)
	}
	return sql
}

type dashboard struct {
	Templating struct {
		List []struct {
			Name, Query string
			Datasource  struct{ UID string }
		}
	}
	Panels []panel
}

type panel struct {
	Title, Type string
	Datasource  struct{ UID string }
	Panels      []panel
	Targets     []struct {
		RawSQL     string `json:"rawSql"`
		QueryType  string
		Datasource struct{ UID string }
	}
}

// queriesOfDashboard is the number of queries in the dashboard: one that is left out
// by a change of the format would go unnoticed else.
const queriesOfDashboard = 22

// TestGrafana runs every query of the dashboard on real ClickHouse, empty and full.
func TestGrafana(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(grafanaFolder, "dashboards/mirador.json"))
	must(t, err)
	var d dashboard
	must(t, json.Unmarshal(raw, &d))
	uid := datasourceUID(t)
	for _, v := range d.Templating.List {
		if v.Datasource.UID != uid {
			t.Errorf("variable %s asks data source %q, provisioned is %q", v.Name, v.Datasource.UID, uid)
		}
	}
	cfg, conn := database(t)
	for _, full := range []bool{false, true} {
		if full {
			bank(t, cfg, 1)
		}
		to := time.Now().Add(time.Minute)
		from := to.Add(-2 * time.Hour)
		n := 0
		run := func(title, kind, sql string) {
			t.Helper()
			n++
			rows, err := conn.Query(t.Context(), expand(t, sql, from, to))
			if err != nil {
				t.Errorf("%s: %v\n%s", title, err, sql)
				return
			}
			defer rows.Close()
			count := check(t, title, kind, rows)
			if full && count == 0 {
				t.Errorf("%s: no rows of a bank with traffic, attacks and actions", title)
			}
		}
		for _, v := range d.Templating.List {
			run("variable "+v.Name, "table", v.Query)
		}
		for _, p := range d.Panels {
			if p.Type == "row" {
				continue
			}
			if len(p.Targets) == 0 {
				t.Errorf("panel %q asks nothing", p.Title)
			}
			for _, q := range p.Targets {
				if q.Datasource.UID != uid {
					t.Errorf("panel %q asks data source %q, provisioned is %q", p.Title, q.Datasource.UID, uid)
				}
				if !strings.Contains(q.RawSQL, "${tenant") {
					t.Errorf("panel %q does not ask for a tenant", p.Title)
				}
				run(p.Title, q.QueryType, q.RawSQL)
			}
		}
		if n != queriesOfDashboard {
			t.Errorf("%d queries were run, want %d", n, queriesOfDashboard)
		}
	}
}

// check reads all rows; a time series needs a column of that name, and a time in it.
func check(t testing.TB, title, kind string, rows driver.Rows) (n int) {
	t.Helper()
	columns := rows.ColumnTypes()
	if kind == "timeseries" && (columns[0].Name() != "time" || !strings.HasPrefix(columns[0].DatabaseTypeName(), "DateTime")) {
		t.Errorf("%s: first column is %s %s, want a time", title, columns[0].Name(), columns[0].DatabaseTypeName())
	}
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Errorf("%s: %v", title, err)
	}
	return n
}

// datasourceUID is that of the provisioned data source; both files are read strictly
// enough to see that Grafana would take them.
func datasourceUID(t testing.TB) string {
	t.Helper()
	var sources struct {
		Datasources []struct {
			Name, UID, Type string
			JSONData        struct {
				Host, Protocol, Username string
				Port                     int
				DefaultDatabase          string `yaml:"defaultDatabase"`
			} `yaml:"jsonData"`
		}
	}
	read := func(name string, into any) {
		raw, err := os.ReadFile(filepath.Join(grafanaFolder, "provisioning", name))
		must(t, err)
		must(t, yaml.Unmarshal(raw, into))
	}
	read("datasources/mirador.yaml", &sources)
	if len(sources.Datasources) != 1 {
		t.Fatalf("%d data sources, want 1", len(sources.Datasources))
	}
	s := sources.Datasources[0]
	if s.Type != "grafana-clickhouse-datasource" || s.JSONData.Host == "" || s.JSONData.Port != 9000 || s.JSONData.Protocol != "native" || s.JSONData.DefaultDatabase != "mirador" {
		t.Errorf("data source %+v", s)
	}
	var providers struct {
		Providers []struct {
			Type    string
			Options struct{ Path string }
		}
	}
	read("dashboards/mirador.yaml", &providers)
	if len(providers.Providers) != 1 || providers.Providers[0].Type != "file" || providers.Providers[0].Options.Path != "/var/lib/grafana/dashboards" {
		t.Errorf("providers %+v", providers.Providers)
	}
	return s.UID
}
