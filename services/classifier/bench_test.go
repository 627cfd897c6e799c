package classifier

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/classifier/scan"
)

// event3KB is a transaction with an answer of about 3 KB and 12 elements, whose cards are made by card.
func event3KB(card func(int) string) *event.Event {
	firsts := [...]string{"Johanna", "Peter", "Aylin", "Tomasz", "Wei", "Margaret"}
	var b bytes.Buffer
	b.WriteString(`{"data":[`)
	for i := range 12 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"acc_%08d","created":17322640551%02d,"owner":{"first":%q,"last":"Muster-%d","phone":"+49 30 1234%03d"},`+
			`"card":%q,"balance":%d.50,"currency":"EUR","active":true,"note":"monthly standing order"}`, i*7919, i, firsts[i%len(firsts)], i, i, card(i), 1000+i*37)
	}
	b.WriteString(`],"next":"/v1/accounts?cursor=abcdef","total":4211}`)
	e := answer(1, "/v1/accounts", b.String())
	for _, h := range [][2]string{{"Host", "api.bank.example"}, {"User-Agent", "BankApp/7.2 (iPhone; iOS 19.1)"}, {"Accept", "application/json"}, {"X-Request-Id", "b3c1e2d8-1111-4222-8333-444455556666"}} {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(h[0]), Value: []byte(h[1])})
	}
	return e
}

// ordinary is a transaction with an answer of a shop, with nothing sensitive in it.
func ordinary() *event.Event {
	var b bytes.Buffer
	b.WriteString(`{"items":[`)
	for i := range 12 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"sku":"SKU-%05d","title":"Walnut side table with two drawers","price":%d.90,"currency":"EUR","inStock":true,"categoryName":"living room","ratings":[5,4,4,3],"sellerKey":"north","description":"A small table that fits beside any sofa, made by hand of oiled wood."}`, 1000+i*7, i*13, 20+i)
	}
	b.WriteString(`],"total":40,"page":1}`)
	return answer(1, "/v1/items", b.String())
}

// BenchmarkOrdinary is all of the first stage where there is nothing to find, parsing
// apart.
func BenchmarkOrdinary(b *testing.B) {
	benchmarkEvent(b, ordinary(), func(d detect.Detector, tx *detect.Tx, _ func()) {
		d.(detect.Preparer).Prepare(tx)
		d.Detect(tx, nil)
	})
}

// kindsOfAnswers are with nothing sensitive but names and telephone numbers, and with cards beside them:
// a different value in every element.
var kindsOfAnswers = map[string]func(int) string{
	"clean": func(i int) string { return fmt.Sprint("ordinary text ", 10+i) },
	"cards": func(i int) string {
		for n := int64(4111111111110000) + int64(i)*7919; ; n++ {
			if card := fmt.Sprint(n); scan.Luhn([]byte(card)) {
				return card
			}
		}
	},
}

func benchmarkStage(b *testing.B, card func(int) string, run func(d detect.Detector, tx *detect.Tx, reset func())) {
	benchmarkEvent(b, event3KB(card), run)
}

func benchmarkEvent(b *testing.B, e *event.Event, run func(d detect.Detector, tx *detect.Tx, reset func())) {
	cfg := Defaults()
	cfg.HashKey = testKey
	d := newDetector(b, cfg, testClasses(b, cfg), 0)
	var tx detect.Tx
	reset := func() { tx.Reset(e, detect.Source{}, e.Time(), byPath{}, content.Limits{}) }
	reset()
	tx.Request()
	tx.Response()
	b.SetBytes(int64(len(e.ResponseBody.Data)))
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		run(d, &tx, reset)
	}
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
}

// processorTime is what the process has used: what other processes take does not count.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPrepare is the scan alone: both messages are parsed already.
func BenchmarkPrepare(b *testing.B) {
	for name, card := range kindsOfAnswers {
		b.Run(name, func(b *testing.B) {
			benchmarkStage(b, card, func(d detect.Detector, tx *detect.Tx, _ func()) {
				d.(detect.Preparer).Prepare(tx)
				d.(*detector).pool.Put(tx.Prepared)
			})
		})
	}
}

// BenchmarkPrepareDetect is all of the first stage, parsing apart.
func BenchmarkPrepareDetect(b *testing.B) {
	for name, card := range kindsOfAnswers {
		b.Run(name, func(b *testing.B) {
			benchmarkStage(b, card, func(d detect.Detector, tx *detect.Tx, _ func()) {
				d.(detect.Preparer).Prepare(tx)
				d.Detect(tx, nil)
			})
		})
	}
}

// BenchmarkParsePrepareDetect is all of the first stage with parsing.
func BenchmarkParsePrepareDetect(b *testing.B) {
	for name, card := range kindsOfAnswers {
		b.Run(name, func(b *testing.B) {
			benchmarkStage(b, card, func(d detect.Detector, tx *detect.Tx, reset func()) {
				reset()
				d.(detect.Preparer).Prepare(tx)
				d.Detect(tx, nil)
			})
		})
	}
}
