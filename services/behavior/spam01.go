package behavior

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Spam01 are the settings of SPAM-01.
type Spam01 struct {
	// Objects is on how many one principal must put a text or link in a day, Accounts how
	// many principals must on as many together.
	Objects  int `yaml:"objects" doc:"Objects that one principal puts a text or link on in a day, from which it alerts."`
	Accounts int `yaml:"accounts" doc:"Principals that together put it on as many."`
	Words    int `yaml:"words" doc:"Words below which a text without a link says nothing."`
}

func defaultSpam01() Spam01 { return Spam01{Objects: 8, Accounts: 4, Words: 6} }

func (c *Spam01) validate(l *limits) {
	l.integer("spam_01.objects", c.Objects, 2, 10_000)
	l.integer("spam_01.accounts", c.Accounts, 2, 10_000)
	l.integer("spam_01.words", c.Words, 3, 1000)
}

// SPAM-01: one text or link on many objects, or from many accounts.
//
// Method: near copies by min-wise hashing (Broder, "On the resemblance and containment of
// documents", 1997) of shingles of three words, digits and punctuation left out: four
// minima in two bands, so texts that share four in five shingles fall together nine times
// in ten. Links are compared without their query,
// and the text before the first. The first stage counts the objects of
// one principal, the second (spread_gather.go) those of many.
//
// Guards: short texts say nothing; boilerplate, as of a support desk, is what the same
// principal wrote on days before.
var spam01 = finding.Rule{
	ID: "SPAM-01", Title: "One text on many objects", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API6"}, CWE: []string{"CWE-799"}, ATTACK: []string{"T1566.003"},
	Remediation: "Remove what was posted, limit posts of new accounts, and hold texts and links that were seen on many objects for review.",
}

type spam struct {
	cfg     *Config
	metrics *Metrics
	writers *keyed.Table[writer]
	pending spreading
	words   [][]byte // scratch
}

// writer is one principal and one text.
type writer struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	First    int64    // day of the first
	Day      int64
	Objects  distinct // today's
	Episode  episode
}

func (s *writer) valid() error { return errors.Join(s.Objects.valid(), s.Episode.valid()) }

func newSpam(cfg *Config, m *Metrics) *spam {
	return &spam{cfg: patient(cfg), metrics: m, writers: keyed.NewTable[writer](cfg.MaxKeys, m.eviction("SPAM-01")), pending: spreading{dimension: "text"}}
}

// textsOf is what the second stage gathers.
func textsOf(cfg *Config) profile {
	c := &cfg.Spam
	return profile{rule: &spam01, title: "One text from many accounts", clients: c.Accounts, items: max(c.Objects, 2*c.Accounts), usual: prior{0.5, 0.8, 8},
		alpha: 1e-4, most: 0.6, what: "objects with one text", by: "on which it was put"}
}

func (r *spam) observe(o *observation, out *detect.Out) {
	if !o.ok || o.intent&pays != 0 || !changes(o.tx.Event.Method) || len(o.tx.Event.RequestBody.Data) < 24 || isLogin(o.tx) {
		return
	}
	object := o.hash.value(o.endpoint, o.tx.Event.Path)
	leaves := o.tx.Request().Leaves
	for i := range leaves {
		l := &leaves[i]
		if l.Location != content.Body || len(l.Value) < 12 {
			continue
		}
		for k, key := range r.keysOf(o, l.Value) {
			if key != 0 && r.wrote(o, key, object, k < 2, l.Value, out) {
				return
			}
		}
	}
}

const maxText = 2048 // bytes of a text that are looked at

// keysOf are a text's link and its two bands, 0 for none.
func (r *spam) keysOf(o *observation, text []byte) (keys [3]uint64) {
	text = text[:min(len(text), maxText)]
	scope := o.hash.within("text")
	if i := bytes.Index(text, []byte("://")); i >= 0 {
		link := text[i+3:]
		if j := bytes.IndexAny(link, " \t\r\n\"'<>?#)"); j >= 0 {
			link = link[:j]
		}
		keys[0] = o.hash.value(scope+1, bytes.ToLower(link))
		text = text[:i]
	}
	r.words = r.words[:0]
	for w := range bytes.FieldsFuncSeq(text, func(c rune) bool { return !('a' <= c|0x20 && c|0x20 <= 'z' || c > 0x7f) }) {
		r.words = append(r.words, w)
	}
	if len(r.words) < r.cfg.Spam.Words {
		return keys
	}
	least := [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	var before [2]uint64
	for i, w := range r.words {
		h := o.hash.value(scope, bytes.ToLower(w))
		if i >= 2 {
			shingle := mix(mix(before[0], before[1]), h)
			for j := range least {
				least[j] = min(least[j], mix(shingle, uint64(j)+1))
			}
		}
		before = [2]uint64{before[1], h}
	}
	keys[1], keys[2] = mix(least[0], least[1]), mix(least[2], least[3])
	return keys
}

// wrote takes note of a text on an object and says whether it alerted; together says
// that the second stage is told, for which one band will do.
func (r *spam) wrote(o *observation, key, object uint64, together bool, text []byte, out *detect.Out) bool {
	tx, c, today := o.tx, &r.cfg.Spam, o.now/day
	s := r.writers.Touch(mix(o.who, key))
	if s.First == 0 {
		s.First = today
	}
	if today > s.Day {
		s.Day, s.Objects = today, distinct{}
	}
	before := s.Objects.count()
	s.Objects.add(object)
	n := s.Objects.count()
	if n <= before {
		return false
	}
	if together {
		r.pending.add(o, fmt.Sprintf("%016x", key), object)
	}
	s.Episode.see(tx, o.now, r.cfg, func() string { return "text of " + shapeOf(fmt.Sprint(len(text))) + " bytes" })
	if n < float64(c.Objects) {
		return false
	}
	if s.First < today && s.Episode.Emitted == 0 {
		r.metrics.suppressed.WithLabelValues("spam_boilerplate").Inc()
		return false
	}
	if !s.Episode.due(o.now, r.cfg) {
		return false
	}
	// Both bands of a text begin with the same event, and so are one finding.
	f := s.Episode.finding(&spam01, tx, tx.Principal, "text")
	for i := range f.Evidence {
		f.Evidence[i].Location = "request.body"
	}
	f.Confidence = min(0.95, 0.65+0.25*min(1, n/float64(4*c.Objects)))
	f.Features = []finding.Number{{Name: "objects", Value: n}}
	f.Baseline = []finding.Number{{Name: "objects", Value: float64(c.Objects)}}
	f.Summary = fmt.Sprintf("one text of %d bytes, or near copies of it, put on %.0f objects at %s today, which it never wrote on a day before", len(text), n, tx.Endpoint.Label)
	f.Counterfactual = fmt.Sprintf("%d or fewer objects would not alert, nor would a text that it wrote on a day before", c.Objects-1)
	out.Finding(f)
	return true
}

func (r *spam) flush(out *detect.Out) { r.pending.flush(r.metrics, out) }

func (r *spam) capture(c *keyed.Capture) { r.writers.Capture(c) }

func (r *spam) decode(d *msgpack.Decoder) error { return r.writers.Decode(d, (*writer).valid) }
