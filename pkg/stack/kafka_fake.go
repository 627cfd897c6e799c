package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// fake is franz-go's broker inside this process.
type fake struct {
	dir     string // empty: in memory
	opts    []kfake.Opt
	cluster *kfake.Cluster
}

// minSession matches what the Java broker is given, so that a test behaves alike on both.
const minSession = time.Second

func fakeKafka(dir string, o KafkaOptions, say announcer) *fake {
	opts := []kfake.Opt{
		kfake.NumBrokers(1), kfake.Ports(o.Port), kfake.ClusterID("mirador"),
		kfake.DefaultNumPartitions(o.Partitions), kfake.GroupMinSessionTimeout(minSession),
		kfake.WithLogger(fakeLogger{say.log}),
	}
	if dir != "" {
		// Every acknowledged batch is on its way to the disk: the process may be killed.
		dir = filepath.Join(dir, "kfake")
		opts = append(opts, kfake.DataDir(dir))
	}
	return &fake{dir: dir, opts: opts}
}

func (f *fake) start(context.Context) error {
	if f.cluster != nil {
		return errors.New("stack: kfake already runs")
	}
	if f.dir != "" {
		if err := renewSessions(filepath.Join(f.dir, sessionsFile), time.Now()); err != nil {
			return fmt.Errorf("stack: start kfake: %w", err)
		}
	}
	c, err := kfake.NewCluster(f.opts...)
	if err != nil {
		return fmt.Errorf("stack: start kfake: %w", err)
	}
	f.cluster = c
	return nil
}

func (f *fake) stop(context.Context) error {
	if f.cluster != nil {
		f.cluster.Close()
		f.cluster = nil
	}
	return nil
}

func (f *fake) kill(ctx context.Context) error { return f.stop(ctx) }

// sessionsFile is where kfake keeps, from an orderly end to the next start, who
// was a member of which group.
const sessionsFile = "session_state.json"

// renewSessions gives every member of a group its whole session anew, as the
// coordinator of a Kafka broker does when it loads a group. kfake goes by the last
// heartbeat instead, and drops a member that is over by then without a rebalance:
// what it was assigned would be nobody's for ever.
func renewSessions(file string, now time.Time) error {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	// Raw, so that nothing else of it changes.
	var state map[string]json.RawMessage
	var groups map[string]map[string]json.RawMessage
	if json.Unmarshal(b, &state) != nil || json.Unmarshal(state["classicGroups"], &groups) != nil {
		return nil // none, or damaged: kfake passes a damaged file over and says so
	}
	for name, group := range groups {
		var members []map[string]json.RawMessage
		if err := json.Unmarshal(group["members"], &members); err != nil {
			return fmt.Errorf("sessions: %s: members of group %s: %w", file, name, err)
		}
		for _, m := range members {
			m["lastHeartbeat"] = json.RawMessage(strconv.Quote(now.Format(time.RFC3339Nano)))
		}
		if group["members"], err = json.Marshal(members); err != nil {
			return fmt.Errorf("sessions: %w", err)
		}
	}
	if state["classicGroups"], err = json.Marshal(groups); err == nil {
		b, err = json.Marshal(state)
	}
	if err == nil {
		err = os.WriteFile(file, b, 0o600)
	}
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	return nil
}

// fakeLogger passes on what matters; kfake's information level has a line a request.
type fakeLogger struct{ log *slog.Logger }

func (l fakeLogger) Logf(level kfake.LogLevel, msg string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error("kfake: " + fmt.Sprintf(msg, args...))
	case kfake.LogLevelWarn:
		l.log.Warn("kfake: " + fmt.Sprintf(msg, args...))
	}
}
