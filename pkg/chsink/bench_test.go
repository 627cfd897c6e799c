package chsink

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/twmb/franz-go/pkg/kgo"
)

// one endpoint, so that what is measured is the sink and not a matcher.
type oneEndpoint struct{ m catalog.Match }

func (o *oneEndpoint) Match(string, string, string, []byte) catalog.Match { return o.m }

const benchBatch = 10_000

// benchRecords is a batch of lifelike events of about 3 KB: 1,000 principals, 200
// addresses, 50 paths' worth of ids.
func benchRecords() []*kgo.Record {
	rnd := rand.New(rand.NewPCG(1, 1))
	now := time.Now().Truncate(time.Second)
	out := make([]*kgo.Record, benchBatch)
	for i := range out {
		e := full()
		for j := range e.ID {
			e.ID[j] = byte(rnd.Uint32())
		}
		e.Identity.Subject = fmt.Appendf(nil, "%032x", rnd.IntN(1000))
		e.Identity.Credential = fmt.Appendf(nil, "%032x", rnd.IntN(1000))
		e.Identity.Session = nil
		e.Client.Address = fmt.Appendf(nil, "198.51.100.%d", rnd.IntN(200))
		e.Client.Port = uint16(rnd.Uint32())
		e.Path = fmt.Appendf(nil, "/accounts/%d/transfers", rnd.IntN(100_000))
		e.Query = nil
		e.TraceID = fmt.Appendf(nil, "%016x%016x", rnd.Uint64(), rnd.Uint64())
		e.RequestTime = now.Add(time.Duration(i) * 100 * time.Microsecond).UnixNano()
		e.ResponseTime = e.RequestTime + int64(rnd.IntN(100))*int64(time.Millisecond)
		e.Sequence = uint64(i)
		e.SampleRate, e.Flags = 1, 0
		e.RequestBody.Data = make([]byte, 1000)
		e.ResponseBody.Data = make([]byte, 1500)
		out[i] = record(&e, int32(i%4), int64(i/4))
	}
	return out
}

func benchSink(b *testing.B, cfg Config, change func(*EventSettings)) *Events {
	settings := DefaultEventSettings()
	change(&settings)
	s, err := NewEvents(cfg, &oneEndpoint{catalog.Match{ID: "0123456789abcdef", Label: "POST api.bank.test/accounts/{int}/transfers", Known: true}}, settings, nil)
	must(b, err)
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkAppend is the client's part: decode and fill columns, no server.
func BenchmarkAppend(b *testing.B) {
	records := benchRecords()
	s := benchSink(b, DefaultConfig(), func(*EventSettings) {})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		must(b, s.Append(records[i%benchBatch], [16]byte{1}))
		if i++; i%benchBatch == 0 {
			s.input.Reset()
			s.rows, s.bytes = 0, 0
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkInsert is the whole way, client and server on one machine: batches of
// 10,000 into the real table with its two rollups.
func BenchmarkInsert(b *testing.B) {
	records := benchRecords()
	for name, c := range map[string]struct {
		rollups bool
		change  func(*EventSettings)
	}{
		"metadata":                 {true, func(*EventSettings) {}},
		"metadata-without-rollups": {false, func(*EventSettings) {}},
		"headers-and-bodies":       {true, func(s *EventSettings) { s.Headers, s.Bodies = true, true }},
	} {
		b.Run(name, func(b *testing.B) {
			cfg, conn := migrated(b)
			if !c.rollups {
				for _, v := range []string{"endpoint_minutes_feed", "principal_hours_feed"} {
					must(b, conn.Exec(b.Context(), "DROP VIEW "+v))
				}
			}
			s := benchSink(b, cfg, c.change)
			offset := int64(0)
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				for _, r := range records {
					r.Offset = offset
					offset++
					must(b, s.Append(r, [16]byte{1}))
				}
				must(b, s.Flush(b.Context()))
			}
			reportRows(b, cpu(b)-before)
		})
	}
}

// reportRows adds what another process on the machine does not distort: processor
// time of client and server a row.
func reportRows(b *testing.B, used time.Duration) {
	rows := float64(b.N) * benchBatch
	b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
	if shared.ch.Pid() != 0 {
		b.ReportMetric(float64(used.Nanoseconds())/rows, "cpu-ns/row")
	}
}

// cpu is the processor time that this process and the server have used.
func cpu(b *testing.B) time.Duration {
	var sum time.Duration
	for _, pid := range []int{os.Getpid(), shared.ch.Pid()} {
		if pid == 0 { // not ours: it may be on another machine
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		must(b, err)
		_, rest, _ := strings.Cut(string(stat), ") ")
		f := strings.Fields(rest)
		for _, ticks := range f[11:13] { // user and system, in hundredths of a second
			n, err := strconv.ParseInt(ticks, 10, 64)
			must(b, err)
			sum += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return sum
}
