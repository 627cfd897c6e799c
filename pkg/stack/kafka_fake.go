package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// fake is franz-go's broker inside this process.
type fake struct {
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
		opts = append(opts, kfake.DataDir(filepath.Join(dir, "kfake")))
	}
	return &fake{opts: opts}
}

func (f *fake) start(context.Context) error {
	if f.cluster != nil {
		return errors.New("stack: kfake already runs")
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
