package runner

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/schemas"
)

// teller reads numbers and tells one dimension each and, of every tenth, everybody.
type teller struct{}

func (teller) Parse(value []byte) (any, time.Time, error) {
	n, err := strconv.Atoi(string(value))
	return n, base.Add(time.Duration(n) * 10 * time.Millisecond), err
}

func (teller) Read(v any, src detect.Source, out *detect.Out) {
	n := v.(int)
	if n == 7 {
		panic(errors.New("seven"))
	}
	out.Partial("hosts", "default", "h"+strconv.Itoa(n%3), []byte{1})
	if n%10 == 0 {
		out.Everywhere("told", "default", []byte(strconv.Itoa(n)))
	}
}

func newTeller(int32) detect.Reader { return teller{} }

// TestReadStage: every record is told once, over aborts and a restart; what concerns all
// comes to every partition; what does not parse, or makes the reader fail, is a dead letter
// and holds nothing up.
func TestReadStage(t *testing.T) {
	b := newBed(t, 3)
	turn := 0
	start := func() *running {
		s := must[*Stage](t)(NewRead(b.options("a"), ReadStage{Name: "tell", Topic: schemas.TopicFindings, New: newTeller, PartialKinds: []string{"hosts"}}))
		s.hooks.abort = func() bool { turn++; return turn%3 == 1 }
		return b.start(s)
	}
	const n = 200
	send := func(from, to int) {
		for i := from; i < to; i++ {
			b.produce(&kgoRecord{Topic: b.prefix + "findings", Key: []byte(strconv.Itoa(i)), Value: []byte(strconv.Itoa(i))})
		}
		b.flush()
	}
	running := start()
	send(0, n/2)
	b.produce(&kgoRecord{Topic: b.prefix + "findings", Key: []byte("x"), Value: []byte("no number")})
	b.produce(&kgoRecord{Topic: b.prefix + "findings", Key: []byte("x"), Value: nil})
	b.flush()
	got := func(want int) func() func(rs []*kgoRecord) bool {
		return func() func(rs []*kgoRecord) bool {
			return func(rs []*kgoRecord) bool {
				sum := 0
				for _, r := range rs {
					if p, err := detect.DecodePartial(r.Value); err == nil && len(p.Payload) > 0 && p.Kind == "hosts" {
						sum++
					}
				}
				return sum >= want
			}
		}
	}
	b.read("partials", got(n/2-1)())
	running.stop()
	start()
	send(n/2, n)
	rs := b.read("partials", got(n-1)())
	hosts, everywhere, led := 0, map[string]map[int32]bool{}, false
	for _, r := range rs {
		p, err := detect.DecodePartial(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case p.Kind == "hosts" && len(p.Payload) > 0:
			hosts++
		case p.Kind == "hosts":
			led = led || p.Watermark > 0
		case p.Kind == "told":
			at := everywhere[string(p.Payload)]
			if at == nil {
				at = map[int32]bool{}
				everywhere[string(p.Payload)] = at
			}
			if at[r.Partition] {
				t.Errorf("%s was told partition %d twice", p.Payload, r.Partition)
			}
			at[r.Partition] = true
		}
	}
	if hosts != n-1 || !led { // all but seven
		t.Errorf("%d told, watermarks %v", hosts, led)
	}
	if len(everywhere) != n/10 {
		t.Errorf("%d were told everywhere", len(everywhere))
	}
	for what, at := range everywhere {
		if len(at) != 3 {
			t.Errorf("%s was told %d partitions", what, len(at))
		}
	}
	letters := b.read("dlq", atLeast(2))
	all := ""
	for _, r := range letters {
		all += string(r.Value)
	}
	if len(letters) != 2 || !strings.Contains(all, "no number") || !strings.Contains(all, "Detect") {
		t.Errorf("%d dead letters: %s", len(letters), all)
	}
}
