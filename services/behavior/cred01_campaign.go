package behavior

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
)

// campaign is CRED-01's second stage: one login, all sources.
//
// Method, after Javed and Paxson: first whether the login as a whole fails more than
// it does, then who takes part. The failures of each ten seconds are held against
// two beta-binomials, the login's usual rate (decayed, half-life one day) and an
// attack's; a CUSUM sums the log likelihood ratios and alarms at a level. The beta
// lets the usual rate wander, so that a busy minute of typing errors is none. Then
// networks (/24, /48) and single addresses are attributed by their own failures over
// five minutes. An address that cannot be told from a person who forgot a password
// is left out: it may be one. One source alone is no campaign: the first stage has it.
//
// Guard for releases: if half of the failing users logged in here before, the login
// is broken and nobody attacks it.
type campaign struct {
	_msgpack                              struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant, EndpointID, Endpoint, Service string
	// Open are attempts of buckets not yet judged, Window those of the last five
	// minutes that were; both sorted after a judgement.
	Open, Window keyed.List[tally]
	// Judged is the first bucket not yet judged.
	Judged int64
	// Cusum is the sum of log likelihood ratios; OK and Fail the usual attempts,
	// decayed as of Judged.
	Cusum    float64
	OK, Fail float64
	Known    keyed.Filter
	// Start and Last are the buckets in which the alarm began and last held.
	Start, Last    int64
	Count, Emitted uint64
	EmittedAt      int64
	// Events are what the finding names.
	Events keyed.List[supporting]
	// First is the bucket of the first attempt; 0 for one that an earlier version saw.
	First int64
	Slow  strangers
}

const (
	windowBuckets  = 5 * minute / bucket
	usualRate      = 0.2 // of attempts fail, before the login has shown its own rate
	usualWeight    = 10.0
	attackRate     = 0.9
	attackWeight   = 20.0
	usualHalfLife  = 24 * hour / bucket // buckets
	maxCampaign    = 100                // addresses that a finding lists
	maxEvidenceNet = 5
)

func (c *campaign) valid(cfg *Config) error {
	if len(c.Open) > cfg.MaxSources || len(c.Window) > int(windowBuckets+1)*cfg.MaxSources {
		return fmt.Errorf("login of %d and %d attempts", len(c.Open), len(c.Window))
	}
	if !finite(c.Cusum, c.OK, c.Fail) || c.First < 0 || c.First > math.MaxInt64/bucket {
		return errors.New("login whose rate or age is not a number")
	}
	for _, ts := range [...][]tally{c.Open, c.Window} {
		for i := range ts {
			if ts[i].Bucket < 0 || ts[i].Bucket > math.MaxInt64/bucket {
				return fmt.Errorf("attempt in bucket %d", ts[i].Bucket)
			}
			if err := ts[i].Stamps.valid(); err != nil {
				return err
			}
		}
	}
	return errors.Join(validSupport(c.Events), c.Known.Valid(), c.Slow.valid())
}

// judge judges all buckets before b.
func (c *campaign) judge(b int64, cfg *Config, m *Metrics, out *detect.Out) {
	c.Open = summed(c.Open, cfg, m)
	for len(c.Open) > 0 && c.Open[0].Bucket < b {
		at := c.Open[0].Bucket
		due, rest := take(c.Open, at+1)
		c.one(at, due, cfg, m, out)
		c.Open = append(c.Open[:0], rest...)
	}
	c.Judged = max(c.Judged, b)
}

// one judges the bucket at, which holds ts.
func (c *campaign) one(at int64, ts []tally, cfg *Config, m *Metrics, out *detect.Out) {
	var ok, fail float64
	for i := range ts {
		ok += float64(ts[i].OK)
		fail += float64(ts[i].Fail)
	}
	gone, rest := take(c.Window, at-windowBuckets+1)
	if c.settle(gone, cfg, m) {
		c.slow(at, cfg, m, out)
	}
	c.Window = append(slices.Clone(rest), ts...)

	rate := (usualRate*usualWeight + c.Fail) / (usualWeight + c.OK + c.Fail)
	rate = min(0.7, max(0.02, rate))
	n := ok + fail
	llr := betaBinomial(fail, n, attackRate*attackWeight, (1-attackRate)*attackWeight) -
		betaBinomial(fail, n, rate*usualWeight, (1-rate)*usualWeight)
	// Bounded above, so that it falls within minutes once the attack is over.
	c.Cusum = min(4*cfg.Cred.Alarm, max(0, c.Cusum+llr))
	if c.Cusum < cfg.Cred.Alarm/2 {
		d := math.Exp2(-1 / float64(usualHalfLife))
		c.OK, c.Fail = min(1e9, c.OK*d+ok), min(1e9, c.Fail*d+fail)
	}
	if c.Cusum >= cfg.Cred.Alarm {
		c.alarm(at, fail, cfg, m, out)
	}
	// Users who got in during an alarm may be the attacker's: they teach nothing.
	if c.Cusum < cfg.Cred.Alarm {
		for i := range ts {
			if ts[i].OK > 0 {
				c.Known.Add(ts[i].User)
			}
		}
	}
}

func (c *campaign) alarm(at int64, fail float64, cfg *Config, m *Metrics, out *detect.Out) {
	a := c.attribute(cfg)
	if a.users < cfg.Cred.CampaignUsers {
		return
	}
	if 2*a.known >= a.users {
		m.suppressed.WithLabelValues("cred_release").Inc()
		return
	}
	// Nobody attributed is an attack so spread out that no source stands out: then
	// all that failed count.
	taking, from := a.principals, a.addresses
	if taking == 0 {
		taking, from = a.sources, c.suspects()
	}
	if taking < cfg.Cred.CampaignSources {
		m.suppressed.WithLabelValues("cred_sources").Inc()
		return
	}
	now := (at + 1) * bucket
	if c.Count > 0 && (at-c.Last)*bucket > int64(cfg.Quiet) || (at-c.Start)*bucket > int64(cfg.Longest) {
		c.Count, c.Emitted, c.EmittedAt, c.Events = 0, 0, 0, nil
	}
	if c.Count == 0 {
		c.Start = at
		c.Count = uint64(a.fails)
	} else {
		c.Count += uint64(fail)
	}
	c.Last = at
	if c.Emitted > 0 && c.Count < 2*c.Emitted && now-c.EmittedAt < int64(cfg.UpdateEvery) {
		return
	}
	c.Emitted, c.EmittedAt = c.Count, now
	f := campaignOf(&cred01, c.Tenant, c.Start, at, "login", c.EndpointID)
	f.Count = c.Count
	if a.sources > 1 {
		f.Title = "Credential stuffing from many sources"
	}
	f.Subject = finding.Subject{Addresses: a.addresses, Endpoint: c.Endpoint, EndpointID: c.EndpointID, Service: c.Service}
	f.Events = c.support(from)
	f.Confidence = min(0.98, 0.7+0.2*min(1, c.Cusum/(4*cfg.Cred.Alarm))+0.08*float64(a.users-a.known)/float64(a.users))
	f.Features = []finding.Number{{Name: "cusum", Value: c.Cusum}, {Name: "failing_users_5m", Value: float64(a.users)}, {Name: "known_users", Value: float64(a.known)},
		{Name: "failures_5m", Value: float64(a.fails)}, {Name: "sources_5m", Value: float64(a.sources)}, {Name: "attributed", Value: float64(a.attributed)}}
	f.Baseline = []finding.Number{{Name: "alarm", Value: cfg.Cred.Alarm}, {Name: "usual_failure_share", Value: (usualRate*usualWeight + c.Fail) / (usualWeight + c.OK + c.Fail)}}
	for _, n := range a.networks {
		f.Evidence = append(f.Evidence, finding.Evidence{Location: "client.address", Masked: n.name, Note: fmt.Sprintf("%d users, %d of %d attempts refused", n.users, n.fail, n.fail+n.ok)})
	}
	f.Summary = fmt.Sprintf("%d different users refused at %s from %s in 5 min, %d of them ever logged in here before; %d attributed",
		a.users, c.Endpoint, sources(a.sources), a.known, a.attributed)
	if 2*a.unnamed > a.users { // where no bodies are recorded
		f.Summary = fmt.Sprintf("%d refusals at %s from %s in 5 min, %d of which ever logged in here before; user names are not recorded", a.fails, c.Endpoint, sources(a.sources), a.known)
	}
	f.Counterfactual = fmt.Sprintf("%d or fewer failing users in 5 min would not alert, nor would fewer than %d sources", cfg.Cred.CampaignUsers-1, cfg.Cred.CampaignSources)
	m.unusual(f, cfg.young(c.First, at), cfg, out)
}

func sources(n int) string {
	if n == 1 {
		return "one source"
	}
	return fmt.Sprintf("%d sources", n)
}
