package engine_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/miradorhq/mirador/pkg/corpora"
	"github.com/segmentio/encoding/json"
)

// TestCorpora measures detection and false positives on the public corpora, which
// are not part of the tree. MIRADOR_SAMPLE is how many lines of each file are taken,
// evenly spread; 0 is all.
//
// The floors are what the measured version reached, less the sampling error: they
// catch a configuration that silently switches rules off.
func TestCorpora(t *testing.T) {
	sample := 800
	if s := os.Getenv("MIRADOR_SAMPLE"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("MIRADOR_SAMPLE: %v", err)
		}
		sample = n
	}
	for _, c := range []struct {
		file                 string
		recall, falsePositve float64 // floor, ceiling
	}{
		{"libinjection.jsonl.gz", .985, .20},
		{"httpparams_train.jsonl.gz", .95, .01},
		{"crs_regression.jsonl.gz", .60, 1}, // its negatives are silent for one rule, not benign
		{"csic2010_normal_train.jsonl.gz", 0, .01},
	} {
		t.Run(c.file, func(t *testing.T) {
			attacks, detected, benign, alarms := measure(t, c.file, sample)
			recall, fp := ratio(detected, attacks), ratio(alarms, benign)
			fmt.Printf("signature corpora: %-30s attacks %5d detected %.4f   benign %5d false positives %.4f\n", c.file, attacks, recall, benign, fp)
			if attacks > 0 && recall < c.recall {
				t.Errorf("detected %.4f of the attacks, at least %.4f before", recall, c.recall)
			}
			if benign > 0 && fp > c.falsePositve {
				t.Errorf("%.4f false positives, at most %.4f before", fp, c.falsePositve)
			}
		})
	}
}

func ratio(a, b int) float64 { return float64(a) / float64(max(b, 1)) }

func measure(t *testing.T, file string, sample int) (attacks, detected, benign, alarms int) {
	var lines []string
	corpora.Each(t, "signature", file, func(line []byte) { lines = append(lines, string(line)) })
	step := 1
	if sample > 0 {
		step = max(1, len(lines)/sample)
	}
	type verdict struct{ attack, found bool }
	work := make(chan string)
	verdicts := make(chan verdict)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		d := newDetector(t)
		wg.Go(func() {
			for s := range work {
				var l line
				if err := json.Unmarshal([]byte(s), &l); err != nil {
					t.Error(err)
					continue
				}
				found := false
				for _, f := range run(d, l.event()) {
					found = found || f.Rule != "SIG-LEAK"
				}
				verdicts <- verdict{l.Label == "attack", found}
			}
		})
	}
	go func() {
		for i := 0; i < len(lines); i += step {
			work <- lines[i]
		}
		close(work)
		wg.Wait()
		close(verdicts)
	}()
	for v := range verdicts {
		switch {
		case v.attack && v.found:
			attacks, detected = attacks+1, detected+1
		case v.attack:
			attacks++
		case v.found:
			benign, alarms = benign+1, alarms+1
		default:
			benign++
		}
	}
	return
}
