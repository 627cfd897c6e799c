// Command judge has mirador inspect read the traffic of package elsewhere, and says which
// attacks were found by which rules, and who was alerted on for nothing.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/miradorhq/mirador/loadtest/elsewhere"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/services/inspect"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/segmentio/encoding/json"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	o := elsewhere.Options{}
	f := flag.NewFlagSet("judge", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Uint64Var(&o.Seed, "seed", 1, "of the traffic")
	f.IntVar(&o.People, "people", 600, "of each API; partners are always six")
	f.IntVar(&o.Days, "days", 2, "the last has the attacks")
	styles := f.String("styles", "", "APIs, with commas between; all if empty")
	verbose := f.Bool("v", false, "print what was said of the innocent")
	keep := f.String("write", "", "keep the traffic in this folder")
	if err := f.Parse(args); err != nil {
		return err
	}
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, s := range elsewhere.Styles() {
		if *styles != "" && !slices.Contains(strings.Split(*styles, ","), s.Name) {
			continue
		}
		v, err := judge(s, o, *keep)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		for _, name := range s.Attacks() {
			fmt.Fprintf(t, "%s\t%s\t%s\n", s.Name, name, strings.Join(v.found[name], " "))
		}
		fmt.Fprintf(t, "%s\t(innocent)\t%s\n", s.Name, strings.Join(v.innocent(), " "))
		if *verbose {
			for _, w := range v.wrong {
				fmt.Fprintf(t, "\t\t%s %s %s\n", w.Rule, w.Subject.Principal, w.Summary)
			}
		}
	}
	return t.Flush()
}

// verdict is what was found in the traffic of a style.
type verdict struct {
	lines int
	// found are the rules that found an attack, by its name.
	found map[string][]string
	// wrong are findings about nothing.
	wrong []finding.Finding
}

// innocent are the rules that alerted for nothing, each with how many subjects.
func (v *verdict) innocent() (list []string) {
	who := map[string]map[string]bool{}
	for _, f := range v.wrong {
		if who[f.Rule] == nil {
			who[f.Rule] = map[string]bool{}
		}
		who[f.Rule][f.Subject.Principal+f.Subject.EndpointID] = true
	}
	for rule, subjects := range who {
		list = append(list, fmt.Sprintf("%s:%d", rule, len(subjects)))
	}
	slices.Sort(list)
	return list
}

// judge makes the traffic of s and has it inspected as the command would.
func judge(s elsewhere.Style, o elsewhere.Options, folder string) (*verdict, error) {
	if s.Few() {
		o.People = 6
	}
	if folder == "" {
		dir, err := os.MkdirTemp("", "elsewhere")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // it is a temporary one
		folder = dir
	}
	path := folder + "/" + s.Name + ".jsonl"
	truth, err := write(path, s, o)
	if err != nil {
		return nil, err
	}
	cfg := platform.Defaults()
	var out bytes.Buffer
	var complaints []string
	options := inspect.Options{Files: []string{path}, Detectors: []string{"behavior"}, Out: inspect.Findings, JSON: true, Strict: true, Tenant: cfg.Tenant,
		Content: runner.DefaultOptions(), Build: cfg.InspectStages, Stdout: &out, Complain: func(c string) { complaints = append(complaints, c) }}
	if _, err := inspect.Run(context.Background(), options); err != nil || len(complaints) > 0 {
		return nil, errors.Join(err, errors.New(strings.Join(complaints, "; ")))
	}
	v := &verdict{lines: len(truth), found: map[string][]string{}}
	for d := json.NewDecoder(&out); ; {
		var f finding.Finding
		if err := d.Decode(&f); errors.Is(err, io.EOF) {
			return v, nil
		} else if err != nil {
			return nil, fmt.Errorf("finding: %w", err)
		}
		v.take(f, truth)
	}
}

// take says of whom f is: the attack that most of the events it names are part of.
func (v *verdict) take(f finding.Finding, truth map[string]string) {
	of := map[string]int{}
	for _, id := range f.Events {
		of[truth[id]]++
	}
	for name, n := range of {
		if name != "" && 2*n > len(f.Events) {
			if !slices.Contains(v.found[name], f.Rule) {
				v.found[name] = append(v.found[name], f.Rule)
			}
			return
		}
	}
	v.wrong = append(v.wrong, f)
}

// write puts the traffic down, and gives the attack of each transaction.
func write(path string, s elsewhere.Style, o elsewhere.Options) (truth map[string]string, err error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	truth = map[string]string{}
	e := json.NewEncoder(file)
	for day := range o.Days {
		lines, err := s.Day(o, day)
		if err != nil {
			return nil, err
		}
		for i := range lines {
			truth[lines[i].ID] = lines[i].Attack
			if err := e.Encode(&lines[i]); err != nil {
				return nil, err
			}
		}
	}
	return truth, nil
}
