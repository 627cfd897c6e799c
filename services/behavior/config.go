// Package behavior scores who acts, over time: RECON-01, ENUM-01, BOLA-01 and
// CRED-01, each in a file of its own with the source of its method and its cases in
// testdata.
//
// The first stage is keyed by principal and needs nothing but its partition of
// events. What no principal shows, an attack on a login from many addresses, is
// gathered as partials and judged by the second stage, keyed by login endpoint.
//
// State is bounded by settings and forgotten least recently used first; every time
// is event time. The same events in the same order give the same findings however
// they are cut into batches and wherever the state is saved and restored.
package behavior

import (
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
)

// Config are the settings of both stages.
type Config struct {
	// HashKey is a secret of at least 16 bytes that user names are hashed with, so
	// that state and partials name nobody: the same in every instance. It is
	// injected; changing it forgets who logged in before.
	HashKey string `yaml:"-"`
	// MaxKeys bounds each table of the first stage, in states a partition; MaxObjects
	// that of objects and who was served them.
	MaxKeys    int `yaml:"max_keys" doc:"States a partition of each rule; the least recently used is forgotten."`
	MaxObjects int `yaml:"max_objects" doc:"Objects a partition of which it is known who was served them."`
	// MaxLogins bounds the login endpoints a partition of either stage follows,
	// MaxSources the pairs of address and user that the second stage holds of each.
	MaxLogins  int `yaml:"max_logins" doc:"Login endpoints and cohorts a partition."`
	MaxSources int `yaml:"max_sources" doc:"Pairs of address and user that the second stage holds of each login."`
	// Quiet ends an episode: an attack that pauses longer is a new finding. Longest
	// ends it in any case. UpdateEvery is how often a finding that goes on is put out
	// again though its count has not doubled.
	Quiet       time.Duration `yaml:"quiet" doc:"Pause that ends an attack; what comes later is a new finding."`
	Longest     time.Duration `yaml:"longest" doc:"Age at which a finding ends though the attack goes on."`
	UpdateEvery time.Duration `yaml:"update_every" doc:"How often a finding that goes on is put out again though its count has not doubled."`

	Recon Recon01 `yaml:"recon_01" doc:"Scan for endpoints that do not exist."`
	Enum  Enum01  `yaml:"enum_01" doc:"Object ids walked in order."`
	Bola  Bola01  `yaml:"bola_01" doc:"Objects of others read."`
	Cred  Cred01  `yaml:"cred_01" doc:"Credential stuffing."`
}

// Defaults are what a service uses unless configured; HashKey is the caller's to set.
func Defaults() Config {
	return Config{
		MaxKeys: 100_000, MaxObjects: 200_000, MaxLogins: 1000, MaxSources: 20_000,
		Quiet: 10 * time.Minute, Longest: 24 * time.Hour, UpdateEvery: time.Minute,
		Recon: Recon01{Capacity: 18, LeakPerMinute: 2, Share: 0.25, CrawlerFactor: 3},
		Enum:  Enum01{Ids: 24, IdsDenied: 12, DeniedShare: 0.1, Stride: 100, Pause: 2 * time.Minute, Density: 0.5},
		Bola:  Bola01{MinNovel: 8, Mean5m: 1, Mean1h: 2, Size: 2, Alpha: 1e-4, CohortWeight: 200, CohortMin: 200, OwnWeight: 8, Shared: 3},
		Cred:  Cred01{Users: 10, FailureShare: 0.8, Alarm: 12, ClusterUsers: 5, CampaignUsers: 15, CampaignSources: 2, MaxEvents: 1000},
	}
}

// Validate reports every error of c at once.
func (c Config) Validate() error {
	var errs []error
	integer := func(name string, v, lo, hi int) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("behavior.%s is %d: must be between %d and %d", name, v, lo, hi))
		}
	}
	number := func(name string, v, lo, hi float64) {
		if !(v >= lo && v <= hi) { // also not a number
			errs = append(errs, fmt.Errorf("behavior.%s is %v: must be between %v and %v", name, v, lo, hi))
		}
	}
	span := func(name string, v, lo, hi time.Duration) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("behavior.%s is %v: must be between %v and %v", name, v, lo, hi))
		}
	}
	integer("max_keys", c.MaxKeys, 1, 50_000_000)
	integer("max_objects", c.MaxObjects, 1, 50_000_000)
	integer("max_logins", c.MaxLogins, 1, 1_000_000)
	integer("max_sources", c.MaxSources, 100, 10_000_000)
	span("quiet", c.Quiet, time.Minute, 24*time.Hour)
	span("longest", c.Longest, time.Hour, 30*24*time.Hour)
	span("update_every", c.UpdateEvery, time.Second, time.Hour)
	number("recon_01.capacity", c.Recon.Capacity, 2, maxPaths)
	number("recon_01.leak_per_minute", c.Recon.LeakPerMinute, 0.01, 1000)
	number("recon_01.share", c.Recon.Share, 0, 1)
	number("recon_01.crawler_factor", c.Recon.CrawlerFactor, 1, 100)
	integer("enum_01.ids", c.Enum.Ids, gaps+1, maxSeen)
	integer("enum_01.ids_denied", c.Enum.IdsDenied, gaps+1, maxSeen)
	number("enum_01.denied_share", c.Enum.DeniedShare, 0, 1)
	integer("enum_01.stride", int(c.Enum.Stride), 1, 1_000_000)
	span("enum_01.pause", c.Enum.Pause, time.Second, time.Hour)
	number("enum_01.density", c.Enum.Density, 0.01, 1)
	integer("bola_01.min_novel", c.Bola.MinNovel, 2, 250)
	number("bola_01.mean_5m", c.Bola.Mean5m, 0.01, 1000)
	number("bola_01.mean_1h", c.Bola.Mean1h, 0.01, 1000)
	number("bola_01.size", c.Bola.Size, 0.05, 100)
	number("bola_01.alpha", c.Bola.Alpha, 1e-15, 0.1)
	number("bola_01.cohort_weight", c.Bola.CohortWeight, 1, 1e6)
	number("bola_01.cohort_min", c.Bola.CohortMin, 1, 1e6)
	number("bola_01.own_weight", c.Bola.OwnWeight, 0.1, 1e6)
	integer("bola_01.shared", c.Bola.Shared, 2, maxOwners)
	integer("cred_01.users", c.Cred.Users, 2, maxUsers)
	number("cred_01.failure_share", c.Cred.FailureShare, 0.1, 1)
	number("cred_01.alarm", c.Cred.Alarm, 1, 1000)
	integer("cred_01.cluster_users", c.Cred.ClusterUsers, 2, 10_000)
	integer("cred_01.campaign_users", c.Cred.CampaignUsers, 2, 100_000)
	integer("cred_01.campaign_sources", c.Cred.CampaignSources, 1, 10_000)
	integer("cred_01.max_events", c.Cred.MaxEvents, finding.MaxEvents, 100_000)
	return errors.Join(errs...)
}

// ready says whether c can be worked with: it is valid and has its key.
func (c Config) ready() error {
	if len(c.HashKey) < 16 {
		return fmt.Errorf("behavior: the hash key has %d bytes, at least 16 are needed", len(c.HashKey))
	}
	return c.Validate()
}
