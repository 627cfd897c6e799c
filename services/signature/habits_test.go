package signature_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/engine"
	"github.com/miradorhq/mirador/services/signature/verdict"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/encoding/json"
	"go.yaml.in/yaml/v3"
)

// both are the stages as a service has them.
var both = sync.OnceValues(func() (s struct {
	engine signature.Engine
	judge  signature.Judge
}, err error) {
	if s.engine, err = engine.New(engine.Defaults()); err == nil {
		s.judge, err = verdict.New(verdict.Config{})
	}
	return s, err
})

func newJudging(t testing.TB, cfg signature.Config, reg prometheus.Registerer) detect.Detector {
	t.Helper()
	s, err := both()
	if err != nil {
		t.Fatal(err)
	}
	f, err := signature.Factory(cfg, s.engine, s.judge, reg)
	if err != nil {
		t.Fatal(err)
	}
	return f(0)
}

// visit is n callers who each send a text to a field once.
type visit struct {
	At            time.Duration
	N, From       int
	Text, Field   string
	Who, IP, Path string
	Status        uint16
	Replayed      bool
}

func (v *visit) events(seq *uint64) (es []*event.Event) {
	or := func(a, b string) string {
		if a == "" {
			return b
		}
		return a
	}
	for i := v.From; i < v.From+max(1, v.N); i++ {
		fill := func(s string) []byte { return []byte(strings.ReplaceAll(s, "{i}", strconv.Itoa(i))) }
		body, err := json.Marshal(map[string]any{"id": 17, string(fill(or(v.Field, "value"))): v.Text})
		if err != nil {
			panic(err)
		}
		s := step{At: v.At, Path: or(v.Path, "/v1/things"), Status: max(v.Status, 200), Replayed: v.Replayed}
		if v.Status != 0 {
			s.Status = v.Status
		}
		e := s.events(seq)[0]
		e.Protocol, e.RequestBody.Data = []byte("HTTP/1.1"), body
		e.RequestHeaders = []event.Header{{Name: []byte("Host"), Value: []byte("api.example.test")}, {Name: []byte("Content-Type"), Value: []byte("application/json")}}
		e.Identity.Subject = fill(or(v.Who, "s{i}"))
		e.Client.Address = []byte(fmt.Sprintf("10.%d.%d.1", i/250, i%250))
		if v.IP != "" {
			e.Client.Address = fill(v.IP)
		}
		es = append(es, e)
	}
	return es
}

func TestHabits(t *testing.T) {
	b, err := os.ReadFile("testdata/habits.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name   string
		Steps  []visit
		Ask    visit
		Attack bool
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 20 {
		t.Errorf("%d cases, want 20", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			d := newJudging(t, signature.Defaults(), reg)
			var out detect.Out
			var seq uint64
			c.Ask.Who, c.Ask.IP = "asking", "203.0.113.7"
			ask := func() bool {
				out.Reset()
				detectOne(d, c.Ask.events(&seq)[0], &out)
				return len(out.Findings) > 0
			}
			usual := metric(t, reg, "usual_total")
			for i := range c.Steps {
				for _, e := range c.Steps[i].events(&seq) {
					detectOne(d, e, &out)
					out.Reset()
				}
			}
			if got := ask(); got != c.Attack {
				t.Errorf("an attack: %v, want %v", got, c.Attack)
			}
			if counted := metric(t, reg, "usual_total") > usual; counted == c.Attack {
				t.Errorf("counted as usual: %v", counted)
			}
			if d = newJudging(t, signature.Defaults(), nil); !ask() {
				t.Error("with nothing learned it is none either: the case shows nothing")
			}
		})
	}
}

// What lowered the score is said in words, and with its weight.
func TestHabitsAreEvidence(t *testing.T) {
	d := newJudging(t, signature.Defaults(), nil)
	var out detect.Out
	var seq uint64
	for _, v := range []visit{{N: 40, Text: "cat /etc/passwd"}, {N: 120, From: 100, Text: "plain"}} {
		for _, e := range v.events(&seq) {
			detectOne(d, e, &out)
			out.Reset()
		}
	}
	ask := visit{At: 30 * time.Hour, Text: "cat /etc/passwd", Who: "asking"}
	detectOne(d, ask.events(&seq)[0], &out)
	if len(out.Findings) != 1 {
		t.Fatalf("%d findings", len(out.Findings))
	}
	f := out.Findings[0]
	if !strings.Contains(f.Summary, "callers of this field send the like: the score is the lower for it") {
		t.Errorf("%q", f.Summary)
	}
	sum := 0.0
	common := 0.0
	for _, n := range f.Features {
		if n.Name == signature.FeatureTerm+"common" {
			common = n.Value
		}
		if strings.HasPrefix(n.Name, signature.FeatureTerm) {
			sum += n.Value
		}
	}
	if common >= -0.5 || common <= -3 {
		t.Errorf("it took off %v: %v", common, f.Features)
	}
}

// crowds is traffic of callers with habits, in which everything that is learned
// changes: callers come and go, some attack.
func crowds(seed uint64, n int) (es []*event.Event) {
	r := rand.New(rand.NewPCG(seed, 5))
	var seq uint64
	at := time.Duration(0)
	for len(es) < n {
		at += time.Duration(r.ExpFloat64() * float64(time.Minute))
		caller := min(r.IntN(60), r.IntN(200))
		v := visit{At: at, From: caller, Field: []string{"value", "note", "title"}[r.IntN(3)], Path: []string{"", "/v1/other"}[r.IntN(2)],
			Text: []string{"plain", "${name}", "Please bring the parcel to the back door", "SELECT * FROM orders", "plain"}[(caller+r.IntN(2))%5]}
		if r.IntN(40) == 0 {
			v.Text = []string{"x' or 1=1--", "{{7*7}}"}[r.IntN(2)]
		}
		if r.IntN(30) == 0 {
			v.Status = 404
		}
		es = append(es, v.events(&seq)...)
	}
	return es
}

// quick makes habits of minutes.
func quick() signature.Config {
	c := few()
	c.HabitCallers, c.HabitAfter, c.HabitKeep, c.MaxPlaces = 5, 20*time.Minute, 3*time.Hour, 5
	return c
}

// The same events give the same findings wherever the state was saved and restored.
func TestHabitsAreRestored(t *testing.T) {
	play := func(es []*event.Event, restart func(int) bool) (lines []string, usual float64) {
		reg := prometheus.NewRegistry()
		d := newJudging(t, quick(), reg)
		var out detect.Out
		for i, e := range es {
			if restart(i) {
				var b, again bytes.Buffer
				if err := d.(detect.Stateful).Snapshot(&b); err != nil {
					t.Fatal(err)
				}
				usual += metric(t, reg, "usual_total")
				reg = prometheus.NewRegistry()
				d = newJudging(t, quick(), reg)
				if err := d.(detect.Stateful).Restore(bytes.NewReader(b.Bytes())); err != nil {
					t.Fatal(err)
				}
				if err := d.(detect.Stateful).Snapshot(&again); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
					t.Fatalf("event %d: another state after a round trip (%v)", i, err)
				}
			}
			detectOne(d, e, &out)
			for j := range out.Findings {
				f := &out.Findings[j]
				lines = append(lines, fmt.Sprint(binary.BigEndian.Uint64(e.ID[8:]), f.ID, f.Rule, f.Count, f.Confidence, f.Summary))
			}
			out.Reset()
		}
		return lines, usual + metric(t, reg, "usual_total")
	}
	for seed := range uint64(3) {
		es := crowds(seed, 3000)
		want, usual := play(es, func(int) bool { return false })
		r := rand.New(rand.NewPCG(seed, 6))
		got, again := play(es, func(int) bool { return r.IntN(25) == 0 })
		if len(want) < 100 || usual < 20 {
			t.Errorf("seed %d: %d findings, %v times usual: too few to show anything", seed, len(want), usual)
		}
		if !slices.Equal(got, want) || again != usual {
			t.Errorf("seed %d: %d findings and %v times usual, want %d and %v", seed, len(got), again, len(want), usual)
		}
	}
}

// BenchmarkLearn is what a request costs beside its judgement: at an endpoint where
// nothing ever matched, and at one whose fields are watched.
func BenchmarkLearn(b *testing.B) {
	for name, first := range map[string]string{"unwatched": "plain", "watched": "${name}"} {
		b.Run(name, func(b *testing.B) {
			d := newJudging(b, signature.Defaults(), nil)
			var out detect.Out
			var seq uint64
			v := visit{Text: first}
			detectOne(d, v.events(&seq)[0], &out)
			v = visit{N: 1000, Text: "plain"}
			txs := make([]detect.Tx, 0, 1000)
			for _, e := range v.events(&seq) {
				txs = append(txs, detect.Tx{})
				tx := &txs[len(txs)-1]
				tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.DefaultLimits)
				d.(detect.Preparer).Prepare(tx)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				d.Detect(&txs[i%len(txs)], &out)
				i++
			}
		})
	}
}
