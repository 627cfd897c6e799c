package policy

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/finding"
)

// Alert as a rule's op means: the finding is all there is, no action.
const Alert action.Op = "alert"

// Config is what may be done about findings. Start from Defaults.
type Config struct {
	Mode       action.Mode         `yaml:"mode" doc:"dry_run: actions are published and reported, nobody is refused. enforce: they are carried out."`
	Rules      map[string]Rule     `yaml:"rules" doc:"What each rule may cause, by rule id or by a prefix with a star (SIG-*, *). The exact id wins, then the longest prefix. No entry: alert."`
	TTL        []time.Duration     `yaml:"ttl" doc:"How long an action lasts at the first offence, the second, and so on; the last for all further ones."`
	Targets    []action.TargetType `yaml:"targets" doc:"Which target is preferred where a finding offers several: credential, session, subject, address."`
	NeverBlock NeverBlock          `yaml:"never_block" doc:"Who no action is ever made for."`
	WidestIPv6 int                 `yaml:"widest_ipv6" doc:"Prefix length an IPv6 address is widened to, 64 to 128. IPv4 is never widened."`
	Caps       Caps                `yaml:"caps" doc:"How much one partition of one service may do. An enforcer has caps of its own over all of them, which decide."`
	MaxAge     time.Duration       `yaml:"max_event_age" doc:"A finding whose newest event is older than this, by the broker's stamp, causes no action."`
	ClockGuard bool                `yaml:"clock_guard" doc:"Whether max_event_age is checked. Off only for tests with recorded times."`
	Forget     time.Duration       `yaml:"forget_after" doc:"An offender is back at the first step of ttl this long after the last action ended."`
}

// Rule is what one rule, or all with one prefix, may cause. Empty fields take
// the value of Config, or are no condition.
type Rule struct {
	Op            action.Op           `yaml:"op" doc:"alert, throttle, challenge or block."`
	Mode          action.Mode         `yaml:"mode" doc:"Overrides the mode for this rule."`
	TTL           []time.Duration     `yaml:"ttl" doc:"Overrides ttl for this rule."`
	Targets       []action.TargetType `yaml:"targets" doc:"Overrides targets for this rule."`
	Scope         string              `yaml:"scope" doc:"all, or host: only requests to the host the finding is about."`
	MinSeverity   finding.Severity    `yaml:"min_severity" doc:"info, low, medium, high or critical: below it no action."`
	MinConfidence float64             `yaml:"min_confidence" doc:"0 to 1: below it no action."`
	MinCount      uint64              `yaml:"min_count" doc:"Supporting events: with fewer no action."`
}

// Caps bound what one partition of one service may do for one tenant.
type Caps struct {
	Active       int           `yaml:"active" doc:"Actions in force at once."`
	NewPerMinute int           `yaml:"new_per_minute" doc:"New actions in a minute of event time."`
	Hold         time.Duration `yaml:"hold" doc:"How long the breaker stays tripped, in event time: actions are log-only meanwhile."`
	Tracked      int           `yaml:"tracked" doc:"Targets remembered, log-only ones among them; past it nothing is published."`
	Offenders    int           `yaml:"offenders" doc:"Former targets remembered for the steps of ttl; past it the one idle longest is forgotten."`
}

// Scopes of a rule.
const (
	ScopeAll  = "all"
	ScopeHost = "host"
)

// Defaults act in dry run only, on rules that name an attack.
func Defaults() Config {
	attack := Rule{Op: action.Block, MinSeverity: finding.High, MinConfidence: 0.8}
	return Config{
		Mode: action.DryRun,
		Rules: map[string]Rule{
			// RISK-01 says by itself how much it bears.
			"*": {Op: Alert}, "RISK-*": {Op: action.Block}, "SIG-*": attack, "CRED-*": attack, "ENUM-*": attack, "BOLA-*": attack,
			"CRED-02":   {Op: action.Challenge, MinSeverity: finding.High, MinConfidence: 0.7},
			"TOK-01":    {Op: action.Challenge, MinSeverity: finding.High, MinConfidence: 0.75, Targets: []action.TargetType{action.Credential, action.Session}},
			"JWT-01":    {Op: action.Block, MinSeverity: finding.Critical, MinConfidence: 0.9, Targets: []action.TargetType{action.Credential}},
			"ATO-01":    {Op: action.Challenge, MinSeverity: finding.High, MinConfidence: 0.6, Targets: []action.TargetType{action.Credential, action.Session}},
			"RECON-*":   {Op: action.Block, MinSeverity: finding.Medium, MinConfidence: 0.8},
			"GQL-*":     {Op: action.Throttle, MinSeverity: finding.Medium, MinConfidence: 0.7},
			"FUZZ-*":    {Op: action.Throttle, MinSeverity: finding.Medium, MinConfidence: 0.7},
			"MASS-*":    attack, // high where the answer shows that it took effect
			"TXN-01":    {Op: action.Challenge, MinSeverity: finding.High, MinConfidence: 0.8, Targets: []action.TargetType{action.Credential, action.Session}},
			"SCRAPE-01": {Op: action.Challenge, MinSeverity: finding.Medium, MinConfidence: 0.7},
			"SLOW-01":   {Op: action.Challenge, MinSeverity: finding.High, MinConfidence: 0.8},
			"SPAM-01":   {Op: action.Challenge, MinSeverity: finding.Medium, MinConfidence: 0.8, Targets: []action.TargetType{action.Credential, action.Session}},
			"HOARD-01":  {Op: action.Throttle, MinSeverity: finding.Medium, MinConfidence: 0.8},
			"RES-01":    {Op: action.Throttle, MinSeverity: finding.Medium, MinConfidence: 0.7},
			"RATE-*":    {Op: action.Throttle, MinSeverity: finding.Low, MinConfidence: 0.8},
			"EXFIL-*":   {Op: action.Challenge, MinSeverity: finding.High, MinConfidence: 0.8},
		},
		TTL:        []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 24 * time.Hour},
		Targets:    []action.TargetType{action.Credential, action.Session, action.Subject, action.Address},
		NeverBlock: DefaultNeverBlock(),
		WidestIPv6: 64,
		Caps:       Caps{Active: 5000, NewPerMinute: 60, Hold: 5 * time.Minute, Tracked: 20000, Offenders: 50000},
		MaxAge:     time.Minute,
		ClockGuard: true,
		Forget:     7 * 24 * time.Hour,
	}
}

// maxTTL: longer than this is a person's decision.
const maxTTL = 24 * time.Hour

// Validate reports all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("policy: "+format, args...)) }
	if c.Mode != action.DryRun && c.Mode != action.Enforce {
		bad("mode %q: must be dry_run or enforce", c.Mode)
	}
	if len(c.TTL) == 0 {
		bad("ttl: at least one step is needed")
	}
	if len(c.Targets) == 0 {
		bad("targets: at least one is needed")
	}
	errs = append(errs, checkLadder("ttl", c.TTL), checkTargets("targets", c.Targets))
	if c.WidestIPv6 < 64 || c.WidestIPv6 > 128 {
		bad("widest_ipv6 %d: must be 64 to 128; a wider prefix needs a person", c.WidestIPv6)
	}
	for _, n := range []struct {
		name string
		v    int
	}{{"active", c.Caps.Active}, {"new_per_minute", c.Caps.NewPerMinute}, {"tracked", c.Caps.Tracked}, {"offenders", c.Caps.Offenders}} {
		if n.v < 1 {
			bad("caps.%s %d: must be 1 or more", n.name, n.v)
		}
	}
	if c.Caps.Tracked < c.Caps.Active {
		bad("caps.tracked %d: must be at least caps.active (%d)", c.Caps.Tracked, c.Caps.Active)
	}
	if c.Caps.Hold <= 0 {
		bad("caps.hold %s: must be more than 0", c.Caps.Hold)
	}
	if c.MaxAge <= 0 {
		bad("max_event_age %s: must be more than 0; clock_guard: false turns the check off", c.MaxAge)
	}
	if c.Forget <= 0 {
		bad("forget_after %s: must be more than 0", c.Forget)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Rules)) {
		errs = append(errs, c.Rules[name].validate(name))
	}
	_, err := c.NeverBlock.Compile()
	return errors.Join(append(errs, err)...)
}

func (r Rule) validate(name string) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("policy: rules.%s: %s", name, fmt.Sprintf(format, args...)))
	}
	if name == "" || strings.Contains(strings.TrimSuffix(name, "*"), "*") {
		bad("a pattern is a rule id, or a prefix with one star at its end")
	}
	switch r.Op {
	case Alert, action.Throttle, action.Challenge, action.Block:
	default:
		bad("op %q: must be alert, throttle, challenge or block", r.Op)
	}
	if r.Mode != "" && r.Mode != action.DryRun && r.Mode != action.Enforce {
		bad("mode %q: must be dry_run or enforce", r.Mode)
	}
	if r.Scope != "" && r.Scope != ScopeAll && r.Scope != ScopeHost {
		bad("scope %q: must be all or host", r.Scope)
	}
	if r.MinSeverity != "" && r.MinSeverity.Weight() == 0 {
		bad("min_severity %q: must be info, low, medium, high or critical", r.MinSeverity)
	}
	if r.MinConfidence < 0 || r.MinConfidence > 1 || r.MinConfidence != r.MinConfidence {
		bad("min_confidence %v: must be 0 to 1", r.MinConfidence)
	}
	return errors.Join(append(errs, checkLadder("rules."+name+".ttl", r.TTL), checkTargets("rules."+name+".targets", r.Targets))...)
}

func checkLadder(name string, steps []time.Duration) error {
	for i, d := range steps {
		if d < time.Second || d > maxTTL {
			return fmt.Errorf("policy: %s: step %s: must be 1s to %s; longer needs a person", name, d, maxTTL)
		}
		if i > 0 && d < steps[i-1] {
			return fmt.Errorf("policy: %s: step %s after %s: steps must not get shorter", name, d, steps[i-1])
		}
	}
	return nil
}

func checkTargets(name string, ts []action.TargetType) error {
	for i, t := range ts {
		switch t {
		case action.Credential, action.Session, action.Subject, action.Address:
		default:
			return fmt.Errorf("policy: %s: %q: must be credential, session, subject or address", name, t)
		}
		if slices.Contains(ts[:i], t) {
			return fmt.Errorf("policy: %s: %q stands twice", name, t)
		}
	}
	return nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a prefix like 192.0.2.0/24", s)
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), nil
}
