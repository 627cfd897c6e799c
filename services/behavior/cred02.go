package behavior

import (
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Cred02 are the settings of CRED-02.
type Cred02 struct {
	// Users is how many different users a source must have been refused for, none of
	// whom it got in as, within Memory; Share the part of all its users that they are.
	Users  int           `yaml:"users" doc:"Different users refused to one source, who did not get in from it either, that alert."`
	Share  float64       `yaml:"share" doc:"Part of all users of the source that they must be; behind a shared address most get in."`
	Memory time.Duration `yaml:"memory" doc:"How long an attempt of a user is remembered of a source."`
	// Tries is the level of refusals at which an account is under attack, TriesSpread
	// that from Networks networks on; both fall by LeakPerHour.
	Tries       float64 `yaml:"tries" doc:"Refusals of one account at which it is under attack."`
	TriesSpread float64 `yaml:"tries_spread" doc:"The same where they come from several networks."`
	Networks    int     `yaml:"networks" doc:"Networks (/24, /48) that count as several."`
	LeakPerHour float64 `yaml:"leak_per_hour" doc:"Refusals of an account an hour that are forgiven."`
}

func defaultCred02() Cred02 {
	return Cred02{Users: 12, Share: 0.6, Memory: 24 * time.Hour, Tries: 20, TriesSpread: 8, Networks: 3, LeakPerHour: 1}
}

func (c *Cred02) validate(l *limits) {
	l.integer("cred_02.users", c.Users, 2, maxTried/2)
	l.number("cred_02.share", c.Share, 0.1, 1)
	l.span("cred_02.memory", c.Memory, time.Hour, 7*24*time.Hour)
	l.number("cred_02.tries", c.Tries, 2, 10_000)
	l.number("cred_02.tries_spread", c.TriesSpread, 2, 10_000)
	l.integer("cred_02.networks", c.Networks, 2, maxTriedFrom)
	l.number("cred_02.leak_per_hour", c.LeakPerHour, 0.01, 1000)
}

// CRED-02: passwords guessed, one for many users (spray) or many for one (brute force).
//
// Method, first stage (this file): the users that a source was refused for and did not
// get in as, over a day. A spray is slow, so there is no rate: what gives it away is
// that nobody behind the source ever turns out to have the account. Who mistypes gets in
// later and is taken off again. As the failed-login counters of Javed and Paxson
// ("Detecting stealthy, distributed SSH brute-forcing", 2013), which count what does
// not end in success. Second stage (cred02_account.go): a leaky bucket of refusals an
// account, over all sources.
//
// Guards: behind an address that many share most get in, so that few of its users are
// such. While a login refuses everybody nothing is counted. A client that goes on with
// an old password from where the account logged in before is no attack.
var cred02 = finding.Rule{
	ID: "CRED-02", Title: "Password spray", Detector: Name, Severity: finding.High,
	OWASP: []string{"API2"}, CWE: []string{"CWE-307"}, ATTACK: []string{"T1110.003", "T1110.001"},
	Remediation: "Challenge the source; reset the passwords of the users who were let in from it; slow down repeated tries and ask for a second factor.",
}

// maxTried is how many users are remembered of a source.
const maxTried = 256

type spray struct {
	cfg     *Config
	metrics *Metrics
	logins  *cred                    // which sees every attempt first
	states  *keyed.Table[sprayState] // by principal and login
}

// sprayState is one source at one login.
type sprayState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Users    keyed.List[tried]
	Let      uint32 // users that it got in as while the finding was open
	Episode  episode
}

// tried is the newest attempt for a user.
type tried struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	User     uint32
	Minute   int64
	In       bool // got in at least once
}

func (s *sprayState) valid() error {
	if len(s.Users) > maxTried {
		return fmt.Errorf("source of %d users", len(s.Users))
	}
	return s.Episode.valid()
}

func newSpray(cfg *Config, m *Metrics, logins *cred) *spray {
	slow := *cfg // tries may be hours apart
	slow.Quiet, slow.Longest = max(cfg.Quiet, cfg.Cred02.Memory/4), max(cfg.Longest, cfg.Cred02.Memory)
	return &spray{cfg: &slow, metrics: m, logins: logins, states: keyed.NewTable[sprayState](cfg.MaxKeys, m.eviction(cred02.ID))}
}

func (r *spray) observe(o *observation, out *detect.Out) {
	if !o.login.counts || o.login.unnamed {
		return
	}
	key := mix(o.who, o.endpoint)
	if !o.login.failed {
		if s := r.states.Get(key); s != nil { // only who was refused is worth a state
			s.take(o, r.cfg)
			if s.Episode.Emitted > 0 {
				s.Let++
			}
		}
		return
	}
	if r.logins.broken(o) {
		r.metrics.suppressed.WithLabelValues("spray_release").Inc()
		return
	}
	s := r.states.Touch(key)
	refused, all := s.take(o, r.cfg)
	if refused == 1 {
		s.Episode.idle()
	}
	s.Episode.see(o.tx, o.now, r.cfg, nil)
	if s.Episode.Count == 1 {
		s.Let = 0
	}
	c := &r.cfg.Cred02
	if refused < c.Users {
		return
	}
	if float64(refused) < c.Share*float64(all) {
		r.metrics.suppressed.WithLabelValues("spray_shared_address").Inc()
		return
	}
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	tx := o.tx
	f := s.Episode.finding(&cred02, tx, tx.Principal, tx.Endpoint.ID)
	if s.Let > 0 {
		f.Severity = finding.Critical
	}
	share := float64(refused) / float64(all)
	f.Confidence = min(0.97, 0.7+0.15*share+0.1*min(1, float64(refused)/float64(4*c.Users)))
	f.Features = []finding.Number{{Name: "users_refused", Value: float64(refused)}, {Name: "users", Value: float64(all)}, {Name: "refusals", Value: float64(s.Episode.Count)}, {Name: "let_in", Value: float64(s.Let)}}
	f.Baseline = []finding.Number{{Name: "users_refused", Value: float64(c.Users)}, {Name: "share", Value: c.Share}}
	f.Summary = fmt.Sprintf("%d different users refused at %s from one source within %s, who never got in from it: %s of its users; %d attempts let in since it was noticed",
		refused, tx.Endpoint.Label, spell(int64(c.Memory)), percent(float64(refused), float64(all)), s.Let)
	f.Counterfactual = fmt.Sprintf("%d or fewer such users would not alert, nor would a source most of whose users get in", c.Users-1)
	out.Finding(f)
}

// take notes the attempt, and counts the users who never got in and all users of the
// source, as far as they are remembered.
func (s *sprayState) take(o *observation, cfg *Config) (refused, all int) {
	user, at := uint32(o.login.user), o.now/minute
	oldest := at - int64(cfg.Cred02.Memory)/minute
	seen := false
	keep := s.Users[:0]
	for _, u := range s.Users {
		if u.User == user {
			u.Minute, u.In, seen = max(u.Minute, at), u.In || !o.login.failed, true
		}
		if u.Minute <= oldest {
			continue
		}
		keep = append(keep, u)
		if !u.In {
			refused++
		}
	}
	s.Users = keep
	if !seen {
		if len(s.Users) == maxTried { // far beyond any threshold: the first goes
			if !s.Users[0].In {
				refused--
			}
			copy(s.Users, s.Users[1:])
			s.Users = s.Users[:maxTried-1]
		}
		s.Users = append(s.Users, tried{User: user, Minute: at, In: !o.login.failed})
		if o.login.failed {
			refused++
		}
	}
	return refused, len(s.Users)
}

func (r *spray) capture(c *keyed.Capture) { r.states.Capture(c) }

func (r *spray) decode(d *msgpack.Decoder) error { return r.states.Decode(d, (*sprayState).valid) }
