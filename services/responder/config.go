// Package responder fuses findings: it reads mirador.findings, adds up what all
// detectors say of a principal, and asks for an action where that is enough, under an
// issuer of its own.
//
// Findings are keyed by their id, so those of one principal come from all partitions.
// A first stage (reader.go) sends what matters of each on as a partial keyed by its
// principal; the second (merger.go) orders them by event time, a window behind the
// newest, and holds one state a principal (actor.go). What people say of findings comes
// the same way (verdicts.go), to every partition, since a rule's precision concerns
// all. The formula is that of package risk.
//
// What comes out are records of mirador.principals and, from a threshold on, a finding
// RISK-01 (judge.go), which the policy around the merger makes an action of as it does
// with any other.
package responder

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/risk"
)

// Name is the detector's, Kind that of its partials, Version what computes a risk.
const (
	Name    = "responder"
	Kind    = "responder"
	Version = "1"
)

// Config are the settings of all stages.
type Config struct {
	Window time.Duration `yaml:"window" doc:"How long findings are waited for, to be taken in the order of event time."`

	Block     float64 `yaml:"block" doc:"Risk, 0 to 100, from which a principal is blocked, given enough independent families."`
	Challenge float64 `yaml:"challenge" doc:"Risk from which it is challenged."`
	Throttle  float64 `yaml:"throttle" doc:"Risk from which it is throttled."`
	// Independent families are needed for a block, each with at least Floor.
	Independent int     `yaml:"independent" doc:"Families of detections that must speak against a principal before it is blocked; one deterministic finding of high severity stands for all."`
	Floor       float64 `yaml:"floor" doc:"Share of a family, 0 to 1, below which it does not count as speaking against anybody."`

	HalfLife      time.Duration            `yaml:"half_life" doc:"After this long half of what a finding adds is left."`
	HalfLives     map[string]time.Duration `yaml:"half_lives" doc:"Half-lives of families that have one of their own."`
	Families      map[string][]string      `yaml:"families" doc:"Detections that see the same thing, by rule id or by a prefix with a star; of each family only the strongest counts. A rule in none is a family with those of its prefix."`
	Deterministic []string                 `yaml:"deterministic" doc:"Rules, or prefixes with a star, behind which no threshold stands."`
	Ignore        []string                 `yaml:"ignore" doc:"Rules, or prefixes with a star, that say nothing of who acts: of an API, of data, of Mirador itself."`
	Prior         risk.Prior               `yaml:"prior" doc:"What a finding's confidence is worth beside verdicts."`

	UpdateEvery time.Duration `yaml:"update_every" doc:"How often RISK-01 is put out again where nothing but the evidence of the same findings grows."`
	Forget      time.Duration `yaml:"forget_after" doc:"A principal without a new finding for so long is forgotten."`
	MaxActors   int           `yaml:"max_principals" doc:"Principals a partition; the one whose findings are oldest is forgotten."`
	MaxParts    int           `yaml:"max_findings" doc:"Findings a principal; the weakest is left out."`
	MaxWaiting  int           `yaml:"max_waiting" doc:"Findings and verdicts a partition that wait for their turn; past it they are taken in the order in which they came."`
	MaxVerdicts int           `yaml:"max_verdicts" doc:"Verdicts a partition that can still be changed; older ones only count. As many rules are told apart."`
}

// Defaults are those of the documentation.
func Defaults() Config {
	return Config{
		Window: 2 * time.Second, Block: 80, Challenge: 60, Throttle: 40, Independent: 2, Floor: 0.2,
		HalfLife:  6 * time.Hour,
		HalfLives: map[string]time.Duration{"reconnaissance": time.Hour, "reputation": 24 * time.Hour},
		Families: map[string][]string{
			"injection":      {"SIG-*", "CRS-*", "SSRF-*"},
			"tampering":      {"MASS-*", "FUZZ-*"},
			"reconnaissance": {"RECON-*", "INV-02"},
			"login":          {"CRED-*", "ATO-*"},
			"token":          {"TOK-*", "JWT-*"},
			"objects":        {"BOLA-*", "ENUM-*", "EXFIL-*"},
			"automation":     {"SCRAPE-*", "BOT-*", "SPAM-*", "HOARD-*", "SLOW-*"},
			"business":       {"TXN-*", "SEQ-*"},
			"resources":      {"RATE-*", "RES-*", "GQL-*"},
			"role":           {"BFLA-*", "AUTH-*", "POL-*"},
			"reputation":     {"REP-*"},
		},
		Deterministic: []string{"JWT-01", "POL-01"},
		Ignore:        []string{"INV-00", "INV-01", "INV-03", "DATA-*", "RUNNER-*", "POLICY-*", "RISK-*", "TLS-*"},
		Prior:         risk.DefaultPrior(),
		UpdateEvery:   time.Minute, Forget: 72 * time.Hour,
		MaxActors: 100_000, MaxParts: 32, MaxWaiting: 100_000, MaxVerdicts: 20_000,
	}
}

// Validate reports everything that is wrong.
func (c Config) Validate() error {
	var errs []error
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("responder."+format, args...))
		}
	}
	bad(c.Window >= 0 && c.Window <= time.Minute, "window %v: must be 0 to 1m", c.Window)
	bad(0 < c.Throttle && c.Throttle <= c.Challenge && c.Challenge <= c.Block && c.Block <= 100,
		"throttle %v, challenge %v, block %v: must be above 0, not fall, and at most 100", c.Throttle, c.Challenge, c.Block)
	bad(c.Independent >= 1 && c.Independent <= 10, "independent %d: must be 1 to 10", c.Independent)
	bad(c.Floor >= 0 && c.Floor < 1, "floor %v: must be 0 to below 1", c.Floor)
	halfLife := func(name string, d time.Duration) {
		bad(d >= time.Minute && d <= 30*24*time.Hour, "%s %v: must be 1m to 30d", name, d)
	}
	halfLife("half_life", c.HalfLife)
	for _, f := range slices.Sorted(maps.Keys(c.HalfLives)) {
		halfLife("half_lives."+f, c.HalfLives[f])
	}
	pattern := func(name string, list []string) {
		for _, p := range list {
			bad(p != "" && !strings.Contains(strings.TrimSuffix(p, "*"), "*"), "%s: %q is neither a rule nor a prefix with a star", name, p)
		}
	}
	in := map[string]string{}
	for _, f := range slices.Sorted(maps.Keys(c.Families)) {
		pattern("families."+f, c.Families[f])
		for _, p := range c.Families[f] {
			bad(in[p] == "", "families: %s is in %s and in %s", p, in[p], f)
			in[p] = f
		}
	}
	pattern("deterministic", c.Deterministic)
	pattern("ignore", c.Ignore)
	if err := c.Prior.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("responder.prior: %w", err))
	}
	bad(c.UpdateEvery >= time.Second && c.UpdateEvery <= time.Hour, "update_every %v: must be 1s to 1h", c.UpdateEvery)
	bad(c.Forget >= time.Hour && c.Forget <= 90*24*time.Hour, "forget_after %v: must be 1h to 90d", c.Forget)
	for _, n := range []struct {
		name      string
		v, lo, hi int
	}{{"max_principals", c.MaxActors, 1, 10_000_000}, {"max_findings", c.MaxParts, 1, 1000}, {"max_waiting", c.MaxWaiting, 1, 10_000_000}, {"max_verdicts", c.MaxVerdicts, 1, 10_000_000}} {
		bad(n.v >= n.lo && n.v <= n.hi, "%s %d: must be %d to %d", n.name, n.v, n.lo, n.hi)
	}
	return errors.Join(errs...)
}
