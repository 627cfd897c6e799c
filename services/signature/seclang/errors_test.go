package seclang_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

var update = flag.Bool("update", false, "write what is reported to testdata/errors.txt, to be read before it is kept")

// errorCase is a text and what must be reported of it, all of it and nothing else.
type errorCase struct{ name, text, want string }

func errorCases(t testing.TB) []errorCase {
	data, err := os.ReadFile("testdata/errors.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []errorCase
	for _, block := range strings.Split("\n"+string(data), "\n=== ")[1:] {
		name, rest, _ := strings.Cut(block, "\n")
		text, want, _ := strings.Cut(rest, "\n---\n")
		out = append(out, errorCase{name, strings.TrimSuffix(text, "\n") + "\n", strings.TrimSuffix(want, "\n")})
	}
	return out
}

func TestErrors(t *testing.T) {
	cases := errorCases(t)
	var kept strings.Builder
	reported := 0
	for i, c := range cases {
		p, err := seclang.Parse(seclang.Source{FS: fstest.MapFS{}, Name: "own.conf", Text: c.text})
		if err == nil || p != nil {
			t.Errorf("%s: nothing is reported", c.name)
			continue
		}
		got := err.Error()
		reported += strings.Count(got, "\n") + 1
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			var at *seclang.Error
			if !errors.As(e, &at) || at.File != "own.conf" || at.Line < 1 || at.Line > strings.Count(c.text, "\n") {
				t.Errorf("%s: %v stands nowhere", c.name, e)
			}
		}
		if cases[i].want = got; got != c.want && !*update {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, got, c.want)
		}
		fmt.Fprintf(&kept, "=== %s\n%s---\n%s\n", c.name, c.text, got)
	}
	if *update {
		if err := os.WriteFile("testdata/errors.txt", []byte(kept.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(cases) != 22 || reported != 137 {
		t.Errorf("%d cases with %d errors", len(cases), reported)
	}
}
