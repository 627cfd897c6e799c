// Package behavior scores who acts, over time: the detections of Rules, each in a file of its own with the source of its method and its cases in
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
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/services/behavior/reputation"
	"github.com/miradorhq/mirador/services/calibrate"
)

// Config are the settings of both stages.
type Config struct {
	// HashKey is a secret of at least 16 bytes that user names are hashed with, so
	// that state and partials name nobody: the same in every instance. It is
	// injected; changing it forgets who logged in before.
	HashKey string `yaml:"-"`
	// Lists are those of Reputation, opened by who follows them; nil opens them once.
	Lists *reputation.Lists `yaml:"-"`
	// Verdicts are those that mirador.verdicts tells of, kept by who follows it; nil is none.
	Verdicts *Verdicts `yaml:"-"`
	// Releases are those that mirador.deploys tells of, kept by who follows it; nil is none.
	Releases *deploy.Log `yaml:"-"`
	// MaxKeys bounds each table of the first stage, in states a partition; MaxObjects
	// that of objects and who was served them.
	MaxKeys int `yaml:"max_keys" doc:"Actors a partition, and states of each rule that are not kept by actor; the least recently used is forgotten."`
	// MaxUnpacked is how many of the actors are kept ready to be worked with: a few
	// kilobytes each instead of hundreds of bytes.
	MaxUnpacked int `yaml:"max_unpacked" doc:"Actors a partition whose state is kept ready for their next event; the others' is packed."`
	MaxObjects  int `yaml:"max_objects" doc:"Objects a partition of which it is known who was served them."`
	// MaxLogins bounds the login endpoints a partition of either stage follows,
	// MaxSources the pairs of address and user that the second stage holds of each.
	MaxLogins  int `yaml:"max_logins" doc:"Login endpoints and cohorts a partition."`
	MaxSources int `yaml:"max_sources" doc:"Pairs of address and user that the second stage holds of each login."`
	// MaxCohorts bounds the cohorts that each calibrated rule learns of.
	MaxCohorts int `yaml:"max_cohorts" doc:"Cohorts a partition of each rule that learns what is usual."`
	// AlertBudget and AlertCap are for each rule that is calibrated.
	AlertBudget float64 `yaml:"alert_budget" doc:"Actors of 20,000 a day that each calibrated rule may alert on though nothing is wrong."`
	AlertCap    int     `yaml:"alert_cap" doc:"Actors a day and partition that each calibrated rule alerts on at most, the most surprising first."`
	// Quiet ends an episode: an attack that pauses longer is a new finding. Longest
	// ends it in any case. UpdateEvery is how often a finding that goes on is put out
	// again though its count has not doubled.
	Quiet       time.Duration `yaml:"quiet" doc:"Pause that ends an attack; what comes later is a new finding."`
	Longest     time.Duration `yaml:"longest" doc:"Age at which a finding ends though the attack goes on."`
	UpdateEvery time.Duration `yaml:"update_every" doc:"How often a finding that goes on is put out again though its count has not doubled."`

	Recon Recon01 `yaml:"recon_01" doc:"Scan for endpoints that do not exist."`
	Enum  Enum01  `yaml:"enum_01" doc:"Object ids walked in order."`
	Bola  Bola01  `yaml:"bola_01" doc:"Objects of others read."`
	Rate  Rate01  `yaml:"rate_01" doc:"More requests than is usual for such a client."`
	Exfil Exfil01 `yaml:"exfil_01" doc:"More records and bytes than is usual for such a client."`
	Cred  Cred01  `yaml:"cred_01" doc:"Credential stuffing."`
	Fuzz  Fuzz01  `yaml:"fuzz_01" doc:"Parameters tampered with."`
	Gql   Gql01   `yaml:"gql_01" doc:"GraphQL made to be expensive."`
	Mass  Mass01  `yaml:"mass_01" doc:"Properties set that are not the caller's."`

	Cred02 Cred02 `yaml:"cred_02" doc:"Passwords guessed: one for many users, or many for one."`
	Tok    Tok01  `yaml:"tok_01" doc:"Token used by two clients at once."`
	Jwt    Jwt01  `yaml:"jwt_01" doc:"Invalid tokens accepted."`
	Auth   Auth01 `yaml:"auth_01" doc:"Sensitive operations that answer anybody."`
	Ato    Ato01  `yaml:"ato_01" doc:"Accounts taken over: a strange visit, then a sensitive change."`
	Bfla   Bfla01 `yaml:"bfla_01" doc:"Operations of another role."`

	ColdStart   time.Duration `yaml:"cold_start" doc:"How long a client or endpoint is new: what RATE-01, EXFIL-01, BOLA-01 and the slow side of RECON-01 find of it meanwhile alerts and causes no action, and of a new endpoint what the second stage finds by CRED-01, TXN-01, SLOW-01 and SPAM-01. 0 turns that off."`
	VerdictLife time.Duration `yaml:"verdict_life" doc:"How long what people said of a finding holds for its rule and principal, or the addresses or the endpoint that it names: benign or false, and it causes no action; true, and it teaches nothing."`

	Release Release `yaml:"release" doc:"How the time after a release is judged."`

	Reputation reputation.Settings `yaml:"reputation" doc:"Known-bad sources (REP-01), and crawlers that can be verified (BOT-01)."`

	Txn    Txn01    `yaml:"txn_01" doc:"Money moved to many new payees, cards tried out."`
	Seq    Seq01    `yaml:"seq_01" doc:"Mandatory steps skipped."`
	Scrape Scrape01 `yaml:"scrape_01" doc:"Catalogues copied."`
	Slow   Slow01   `yaml:"slow_01" doc:"Attacks spread over many sources."`
	Spam   Spam01   `yaml:"spam_01" doc:"One text or link on many objects."`
	Hoard  Hoard01  `yaml:"hoard_01" doc:"Stock held and let go."`
	Res    Res01    `yaml:"res_01" doc:"Costly requests of excessive size."`
}

// Defaults are what a service uses unless configured; HashKey is the caller's to set.
func Defaults() Config {
	return Config{
		MaxKeys: 100_000, MaxUnpacked: 8192, MaxObjects: 200_000, MaxLogins: 1000, MaxSources: 20_000, MaxCohorts: 1000,
		AlertBudget: 5, AlertCap: 100,
		ColdStart: 48 * time.Hour, VerdictLife: 30 * 24 * time.Hour, Release: defaultRelease(), Quiet: 10 * time.Minute, Longest: 24 * time.Hour, UpdateEvery: time.Minute,
		Recon: defaultRecon01(), Enum: defaultEnum01(), Bola: defaultBola01(), Cred: defaultCred01(),
		Fuzz: defaultFuzz01(), Gql: defaultGql01(), Mass: defaultMass01(),
		Rate: defaultRate01(), Exfil: defaultExfil01(),
		Cred02: defaultCred02(), Tok: defaultTok01(), Jwt: defaultJwt01(), Auth: defaultAuth01(), Ato: defaultAto01(), Bfla: defaultBfla01(),
		Reputation: reputation.Defaults(),
		Txn:        defaultTxn01(), Seq: defaultSeq01(), Scrape: defaultScrape01(), Slow: defaultSlow01(), Spam: defaultSpam01(), Hoard: defaultHoard01(), Res: defaultRes01(),
	}
}

// Validate reports every error of c at once.
func (c Config) Validate() error {
	var l limits
	l.integer("max_keys", c.MaxKeys, 1, 50_000_000)
	l.integer("max_unpacked", c.MaxUnpacked, 1, 1_000_000)
	l.integer("max_objects", c.MaxObjects, 1, 50_000_000)
	l.integer("max_logins", c.MaxLogins, 1, 1_000_000)
	l.integer("max_sources", c.MaxSources, 100, 10_000_000)
	l.integer("max_cohorts", c.MaxCohorts, 1, 100_000)
	l.number("alert_budget", c.AlertBudget, 0.01, 1000)
	l.integer("alert_cap", c.AlertCap, 1, 10_000)
	l.span("quiet", c.Quiet, time.Minute, 24*time.Hour)
	l.span("longest", c.Longest, time.Hour, 30*24*time.Hour)
	l.span("update_every", c.UpdateEvery, time.Second, time.Hour)
	l.span("cold_start", c.ColdStart, 0, 30*24*time.Hour)
	l.span("verdict_life", c.VerdictLife, 0, 3650*24*time.Hour)
	c.Release.validate(&l)
	c.Recon.validate(&l)
	c.Enum.validate(&l)
	c.Bola.validate(&l)
	c.Cred.validate(&l)
	c.Fuzz.validate(&l)
	c.Gql.validate(&l)
	c.Mass.validate(&l)
	c.Rate.validate(&l)
	c.Exfil.validate(&l)
	c.Cred02.validate(&l)
	c.Tok.validate(&l)
	c.Jwt.validate(&l)
	c.Auth.validate(&l)
	c.Ato.validate(&l)
	c.Bfla.validate(&l)
	c.Txn.validate(&l)
	c.Seq.validate(&l)
	c.Scrape.validate(&l)
	c.Slow.validate(&l)
	c.Spam.validate(&l)
	c.Hoard.validate(&l)
	c.Res.validate(&l)
	return errors.Join(append(l.errs, c.Reputation.Validate())...)
}

// limits gathers which settings lie outside of theirs.
type limits struct{ errs []error }

func (l *limits) integer(name string, v, lo, hi int) {
	if v < lo || v > hi {
		l.errs = append(l.errs, fmt.Errorf("behavior.%s is %d: must be between %d and %d", name, v, lo, hi))
	}
}

func (l *limits) number(name string, v, lo, hi float64) {
	if !(v >= lo && v <= hi) { // also not a number
		l.errs = append(l.errs, fmt.Errorf("behavior.%s is %v: must be between %v and %v", name, v, lo, hi))
	}
}

func (l *limits) span(name string, v, lo, hi time.Duration) {
	if v < lo || v > hi {
		l.errs = append(l.errs, fmt.Errorf("behavior.%s is %v: must be between %v and %v", name, v, lo, hi))
	}
}

// calibration are the settings of a rule's calibrator.
func (c *Config) calibration(rule string, floor, ceiling float64) calibrate.Settings {
	return calibrate.Settings{Budget: c.AlertBudget / 20_000, Floor: floor, Ceiling: ceiling, Cap: c.AlertCap, Cohorts: c.MaxCohorts,
		Confirmed: func(who uint64, day int64) bool { return c.attacks(who, rule, day*calibrate.Day) }}
}

// open opens the lists where the caller did not.
func (c *Config) open() (err error) {
	if c.Lists == nil {
		c.Lists, err = reputation.Open(context.Background(), c.Reputation)
	}
	return err
}

// ready says whether c can be worked with: it is valid and has its key.
func (c Config) ready() error {
	if len(c.HashKey) < 16 {
		return fmt.Errorf("behavior: the hash key has %d bytes, at least 16 are needed", len(c.HashKey))
	}
	return c.Validate()
}
