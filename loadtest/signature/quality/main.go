// Command quality measures what the signature detector finds and where it alarms
// for nothing: make eval-signature.
//
// It prints, for each set of package sets, how many requests the core rule set alone
// calls an attack (anomaly score of 5) and how many the second stage does, and what the
// second stage takes. The weights that ship were fitted to these sets; those of train
// -half, measured with -held-out, were not, but all sets were at hand while rules were
// written. Figures that others take with their own are worth more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/loadtest/signature/sets"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/engine"
	"github.com/miradorhq/mirador/services/signature/verdict"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quality:", err)
		os.Exit(1)
	}
}

// row is a line of the table: how many requests, and how many were called attacks.
type row struct {
	set            string
	attack         bool
	n, crs, judged int
	spent          time.Duration
}

func run(args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("quality", flag.ContinueOnError)
	f.SetOutput(stderr)
	corpora := f.String("corpora", sets.Folder(), "folder of the corpora; MIRADOR_CORPORA names it too")
	cache := f.String("cache", sets.CacheFolder(), "folder for packages")
	show := f.String("show", "", "print what is wrong of the sets whose names begin so")
	weights := f.String("weights", "", "weights to take in place of the embedded ones")
	heldOut := f.Bool("held-out", false, "only the sources that train -half leaves out; with -weights, those that it wrote")
	if err := f.Parse(args); err != nil {
		return err
	}
	if !sets.Present(*corpora) {
		fmt.Fprintf(stdout, "NOT MEASURED: no corpora at %s; set MIRADOR_CORPORA to the folder of the corpora\n", *corpora)
		return nil
	}
	samples, err := sets.All(context.Background(), *corpora, *cache)
	if errors.Is(err, sets.ErrNoPackages) {
		fmt.Fprintf(stdout, "NOT MEASURED: %v\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	e, err := engine.New(engine.Defaults())
	if err != nil {
		return err
	}
	judge, err := newJudge(*weights)
	if err != nil {
		return err
	}
	var rows []*row
	by := map[string]*row{}
	var doc content.Document
	for i := range samples {
		s := &samples[i]
		if *heldOut && !s.HeldOut() {
			continue
		}
		k := fmt.Sprint(s.Set, s.Attack)
		r := by[k]
		if r == nil {
			r = &row{set: s.Set, attack: s.Attack}
			by[k], rows = r, append(rows, r)
		}
		res, err := e.Match(s.Event)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Set, err)
		}
		content.ParseRequest(s.Event, &doc, content.DefaultLimits)
		began := time.Now()
		v := judge.Judge(s.Event, "", &doc, res)
		r.spent += time.Since(began)
		r.n++
		if alone(&res) {
			r.crs++
		}
		if v.Attack {
			r.judged++
		}
		if *show != "" && strings.HasPrefix(s.Set, *show) && v.Attack != s.Attack {
			explain(stdout, s, &v, &res)
		}
	}
	half := "all sources"
	if *heldOut {
		half = "the half that was held out"
	}
	fmt.Fprintf(stdout, "%s, %s; %s\n%-30s %-8s %6s %18s %18s %10s\n", e.Version(), judge.Version(), half, "set", "", "n", "core rule set", "second stage", "us each")
	for _, r := range rows {
		what := "false"
		if r.attack {
			what = "found"
		}
		fmt.Fprintf(stdout, "%-30s %-8s %6d %8d %7.2f %% %8d %7.2f %% %8.0f\n", r.set, what, r.n, r.crs, 100*float64(r.crs)/float64(r.n), r.judged, 100*float64(r.judged)/float64(r.n), float64(r.spent.Microseconds())/float64(r.n))
	}
	return nil
}

func newJudge(weights string) (*verdict.Judge, error) {
	if weights == "" {
		return verdict.New(verdict.Config{})
	}
	b, err := os.ReadFile(weights)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	m, err := verdict.ParseModel(b)
	if err != nil {
		return nil, err
	}
	return verdict.NewWith(verdict.Config{}, m)
}

// alone is the verdict of the core rule set by itself: the anomaly score against the
// default threshold, where more than rules of good manners matched.
func alone(r *signature.Result) bool {
	return r.Inbound >= signature.Defaults().Threshold && slices.ContainsFunc(r.Hits, func(h signature.Hit) bool {
		return h.Class != signature.Enforcement && !h.Class.Outbound()
	})
}

func explain(w io.Writer, s *sets.Sample, v *signature.Judgement, r *signature.Result) {
	fmt.Fprintf(w, "%s %s: score %.3f, anomaly score %d: %.260s\n", s.Set, s.Class, v.Score, r.Inbound,
		string(s.Event.Path)+"?"+string(s.Event.Query)+" "+string(s.Event.RequestBody.Data))
	for _, t := range v.Terms {
		fmt.Fprintf(w, "    %+.2f %s\n", t.Contribution(), t.Name)
	}
	for _, m := range v.Matches {
		fmt.Fprintf(w, "    %s in %s %s: %.100q\n", m.Rule, m.Location, m.Name, m.Value)
	}
}
