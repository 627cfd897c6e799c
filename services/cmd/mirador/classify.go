package main

import (
	"fmt"
	"io"
	"os"

	"github.com/miradorhq/mirador/services/classifier/scan"
	"github.com/miradorhq/mirador/services/classify"
	"github.com/spf13/cobra"
)

func classifyCommand() *cobra.Command {
	var classes bool
	c := &cobra.Command{
		Use:   "classify [FILE]",
		Short: "Say what is sensitive in texts and values, a JSON line each",
		Long: `Reads JSON lines and says what is sensitive in each, without any server. gzip is read too;
without a file, or with -, it reads standard input.

A line is one of these; "name", of the field that a value stands in, speaks for a class:
  {"id", "text": "to look through"}
  {"id", "value": "something as a whole", "name"?: "customer.taxId"}

Out comes a line each, in order. start and end count characters, and masked has as many
as the piece that it stands for:
  {"id", "matches": [{"class", "start", "end", "score", "masked"}]}

Classes are "card", "iban", "email", "phone", "ip", "mac", "url", "date", "birthdate",
"vin", "lei" and the like; numbers of one country as "br.cpf" and "us.ssn"; credentials as
"secret.github-pat", "secret.jwt", "secret.generic"; addresses as "crypto.bitcoin". --classes
lists them all. A number that several schemes accept is listed under each, with equal scores
where nothing tells them apart. A score of 0.9 and more has arithmetic behind it that chance
hardly passes, or a check digit and a name; 0.75 is a form or a name and a shape; 0.5 is one
of several schemes.

A bad line is reported with its number and counted.`,
		Example: "  mirador classify lines.jsonl.gz | jq -c '.matches[] | .class'\n  echo '{\"id\":1,\"text\":\"card 4111 1111 1111 1111\"}' | mirador classify",
		Args:    cobra.MaximumNArgs(1),
	}
	c.Flags().BoolVar(&classes, "classes", false, "list the names of all classes and do nothing else")
	c.RunE = func(cmd *cobra.Command, files []string) error {
		s, err := scan.New()
		if err != nil {
			return fmt.Errorf("build the scanner: %w", err)
		}
		if classes {
			for _, name := range s.Classes() {
				fmt.Fprintln(cmd.OutOrStdout(), name)
			}
			return nil
		}
		in, name := cmd.InOrStdin(), "standard input"
		if len(files) == 1 && files[0] != "-" {
			f, err := os.Open(files[0])
			if err != nil {
				return err
			}
			defer f.Close()
			in, name = io.Reader(f), files[0]
		}
		sum, err := classify.Run(cmd.Context(), s, in, cmd.OutOrStdout(), func(what string) {
			fmt.Fprintf(cmd.ErrOrStderr(), "mirador classify: %s: %s\n", name, what)
		})
		if sum.Bad > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "mirador classify: %d of %d lines could not be read\n", sum.Bad, sum.Lines)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	return c
}
