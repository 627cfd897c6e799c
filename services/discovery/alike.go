package discovery

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/discovery/lookalike"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Catalog says what a request resembles that no endpoint fits (INV-02). Like a
// catalog.Matcher it must be deterministic for a fixed catalog and safe for
// concurrent use.
type Catalog interface {
	Resembles(tenant string, r lookalike.Request) (lookalike.Match, bool)
}

// alike counts the look-alikes that one principal sends to one endpoint in an hour
// by the same tricks: they are one finding.
type alike struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	First    int64    // ns
	Count    uint64
	Served   bool // one was answered 2xx
}

// newAlikes makes the table of a detector.
func newAlikes(c *Config, m *metrics) *keyed.Table[alike] {
	return keyed.NewTable[alike](c.MaxAlikes, m.alikes.Inc)
}

// resembles looks tx up; seen is the endpoint as the catalog has it. What is answered under
// another spelling of a path that the catalog knows counts for that path: it is the same
// resource reached another way, and no endpoint that anybody made.
func (d *detector) resembles(tx *detect.Tx, seen *catalog.Match) (m lookalike.Match, alike bool) {
	if d.cfg.Catalog == nil {
		return m, false
	}
	m, alike = d.cfg.Catalog.Resembles(tx.Tenant, lookalike.Of(tx.Event, seen))
	if m.Spelled != "" && isSuccess(tx.Event.Status, d.cfg.AdmitUnanswered) {
		tx.Endpoint = d.lexical.Match(tx.Tenant, tx.Event.Host(), string(tx.Event.Method), []byte(m.Spelled))
	}
	return m, alike
}

// isDotted says whether a template goes through "." or "..": a way to somewhere, and
// no endpoint, whatever the answer was.
func isDotted(template string) bool {
	if !strings.Contains(template, "/.") {
		return false
	}
	for segment := range strings.SplitSeq(template, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// said puts out the finding of a look-alike: at first, whenever the count has
// doubled, and when one is served after all, which makes it worse.
func (d *detector) said(tx *detect.Tx, m *lookalike.Match, out *detect.Out) {
	h := fnv.New64a()
	fmt.Fprint(h, tx.Tenant, "|", tx.Principal, "|", m.EndpointID, "|", m.Tricks, "|", tx.Time.Truncate(time.Hour).Unix())
	s := d.alikes.Touch(h.Sum64())
	if s.Count == 0 {
		s.First = tx.Time.UnixNano()
	}
	s.Count++
	served := lookalike.Served(tx.Event.Status)
	if s.Count&(s.Count-1) != 0 && (s.Served || !served) {
		return
	}
	s.Served = s.Served || served
	out.Finding(lookalike.Finding(tx, *m, s.Count, time.Unix(0, s.First).UTC()))
}

func (d *detector) alikeState() ([]byte, error) {
	var b bytes.Buffer
	if err := d.alikes.Encode(msgpack.NewEncoder(&b)); err != nil {
		return nil, fmt.Errorf("discovery: look-alikes: %w", err)
	}
	return b.Bytes(), nil
}

func (d *detector) restoreAlikes(b []byte) error {
	if err := d.alikes.Decode(msgpack.NewDecoder(bytes.NewReader(b)), func(*alike) error { return nil }); err != nil {
		return fmt.Errorf("discovery: restore look-alikes: %w", err)
	}
	return nil
}
