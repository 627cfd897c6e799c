package crash

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/loadtest/oracle"
	"github.com/miradorhq/mirador/loadtest/traffic"
	"github.com/miradorhq/mirador/pkg/chsink"
)

// observed is what ClickHouse holds, in the oracle's terms.
type observed struct {
	events     map[string]bool
	twice      uint64 // events that stand in v_events more than once
	hits       map[string]uint64
	minutes    map[string]uint64
	hours      map[string]uint64
	injections map[string]oracle.Attack
	attackers  map[traffic.Kind]map[string]bool
	actions    map[string]bool
	strange    []string // actions whose finding is not there or is about somebody else
	fields     map[string]bool
	// others are targets of rules that the oracle expects nothing of: they must be among
	// those whom the rules that it knows act on.
	others map[string]string
	// against are the findings that speak against each principal, feared those that its
	// risk is made of: whatever fails, the responder must have each once.
	against, feared map[string]string
}

// mostLines of a difference are printed, a table.
const mostLines = 8

// Compare reads ClickHouse and lists every difference to the expectation; none
// means equal.
func (c *Cluster) Compare(ctx context.Context, want *oracle.Expectation) ([]string, error) {
	conn, err := chsink.Open(ctx, c.Base.ClickHouse)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	got, err := observe(ctx, conn)
	if err != nil {
		return nil, err
	}
	diff := oracle.Diff("events", want.Events, got.events, mostLines)
	if got.twice > 0 {
		diff = append(diff, fmt.Sprintf("events: %d stand there more than once", got.twice))
	}
	diff = append(diff, oracle.Diff("endpoint counters", want.Hits, got.hits, mostLines)...)
	diff = append(diff, oracle.Diff("endpoint_minutes", want.Minutes, got.minutes, mostLines)...)
	diff = append(diff, oracle.Diff("principal_hours", want.Hours, got.hours, mostLines)...)
	diff = append(diff, oracle.Diff("injection findings", want.Injections, got.injections, mostLines)...)
	for _, k := range []traffic.Kind{traffic.Stuffing, traffic.Enumeration, traffic.Scan} {
		diff = append(diff, oracle.Diff(string(k)+" findings", want.Attackers[k], got.attackers[k], mostLines)...)
	}
	diff = append(diff, oracle.Diff("actions", want.Actions, got.actions, mostLines)...)
	diff = append(diff, got.strange...)
	for target, rule := range got.others {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(want.Actions)), func(a string) bool { return strings.Contains(a, "|"+target+" ") }) {
			diff = append(diff, fmt.Sprintf("actions: %s acts on %s, who attacks nobody", rule, target))
		}
	}
	diff = append(diff, oracle.Diff("findings of principals", got.against, got.feared, mostLines)...)
	for _, f := range []string{"card response cards[].pan", "iban response accounts[].iban", "email response email"} {
		if !got.fields[f] {
			diff = append(diff, fmt.Sprintf("fields: %s is missing", f))
		}
	}
	return diff, nil
}

// kindOf says which kind of attack a rule names. "" is none.
func kindOf(rule string) traffic.Kind {
	switch {
	case strings.HasPrefix(rule, "SIG-"):
		return traffic.Injection
	case rule == "CRED-01":
		return traffic.Stuffing
	case rule == "ENUM-01", rule == "BOLA-01":
		return traffic.Enumeration
	case rule == "RECON-01":
		return traffic.Scan
	}
	return traffic.Ordinary
}

func observe(ctx context.Context, conn driver.Conn) (*observed, error) {
	o := &observed{events: map[string]bool{}, hits: map[string]uint64{}, minutes: map[string]uint64{}, hours: map[string]uint64{}, injections: map[string]oracle.Attack{},
		attackers: map[traffic.Kind]map[string]bool{}, actions: map[string]bool{}, fields: map[string]bool{}, others: map[string]string{}, against: map[string]string{}, feared: map[string]string{}}
	q := reader{ctx: ctx, conn: conn}
	q.each("SELECT toString(event_id), count() FROM v_events GROUP BY event_id", func(scan func(...any)) {
		var id string
		var n uint64
		scan(&id, &n)
		o.events[id] = true
		if n > 1 {
			o.twice++
		}
	})
	// Scans make paths that nothing serves: no endpoint, but minutes of their own.
	known := map[string]string{}
	q.each("SELECT id, concat(method, ' ', template), hits FROM v_endpoints", func(scan func(...any)) {
		var id, op string
		var n uint64
		scan(&id, &op, &n)
		known[id] = op
		o.hits[op] = n
	})
	q.each("SELECT endpoint_id, minute, hits FROM v_endpoint_minutes", func(scan func(...any)) {
		var id string
		var at time.Time
		var n uint64
		scan(&id, &at, &n)
		if op := known[id]; op != "" {
			o.minutes[op+"|"+at.UTC().Format(oracle.Minute)] = n
		}
	})
	q.each("SELECT principal, hour, hits FROM v_principal_hours", func(scan func(...any)) {
		var who string
		var at time.Time
		var n uint64
		scan(&who, &at, &n)
		o.hours[who+"|"+at.UTC().Format(oracle.Hour)] = n
	})
	findings := map[string]found{}
	q.each("SELECT id, rule, principal, endpoint, credential, addresses, events, count FROM v_findings", func(scan func(...any)) {
		var id, rule, who, endpoint, credential string
		var addresses, events []string
		var count uint64
		scan(&id, &rule, &who, &endpoint, &credential, &addresses, &events, &count)
		findings[id] = found{rule, events, append(slices.Clone(addresses), credential)}
		switch k := kindOf(rule); k {
		case traffic.Ordinary:
		case traffic.Injection:
			// Two findings of one attack would be a difference too: it never paused.
			key := who + "|" + operation(endpoint)
			a := o.injections[key]
			a.Count += count
			for _, e := range events {
				a.Events += e + " "
			}
			o.injections[key] = a
		default:
			if o.attackers[k] == nil {
				o.attackers[k] = map[string]bool{}
			}
			if who != "" {
				o.attackers[k][who] = true
				return
			}
			for _, a := range addresses { // a finding about a cluster of sources
				o.attackers[k]["ip:"+a] = true
			}
		}
	})
	q.each("SELECT principal, arraySort(groupArray(id)) FROM v_findings WHERE principal NOT IN ('', 'none') AND NOT match(rule, '^(DATA|RUNNER|POLICY|RISK|TLS)-|^INV-0[013]$') GROUP BY principal", func(scan func(...any)) {
		var who string
		var ids []string
		scan(&who, &ids)
		o.against[who] = strings.Join(ids, " ")
	})
	q.each("SELECT id, arraySort(parts.finding) FROM v_principals", func(scan func(...any)) {
		var who string
		var ids []string
		scan(&who, &ids)
		o.feared[who] = strings.Join(ids, " ")
	})
	q.each("SELECT target_type, target, op, findings, rule FROM v_actions", func(scan func(...any)) {
		var kind, target, op, rule string
		var ids []string
		scan(&kind, &target, &op, &ids, &rule)
		f, ok := findings[first(ids)]
		if rule == "RISK-01" { // one more word on who is acted on already; which, depends on time
			if !ok || f.rule != rule || !slices.Contains(f.subjects, target) {
				o.strange = append(o.strange, fmt.Sprintf("actions: %s %s for findings %v: not there, or not about it", op, target, ids))
			}
			return
		}
		if !ok || len(ids) != 1 || !slices.Contains(f.subjects, target) {
			o.strange = append(o.strange, fmt.Sprintf("actions: %s %s for findings %v: not there, not one, or not about it", op, target, ids))
			return
		}
		if kindOf(f.rule) == traffic.Ordinary {
			o.others[target] = f.rule
			return
		}
		action := fmt.Sprintf("%s %s|%s %s", op, kind, target, kindOf(f.rule))
		if kindOf(f.rule) == traffic.Injection {
			action += " " + first(f.events)
		}
		o.actions[action] = true
	})
	q.each("SELECT concat(type, ' ', direction, ' ', path) FROM v_fields WHERE confirmed", func(scan func(...any)) {
		var f string
		scan(&f)
		o.fields[f] = true
	})
	return o, q.err
}

// operation is "METHOD host/template" as the oracle writes it, without the host.
func operation(endpoint string) string {
	method, rest, _ := strings.Cut(endpoint, " ")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		rest = rest[i:]
	}
	return method + " " + rest
}

// found is what of a finding an action is held against.
type found struct {
	rule     string
	events   []string
	subjects []string // addresses and credential
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// reader keeps the first error.
type reader struct {
	ctx  context.Context
	conn driver.Conn
	err  error
}

func (q *reader) each(sql string, row func(scan func(...any))) {
	if q.err != nil {
		return
	}
	rows, err := q.conn.Query(q.ctx, sql)
	if err != nil {
		q.err = fmt.Errorf("%s: %w", sql, err)
		return
	}
	defer rows.Close()
	for rows.Next() && q.err == nil {
		row(func(dest ...any) {
			if err := rows.Scan(dest...); err != nil {
				q.err = fmt.Errorf("%s: %w", sql, err)
			}
		})
	}
	if q.err == nil {
		q.err = rows.Err()
	}
}
