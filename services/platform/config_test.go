package platform

import (
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/config"
)

// What the runner would refuse is told before anything is started, all at once.
func TestStagesAreValidated(t *testing.T) {
	cfg := Defaults()
	if err := config.Validate(&cfg); err != nil {
		t.Fatalf("the defaults: %v", err)
	}
	cfg.Stages.CommitInterval, cfg.Stages.Lateness, cfg.Stages.BatchRecords, cfg.Stages.SinkRows = 0, -time.Second, 0, -1
	err := config.Validate(&cfg)
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"stages.commit_interval", "stages.lateness", "stages.batch_records", "stages.sink_rows"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}
