package signature

import (
	"encoding/binary"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
)

// groups turn what is found in single transactions into findings that people can
// read: one for each principal, endpoint and rule, from the first event until a pause
// of Config.Window. The first event is put out at once, with whatever action it
// causes; the same id again says how many there were.
//
// Whoever reaches Config.ScanEndpoints endpoints is scanning. What that principal
// sends to further ones is one finding a rule, whatever the endpoint. It stays a finding
// of its rule, so that policy goes on treating an injection as one and not as a scan.
//
// Two things are kept apart though the principal is the same. Replayed events, on which
// nobody acts, must not use up the first event that somebody would act on. And a
// credential that the API refused was not shown to be the caller's: what came with it
// is about the address, or an attacker could have its owner blocked.
//
// A response that gives something away never counts as a scan: there the endpoint is
// what people must find.
type groups struct {
	cfg      *Config
	metrics  *metrics
	open     *keyed.Table[group]
	callers  *keyed.Table[caller]
	outbound map[string]bool // rules about responses; asked, never walked
	digest   *xxhash.Digest
}

func newGroups(cfg *Config, m *metrics) *groups {
	g := &groups{cfg: cfg, metrics: m, outbound: make(map[string]bool), digest: xxhash.New()}
	g.open = keyed.NewTable[group](cfg.MaxWindows, m.forgotten.Inc)
	g.callers = keyed.NewTable[caller](cfg.MaxWindows, m.forgotten.Inc)
	for _, c := range precedence {
		if c.Outbound() {
			g.outbound[c.rule().ID] = true
		}
	}
	return g
}

// take files f, which is about the one event of tx, under its group.
func (g *groups) take(tx *detect.Tx, f finding.Finding, out *detect.Out) {
	if g.cfg.Window == 0 {
		g.metrics.findings.WithLabelValues(f.Rule).Inc()
		out.Finding(f)
		return
	}
	now := tx.Time.UnixNano()
	w := window{tenant: f.Tenant, rule: f.Rule, who: accountable(tx), endpoint: f.Subject.EndpointID, replayed: tx.Event.Has(event.Replayed)}
	f.Subject.Principal = w.who
	if g.scanning(&w, now) {
		if s := g.open.Get(g.key(&w)); s == nil || !s.of(&w) || s.over(now, g.cfg) {
			w.endpoint, w.wide = "", true
		}
	}
	s := g.reach(&w, now, out)
	s.add(g, &w, tx, &f)
	if s.due(now, g.cfg) {
		g.put(s, now, out)
	}
}

// window is what makes findings one.
type window struct {
	tenant, rule, who, endpoint string
	replayed, wide              bool
}

// key is the place of w in the table. The same in every process.
func (g *groups) key(w *window) uint64 {
	kind := "live"
	if w.replayed {
		kind = "replayed"
	}
	if w.wide {
		kind += " wide"
	}
	return g.hash(w.tenant, w.who, kind, w.endpoint, w.rule)
}

func (g *groups) hash(parts ...string) uint64 { return hashed(g.digest, parts...) }

// hashed hashes parts, each with its length, so that no two lists collide by joining.
func hashed(d *xxhash.Digest, parts ...string) uint64 {
	var length [4]byte
	d.Reset()
	for _, p := range parts {
		binary.LittleEndian.PutUint32(length[:], uint32(len(p)))
		d.Write(length[:]) //nolint:errcheck // never fails
		d.WriteString(p)   //nolint:errcheck // never fails
	}
	return d.Sum64()
}

// accountable is who tx can be held against: the principal, unless the API refused
// what it was told by.
func accountable(tx *detect.Tx) string {
	if tx.Event.Status == 401 && tx.Event.Authenticated() {
		return event.AddressPrincipal(tx.Event.Client.Address)
	}
	return tx.Principal
}

// reach is the open group of w, begun anew where there was none or it is over. The hash
// of somebody else's window may be the same, by chance or by design: theirs ends then.
func (g *groups) reach(w *window, now int64, out *detect.Out) *group {
	key := g.key(w)
	s := g.open.Get(key)
	if s == nil && g.open.Full() {
		_, oldest := g.open.Oldest()
		g.end(oldest, out)
	}
	s = g.open.Touch(key)
	if s.Count > 0 && (!s.of(w) || s.over(now, g.cfg)) {
		g.end(s, out)
		*s = group{}
	}
	return s
}

// put puts out the finding of s as it stands.
func (g *groups) put(s *group, now int64, out *detect.Out) {
	if s.Put == 0 {
		g.metrics.findings.WithLabelValues(s.F.Rule).Inc()
	} else {
		g.metrics.updates.Inc()
	}
	s.Put, s.PutAt, s.PutSeverity, s.PutConfidence, s.News = s.Count, max(now, s.PutAt), s.F.Severity, s.F.Confidence, false
	out.Finding(s.finding(now, g.cfg))
}

// end says what of s was not said yet. Nobody acts on it: every event that could be
// acted on was put out when it came.
func (g *groups) end(s *group, out *detect.Out) {
	if s.Count > s.Put {
		g.metrics.updates.Inc()
		s.Put = s.Count
		out.Update(s.finding(s.Last, g.cfg))
	}
}

// advance ends the groups that are quiet at watermark. The table is in the order of use,
// so it stops at the first that is not.
func (g *groups) advance(watermark int64, out *detect.Out) {
	if g.cfg.Window == 0 {
		return
	}
	for {
		key, s := g.open.Oldest()
		if s == nil || watermark-s.Last < int64(g.cfg.Window) {
			break
		}
		g.end(s, out)
		g.open.Remove(key)
	}
	for {
		key, c := g.callers.Oldest()
		if c == nil || watermark-c.Last < int64(g.cfg.Window) {
			break
		}
		g.callers.Remove(key)
	}
}

// caller is a principal that something was found of, and how far it got around.
type caller struct {
	_msgpack    struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant, Who string
	Last        int64 // ns
	Endpoints   distinct
}

// scanning notes the endpoint of w and says whether its principal scans.
func (g *groups) scanning(w *window, now int64) bool {
	if g.outbound[w.rule] {
		return false
	}
	id := window{tenant: w.tenant, who: w.who, replayed: w.replayed}
	c := g.callers.Touch(g.key(&id))
	if c.Tenant != w.tenant || c.Who != w.who || now-c.Last >= int64(g.cfg.Window) {
		*c = caller{Tenant: strings.Clone(w.tenant), Who: strings.Clone(w.who), Last: now}
	}
	c.Last = max(c.Last, now)
	most := uint32(g.cfg.ScanEndpoints)
	if c.Endpoints.see(g.hash(w.endpoint)) && c.Endpoints.N == most {
		g.metrics.scans.Inc()
	}
	return c.Endpoints.N >= most
}

// scans says whether the principal of tx is known to scan.
func (g *groups) scans(tx *detect.Tx) bool {
	if g.cfg.Window == 0 {
		return false
	}
	id := window{tenant: tx.Tenant, who: accountable(tx), replayed: tx.Event.Has(event.Replayed)}
	c := g.callers.Get(g.key(&id))
	return c != nil && c.Tenant == id.tenant && c.Who == id.who && c.Endpoints.N >= uint32(g.cfg.ScanEndpoints)
}

// distinct counts different things: exactly as long as they are few, two in a hundred
// too low where they are thousands.
type distinct struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	N        uint32
	Seen     keyed.Filter
}

// see counts h and says whether it is new.
func (d *distinct) see(h uint64) bool {
	if !d.Seen.Add(h) {
		return false
	}
	d.N++
	return true
}
