// Command train fits the weights of the signature detector's second stage:
//
//	go run ./signature/train
//
// It takes the sets (package sets says what they are and where they come from), or
// with -half the sources that are not held out, what the core rule set and the pack say of
// each request, and fits a logistic model with an L1 penalty to the places where
// something matched. Of an attack the place counts that the model of the moment
// takes for the worst, as nobody says where in a request an attack stands; of an
// ordinary request all places do. The same input gives the same file.
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

	"github.com/miradorhq/mirador/loadtest/signature/sets"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/services/signature/engine"
	"github.com/miradorhq/mirador/services/signature/verdict"
	"github.com/segmentio/encoding/json"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("train", flag.ContinueOnError)
	f.SetOutput(stderr)
	corpora := f.String("corpora", sets.Folder(), "folder of the corpora; MIRADOR_CORPORA names it too")
	from := f.String("from", "../services/signature/verdict/weights.json", "file to take the threshold and the weights set by hand from")
	out := f.String("o", "../services/signature/verdict/weights.json", "file to write")
	cache := f.String("cache", sets.CacheFolder(), "folder for packages")
	half := f.Bool("half", false, "fit to the half of the sources that is not held out, to measure on the other one")
	if err := f.Parse(args); err != nil {
		return err
	}
	if !sets.Present(*corpora) {
		fmt.Fprintf(stdout, "NOT MEASURED: no corpora at %s\n", *corpora)
		return nil
	}
	old, err := os.ReadFile(*from)
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	model, err := verdict.ParseModel(old)
	if err != nil {
		return err
	}
	examples, err := gather(*corpora, *cache, *half)
	if err != nil {
		return err
	}
	fit(model, examples, stdout)
	b, err := json.MarshalIndent(model, "", "  ")
	if err == nil {
		err = os.WriteFile(*out, append(b, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}

// gather is the examples, those that are not held out where half is set.
func gather(corpora, cache string, half bool) ([]example, error) {
	samples, err := sets.All(context.Background(), corpora, cache)
	if err != nil {
		return nil, err
	}
	own, err := sets.Cases(4)
	if err != nil {
		return nil, err
	}
	if half {
		samples = slices.DeleteFunc(samples, func(s sets.Sample) bool { return s.HeldOut() })
	}
	// Nobody labelled access logs.
	samples = slices.DeleteFunc(samples, func(s sets.Sample) bool { return s.Unseen || s.Set == sets.AccessLogs })
	samples = append(samples, own...)
	e, err := engine.New(engine.Defaults())
	if err != nil {
		return nil, err
	}
	judge, err := verdict.New(verdict.Config{})
	if err != nil {
		return nil, err
	}
	var doc content.Document
	examples := make([]example, 0, len(samples))
	for i := range samples {
		s := &samples[i]
		res, err := e.Match(s.Event)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Set, err)
		}
		content.ParseRequest(s.Event, &doc, content.DefaultLimits)
		x := example{attack: s.Attack, weight: weightOf(s, res.Inbound), set: s.Set}
		for _, r := range judge.Rows(s.Event, &doc, res) {
			x.places = append(x.places, r.Terms)
		}
		if len(x.places) > 0 {
			examples = append(examples, x)
		}
	}
	return examples, nil
}

// weightOf is how much a sample counts: a false alarm costs more than a miss (so the
// threshold of even odds is not one half, but .2), and
// tests of rules that only higher levels of paranoia have are no reason to alarm.
func weightOf(s *sets.Sample, score int) float64 {
	switch {
	case s.Set == "cases of the pack":
		return 0.5
	case s.Set == "crs_regression" && score < 5:
		return 0.1
	case s.Set == "crs_regression":
		return 0.3
	case !s.Attack:
		return 4
	case strings.Contains(s.Set, "payloads"): // each in three places, as often as Own makes it
		return 0.4
	case s.Class == "exploit": // few, and each of another product
		return 2
	}
	return 1
}
