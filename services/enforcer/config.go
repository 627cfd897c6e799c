package enforcer

import (
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/services/enforcer/desired"
)

// Config is how an enforcer behaves. Start from Defaults. The edges have
// configurations of their own.
type Config struct {
	Name      string         `yaml:"name" doc:"Name of this enforcer in statuses; unique."`
	Guards    desired.Config `yaml:"guards" doc:"What is enforced at most, whoever says so."`
	KillFile  string         `yaml:"kill_file" doc:"While a file of this path exists nothing is enforced. Empty: no such switch."`
	Reconcile time.Duration  `yaml:"reconcile" doc:"How often each edge is made equal to what must hold."`
	CatchUp   time.Duration  `yaml:"catch_up" doc:"How long the topic may take to be read at start before edges are told what is known so far."`
}

// Defaults are safe to start with.
func Defaults() Config {
	return Config{Name: "enforcer", Guards: desired.Defaults(), Reconcile: 30 * time.Second, CatchUp: 30 * time.Second}
}

// Validate reports all that is wrong.
func (c *Config) Validate() error {
	var errs []error
	if c.Name == "" {
		errs = append(errs, errors.New("enforcer: name: must not be empty"))
	}
	if c.Reconcile <= 0 || c.CatchUp <= 0 {
		errs = append(errs, fmt.Errorf("enforcer: reconcile %s and catch_up %s: must be more than 0", c.Reconcile, c.CatchUp))
	}
	return errors.Join(append(errs, c.Guards.Validate())...)
}
