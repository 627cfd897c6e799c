package desired

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/services/enforcer/edge"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newMachine(t testing.TB, change func(*Config)) *Machine {
	t.Helper()
	cfg := Defaults()
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	m, err := NewMachine(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// act is an opened action: "op type value issuer", live from at for d.
func act(text string, at time.Time, d time.Duration, revision int64) action.Opened {
	f := strings.Fields(text)
	a := action.Action{
		Tenant: "default", Op: action.Op(f[0]), Target: action.Target{Type: action.TargetType(f[1]), Value: f[2]}, Scope: "*", Issuer: f[3],
		Mode: action.Enforce, NotBefore: at, NotAfter: at.Add(d), Revision: revision, EventTime: at,
	}
	a.ID = action.NewID(a.Key(), "f", at)
	return action.Opened{Key: string(a.Key()), Revision: revision, Action: a}
}

func tombstone(o action.Opened, revision int64) action.Opened {
	return action.Opened{Key: o.Key, Tombstone: true, Revision: revision}
}

// view is what edges hold after the changes, as "op value".
type view map[edge.Place]edge.Order

func (v view) update(m *Machine) {
	adds, removes := m.Changes()
	for _, o := range removes {
		delete(v, o.Place)
	}
	for _, o := range adds {
		v[o.Place] = o
	}
}

func (v view) String() string {
	var s []string
	for _, o := range v {
		s = append(s, fmt.Sprint(o.Op, " ", o.Value))
	}
	slices.Sort(s)
	return strings.Join(s, ", ")
}

func states(m *Machine) string {
	var s []string
	for _, n := range m.Notes() {
		s = append(s, string(n.State)+": "+n.Why)
	}
	return strings.Join(s, "; ")
}

const minute = time.Minute

func TestUnionOverIssuers(t *testing.T) {
	m, v := newMachine(t, nil), view{}
	throttle := act("throttle address 192.0.2.7 behavior/A/0", start, 10*minute, 1)
	block := act("block address 192.0.2.7 signature/B/0", start, 5*minute, 1)
	m.Apply(throttle, start, false)
	m.Apply(block, start, false)
	v.update(m)
	if v.String() != "block 192.0.2.7" || len(v[edge.PlaceOf(&block.Action)].Actions) != 2 {
		t.Fatalf("both live: %s", v)
	}
	m.Advance(start.Add(5 * minute))
	v.update(m)
	if v.String() != "throttle 192.0.2.7" {
		t.Fatalf("the stronger over: %s", v)
	}
	m.Apply(tombstone(throttle, 2), start.Add(6*minute), false)
	v.update(m)
	if v.String() != "" {
		t.Fatalf("both over: %s", v)
	}
}

func TestAllowOfAPersonWins(t *testing.T) {
	m, v := newMachine(t, nil), view{}
	m.Apply(act("block address 192.0.2.7 signature/B/0", start, 60*minute, 1), start, false)
	allow := act("allow address 192.0.2.7 person/ann", start, 10*minute, 1)
	m.Apply(allow, start, false)
	v.update(m)
	if v.String() != "allow 192.0.2.7" {
		t.Fatalf("with the allow: %s", v)
	}
	if n := len(v[edge.PlaceOf(&allow.Action)].Actions); n != 1 {
		t.Errorf("an overruled block counts as enforced: %d actions", n)
	}
	m.Advance(start.Add(10 * minute))
	v.update(m)
	if v.String() != "block 192.0.2.7" {
		t.Fatalf("after the allow: %s", v)
	}
	m.Notes()
	if r := m.Apply(act("allow address 192.0.2.8 signature/B/0", start, minute, 1), start, false); r != Denied {
		t.Errorf("a detector's allow: %s", r)
	}
}

func TestRevisions(t *testing.T) {
	m, v := newMachine(t, nil), view{}
	block := act("block address 192.0.2.7 signature/B/0", start, 10*minute, 5)
	m.Apply(block, start, false)
	if r := m.Apply(act("throttle address 192.0.2.7 signature/B/0", start, 20*minute, 4), start, false); r != Stale {
		t.Errorf("a lower revision: %s", r)
	}
	if r := m.Apply(tombstone(block, 4), start, false); r != Stale {
		t.Errorf("a tombstone of a lower revision: %s", r)
	}
	v.update(m)
	if v.String() != "block 192.0.2.7" {
		t.Fatalf("holds: %s", v)
	}
	if r := m.Apply(tombstone(block, 5), start, false); r != Ended {
		t.Errorf("its tombstone: %s", r)
	}
	if r := m.Apply(block, start, false); r != Stale {
		t.Errorf("the ended action again: %s", r)
	}
	v.update(m)
	if v.String() != "" {
		t.Fatalf("holds after its end: %s", v)
	}
	if r := m.Apply(act("block address 192.0.2.7 signature/B/0", start, 10*minute, 6), start, false); r != Taken {
		t.Errorf("a new one: %s", r)
	}
}

func TestNothingOutlivesNotAfter(t *testing.T) {
	m, v := newMachine(t, nil), view{}
	block := act("block address 192.0.2.7 signature/B/0", start, 10*minute, 5)
	m.Apply(block, start, false)
	v.update(m)
	if next, ok := m.Next(); !ok || !next.Equal(start.Add(10*minute)) {
		t.Errorf("next is %s", next)
	}
	m.Notes()
	m.Advance(start.Add(10 * minute))
	v.update(m)
	if v.String() != "" || states(m) != "expired: " || m.Records() != 0 {
		t.Fatalf("holds after its end: %s", v)
	}
	if r := m.Apply(block, start.Add(10*minute), false); r != Over {
		t.Errorf("a replay: %s", r)
	}
	v.update(m)
	if v.String() != "" {
		t.Fatalf("a replay brought it back: %s", v)
	}
}

func TestGuards(t *testing.T) {
	f := func(text string, d time.Duration, want string) {
		t.Helper()
		m, v := newMachine(t, func(c *Config) {
			c.NeverBlock.CIDRs = append(c.NeverBlock.CIDRs, "198.51.100.0/24")
			c.NeverBlock.Credentials = []string{"c"}
		}), view{}
		m.Apply(act(text, start, d, 1), start, false)
		v.update(m)
		got := states(m)
		if want == "" && (got != "" || len(v) != 1) || want != "" && (!strings.Contains(got, want) || len(v) != 0) {
			t.Errorf("%s: %q, holds %q", text, got, v)
		}
	}
	f("block address 192.0.2.7 s/r/0", minute, "")
	f("block address 127.0.0.1 s/r/0", minute, "never-block")
	f("block address 127.0.0.1 person/ann", minute, "never-block")
	f("block address 198.51.100.3 s/r/0", minute, "never-block")
	f("block cidr 198.51.0.0/16 person/ann", minute, "never-block")
	f("block credential c s/r/0", minute, "never-block")
	f("block credential d s/r/0", minute, "")
	f("block cidr 192.0.2.0/24 s/r/0", minute, "wider than /32")
	f("block cidr 192.0.2.0/24 person/ann", minute, "")
	f("block cidr 2001:db8::/64 s/r/0", minute, "")
	f("block cidr 2001:db8::/63 s/r/0", minute, "wider than /64")
	f("block cidr 2001:db8::1/64 s/r/0", minute, "no prefix")
	f("block address example.com s/r/0", minute, "no address")
	f("erase address 192.0.2.7 s/r/0", minute, "unknown op")
	f("block address 192.0.2.7 s/r/0", 25*time.Hour, "needs a person")
	f("block address 192.0.2.7 person/ann", 2500*time.Hour, "")
	f("log address 192.0.2.7 s/r/0", minute, "dry_run")
}

func TestDryRun(t *testing.T) {
	m := newMachine(t, func(c *Config) { c.DryRun = true })
	m.Apply(act("block address 192.0.2.7 s/r/0", start, minute, 1), start, false)
	if adds, _ := m.Changes(); len(adds) != 0 || states(m) != "dry_run: " {
		t.Error("a dry run told the edges")
	}
	m = newMachine(t, nil)
	o := act("block address 192.0.2.7 s/r/0", start, minute, 1)
	o.Action.Mode = action.DryRun
	m.Apply(o, start, false)
	if adds, _ := m.Changes(); len(adds) != 0 || states(m) != "dry_run: " {
		t.Error("a dry-run action told the edges")
	}
	o.Action.Mode, o.Revision, o.Action.Revision = action.Enforce, 2, 2
	m.Apply(o, start, false)
	if adds, _ := m.Changes(); len(adds) != 1 {
		t.Error("the action that became one to enforce was not taken")
	}
}

func TestAnActionThatBeginsLater(t *testing.T) {
	m, v := newMachine(t, nil), view{}
	m.Apply(act("block address 192.0.2.7 s/r/0", start.Add(minute), minute, 1), start, false)
	v.update(m)
	if v.String() != "" {
		t.Fatalf("before its time: %s", v)
	}
	m.Advance(start.Add(minute - 5*time.Second))
	v.update(m)
	if v.String() != "block 192.0.2.7" {
		t.Fatalf("at its time, less the skew: %s", v)
	}
}

func TestCapsTripTheBreaker(t *testing.T) {
	m, v := newMachine(t, func(c *Config) { c.Caps.NewPerMinute = 3 }), view{}
	for i := range 5 {
		m.Apply(act(fmt.Sprintf("block address 192.0.2.%d s/r/0", i+1), start, 10*minute, 1), start, false)
	}
	m.Apply(act("block address 192.0.2.99 person/ann", start, 10*minute, 1), start, false)
	m.Apply(act("block address 192.0.2.1 s/other/0", start, 10*minute, 1), start, false)
	v.update(m)
	if v.String() != "block 192.0.2.1, block 192.0.2.2, block 192.0.2.3, block 192.0.2.99" {
		t.Fatalf("holds %s", v)
	}
	if s := states(m); !strings.Contains(s, "breaker tripped: 3 new") || !strings.Contains(s, "log-only until") {
		t.Errorf("notes %s", s)
	}
	// An extension of what is held passes a tripped breaker, and after the hold so
	// does a new one.
	if r := m.Apply(act("block address 192.0.2.2 s/r/0", start, 12*minute, 2), start.Add(minute), false); r != Taken {
		t.Errorf("an extension: %s", r)
	}
	if r := m.Apply(act("block address 192.0.2.50 s/r/0", start, 12*minute, 2), start.Add(5*minute), false); r != Taken {
		t.Errorf("after the hold: %s", r)
	}
	m = newMachine(t, func(c *Config) { c.Caps.Active = 2 })
	for i := range 3 {
		m.Apply(act(fmt.Sprintf("block address 192.0.2.%d s/r/0", i+1), start, 10*minute, 1), start, false)
	}
	if s := states(m); !strings.Contains(s, "breaker tripped: 2 targets") {
		t.Errorf("notes %s", s)
	}
	m = newMachine(t, func(c *Config) { c.Caps.Active, c.Caps.Tracked = 1, 1 })
	m.Apply(act("log address 192.0.2.1 s/r/0", start, 10*minute, 1), start, false)
	if r := m.Apply(act("log address 192.0.2.2 s/r/0", start, 10*minute, 1), start, false); r != Denied {
		t.Errorf("past caps.tracked: %s", r)
	}
}

// TestARestartIsNoFlood: what was let through over hours comes at once when the
// topic is read from its start.
func TestARestartIsNoFlood(t *testing.T) {
	m, v := newMachine(t, func(c *Config) { c.Caps.NewPerMinute = 3 }), view{}
	now := start.Add(time.Hour)
	for i := range 60 {
		m.Apply(act(fmt.Sprintf("block address 192.0.2.%d s/r/0", i+1), start.Add(time.Duration(i)*minute), 2*time.Hour, 1), now, true)
	}
	v.update(m)
	if len(v) != 60 {
		t.Errorf("%d of 60 taken up again: %s", len(v), states(m))
	}
	for _, o := range v {
		if !o.Actions[0].Restored {
			t.Fatal("not marked as restored")
		}
	}
}

func TestKill(t *testing.T) {
	m, v := newMachine(t, nil), view{}
	m.Apply(act("block address 192.0.2.1 s/r/0", start, 10*minute, 1), start, false)
	v.update(m)
	m.Kill(true)
	v.update(m)
	if v.String() != "" {
		t.Fatalf("killed: %s", v)
	}
	m.Apply(act("block address 192.0.2.2 s/r/0", start, 10*minute, 1), start, false)
	v.update(m)
	if v.String() != "" {
		t.Fatalf("killed, a new one: %s", v)
	}
	m.Kill(false)
	v.update(m)
	if v.String() != "block 192.0.2.1, block 192.0.2.2" {
		t.Fatalf("put back: %s", v)
	}
}

// TestEqualsAModel runs random histories against a model that keeps everything
// and computes what must hold anew each time.
func TestEqualsAModel(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		m, v := newMachine(t, func(c *Config) { c.Caps.NewPerMinute = 1 << 30 }), view{}
		latest := map[string]action.Opened{} // per key, the highest revision so far
		horizon := map[string]time.Time{}    // per key, until when that matters
		now := start
		for step := range 400 {
			now = now.Add(time.Duration(r.IntN(40)) * time.Second)
			issuer := []string{"a/r/0", "b/r/0", "person/ann"}[r.IntN(3)]
			op := []string{"block", "throttle", "challenge", "log", "allow"}[r.IntN(5)]
			if op == "allow" {
				issuer = "person/ann"
			}
			o := act(fmt.Sprintf("%s address 192.0.2.%d %s", op, 1+r.IntN(3), issuer), now, time.Duration(r.IntN(600))*time.Second, int64(r.IntN(step+1)))
			if r.IntN(5) == 0 {
				o = tombstone(o, o.Revision)
			}
			for k, t := range horizon {
				if !now.Before(t) { // nothing that was seen of the key could have an effect
					delete(horizon, k)
					delete(latest, k)
				}
			}
			old, known := latest[o.Key]
			if known && o.Revision == old.Revision {
				continue // see TestRevisions
			}
			m.Apply(o, now, false)
			if !known || o.Revision > old.Revision {
				latest[o.Key] = o
				if over := o.Tombstone || !now.Before(o.Action.NotAfter); !over && o.Action.NotAfter.After(horizon[o.Key]) {
					horizon[o.Key] = o.Action.NotAfter
				} else if over && !known {
					horizon[o.Key] = now.Add(24 * time.Hour)
				}
			}
			m.Advance(now)
			v.update(m)
			want := view{}
			for _, o := range latest {
				if o.Tombstone || !now.Before(o.Action.NotAfter) || o.Action.Op == action.Log {
					continue
				}
				p := edge.PlaceOf(&o.Action)
				if w, ok := want[p]; !ok || edge.Strength(o.Action.Op) > edge.Strength(w.Op) {
					want[p] = edge.Order{Place: p, Op: o.Action.Op}
				}
			}
			if v.String() != want.String() {
				t.Fatalf("seed %d step %d: holds %q, want %q", seed, step, v, want)
			}
			for _, o := range v {
				if !now.Before(o.Until) {
					t.Fatalf("seed %d step %d: %v is over", seed, step, o)
				}
			}
		}
		m.Advance(now.Add(48 * time.Hour))
		v.update(m)
		if len(v) != 0 || m.Records() != m.ended || m.tenant("default").active != 0 {
			t.Fatalf("seed %d: two days later %d orders, %d records, %d active", seed, len(v), m.Records(), m.tenant("default").active)
		}
	}
}
