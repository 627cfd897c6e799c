package enforcer

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/miradorhq/mirador/pkg/policy"
)

// Config is how an enforcer behaves. Start from Defaults.
type Config struct {
	Name       string            `yaml:"name" doc:"Name of this enforcer in statuses; unique."`
	DryRun     bool              `yaml:"dry_run" doc:"Report what would be enforced, tell no edge."`
	KillFile   string            `yaml:"kill_file" doc:"While a file of this path exists nothing is enforced. Empty: no such switch."`
	NeverBlock policy.NeverBlock `yaml:"never_block" doc:"Who is never acted on here, whoever says so; persons included."`
	WidestIPv4 int               `yaml:"widest_ipv4" doc:"Shortest IPv4 prefix that may be blocked without a person."`
	WidestIPv6 int               `yaml:"widest_ipv6" doc:"Shortest IPv6 prefix that may be blocked without a person."`
	MaxTTL     time.Duration     `yaml:"max_ttl" doc:"How far ahead an automatic action may end; longer needs a person."`
	ClockSkew  time.Duration     `yaml:"clock_skew" doc:"An action that begins this little in the future, by our clock, is taken at once."`
	Caps       Caps              `yaml:"caps" doc:"How much may be enforced for one tenant, automatic actions of all issuers together."`
	Reconcile  time.Duration     `yaml:"reconcile" doc:"How often each edge is made equal to what must hold."`
	CatchUp    time.Duration     `yaml:"catch_up" doc:"How long the topic may take to be read at start before edges are told what is known so far."`
	HTTP       HTTPConfig        `yaml:"http" doc:"The decision endpoint."`
}

// Caps bound what is enforced for one tenant.
type Caps struct {
	Active       int           `yaml:"active" doc:"Targets acted on at once."`
	NewPerMinute int           `yaml:"new_per_minute" doc:"New targets in a minute."`
	Hold         time.Duration `yaml:"hold" doc:"How long the breaker stays tripped."`
	Tracked      int           `yaml:"tracked" doc:"Records remembered, refused ones among them; past it new ones are refused."`
}

// HTTPConfig is the decision endpoint.
type HTTPConfig struct {
	Token           string   `yaml:"token" doc:"Shared token that callers send as X-Mirador-Token. Without one /v1/decide is open and /v1/actions closed."`
	Tenant          string   `yaml:"tenant" doc:"The tenant whose actions are looked up."`
	ClientHeaders   []string `yaml:"client_headers" doc:"Headers that may hold the client's address. All that are there count: an address more can block, never unblock."`
	TrustedProxies  []string `yaml:"trusted_proxies" doc:"Proxies skipped in X-Forwarded-For, from right to left."`
	ChallengeStatus int      `yaml:"challenge_status" doc:"Status for a challenge: 401 or 403."`
	ThrottleRate    float64  `yaml:"throttle_rate" doc:"Requests a second that a throttled target may still make."`
	ThrottleBurst   int      `yaml:"throttle_burst" doc:"How many of them at once."`
}

// Defaults are safe to start with.
func Defaults() Config {
	return Config{
		Name: "enforcer", NeverBlock: policy.DefaultNeverBlock(), WidestIPv4: 32, WidestIPv6: 64,
		MaxTTL: 24 * time.Hour, ClockSkew: 5 * time.Second,
		Caps:      Caps{Active: 5000, NewPerMinute: 60, Hold: 5 * time.Minute, Tracked: 20000},
		Reconcile: 30 * time.Second, CatchUp: 30 * time.Second,
		HTTP: HTTPConfig{
			Tenant: "default", ClientHeaders: []string{"X-Mirador-Client-Ip", "X-Real-Ip", "X-Forwarded-For"},
			ChallengeStatus: 401, ThrottleRate: 1, ThrottleBurst: 5,
		},
	}
}

// Validate reports all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("enforcer: "+format, args...)) }
	if c.Name == "" {
		bad("name: must not be empty")
	}
	if c.WidestIPv4 < 0 || c.WidestIPv4 > 32 {
		bad("widest_ipv4 %d: must be 0 to 32", c.WidestIPv4)
	}
	if c.WidestIPv6 < 0 || c.WidestIPv6 > 128 {
		bad("widest_ipv6 %d: must be 0 to 128", c.WidestIPv6)
	}
	for _, d := range []struct {
		name string
		v    time.Duration
	}{{"max_ttl", c.MaxTTL}, {"caps.hold", c.Caps.Hold}, {"reconcile", c.Reconcile}, {"catch_up", c.CatchUp}} {
		if d.v <= 0 {
			bad("%s %s: must be more than 0", d.name, d.v)
		}
	}
	if c.ClockSkew < 0 {
		bad("clock_skew %s: must not be negative", c.ClockSkew)
	}
	if c.Caps.Active < 1 || c.Caps.NewPerMinute < 1 || c.Caps.Tracked < c.Caps.Active {
		bad("caps: active and new_per_minute must be 1 or more, tracked at least active (%+v)", c.Caps)
	}
	if _, err := c.NeverBlock.Compile(); err != nil {
		errs = append(errs, fmt.Errorf("enforcer: %w", err))
	}
	return errors.Join(append(errs, c.HTTP.validate())...)
}

func (c *HTTPConfig) validate() error {
	var errs []error
	if c.Tenant == "" {
		errs = append(errs, errors.New("enforcer: http.tenant: must not be empty"))
	}
	if c.ChallengeStatus != 401 && c.ChallengeStatus != 403 {
		errs = append(errs, fmt.Errorf("enforcer: http.challenge_status %d: must be 401 or 403", c.ChallengeStatus))
	}
	if !(c.ThrottleRate > 0) || c.ThrottleBurst < 1 {
		errs = append(errs, fmt.Errorf("enforcer: http.throttle_rate %v and throttle_burst %d: must be more than 0", c.ThrottleRate, c.ThrottleBurst))
	}
	_, err := c.proxies()
	return errors.Join(append(errs, err)...)
}

func (c *HTTPConfig) proxies() ([]netip.Prefix, error) {
	var errs []error
	var out []netip.Prefix
	for _, s := range c.TrustedProxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, aerr := netip.ParseAddr(s)
			if aerr != nil {
				errs = append(errs, fmt.Errorf("enforcer: http.trusted_proxies: %q is neither an address nor a prefix", s))
				continue
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, errors.Join(errs...)
}
