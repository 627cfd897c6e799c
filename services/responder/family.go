package responder

import (
	"strings"
	"time"
)

// pattern is a rule id or, with a star, the beginning of one.
type pattern string

func (p pattern) matches(rule string) bool {
	prefix, star := strings.CutSuffix(string(p), "*")
	return star && strings.HasPrefix(rule, prefix) || rule == prefix
}

func matches(list []string, rule string) bool {
	for _, p := range list {
		if pattern(p).matches(rule) {
			return true
		}
	}
	return false
}

// family is that of the longest pattern that rule matches, an exact one before all;
// else what stands before its number.
func (c *Config) family(rule string) string {
	best, length := "", -1
	for f, list := range c.Families {
		for _, p := range list {
			n := len(strings.TrimSuffix(p, "*"))
			if p == rule {
				n = len(p) + 1
			}
			// Two families never share a pattern, so lengths that are equal are of one.
			if pattern(p).matches(rule) && n > length {
				best, length = f, n
			}
		}
	}
	if length >= 0 {
		return best
	}
	prefix, _, _ := strings.Cut(rule, "-")
	return strings.ToLower(prefix)
}

func (c *Config) halfLife(family string) time.Duration {
	if d, ok := c.HalfLives[family]; ok {
		return d
	}
	return c.HalfLife
}
