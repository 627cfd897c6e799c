package desired

import (
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/policy"
)

// Config are the guards that decide. Start from Defaults.
type Config struct {
	DryRun     bool              `yaml:"dry_run" doc:"Report what would be enforced, tell no edge."`
	NeverBlock policy.NeverBlock `yaml:"never_block" doc:"Who is never acted on here, whoever says so; persons included."`
	WidestIPv4 int               `yaml:"widest_ipv4" doc:"Shortest IPv4 prefix that may be blocked without a person."`
	WidestIPv6 int               `yaml:"widest_ipv6" doc:"Shortest IPv6 prefix that may be blocked without a person."`
	MaxTTL     time.Duration     `yaml:"max_ttl" doc:"How far ahead an automatic action may end; longer needs a person."`
	ClockSkew  time.Duration     `yaml:"clock_skew" doc:"An action that begins this little in the future, by our clock, is taken at once."`
	Caps       Caps              `yaml:"caps" doc:"How much may be enforced for one tenant, automatic actions of all issuers together."`
}

// Caps bound what is enforced for one tenant.
type Caps struct {
	Active       int           `yaml:"active" doc:"Targets acted on at once."`
	NewPerMinute int           `yaml:"new_per_minute" doc:"New targets in a minute."`
	Hold         time.Duration `yaml:"hold" doc:"How long the breaker stays tripped."`
	Tracked      int           `yaml:"tracked" doc:"Records remembered, refused ones among them; past it new ones are refused."`
}

// Defaults are safe to start with.
func Defaults() Config {
	return Config{
		NeverBlock: policy.DefaultNeverBlock(), WidestIPv4: 32, WidestIPv6: 64, MaxTTL: 24 * time.Hour, ClockSkew: 5 * time.Second,
		Caps: Caps{Active: 5000, NewPerMinute: 60, Hold: 5 * time.Minute, Tracked: 20000},
	}
}

// Validate reports all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("enforcer: guards."+format, args...)) }
	if c.WidestIPv4 < 0 || c.WidestIPv4 > 32 {
		bad("widest_ipv4 %d: must be 0 to 32", c.WidestIPv4)
	}
	if c.WidestIPv6 < 0 || c.WidestIPv6 > 128 {
		bad("widest_ipv6 %d: must be 0 to 128", c.WidestIPv6)
	}
	if c.MaxTTL <= 0 || c.Caps.Hold <= 0 {
		bad("max_ttl %s and caps.hold %s: must be more than 0", c.MaxTTL, c.Caps.Hold)
	}
	if c.ClockSkew < 0 {
		bad("clock_skew %s: must not be negative", c.ClockSkew)
	}
	if c.Caps.Active < 1 || c.Caps.NewPerMinute < 1 || c.Caps.Tracked < c.Caps.Active {
		bad("caps: active and new_per_minute must be 1 or more, tracked at least active (%+v)", c.Caps)
	}
	_, err := c.NeverBlock.Compile()
	return errors.Join(append(errs, err)...)
}
