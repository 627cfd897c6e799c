package behavior

import (
	"errors"
	"fmt"
	"slices"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
)

// strangers is the slow side of a campaign: attempts so few and so spread that no five
// minutes of a login look like an attack.
//
// Method: a stranger is a user who never logged in here, refused from an address that
// was let in neither shortly before nor after: who mistypes tries again. Their number in
// two, six and 24 hours is held against the logins of these hours, of which a usual part
// comes with strangers (decayed, half-life seven days), as a negative binomial: nights and
// flash sales have as many more or fewer of both. An hour teaches when it is a day old, and
// not if it was improbable.
//
// Guards: where most attempts of known users are refused as well the login is broken, and
// nothing counts; what the fast side found is its own. No source can be told from one
// that mistyped once, so that nobody acts on it.
type strangers struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// Hour is the newest of 24 of which Came and Let say how many strangers were refused
	// and how many attempts succeeded, by hour modulo 24.
	Hour      int64
	Came, Let [hoursADay]uint32
	// Strangers and Logins are the usual ones, decayed.
	Strangers, Logins float64
	// Newest are those of the last 24 hours, each user once.
	Newest keyed.List[stranger]
	// Start and Last are buckets of the episode.
	Start, Last    int64
	Count, Emitted uint64
	EmittedAt      int64
}

// stranger is a refused attempt that nothing explains.
type stranger struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Bucket   int64
	User     uint64
	Address  string
	Stamp    stamps
}

const (
	hoursADay    = 24
	maxStrangers = 1000
	// strangerRate is how many strangers come with a login before it has shown its own
	// part, strangerWeight how many logins that weighs, strangerFloor how many come in an
	// hour in which nobody logs in.
	strangerRate   = 0.1
	strangerWeight = 100
	strangerFloor  = 0.5
	slowTimes      = 2.0                // times what is usual, below which nothing is an attack
	knownTries     = 5                  // of known users, to see whether a login is broken
	quietSlow      = 8 * hour / bucket  // buckets that end an episode
	learnSlow      = 24 * hour / bucket // buckets before there is a usual day
	hourBuckets    = hour / bucket
)

// slowWindows are the hours that are judged, the one that runs with them.
var slowWindows = [...]int64{2, 6, hoursADay}

func (s *strangers) valid() error {
	if len(s.Newest) > maxStrangers || !finite(s.Strangers, s.Logins) || s.Hour < 0 || min(s.Start, s.Last) < 0 || max(s.Start, s.Last) > lastBucket {
		return errors.New("strangers out of bounds")
	}
	for i := range s.Newest {
		x := &s.Newest[i]
		if x.Bucket < 0 || x.Bucket > lastBucket || len(x.Address) > 64 || x.Stamp.count() > 1 {
			return fmt.Errorf("stranger of bucket %d", x.Bucket)
		}
		if err := x.Stamp.valid(); err != nil {
			return err
		}
	}
	return nil
}

// settle counts what leaves the window of five minutes: now it is known who was let in
// after all. It says whether strangers were among them.
func (c *campaign) settle(gone []tally, cfg *Config, m *Metrics) (more bool) {
	s := &c.Slow
	odd := false
	for i := range gone {
		t := &gone[i]
		s.move(t.Bucket/hourBuckets, cfg)
		s.Let[s.Hour%hoursADay] += t.OK
		odd = odd || t.Fail > 0 && t.OK == 0 && !c.Known.Has(t.User)
	}
	if !odd || c.Emitted > 0 && (gone[0].Bucket-c.Last)*bucket <= int64(cfg.Quiet) {
		return false
	}
	let := make(map[string]bool) // asked, never walked
	var known, refused uint32
	for i := range c.Window {
		t := &c.Window[i]
		if t.OK > 0 {
			let[event.AddressPrincipal([]byte(t.Address))] = true
		}
		if c.Known.Has(t.User) {
			known, refused = known+t.OK+t.Fail, refused+t.Fail
		}
	}
	if known >= knownTries && 2*refused >= known {
		m.suppressed.WithLabelValues("cred_release").Inc()
		return false
	}
	for i := range gone {
		t := &gone[i]
		if t.Fail == 0 || t.OK > 0 || c.Known.Has(t.User) || let[event.AddressPrincipal([]byte(t.Address))] {
			continue
		}
		if s.add(t) {
			s.Came[s.Hour%hoursADay]++
			s.Count++
			more = true
		}
	}
	return more
}

// add takes note of a stranger, who is none a second time.
func (s *strangers) add(t *tally) bool {
	s.Newest = slices.DeleteFunc(s.Newest, func(x stranger) bool { return x.Bucket <= t.Bucket-hoursADay*hourBuckets })
	if slices.ContainsFunc(s.Newest, func(x stranger) bool { return x.User == t.User }) {
		return false
	}
	if len(s.Newest) == maxStrangers {
		s.Newest = slices.Delete(s.Newest, 0, 1)
	}
	x := stranger{Bucket: t.Bucket, User: t.User, Address: t.Address}
	if t.Stamps.count() > 0 {
		x.Stamp = slices.Clone(t.Stamps[:stampSize])
	}
	s.Newest = append(s.Newest, x)
	return true
}

// move goes on to an hour. Those that are a day old teach.
func (s *strangers) move(to int64, cfg *Config) {
	if s.Hour == 0 {
		s.Hour = to
	}
	for n := 0; s.Hour < to; n++ {
		if n == hoursADay { // nobody was here for longer
			left := fade(to - s.Hour)
			s.Strangers, s.Logins, s.Hour = s.Strangers*left, s.Logins*left, to
			return
		}
		s.Hour++
		i := s.Hour % hoursADay
		came, let := s.Came[i], s.Let[i]
		s.Came[i], s.Let[i] = 0, 0
		left := fade(1)
		s.Strangers, s.Logins = s.Strangers*left, s.Logins*left
		if mean := s.expect(let, 1); float64(came) < slowTimes*mean || tail(int(came), mean, cfg.Cred.SlowSize) > teaches {
			s.Strangers, s.Logins = s.Strangers+float64(came), s.Logins+float64(let)
		}
	}
}

// expect is how many strangers come with so many logins in so many hours.
func (s *strangers) expect(logins uint32, hours int64) float64 {
	return float64(logins)*(s.Strangers+strangerRate*strangerWeight)/(s.Logins+strangerWeight) + strangerFloor*float64(hours)
}

// slow judges what settled by bucket at.
func (c *campaign) slow(at int64, cfg *Config, m *Metrics, out *detect.Out) {
	s := &c.Slow
	if c.First == 0 || at-c.First < learnSlow {
		return
	}
	for _, hours := range slowWindows {
		var came, let uint32
		for h := s.Hour; h > max(-1, s.Hour-hours); h-- {
			came, let = came+s.Came[h%hoursADay], let+s.Let[h%hoursADay]
		}
		mean := s.expect(let, hours)
		if int(came) < cfg.Cred.CampaignUsers || float64(came) < slowTimes*mean {
			continue
		}
		if limit := max(cfg.Cred.CampaignUsers, threshold(mean, cfg.Cred.SlowSize, cfg.Cred.SlowAlpha, int(came)+1)); int(came) >= limit {
			c.tellSlow(at, hours, came, let, mean, limit, cfg, m, out)
			return
		}
	}
}

// tellSlow puts out the strangers of the last hours.
func (c *campaign) tellSlow(at, hours int64, came, let uint32, mean float64, limit int, cfg *Config, m *Metrics, out *detect.Out) {
	s := &c.Slow
	first := len(s.Newest)
	for first > 0 && s.Newest[first-1].Bucket/hourBuckets > s.Hour-hours {
		first--
	}
	in := s.Newest[first:]
	by := map[string]int{} // counted, never walked
	most := 0
	var addresses []string
	for i := len(in) - 1; i >= 0; i-- {
		k := event.AddressPrincipal([]byte(in[i].Address))
		by[k]++
		most = max(most, by[k])
		if by[k] == 1 && len(addresses) < maxCampaign {
			addresses = append(addresses, in[i].Address)
		}
	}
	if len(by) < cfg.Cred.CampaignSources || 2*most > len(in) { // that one is the first stage's
		m.suppressed.WithLabelValues("cred_sources").Inc()
		return
	}
	if s.Emitted > 0 && (at-s.Last > quietSlow || (at-s.Start)*bucket > int64(cfg.Longest)) {
		s.Emitted, s.EmittedAt = 0, 0
	}
	if s.Emitted == 0 {
		s.Start, s.Count = in[0].Bucket, uint64(len(in))
	}
	s.Last = at
	now := (at + 1) * bucket
	if s.Emitted > 0 && s.Count < 2*s.Emitted && now-s.EmittedAt < int64(cfg.UpdateEvery) {
		return
	}
	s.Emitted, s.EmittedAt = s.Count, now
	f := campaignOf(&cred01, c.Tenant, s.Start, at, "slow", c.EndpointID)
	f.Title, f.Severity, f.Count = "Credential stuffing, slow and from many sources", finding.Medium, s.Count
	f.Subject = finding.Subject{Addresses: addresses, Endpoint: c.Endpoint, EndpointID: c.EndpointID, Service: c.Service}
	var named stamps
	for _, x := range in[max(0, len(in)-finding.MaxEvents):] {
		named = joined(named, x.Stamp)
	}
	f.Events = named.ids()
	f.Confidence = min(0.9, 0.6+0.2*min(1, float64(came)/float64(4*limit))+0.1*min(1, float64(len(by))/100))
	f.Features = []finding.Number{{Name: "strangers", Value: float64(came)}, {Name: "sources", Value: float64(len(by))}, {Name: "logins", Value: float64(let)}, {Name: "hours", Value: float64(hours)}}
	f.Baseline = []finding.Number{{Name: "strangers", Value: mean}, {Name: "limit", Value: float64(limit)}}
	f.Summary = fmt.Sprintf("%d users who never logged in here refused at %s from %s in %d h, none of which was let in; %d attempts succeeded meanwhile, with which %.1f such users come usually, limit %d",
		came, c.Endpoint, sources(len(by)), hours, let, mean, limit-1)
	f.Counterfactual = fmt.Sprintf("%d or fewer such users in %d h would not alert, nor would fewer than %d sources", limit-1, hours, cfg.Cred.CampaignSources)
	out.Finding(f)
	hold(out, len(out.Findings)-1, "no source of it can be told from a person who mistyped a name")
}
