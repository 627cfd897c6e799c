package onehost

import (
	"strings"
	"testing"
)

func TestDataDirIsForOneProcess(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(dir); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "data_dir") {
		t.Errorf("a second one: %v", err)
	}
	unlock()
	again, err := lock(dir)
	if err != nil {
		t.Fatalf("behind the first one: %v", err)
	}
	again()
}
