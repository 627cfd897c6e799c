package behavior

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
)

// episode is one attack of one subject, from its first supporting event until it is
// quiet: one finding, put out again as it grows.
type episode struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// Start and Last are ns of the first and the newest supporting event.
	Start, Last int64
	Count       uint64
	// Emitted is the count at the last time it was put out, 0 for never, EmittedAt
	// the event time of that.
	Emitted   uint64
	EmittedAt int64
	// Events are the ids of the first supporting events, 16 bytes each.
	Events    []byte
	Addresses []string // newest first
	Shapes    []string // masked exemplars
}

const (
	maxAddresses = 8
	maxShapes    = 5
	maxShape     = 80
	// quietDay is the pause that ends an attack where a day of it is judged.
	quietDay = 24 * time.Hour
)

// see adds the transaction as a supporting event; shape makes an exemplar, masked, where
// one more is kept. It may be nil.
func (e *episode) see(tx *detect.Tx, now int64, cfg *Config, shape func() string) {
	if e.Count > 0 && (now-e.Last > int64(cfg.Quiet) || now-e.Start > int64(cfg.Longest)) {
		*e = episode{}
	}
	if e.Count == 0 {
		e.Start = now
	}
	e.Last = max(e.Last, now)
	e.Count++
	if len(e.Events) < 16*finding.MaxEvents {
		e.Events = append(e.Events, tx.Event.ID[:]...)
	}
	if n := len(e.Shapes); shape != nil && n < maxShapes {
		if s := shape(); s != "" && (n == 0 || e.Shapes[n-1] != s) {
			e.Shapes = append(e.Shapes, s)
		}
	}
	if a := tx.Event.Client.Address; len(a) > 0 && len(a) <= 64 && (len(e.Addresses) == 0 || e.Addresses[0] != string(a)) {
		e.address(string(a))
	}
}

func (e *episode) address(a string) {
	for i, b := range e.Addresses {
		if a == b {
			copy(e.Addresses[1:i+1], e.Addresses[:i])
			e.Addresses[0] = a
			return
		}
	}
	e.Addresses = append(e.Addresses, "")
	copy(e.Addresses[1:], e.Addresses)
	e.Addresses[0] = a
	e.Addresses = e.Addresses[:min(len(e.Addresses), maxAddresses)]
}

// idle forgets an episode that came to nothing.
func (e *episode) idle() {
	if e.Emitted == 0 {
		*e = episode{}
	}
}

// due says whether the finding is to be put out now, and takes note of it: at first,
// whenever the count has doubled, and while it goes on every so often.
func (e *episode) due(now int64, cfg *Config) bool {
	if e.Emitted > 0 && e.Count < 2*e.Emitted && now-e.EmittedAt < int64(cfg.UpdateEvery) {
		return false
	}
	e.Emitted, e.EmittedAt = e.Count, max(now, e.EmittedAt)
	return true
}

// finding starts the finding of the episode; parts make its subject.
func (e *episode) finding(r *finding.Rule, tx *detect.Tx, parts ...string) finding.Finding {
	f := finding.From(r, tx.Tenant)
	start := time.Unix(0, e.Start).UTC()
	f.ID = finding.ID(tx.Tenant, Name, r.ID, append(parts, start.Format(time.RFC3339Nano))...)
	f.Time, f.FirstSeen, f.LastSeen, f.Count = tx.Time, start, time.Unix(0, e.Last).UTC(), e.Count
	f.Subject = tx.Subject()
	f.Subject.Addresses = append([]string(nil), e.Addresses...)
	f.Events = e.events()
	for _, s := range e.Shapes {
		f.Evidence = append(f.Evidence, finding.Evidence{Location: "request.path", Masked: s})
	}
	f.Versions.Detector = Version
	return f
}

func (e *episode) events() []string {
	var ids []string
	for b := e.Events; len(b) >= 16; b = b[16:] {
		ids = append(ids, uuid.UUID(b[:16]).String())
	}
	return ids
}

func (e *episode) valid() error {
	if len(e.Events) > 16*finding.MaxEvents || len(e.Events)%16 != 0 || len(e.Addresses) > maxAddresses || len(e.Shapes) > maxShapes {
		return fmt.Errorf("episode of %d bytes of events, %d addresses, %d shapes", len(e.Events), len(e.Addresses), len(e.Shapes))
	}
	return nil
}

// shapeOf masks s: letters x, digits 9.
func shapeOf(s string) string {
	if len(s) > maxShape {
		s = s[:maxShape]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return '9'
		case r > 0x20 && r < 0x7f && !unicode.IsLetter(r):
			return r
		case unicode.IsLetter(r):
			return 'x'
		}
		return '.'
	}, s)
}

// share is a of b as a whole percentage in words.
func percent(a, b float64) string { return fmt.Sprintf("%.0f %%", 100*a/max(b, 1)) }
