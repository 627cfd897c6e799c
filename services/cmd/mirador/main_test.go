package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/platform"
)

// Flags that are done at once need none of a command's own arguments.
func TestQuestionsNeedNoArguments(t *testing.T) {
	t.Setenv("MIRADOR_DATA_DIR", t.TempDir())
	for _, command := range []string{"inspect", "replay", "run", "spec check"} {
		for flag, want := range map[string]string{"--validate": "the configuration is valid", "--print-config": "data_dir:"} {
			c := root()
			var out bytes.Buffer
			c.SetOut(&out)
			c.SetErr(&out)
			c.SetArgs(append(strings.Fields(command), flag))
			if err := c.Execute(); !errors.Is(err, platform.ErrDone) || !strings.Contains(out.String(), want) {
				t.Errorf("%s %s: %v, printed %d bytes", command, flag, err, out.Len())
			}
		}
		c := root()
		c.SetArgs(strings.Fields(command))
		if err := c.Execute(); err == nil || !strings.Contains(err.Error(), "requires at least 1 arg") {
			t.Errorf("%s without arguments: %v", command, err)
		}
	}
}
