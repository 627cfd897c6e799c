package signature

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
)

// group is an open window.
type group struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// Who, Endpoint, Replayed and Wide are its window's, with tenant and rule of F.
	Who, Endpoint  string
	Replayed, Wide bool
	// F is the finding: what it says is of its strongest event, the subject of the
	// newest, severity and confidence are the highest, events and evidence the first.
	F said
	// Start and Last are ns of the first and the newest event.
	Start, Last int64
	Count       uint64
	// Answered and Broke count events answered 2xx and 5xx.
	Answered, Broke uint64
	// Places and Rules are what matched, Endpoints where, Tokens what the principal
	// showed itself with.
	Places, Rules, Endpoints, Tokens distinct
	// Strength is that of the strongest event.
	Strength strength
	// Put is the count when it was last put out, 0 for never; PutAt, PutSeverity and
	// PutConfidence are what it said then. News asks for it to be put out now.
	Put           uint64
	PutAt         int64
	PutSeverity   finding.Severity
	PutConfidence float64
	News          bool
}

// strength orders events: by severity, then by confidence.
type strength struct {
	_msgpack   struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Weight     float64
	Confidence float64
}

func (s strength) less(t strength) bool {
	return s.Weight < t.Weight || s.Weight == t.Weight && s.Confidence < t.Confidence
}

const (
	maxAddresses = 8
	// maxTokens is how many of them are put out at once each: who makes up one a
	// request must not make a finding a request of it.
	maxTokens = 16
)

// of says whether s is the group of w.
func (s *group) of(w *window) bool {
	return s.F.Tenant == w.tenant && s.F.Rule == w.rule && s.Who == w.who && s.Endpoint == w.endpoint && s.Replayed == w.replayed && s.Wide == w.wide
}

// over says whether an event at now belongs to a new group.
func (s *group) over(now int64, cfg *Config) bool {
	return now-s.Last >= int64(cfg.Window) || now-s.Start >= int64(cfg.Longest)
}

// add takes the event of tx, of which f says what was found.
func (s *group) add(g *groups, w *window, tx *detect.Tx, f *finding.Finding) {
	now := tx.Time.UnixNano()
	if s.Count == 0 {
		s.begin(w, f, now)
	}
	s.Count++
	s.Last = max(s.Last, now)
	switch {
	case tx.Event.Status >= 200 && tx.Event.Status < 300:
		s.Answered++
	case tx.Event.Status >= 500:
		s.Broke++
	}
	if st := (strength{Weight: f.Severity.Weight(), Confidence: f.Confidence}); s.Count == 1 || s.Strength.less(st) {
		s.Strength = st
		s.F.Summary, s.F.Counterfactual, s.F.Features, s.F.Baseline, s.F.Versions, s.F.Source = f.Summary, f.Counterfactual, f.Features, f.Baseline, f.Versions, f.Source
	}
	if f.Severity.Weight() > s.F.Severity.Weight() {
		s.F.Severity = f.Severity
	}
	s.F.Confidence = max(s.F.Confidence, f.Confidence)
	if n := finding.MaxEvents - len(s.F.Events); n > 0 {
		s.F.Events = append(s.F.Events, f.Events[:min(n, len(f.Events))]...)
	}
	where := ""
	if s.Wide {
		s.Endpoints.see(g.hash(f.Subject.EndpointID))
		where = " at " + f.Subject.Endpoint
	}
	for _, n := range f.Features {
		if strings.HasPrefix(n.Name, FeatureCRS) || strings.HasPrefix(n.Name, FeaturePack) {
			s.Rules.see(g.hash(n.Name))
		}
	}
	for i := range f.Evidence {
		e := &f.Evidence[i]
		s.Places.see(g.hash(e.Location, e.Path))
		s.exemplar(e, where, g.cfg.Evidence)
	}
	s.subject(g, tx, f)
}

// begin makes s the group of w with f as its first event. The id is that of f, so a
// group that was ended and forgotten never shares it with the next of its window, and
// first_seen never changes: the table of findings is partitioned by its day.
func (s *group) begin(w *window, f *finding.Finding, now int64) {
	s.Who, s.Endpoint, s.Replayed, s.Wide = strings.Clone(w.who), strings.Clone(w.endpoint), w.replayed, w.wide
	s.Start, s.Last = now, now
	s.F = said(*f)
	s.F.Events, s.F.Evidence, s.F.Subject.Addresses = nil, nil, nil
}

// exemplar keeps e if its place under its rule is new and there is room; where is added
// to what is said of it. What is kept outlives the event, which a name may be a piece of.
func (s *group) exemplar(e *finding.Evidence, where string, limit int) {
	if len(s.F.Evidence) >= min(limit, finding.MaxEvidence) {
		return
	}
	for i := range s.F.Evidence {
		if o := &s.F.Evidence[i]; o.Location == e.Location && o.Path == e.Path && o.Note == e.Note+where {
			return
		}
	}
	s.F.Evidence = append(s.F.Evidence, finding.Evidence{
		Location: strings.Clone(e.Location), Path: strings.Clone(e.Path), Masked: strings.Clone(e.Masked), Note: strings.Clone(e.Note) + where,
	})
}

// subject makes the newest event's subject that of the finding; addresses are gathered.
func (s *group) subject(g *groups, tx *detect.Tx, f *finding.Finding) {
	addresses := s.F.Subject.Addresses
	for _, a := range f.Subject.Addresses {
		if i := slices.Index(addresses, a); i >= 0 {
			addresses = slices.Delete(addresses, i, i+1)
		}
		addresses = slices.Insert(addresses, 0, a)
	}
	s.F.Subject = f.Subject
	s.F.Subject.Addresses = addresses[:min(len(addresses), maxAddresses)]
	// A token that policy has not seen yet is one that it could not act on. Where the
	// address is who acts, tokens do not count.
	if s.Who == tx.Principal && tx.Event.Authenticated() && s.Tokens.N < maxTokens && s.Tokens.see(g.hash(f.Subject.Credential, f.Subject.Session)) {
		s.News = true
	}
	if s.Wide { // the host stays: an action may hold for it alone
		s.F.Subject.EndpointID, s.F.Subject.Endpoint = "", "* "+tx.Endpoint.Host+"/*"
	}
}

// due says whether the finding is to be put out now: at first, whenever the count has
// doubled, when severity or confidence (by the hundredth) rose above what was said, for
// a new token, and every so often while it goes on. So no event waits that policy would
// act on when it did not on those before.
func (s *group) due(now int64, cfg *Config) bool {
	return s.Put == 0 || s.News || s.Count/2 >= s.Put || s.F.Severity.Weight() > s.PutSeverity.Weight() ||
		int(s.F.Confidence*100) > int(s.PutConfidence*100) || now-s.PutAt >= int64(cfg.UpdateEvery)
}

// finding is s as it is put out at now. It shares no memory that s changes.
func (s *group) finding(now int64, cfg *Config) finding.Finding {
	f := finding.Finding(s.F)
	f.Time, f.FirstSeen, f.LastSeen = time.Unix(0, now).UTC(), time.Unix(0, s.Start).UTC(), time.Unix(0, s.Last).UTC()
	f.Count = s.Count
	f.Events, f.Evidence, f.Subject.Addresses = slices.Clone(f.Events), slices.Clone(f.Evidence), slices.Clone(f.Subject.Addresses)
	if s.Count == 1 && !s.Wide {
		return f
	}
	f.Features = append(slices.Clone(f.Features),
		finding.Number{Name: "distinct_places", Value: float64(s.Places.N)}, finding.Number{Name: "distinct_rules", Value: float64(s.Rules.N)},
		finding.Number{Name: "answered_2xx", Value: float64(s.Answered)}, finding.Number{Name: "answered_5xx", Value: float64(s.Broke)})
	if !s.Wide {
		f.Summary += "; " + s.tally()
		return f
	}
	f.Features = append(f.Features, finding.Number{Name: "distinct_endpoints", Value: float64(s.Endpoints.N)})
	f.Baseline = append(slices.Clone(f.Baseline), finding.Number{Name: "scan_endpoints", Value: float64(cfg.ScanEndpoints)})
	about := ""
	if s.Endpoints.N > 100 {
		about = "about "
	}
	f.Summary = fmt.Sprintf("%s at %s%s, after %d others: %s. The strongest: %s",
		f.Title, about, plural(int(s.Endpoints.N), "endpoint"), cfg.ScanEndpoints-1, s.tally(), f.Summary)
	return f
}

// tally is how many events there were, in what time, and how they were answered.
func (s *group) tally() string {
	text := plural(int(s.Count), "request")
	if took := time.Duration(s.Last - s.Start); took >= 2*time.Minute {
		text += fmt.Sprintf(" in %d min", took/time.Minute)
	} else if took >= time.Second {
		text += fmt.Sprintf(" in %d s", took/time.Second)
	}
	if s.Answered > 0 {
		text += fmt.Sprintf(", %d answered 2xx", s.Answered)
	}
	if s.Broke > 0 {
		text += fmt.Sprintf(", %d answered 5xx", s.Broke)
	}
	return text
}
