package console

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery"
	"github.com/miradorhq/mirador/services/discovery/order"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/encoding/json"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestTemplateOrdersEndToEnd has both stages of discovery on a broker: requests come,
// a person gives orders about some of the hosts, and the topic of the catalog shows
// what they wanted, and no host that nobody spoke of has changed.
func TestTemplateOrdersEndToEnd(t *testing.T) {
	seeds := broker(t)
	o := runner.DefaultOptions()
	o.Kafka, o.Service, o.Instance, o.TopicPrefix, o.Logger = []kgo.Opt{seeds}, "discovery", "one", "orders.", silent()
	o.Matcher, o.CommitInterval, o.FetchMaxWait, o.SessionTimeout = &catalog.Lexical{}, 20*time.Millisecond, 50*time.Millisecond, 6*time.Second
	c := client(t, seeds)
	must(t, runner.EnsureTopics(t.Context(), kadm.NewClient(c), schemas.Topics, &o, runner.TopicPlan{Partitions: 4, Replication: 1}))
	settings := discovery.Defaults()
	ctx, stop := context.WithCancel(t.Context())
	var ends []chan error
	run := func(s *runner.Stage, err error) {
		must(t, err)
		end := make(chan error, 1)
		go func() { end <- s.Run(ctx) }()
		ends = append(ends, end)
	}
	o.Registry = prometheus.NewRegistry()
	run(runner.NewDetect(o, runner.DetectStage{Name: "discovery", New: discovery.Factory(settings), PartialKinds: []string{discovery.Kind}}))
	o.Registry = prometheus.NewRegistry()
	run(runner.NewMerge(o, runner.MergeStage{Name: "discovery-merge", Kind: discovery.Kind, New: discovery.MergerFactory(settings)}))
	defer func() {
		stop()
		for _, end := range ends {
			must(t, <-end)
		}
	}()

	// More hosts than partitions, so that every partition has some.
	const hosts = 12
	n := 0
	for h := range hosts {
		for _, path := range []string{"/v1/alpha", "/v1/alpha", "/v1/beta"} {
			n++
			e := &event.Event{Tenant: []byte("default"), Sensor: []byte("s"), Boot: 1, Sequence: uint64(n), RequestTime: time.Now().UnixNano(), Method: []byte("GET"),
				Authority: fmt.Appendf(nil, "h%d.example", h), Path: []byte(path), Status: 200, Client: event.Client{Address: fmt.Appendf(nil, "192.0.2.%d", n)}}
			binary.BigEndian.PutUint64(e.ID[8:], uint64(n))
			must(t, c.ProduceSync(t.Context(), &kgo.Record{Topic: "orders.events", Key: e.Key(), Value: event.Encode(nil, e)}).FirstErr())
		}
	}
	w := newWatcher(t, client(t, seeds, kgo.ConsumeTopics("orders.catalog", "orders.findings"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted())))
	apart := []string{"/v1/alpha 2", "/v1/beta 1"}
	w.until("every endpoint is there", func() bool { return w.all(hosts, apart) })

	k, err := NewKafkaTemplateOrders("orders.", seeds)
	must(t, err)
	defer k.Close()
	give := func(host string, v order.Order) {
		t.Helper()
		v.Person, v.At = "ann", time.Now().UTC()
		must(t, k.Publish(t.Context(), "default", host, v))
	}
	for h := range hosts - 1 {
		host := fmt.Sprintf("h%d.example", h)
		give(host, order.Order{Op: order.Merge, Method: "GET", Template: "/v1/alpha", Segment: 1})
		give(host, order.Order{Op: order.Merge, Method: "GET", Template: "/v1/beta", Segment: 1})
	}
	w.until("merged, with the sums", func() bool { return w.all(hosts-1, []string{"/v1/{string} 3"}) })
	give("h0.example", order.Order{Op: order.Split, Template: "/v1/{string}", Segment: 1, Name: "alpha"})
	give("h1.example", order.Order{Op: order.Rename, Template: "/v1/{string}", Segment: 1, Name: "letter"})
	give("elsewhere.example", order.Order{Op: order.Pin, Template: "/v1/alpha", Segment: order.Whole})
	w.until("split", func() bool { return slices.Equal(w.of("h0.example"), []string{"/v1/alpha 2", "/v1/{string} 1"}) })
	renamed := catalog.ID("default", "h1.example", "GET", "/v1/{string}")
	w.until("renamed", func() bool {
		return len(w.endpoints[renamed].Params) == 1 && w.endpoints[renamed].Params[0].Name == "letter"
	})
	w.until("told", func() bool { return len(w.told) == 2*(hosts-1)+3 })
	if got := w.of(fmt.Sprintf("h%d.example", hosts-1)); !slices.Equal(got, apart) {
		t.Errorf("the host that nobody spoke of has %q", got)
	}
	refused := 0
	for _, f := range w.told {
		if strings.Contains(f.Summary, "Nothing was changed") {
			refused++
			if !strings.Contains(f.Summary, "elsewhere.example") {
				t.Errorf("refused: %+v", f)
			}
		}
	}
	if refused != 1 {
		t.Errorf("%d orders were refused, want 1", refused)
	}
	// What is wrong is not sent at all.
	for _, v := range []order.Order{{}, {Op: order.Merge, Template: "/a", Segment: 4, Person: "ann", At: time.Now()}} {
		if err := k.Publish(t.Context(), "default", "h0.example", v); err == nil {
			t.Errorf("%+v was sent", v)
		}
	}
}

func TestTemplateOrdersWithoutBroker(t *testing.T) {
	k, err := NewKafkaTemplateOrders("", kgo.SeedBrokers("127.0.0.1:1"))
	must(t, err)
	defer k.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err = k.Publish(ctx, "default", "h", order.Order{Op: order.Merge, Template: "/a", Person: "ann", At: time.Now()})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || !strings.Contains(err.Error(), schemas.TopicPartials) || !strings.Contains(err.Error(), "nothing has changed") {
		t.Errorf("%v does not name topic and broker", err)
	}
}

// watcher follows the catalog and the findings about orders.
type watcher struct {
	t         *testing.T
	client    *kgo.Client
	endpoints map[string]catalog.Endpoint
	told      map[string]finding.Finding
}

func newWatcher(t *testing.T, c *kgo.Client) *watcher {
	return &watcher{t: t, client: c, endpoints: map[string]catalog.Endpoint{}, told: map[string]finding.Finding{}}
}

// until reads on until something is so.
func (w *watcher) until(what string, so func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	for !so() {
		fs := w.client.PollFetches(ctx)
		if err := fs.Err0(); err != nil {
			w.t.Fatalf("%s: %v; the catalog holds %v, told was %v", what, err, w.endpoints, slices.Collect(maps.Values(w.told)))
		}
		fs.EachRecord(func(r *kgo.Record) {
			if r.Topic == "orders.findings" {
				var f finding.Finding
				must(w.t, json.Unmarshal(r.Value, &f))
				if f.Rule == "INV-03" {
					w.told[f.ID] = f
				}
				return
			}
			id := strings.TrimPrefix(string(r.Key), "default|")
			if r.Value == nil {
				delete(w.endpoints, id)
				return
			}
			e, err := catalog.DecodeEndpoint(r.Value)
			must(w.t, err)
			w.endpoints[id] = e
		})
	}
}

// of are templates and hits of a host.
func (w *watcher) of(host string) []string {
	var out []string
	for _, e := range w.endpoints {
		if e.Host == host {
			out = append(out, fmt.Sprintf("%s %d", e.Template, e.Hits))
		}
	}
	slices.Sort(out)
	return out
}

// all says whether the first n hosts have these endpoints.
func (w *watcher) all(n int, want []string) bool {
	for h := range n {
		if !slices.Equal(w.of(fmt.Sprintf("h%d.example", h)), want) {
			return false
		}
	}
	return true
}
