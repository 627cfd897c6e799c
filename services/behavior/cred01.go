package behavior

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Cred01 are the settings of CRED-01.
type Cred01 struct {
	// Users is how many different users a source must fail for in five minutes,
	// FailureShare the part of its attempts that must fail.
	Users        int     `yaml:"users" doc:"Different users refused from one source in 5 minutes that alert."`
	FailureShare float64 `yaml:"failure_share" doc:"Part of the attempts that must fail."`
	// Alarm is the log likelihood ratio at which the second stage takes a login to be
	// under attack; ClusterUsers the failing users from which a network takes part,
	// CampaignUsers those from which there is a finding, CampaignSources the sources
	// that must take part for it: one alone is the first stage's.
	Alarm           float64 `yaml:"alarm" doc:"Log likelihood ratio at which a login as a whole is under attack."`
	ClusterUsers    int     `yaml:"cluster_users" doc:"Refused users from which a network takes part."`
	CampaignUsers   int     `yaml:"campaign_users" doc:"Refused users in 5 minutes from which an attack from many sources is a finding."`
	CampaignSources int     `yaml:"campaign_sources" doc:"Sources (addresses, IPv6 by /64) that must take part in an attack from many; one alone is found without."`
	// SlowAlpha and SlowSize are what the strangers of hours are held against.
	SlowAlpha float64 `yaml:"slow_alpha" doc:"Tail probability at which users who never logged in, refused over hours, are an attack."`
	SlowSize  float64 `yaml:"slow_size" doc:"Dispersion of their usual number; smaller is wilder."`
	// MaxEvents bounds the ids that findings of the second stage are given events from.
	MaxEvents int `yaml:"max_events" doc:"Ids of refused attempts that are held of each login and 10 seconds, to name them in findings; the first are kept."`
}

func defaultCred01() Cred01 {
	return Cred01{Users: 10, FailureShare: 0.8, Alarm: 12, ClusterUsers: 5, CampaignUsers: 15, CampaignSources: 2, SlowAlpha: 1e-7, SlowSize: 8, MaxEvents: 1000}
}

func (c *Cred01) validate(l *limits) {
	l.integer("cred_01.users", c.Users, 2, maxUsers)
	l.number("cred_01.failure_share", c.FailureShare, 0.1, 1)
	l.number("cred_01.alarm", c.Alarm, 1, 1000)
	l.integer("cred_01.cluster_users", c.ClusterUsers, 2, 10_000)
	l.integer("cred_01.campaign_users", c.CampaignUsers, 2, 100_000)
	l.integer("cred_01.campaign_sources", c.CampaignSources, 1, 10_000)
	l.number("cred_01.slow_alpha", c.SlowAlpha, 1e-13, 0.1)
	l.number("cred_01.slow_size", c.SlowSize, 0.05, 1000)
	l.integer("cred_01.max_events", c.MaxEvents, finding.MaxEvents, 100_000)
}

// CRED-01: passwords of a leak tried out on a login.
//
// Method, first stage (this file): one source, many different users, nearly all of
// them refused. A person who forgot a password is one user, an office behind one
// address is several users who mostly succeed. Second stage (cred01_campaign.go):
// the failures of a whole login first, sources after, as Javed and Paxson
// ("Detecting stealthy, distributed SSH brute-forcing", 2013). Its slow side
// (cred01_slow.go): users whom nobody saw here, refused over hours, beside the logins of
// these hours.
//
// Guard, for releases that break a login: users who logged in here before fail too,
// from several sources. A list of leaked passwords holds mostly users whom nobody
// saw here.
var cred01 = finding.Rule{
	ID: "CRED-01", Title: "Credential stuffing", Detector: Name, Severity: finding.High,
	OWASP: []string{"API2"}, CWE: []string{"CWE-307"}, ATTACK: []string{"T1110.004"},
	Remediation: "Block or challenge the source; reset the passwords of the users who were let in from it.",
}

const (
	maxUsers    = 512 // users remembered a source
	maxFailing  = 64  // failing sources remembered a login
	loginWindow = 5   // minutes
)

type cred struct {
	cfg     *Config
	metrics *Metrics
	sources *keyed.Table[credState]  // by principal and login
	logins  *keyed.Table[loginState] // by login
	pending pending
}

// credState is one source at one login.
type credState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	OK, Fail minutes
	Users    keyed.List[attempt]
	Let      uint32 // attempts that succeeded during the episode
	Episode  episode
}

// attempt is the newest failed attempt for a user.
type attempt struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	User     uint64
	Minute   int64
	Known    bool // logged in here before
}

// loginState is what all sources of this partition did at one login.
type loginState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	OK, Fail minutes
	// Known are users who logged in.
	Known keyed.Filter
	// Failing are sources that failed lately, 32 bits of their hash.
	Failing keyed.List[failing]
}

type failing struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Who      uint32
	Minute   int64
}

func (s *credState) valid() error {
	if len(s.Users) > maxUsers {
		return fmt.Errorf("source of %d users", len(s.Users))
	}
	return s.Episode.valid()
}

func (s *loginState) valid() error {
	if len(s.Failing) > maxFailing {
		return fmt.Errorf("login of %d failing sources", len(s.Failing))
	}
	return s.Known.Valid()
}

func newCred(cfg *Config, m *Metrics) *cred {
	return &cred{cfg: cfg, metrics: m, sources: keyed.NewTable[credState](cfg.MaxKeys, m.eviction("CRED-01")),
		logins: keyed.NewTable[loginState](cfg.MaxLogins, m.eviction("logins"))}
}

func (r *cred) observe(o *observation, out *detect.Out) {
	tx := o.tx
	if !o.login.counts {
		return
	}
	user, failed := o.login.user, o.login.failed
	r.pending.add(tx, o.now, user, failed)
	if o.login.unnamed { // of one source there is nothing to tell users by
		return
	}
	l := r.logins.Touch(o.endpoint)
	s := r.sources.Touch(mix(o.who, o.endpoint))
	if !failed {
		l.Known.Add(user)
		l.OK.add(o.now, 1)
		s.Fail.move(o.now)
		s.OK.add(o.now, 1)
		if s.Episode.Emitted > 0 {
			s.Let++
		}
		return
	}
	known := l.Known.Has(user)
	l.Fail.add(o.now, 1)
	l.OK.move(o.now)
	l.fails(uint32(o.who), o.now/minute)
	s.OK.move(o.now)
	s.Fail.move(o.now)
	if s.Fail.sum(loginWindow) == 0 {
		s.Episode.idle()
		s.Users = s.Users[:0]
	}
	s.Fail.add(o.now, 1)
	s.Episode.see(tx, o.now, r.cfg, nil)
	if s.Episode.Count == 1 {
		s.Let = 0
	}
	users, old := s.failsFor(user, o.now/minute, known)
	fails, oks := float64(s.Fail.sum(loginWindow)), float64(s.OK.sum(loginWindow))
	c := &r.cfg.Cred
	if users < c.Users || fails < c.FailureShare*(fails+oks) {
		return
	}
	if 2*old >= users && l.broken(fails, oks) {
		r.metrics.suppressed.WithLabelValues("cred_release").Inc()
		return
	}
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&cred01, tx, tx.Principal, tx.Endpoint.ID)
	if s.Let > 0 { // somebody's password was right
		f.Severity = finding.Critical
	}
	share := fails / (fails + oks)
	f.Confidence = min(0.98, 0.75+0.15*min(1, float64(users)/float64(4*c.Users))+0.08*share)
	f.Features = []finding.Number{{Name: "users", Value: float64(users)}, {Name: "known_users", Value: float64(old)}, {Name: "failures_5m", Value: fails},
		{Name: "failure_share", Value: share}, {Name: "let_in", Value: float64(s.Let)}}
	f.Baseline = []finding.Number{{Name: "users", Value: float64(c.Users)}, {Name: "failure_share", Value: c.FailureShare}}
	f.Summary = fmt.Sprintf("%d different users refused at %s from one source in %d min, %s of its attempts; %d of the users ever logged in here before; %d let in since",
		users, tx.Endpoint.Label, loginWindow, percent(fails, fails+oks), old, s.Let)
	f.Counterfactual = fmt.Sprintf("%d or fewer users in %d min would not alert", c.Users-1, loginWindow)
	out.Finding(f)
}

// failsFor takes note that user failed and counts the users who did so in the window,
// and those of them who are known.
func (s *credState) failsFor(user uint64, at int64, known bool) (users, old int) {
	seen := false
	keep := s.Users[:0]
	for _, a := range s.Users {
		if a.User == user {
			a.Minute, a.Known, seen = max(a.Minute, at), known, true
		}
		if a.Minute <= at-loginWindow {
			continue
		}
		keep = append(keep, a)
		users++
		if a.Known {
			old++
		}
	}
	s.Users = keep
	if seen {
		return users, old
	}
	if len(s.Users) == maxUsers { // far beyond any threshold: the first goes
		copy(s.Users, s.Users[1:])
		s.Users = s.Users[:maxUsers-1]
		users--
	}
	s.Users = append(s.Users, attempt{User: user, Minute: at, Known: known})
	if known {
		old++
	}
	return users + 1, old
}

// fails takes note of a failing source.
func (l *loginState) fails(who uint32, at int64) {
	for i := range l.Failing {
		if l.Failing[i].Who == who {
			l.Failing[i].Minute = max(l.Failing[i].Minute, at)
			return
		}
	}
	if len(l.Failing) == maxFailing {
		copy(l.Failing, l.Failing[1:])
		l.Failing = l.Failing[:maxFailing-1]
	}
	l.Failing = append(l.Failing, failing{Who: who, Minute: at})
}

// broken says whether the login refuses the other sources too. fails and oks are
// those of the source that is being judged.
func (l *loginState) broken(fails, oks float64) bool {
	sources := 0
	for _, f := range l.Failing {
		if f.Minute > l.Fail.At-loginWindow {
			sources++
		}
	}
	others := float64(l.Fail.sum(loginWindow)) - fails
	all := others + float64(l.OK.sum(loginWindow)) - oks
	return sources >= 5 && others >= 0.5*all
}

// broken says whether the login that o tries refuses everybody else too.
func (r *cred) broken(o *observation) bool {
	l, s := r.logins.Get(o.endpoint), r.sources.Get(mix(o.who, o.endpoint))
	return l != nil && s != nil && l.broken(float64(s.Fail.sum(loginWindow)), float64(s.OK.sum(loginWindow)))
}

func (r *cred) capture(c *keyed.Capture) {
	r.sources.Capture(c)
	r.logins.Capture(c)
}

func (r *cred) decode(d *msgpack.Decoder) error {
	if err := r.sources.Decode(d, (*credState).valid); err != nil {
		return err
	}
	return r.logins.Decode(d, (*loginState).valid)
}
