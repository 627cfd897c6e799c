package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func zipped(t *testing.T, folder, name, content string) {
	t.Helper()
	f, err := os.Create(filepath.Join(folder, "classification", name))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	z.Write([]byte(content))
	z.Close()
	f.Close()
}

func TestRun(t *testing.T) {
	folder := t.TempDir()
	var out bytes.Buffer
	if err := run([]string{"-speed=false", "-corpora", folder}, &out, &out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "NOT MEASURED: no corpus at "+folder); n != 2 {
		t.Errorf("without corpora: %s", out.String())
	}
	if err := os.Mkdir(filepath.Join(folder, "classification"), 0o755); err != nil {
		t.Fatal(err)
	}
	zipped(t, folder, "stdnum_dev.jsonl.gz", `{"type":"br.cpf","value":"390.533.447-05","valid":true}
{"type":"br.cpf","value":"231.002.999-00","valid":false}
{"type":"iban","value":"GB82WEST12345698765431","valid":true}
{"type":"luhn","value":"18","valid":true}
`)
	zipped(t, folder, "gitleaks_cases.jsonl.gz", `{"rule":"jwt","positive":true,"text":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.58kfxZTpNEtq4hcKnw577Nm9tx56Tf5RyPiCuK48tFy"}
{"rule":"jwt","positive":false,"text":"nothing"}
`)
	out.Reset()
	if err := run([]string{"-speed=false", "-misses", "-corpora", folder}, &out, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`wrong: iban "GB82WEST12345698765431" valid true`, "2 types (no class for 1 more)",
		"br.cpf                           1 valid     1 not  precision 1.000  recall 1.000", "all                              2 valid     1 not  precision 1.000  recall 0.500",
		"scanner   1 with one, 1 without: precision 1.000  recall 1.000  F1 1.000", "gitleaks  1 with one, 1 without",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
