package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/segmentio/encoding/json"
)

const bankSpec = `openapi: 3.1.0
info: {title: Bank, version: "1"}
servers: [{url: https://api.bank.example}]
paths:
  /accounts/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        '200':
          description: one
          content:
            application/json:
              schema:
                type: object
                properties: {id: {type: integer}, iban: {type: string}, name: {type: string}}
`

// bankTraffic answers with an account number that is documented, and with a card that is not.
func bankTraffic() string {
	ibans := []string{"DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606", "NL91ABNA0417164300", "CH9300762011623852957", "BE68539007547034", "AT611904300234573201", "ES9121000418450200051332", "PT50000201231234567890154", "DK5000400440116243"}
	cards := []string{"4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "4012888888881881", "5105105105105100", "4222222222222220", "371449635398431", "30569309025904", "3530111333300000"}
	var b strings.Builder
	for i := range ibans {
		fmt.Fprintf(&b, `{"ts":"2026-01-05T10:00:%02dZ","client_ip":"198.51.100.%d","method":"GET","uri":"https://api.bank.example/accounts/%d?x=1","headers":{"authorization":"Bearer b%d"},"status":200,"response_headers":{"content-type":"application/json"},"response_body":"{\"id\":%d,\"iban\":\"%s\",\"card\":{\"number\":\"%s\"}}"}`+"\n",
			i, i+1, 100+i*7, i, 100+i*7, ibans[i], cards[i])
	}
	return b.String()
}

func inspected(t *testing.T, args ...string) (rules []string, all []finding.Finding) {
	t.Helper()
	out, told, err := executeBoth(t, append([]string{"inspect", "--json"}, args...)...)
	if err != nil {
		t.Fatalf("%v: %v %s", args, err, told)
	}
	for line := range strings.Lines(out) {
		var f finding.Finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all, rules = append(all, f), append(rules, f.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules), all
}

// What the classifier finds in answers beyond their schema is said by inspect as by the platform, whether
// discovery was asked for or not, and by spec check.
func TestInspectAgainstSpecifications(t *testing.T) {
	document, traffic := file(t, "bank.yaml", bankSpec), file(t, "t.jsonl", bankTraffic())

	rules, all := inspected(t, "--detectors", "classifier", "--spec", document, traffic)
	if !slices.Contains(rules, "DATA-10") || slices.Contains(rules, "INV-01") || slices.ContainsFunc(rules, func(r string) bool { return !strings.HasPrefix(r, "DATA-") }) {
		t.Errorf("rules %v", rules)
	}
	leaks := 0
	for _, f := range all {
		if f.Rule != "DATA-10" {
			continue
		}
		leaks++
		want := `GET api.bank.example/accounts/{int}: field "card.number" of the answer holds values of the class card, and no schema of ` + document + ":6 has it."
		if f.Summary != want || f.Subject.Endpoint != "GET api.bank.example/accounts/{int}" || f.Severity != finding.High || f.Features[0].Value != 10 {
			t.Errorf("%+v\nwant %s", f, want)
		}
	}
	if leaks != 1 {
		t.Errorf("%d fields are said to be in no schema, 1 is", leaks)
	}

	// With discovery what differs elsewhere is said too; in a folder the documents are the same.
	for _, given := range [][]string{{"--spec", document}, {"--spec", filepath.Dir(document)}, {"--specifications.folder", filepath.Dir(document)}} {
		if rules, _ := inspected(t, append(given, "--detectors", "discovery,classifier", traffic)...); !slices.Contains(rules, "DATA-10") || !slices.Contains(rules, "INV-01") {
			t.Errorf("%v: rules %v", given, rules)
		}
	}
	if rules, _ := inspected(t, "--detectors", "classifier", traffic); slices.Contains(rules, "DATA-10") {
		t.Errorf("without a document: %v", rules)
	}
	// A configured folder is nothing to a detector that has no use for it; a document that is named is.
	if _, _, err := executeBoth(t, "inspect", "--detectors", "signature", "--specifications.folder", filepath.Dir(document), traffic); err != nil {
		t.Error(err)
	}
	for _, args := range [][]string{{"--detectors", "signature", "--spec", document}, {"--out", "verdicts", "--spec", document}, {"--spec", document + ".gone"}, {"--spec", t.TempDir()}} {
		if _, _, err := executeBoth(t, append(append([]string{"inspect"}, args...), traffic)...); err == nil || !strings.Contains(err.Error(), "specification") {
			t.Errorf("%v: %v", args, err)
		}
	}

	out, err := execute(t, "spec", "check", document, "--traffic", traffic)
	if err != nil || !strings.Contains(out, `field "card.number" of the answer holds values of the class card`) {
		t.Errorf("spec check: %v\n%s", err, out)
	}
}
