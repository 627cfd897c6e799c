package decide

import (
	"errors"
	"fmt"
	"net/netip"
)

// Config is how the decision endpoint behaves. Start from Defaults.
type Config struct {
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
		Tenant: "default", ClientHeaders: []string{"X-Mirador-Client-Ip", "X-Real-Ip", "X-Forwarded-For"},
		ChallengeStatus: 401, ThrottleRate: 1, ThrottleBurst: 5,
	}
}

// Validate reports all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	if c.Tenant == "" {
		errs = append(errs, errors.New("decide: tenant: must not be empty"))
	}
	if c.ChallengeStatus != 401 && c.ChallengeStatus != 403 {
		errs = append(errs, fmt.Errorf("decide: challenge_status %d: must be 401 or 403", c.ChallengeStatus))
	}
	if !(c.ThrottleRate > 0) || c.ThrottleBurst < 1 {
		errs = append(errs, fmt.Errorf("decide: throttle_rate %v and throttle_burst %d: must be more than 0", c.ThrottleRate, c.ThrottleBurst))
	}
	_, err := c.proxies()
	return errors.Join(append(errs, err)...)
}

func (c *Config) proxies() ([]netip.Prefix, error) {
	var errs []error
	var out []netip.Prefix
	for _, s := range c.TrustedProxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, aerr := netip.ParseAddr(s)
			if aerr != nil {
				errs = append(errs, fmt.Errorf("decide: trusted_proxies: %q is neither an address nor a prefix", s))
				continue
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, errors.Join(errs...)
}
