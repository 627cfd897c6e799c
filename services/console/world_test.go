package console

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/segmentio/encoding/json"
	"github.com/twmb/franz-go/pkg/kgo"
)

// world is an hour of a small bank, put into ClickHouse by the real sinks.
type world struct {
	t       testing.TB
	cfg     chsink.Config
	now     time.Time
	events  []event.Event
	find    []finding.Finding
	actions []action.Action
	offset  int64
	random  *rand.Rand
	lexical catalog.Lexical
}

const bankHost = "api.bank.example"

func newWorld(t testing.TB, cfg chsink.Config) *world {
	return &world{t: t, cfg: cfg, now: time.Now().UTC().Truncate(time.Microsecond), random: rand.New(rand.NewPCG(1, 2))}
}

type sink interface {
	Append(r *kgo.Record, topicID [16]byte) error
}

// put appends a record and moves the offset on. at is its Kafka timestamp.
func (w *world) put(s sink, key string, value []byte, at time.Time) {
	w.t.Helper()
	w.offset++
	must(w.t, s.Append(&kgo.Record{Partition: 0, Offset: w.offset, Timestamp: at, Key: []byte(key), Value: value}, [16]byte{7}))
}

var routes = []struct {
	method, template string
	weight           int
}{
	{"GET", "/accounts/{int}", 40}, {"GET", "/accounts/{int}/transfers", 22}, {"POST", "/transfers", 14}, {"POST", "/login", 9},
	{"GET", "/partners/{id}/statements", 7}, {"GET", "/cards/{uuid}", 4}, {"GET", "/health", 3}, {"PATCH", "/accounts/{int}/limits", 1},
}

func (w *world) route() (string, string) {
	n := w.random.IntN(100)
	for _, r := range routes {
		if n -= r.weight; n < 0 {
			return r.method, r.template
		}
	}
	return "GET", "/health"
}

// concrete fills a template in.
func (w *world) concrete(template string) string {
	return strings.NewReplacer("{int}", strconv.Itoa(4000+w.random.IntN(900)), "{uuid}", uuid.NewString(), "{id}", "P-7F3K2").Replace(template)
}

// match is the endpoint of a path.
func (w *world) match(method, path string) catalog.Match {
	return w.lexical.Match("default", bankHost, method, []byte(path))
}

func (w *world) event(at time.Time, method, path, address, subject string, status uint16) *event.Event {
	b := func(s string) []byte { return []byte(s) }
	e := event.Event{
		Tenant: b("default"), Sensor: b([]string{"edge-1", "edge-2"}[w.random.IntN(2)]), Boot: 1, Sequence: uint64(len(w.events) + 1),
		RequestTime: at.UnixNano(), ResponseTime: at.Add(time.Duration(4+w.random.IntN(60)) * time.Millisecond).UnixNano(),
		Client: event.Client{Address: b(address), AddressSource: b("x-forwarded-for")}, Method: b(method), Scheme: b("https"), Protocol: b("HTTP/1.1"),
		Authority: b(bankHost), Path: b(path), Status: status, RequestHeaders: []event.Header{{Name: b("User-Agent"), Value: b("bank-app/4.2")}}, SampleRate: 1,
		RequestBody: event.Body{ContentType: b("application/json")}, ResponseBody: event.Body{WireLength: 512, SeenLength: 512, ContentType: b("application/json")},
	}
	if subject != "" {
		e.Identity = event.Identity{Scheme: b("jwt"), Subject: b(subject), KeyID: b("k1")}
	}
	binary.BigEndian.PutUint64(e.ID[:8], uint64(at.UnixMilli())<<16|0x7000)
	binary.BigEndian.PutUint64(e.ID[8:], uint64(len(w.events))|1<<63)
	w.events = append(w.events, e)
	return &w.events[len(w.events)-1]
}

// traffic is per events a second on average, over the last hour.
func (w *world) traffic(per float64) {
	from := w.now.Add(-time.Hour)
	for at := from; at.Before(w.now); at = at.Add(2 * time.Second) {
		x := at.Sub(from).Minutes()
		n := int(2 * per * (1 + .35*math.Sin(x/9) + .12*math.Sin(x/2.3) + .2*w.random.Float64()))
		for range n {
			method, path := w.route()
			path = w.concrete(path)
			status := uint16(200)
			switch k := w.random.IntN(100); {
			case k < 5:
				status = 404
			case k < 8:
				status = 401
			case k < 9:
				status = 502
			}
			w.event(at, method, path, fmt.Sprintf("198.51.100.%d", w.random.IntN(60)+1), fmt.Sprintf("%032x", w.random.IntN(50)+1), status)
		}
	}
}

// attack adds n events of an attacker within d up to at.
func (w *world) attack(at time.Time, d time.Duration, n int, method, path, address string, status uint16) []string {
	var ids []string
	for i := range n {
		e := w.event(at.Add(-d*time.Duration(n-i)/time.Duration(n)), method, path, address, "", status)
		if status == 403 {
			e.Flags |= event.Enforced
		}
		ids = append(ids, uuid.UUID(e.ID).String())
	}
	return ids
}

func (w *world) flush() {
	w.t.Helper()
	events, err := chsink.NewEvents(w.cfg, &w.lexical, chsink.DefaultEventSettings(), nil)
	must(w.t, err)
	for i := range w.events {
		e := &w.events[i]
		w.put(events, string(e.Key()), event.Encode(nil, e), time.Unix(0, e.RequestTime).Add(3*time.Millisecond))
	}
	must(w.t, events.Flush(w.t.Context()))
	must(w.t, events.Close())
	findings, err := chsink.NewFindings(w.cfg, nil)
	must(w.t, err)
	for i := range w.find {
		b, err := finding.Encode(&w.find[i])
		must(w.t, err)
		w.put(findings, w.find[i].ID, b, w.find[i].Time)
	}
	must(w.t, findings.Flush(w.t.Context()))
	must(w.t, findings.Close())
	w.putActions(w.actions...)
	w.events, w.find, w.actions = nil, nil, nil
}

func (w *world) putActions(list ...action.Action) {
	w.t.Helper()
	actions, err := chsink.NewActions(w.cfg, nil)
	must(w.t, err)
	for i := range list {
		b, err := action.Encode(&list[i])
		must(w.t, err)
		w.put(actions, string(list[i].Key()), b, list[i].NotBefore)
	}
	must(w.t, actions.Flush(w.t.Context()))
	must(w.t, actions.Close())
}

func (w *world) putStatuses(list ...action.Status) {
	w.t.Helper()
	statuses, err := chsink.NewStatuses(w.cfg, nil)
	must(w.t, err)
	for i := range list {
		b, err := json.Marshal(list[i])
		must(w.t, err)
		w.put(statuses, list[i].ActionID, b, list[i].Time)
	}
	must(w.t, statuses.Flush(w.t.Context()))
	must(w.t, statuses.Close())
}

func (w *world) putEndpoints(list ...catalog.Endpoint) {
	w.t.Helper()
	s, err := chsink.NewEndpoints(w.cfg, nil)
	must(w.t, err)
	for i := range list {
		b, err := json.Marshal(list[i])
		must(w.t, err)
		w.put(s, list[i].Tenant+"|"+list[i].ID, b, list[i].LastSeen)
	}
	must(w.t, s.Flush(w.t.Context()))
	must(w.t, s.Close())
}

func (w *world) putFields(list ...catalog.Field) {
	w.t.Helper()
	s, err := chsink.NewFields(w.cfg, nil)
	must(w.t, err)
	for i := range list {
		b, err := json.Marshal(list[i])
		must(w.t, err)
		w.put(s, list[i].Tenant+"|"+list[i].ID, b, list[i].LastSeen)
	}
	must(w.t, s.Flush(w.t.Context()))
	must(w.t, s.Close())
}

func (w *world) putPrincipals(list ...risk.Principal) {
	w.t.Helper()
	s, err := chsink.NewPrincipals(w.cfg, nil)
	must(w.t, err)
	for i := range list {
		b, err := risk.EncodePrincipal(&list[i])
		must(w.t, err)
		w.put(s, string(list[i].Key()), b, list[i].Updated)
	}
	must(w.t, s.Flush(w.t.Context()))
	must(w.t, s.Close())
}

func (w *world) putVerdicts(list ...risk.Verdict) {
	w.t.Helper()
	s, err := chsink.NewVerdicts(w.cfg, nil)
	must(w.t, err)
	for i := range list {
		b, err := risk.EncodeVerdict(&list[i])
		must(w.t, err)
		w.put(s, string(list[i].Key()), b, list[i].At)
	}
	must(w.t, s.Flush(w.t.Context()))
	must(w.t, s.Close())
}
