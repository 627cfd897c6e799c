package main

import (
	"os"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/behavior"
)

func TestDocumentIsCurrent(t *testing.T) {
	want, err := document("..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../DETECTIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("DETECTIONS.md is not what make generate would write")
	}
	if n := strings.Count(want, "\n## "); n != len(behavior.Rules()) {
		t.Errorf("%d of %d detections described", n, len(behavior.Rules()))
	}
	for _, part := range []string{"BOLA-01: Objects of others read", "| `min_novel` | 8 |", "CWE-639", "the policy says block", "the policy says throttle", "Cases that do not:"} {
		if !strings.Contains(want, part) {
			t.Errorf("no %q", part)
		}
	}
}
