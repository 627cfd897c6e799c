package parity_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/corazawaf/coraza-coreruleset/v4/tests"
	"github.com/miradorhq/mirador/pkg/corpora"
	"github.com/miradorhq/mirador/services/signature/parity"
)

// everything is set by "make parity-signature": no samples.
func everything() bool { return os.Getenv("MIRADOR_PARITY") == "full" }

// sample is how many events a test takes of many.
func sample(n int) int {
	if everything() {
		return 0
	}
	return n
}

const seed = 20261125

func readSuite() ([]parity.Case, error) {
	cases, files, err := parity.Regression(tests.FS)
	if err == nil && (files != 317 || len(cases) != 4680) {
		err = fmt.Errorf("%d files with tests and %d requests in them, want 317 and 4680", files, len(cases))
	}
	return cases, err
}

func regression(t *testing.T) []parity.Case {
	t.Helper()
	cases, err := suite()
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// same fails where the engine differs from Coraza on one of at least atLeast events.
func same(t *testing.T, what string, s parity.Setup, cases []parity.Case, atLeast int) {
	t.Helper()
	oracle, candidate := pair(t, s)
	start := time.Now()
	r := parity.Compare(cases, oracle, candidate)
	fmt.Printf("parity: %-34s %-18s %5d events compared, %6d rules fired (%3d different), %d differ, %d unsteady, %v\n",
		what, s.Name, r.Compared, r.Fired, r.Rules, len(r.Differences), r.Unsteady, time.Since(start).Round(100*time.Millisecond))
	if r.Compared < atLeast {
		t.Errorf("%d events compared, want at least %d", r.Compared, atLeast)
	}
	// What Coraza says by chance can't be a gate; what it says by chance often would
	// leave nothing to compare.
	if r.Unsteady > r.Compared/100 {
		t.Errorf("Coraza is of two minds about %d of %d events", r.Unsteady, r.Compared)
	}
	if len(r.Differences) == 0 {
		return
	}
	t.Errorf("%d of %d events differ:\n%s", len(r.Differences), r.Compared, r.ByRule())
	for i := range r.Differences[:min(len(r.Differences), 10)] {
		t.Log(r.Differences[i].String())
	}
}

func TestRegressionSuite(t *testing.T) {
	cases := regression(t)
	for level := 1; level <= 4; level++ {
		n := 0
		if level > 2 {
			n = sample(500)
		}
		chosen := parity.Sample(cases, n, seed+uint64(level))
		same(t, "regression tests", parity.Service(level), chosen, min(len(chosen), 500))
		n = max(n, sample(700))
		chosen = parity.Sample(cases, n, seed+10+uint64(level))
		same(t, "regression tests", parity.Suite(level), chosen, 500)
		chosen = parity.Reflected(parity.Sample(cases, sample(400), seed+20+uint64(level)))
		same(t, "regression tests, reflected", parity.Suite(level), chosen, 400)
	}
}

// A rule that takes out one which was worked out beforehand, at every transaction: the
// engine evaluates what it had folded.
func TestUnfolded(t *testing.T) {
	s := parity.Suite(2)
	s.Name += ", unfolded"
	s.Directives += "SecAction \"id:10002,phase:1,pass,nolog,ctl:ruleRemoveById=920013,ctl:ruleRemoveById=942015\"\n"
	same(t, "regression tests", s, parity.Sample(regression(t), sample(400), seed+30), 400)
	same(t, "traffic", s, parity.Sample(parity.Mixed(), sample(20), seed), 20)
}

func TestTraffic(t *testing.T) {
	cases := append(append(parity.Kinds(), parity.Mixed()...), parity.Links(60, 1)...)
	for level, n := range [...]int{1: 0, 2: sample(60), 3: sample(30), 4: sample(30)} {
		if level > 0 {
			same(t, "traffic", parity.Plain(level), parity.Sample(cases, n, seed+uint64(level)), 30)
		}
	}
	same(t, "hostile", parity.Service(1), parity.Hostile(), 24)
	same(t, "hostile", parity.Suite(4), parity.Sample(parity.Hostile(), sample(12), seed), 12)
}

func TestGoldenCases(t *testing.T) {
	var cases []parity.Case
	for _, f := range []string{"attacks.jsonl", "clean.jsonl"} {
		cs, err := parity.Lines(filepath.Join("..", "engine", "testdata", f))
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, cs...)
	}
	for level := 1; level <= 4; level++ {
		same(t, "golden cases", parity.Service(level), cases, 51)
	}
}

func TestCorpora(t *testing.T) {
	for _, c := range []struct {
		file   string
		sample int
		spread bool
	}{
		{"crs_regression.jsonl.gz", 300, false},
		{"httpparams_train.jsonl.gz", 400, true},
		{"libinjection.jsonl.gz", 300, true},
		{"csic2010_normal_train.jsonl.gz", 200, false},
	} {
		t.Run(c.file, func(t *testing.T) {
			cases, err := parity.Lines(corpora.File(t, "signature", c.file))
			if err != nil {
				t.Fatal(err)
			}
			for level := 1; level <= 2 || everything() && level <= 4; level++ {
				chosen := parity.Sample(cases, sample(c.sample), seed+uint64(level))
				if c.spread {
					chosen = parity.Spread(chosen)
				}
				same(t, c.file, parity.Service(level), chosen, c.sample)
			}
		})
	}
	t.Run("crs_regression_yaml.tar.gz", func(t *testing.T) {
		b, err := os.ReadFile(corpora.File(t, "signature", "crs_regression_yaml.tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		cases, files, err := parity.Regression(untar(t, b))
		if err != nil {
			t.Fatal(err)
		}
		if files < 320 || len(cases) < 5000 {
			t.Errorf("%d files with tests and %d requests in them, want at least 320 and 5000", files, len(cases))
		}
		for level := 2; level <= 2 || everything() && level <= 4; level++ {
			same(t, "regression tests of CRS 4.28", parity.Suite(level), parity.Sample(cases, sample(400), seed), 400)
		}
	})
}

// untar unpacks the tests of an archive; what else is in it are no tests.
func untar(t *testing.T, b []byte) fs.FS {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		// What is written for one engine alone ("nginx-overrides.yaml") is no test.
		name := strings.TrimPrefix(h.Name, "./")
		if h.Typeflag != tar.TypeReg || strings.HasSuffix(name, "-overrides.yaml") || strings.HasPrefix(path.Base(name), ".") {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = &fstest.MapFile{Data: data}
	}
}
