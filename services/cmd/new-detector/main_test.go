package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSkeletonPassesItsOwnTests writes a detector into this module, runs the
// tests it came with, and removes it.
func TestSkeletonPassesItsOwnTests(t *testing.T) {
	services, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	name := "skeletontrial"
	t.Cleanup(func() { os.RemoveAll(filepath.Join(services, name)) })
	if err := write(services, name); err != nil {
		t.Fatal(err)
	}
	if err := write(services, name); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("a second time: %v", err)
	}
	cmd := exec.Command("go", "test", "./"+name)
	cmd.Dir = services
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, bad := range []string{"", "A", "a-b", "../x"} {
		if write(services, bad) == nil {
			t.Errorf("name %q was taken", bad)
		}
	}
}
