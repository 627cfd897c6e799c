package main

import (
	"encoding/json" // for omitzero
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/transcript"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/miradorhq/mirador/services/discovery/spec/read"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/spf13/cobra"
)

func specCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "spec",
		Short: "Read API specifications and compare them with traffic",
		Long: `Reads OpenAPI 3.0 and 3.1, Swagger 2.0, GraphQL SDL (.graphql), protobuf descriptor sets
(.pb, from protoc --descriptor_set_out or buf build), Postman collections 2.x and HAR. The format is
told from name and content. A $ref may lead to files beside the document and below its folder, never
to a network. Errors name file and line.

  mirador spec check FILE... --traffic FILE   what of the traffic is in no document, and what else differs
  mirador spec import FILE                    the operations, a JSON line each
  mirador spec convert FILE --to openapi      a draft of OpenAPI 3.1 from a Postman collection or a HAR
  mirador spec diff OLD NEW                   what changed between two documents

  mirador spec publish FILE...                upload documents to a running platform
  mirador spec list                           those that are published
  mirador spec withdraw NAME                  end one`,
	}
	c.AddCommand(specCheckCommand(), specImportCommand(), specConvertCommand(), specDiffCommand(), specPublishCommand(), specListCommand(), specWithdrawCommand())
	return c
}

// readSpec reads a document and tells what in it could not be understood.
func readSpec(path string) (*spec.Specification, error) {
	s, err := read.File(path, document.Limits{})
	if err != nil {
		return nil, err
	}
	for _, p := range s.Problems {
		fmt.Fprintln(os.Stderr, "mirador spec:", p)
	}
	return s, nil
}

// failKinds are what --fail-on takes.
var failKinds = []string{string(spec.Shadow), string(spec.Zombie), string(spec.Orphan), string(spec.Drift), string(spec.Leak)}

func specCheckCommand() *cobra.Command {
	cfg := platform.Defaults()
	o := spec.Defaults().Recorded()
	var traffic, failOn []string
	var asJSON bool
	var format string
	c := &cobra.Command{
		Use:   "check FILE...",
		Short: "Say in what traffic and specifications differ",
		Long: `Learns the endpoints of recorded traffic, as discovery does, and what their answers hold, as the classifier
does, and compares them with one or more specifications. It prints a difference a paragraph, with file and
line of the document:

  shadow   answered with success, in no document
  zombie   in use and marked as deprecated
  orphan   in a document and not seen for --orphan-after
  drift    an undocumented parameter, field, status, type, media type or way to authenticate,
           or something required that is not there
  leak     a field of answers that holds sensitive data and is in no schema of the operation

The documents speak for the hosts that their servers name. Where the traffic has none of these
hosts, they speak for all of its hosts, and that is said; --host names others. A document that
names none speaks for the hosts on which two of its operations are recognised.`,
		Example: "  mirador spec check openapi.yaml --traffic session.har\n  mirador spec check openapi.yaml --traffic access.log.gz --fail-on shadow,drift\n  mirador spec check *.yaml --traffic - --json < traffic.jsonl | jq -r .where.file",
	}
	c.Flags().StringSliceVar(&traffic, "traffic", nil, "HAR, JSON lines or access log, plain or gzip; - is standard input; may be given again")
	c.Flags().StringVar(&format, "format", "", "of the traffic: har, jsonl or access-log; empty: told from the content")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, a line a difference")
	c.Flags().StringSliceVar(&failOn, "fail-on", nil, "kinds of difference that make the exit code 1: "+strings.Join(failKinds, ", "))
	c.Flags().StringSliceVar(&o.Hosts, "host", nil, "hosts that the documents speak for, instead of those that they name")
	c.Flags().IntVar(&o.MinCallers, "min-callers", o.MinCallers, "callers that must show a shadow endpoint or a drift, where their number is known")
	c.Flags().DurationVar(&o.MinObserved, "min-observed", o.MinObserved, "how long an endpoint must be in the traffic before a shadow endpoint or a drift is said")
	c.Flags().IntVar(&o.MinCount, "min-count", o.MinCount, "transactions that must show a drift")
	c.Flags().DurationVar(&o.OrphanAfter, "orphan-after", o.OrphanAfter, "how long an operation must be unseen to be an orphan; 0: in all of the traffic")
	flags := platform.AddFlags(c.Flags(), &cfg)
	c.Args = unlessAsked(flags, cobra.MinimumNArgs(1))
	hideSettings(c)
	c.RunE = func(cmd *cobra.Command, files []string) error {
		if err := flags.Load(&cfg, cmd.OutOrStdout()); err != nil {
			return err
		}
		errs := []error{o.Validate()}
		if len(traffic) == 0 {
			errs = append(errs, errors.New("no traffic: give --traffic FILE"))
		}
		for _, k := range failOn {
			if !slices.Contains(failKinds, k) {
				errs = append(errs, fmt.Errorf("fail-on %q is not one of %v", k, failKinds))
			}
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		var specs []*spec.Specification
		for _, f := range files {
			s, err := readSpec(f)
			if err != nil {
				return err
			}
			specs = append(specs, s)
		}
		endpoints, err := learnTraffic(cmd.Context(), &cfg, traffic, transcript.Format(format))
		if err != nil {
			return err
		}
		differences := spec.CompareRecorded(specs, endpoints, o, "--host", func(text string) { fmt.Fprintln(cmd.ErrOrStderr(), "mirador spec:", text) })
		if err := printDifferences(cmd.OutOrStdout(), differences, asJSON); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "mirador spec: %d endpoints against %d operations: %s\n", len(endpoints), operations(specs), tally(differences))
		if slices.ContainsFunc(differences, func(d spec.Difference) bool { return slices.Contains(failOn, string(d.Kind)) }) {
			return errFailed
		}
		return nil
	}
	return c
}

func operations(specs []*spec.Specification) (n int) {
	for _, s := range specs {
		n += len(s.Operations)
	}
	return n
}

func tally(differences []spec.Difference) string {
	counts := map[string]int{}
	for _, d := range differences {
		counts[string(d.Kind)]++
	}
	var parts []string
	for _, k := range failKinds {
		parts = append(parts, fmt.Sprintf("%d %s", counts[k], k))
	}
	return strings.Join(parts, ", ")
}

func printDifferences(w io.Writer, differences []spec.Difference, asJSON bool) error {
	for _, d := range differences {
		if asJSON {
			b, err := json.Marshal(d)
			if err != nil {
				return fmt.Errorf("print %s: %w", d.Name, err)
			}
			if _, err := fmt.Fprintf(w, "%s\n", b); err != nil {
				return fmt.Errorf("print: %w", err)
			}
			continue
		}
		head := string(d.Kind)
		if d.Aspect != "" {
			head += " (" + d.Aspect + ")"
		}
		if _, err := fmt.Fprintf(w, "%-8s %s\n         %s\n         at %s %s\n", strings.ToUpper(string(d.Severity)), head, d.Summary, d.Where, d.Where.Pointer); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
}

func specImportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE",
		Short: "Print the operations of a document, a JSON line each",
		Long: `Prints every operation with method, template, servers, parameters, bodies (schemas as the catalog has
them), statuses, ways to authenticate, and where in the document it stands: file, line and JSON pointer.
What could not be understood goes to standard error.`,
		Example: "  mirador spec import openapi.yaml | jq -r '[.method,.template,.where.line]|@tsv'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := readSpec(args[0])
			if err != nil {
				return err
			}
			return spec.WriteLines(cmd.OutOrStdout(), s)
		},
	}
}

func specConvertCommand() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "convert FILE",
		Short: "Write a document as a draft of OpenAPI 3.1",
		Long: `Writes the operations of a Postman collection, a HAR or any other document as OpenAPI 3.1, in JSON.
Examples become schemas without their values. It is a draft: examples show neither what is required
nor all values that there may be.`,
		Example: "  mirador spec convert collection.json --to openapi > openapi.json",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&to, "to", "openapi", "what to write: openapi")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if to != "openapi" {
			return fmt.Errorf("to %q is not known: openapi is", to)
		}
		s, err := readSpec(args[0])
		if err != nil {
			return err
		}
		b, err := spec.OpenAPI(s)
		if err != nil {
			return err
		}
		if _, err := cmd.OutOrStdout().Write(b); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		return nil
	}
	return c
}

func specDiffCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what changed between two documents",
		Long: `Compares two documents, of any formats, operation by operation: added, removed, parameters, fields,
types, values, required, statuses, ways to authenticate, deprecation. Names of path parameters do not matter.`,
		Example: "  mirador spec diff openapi-v1.yaml openapi-v2.yaml\n  mirador spec convert session.har > seen.json && mirador spec diff openapi.yaml seen.json",
		Args:    cobra.ExactArgs(2),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, a line a change")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		before, err := readSpec(args[0])
		if err != nil {
			return err
		}
		after, err := readSpec(args[1])
		if err != nil {
			return err
		}
		for _, change := range spec.Diff(before, after) {
			line := change.String()
			if asJSON {
				b, err := json.Marshal(change)
				if err != nil {
					return fmt.Errorf("print %s: %w", change.Name, err)
				}
				line = string(b)
			}
			if _, err := fmt.Fprintln(cmd.OutOrStdout(), line); err != nil {
				return fmt.Errorf("print: %w", err)
			}
		}
		return nil
	}
	return c
}
