package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/capture/ship"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/telemetry"
	"github.com/miradorhq/mirador/pkg/transcript"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/miradorhq/mirador/services/shipper"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/term"
)

func replayCommand() *cobra.Command {
	cfg := platform.Defaults()
	var brokers []string
	var o shipper.ReplayOptions
	var format string
	var strict bool
	c := &cobra.Command{
		Use:   "replay FILE...",
		Short: "Ship recorded traffic to a running platform",
		Long: `Ships HAR files, JSON lines or access logs to mirador.events, at the pace they were recorded
or faster. Recorded times stay and the events are marked as replayed, so that nobody is
blocked for them; --restamp sets them to now, as if the traffic were live.

Credentials are replaced by keyed hashes before anything is sent, with the key that
identity.key_file names: use the platform's, or every principal gets another name.`,
		Example: "  mirador replay traffic.har --brokers kafka:9092\n  mirador replay access.log.gz --speed 60 --restamp",
	}
	c.Flags().StringSliceVar(&brokers, "brokers", nil, "addresses of brokers, host:port; short for --kafka.brokers")
	c.Flags().Float64Var(&o.Speed, "speed", 1, "factor to the recorded pace; 0 is as fast as it goes")
	c.Flags().BoolVar(&o.Restamp, "restamp", false, "set event times to now")
	c.Flags().DurationVar(&o.MaxGap, "max-gap", 0, "longest pause in the recording that is kept; 0: all")
	c.Flags().StringVar(&format, "format", "", "har, jsonl or access-log; empty: told from the content")
	c.Flags().BoolVar(&strict, "strict", false, "stop with an error at the first bad record")
	flags := platform.AddFlags(c.Flags(), &cfg)
	c.Args = unlessAsked(flags, cobra.MinimumNArgs(1))
	hideSettings(c)
	c.RunE = func(cmd *cobra.Command, files []string) error {
		if err := flags.Load(&cfg, cmd.OutOrStdout()); err != nil {
			return err
		}
		if len(brokers) > 0 {
			cfg.Kafka.Brokers = brokers
		}
		cfg.Telemetry.LogFormat = "text"
		return replay(cmd.Context(), &cfg, files, transcript.Config{Format: transcript.Format(format), Strict: strict}, o)
	}
	return c
}

// drainTime bounds the end of a replay: what is not in Kafka by then is lost.
const drainTime = 30 * time.Second

// answers asks the brokers whether they are there: a replay at the recorded pace
// takes long to find out.
func answers(ctx context.Context, brokers []string, opts []kgo.Opt) error {
	cl, err := kgo.NewClient(append(opts[:len(opts):len(opts)], kgo.RetryTimeout(5*time.Second))...)
	if err != nil {
		return fmt.Errorf("kafka options: %w", err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := cl.Ping(ctx); err != nil {
		return fmt.Errorf("kafka at %v does not answer (--brokers): is it running, and is the address right? %w", brokers, err)
	}
	return nil
}

func replay(ctx context.Context, cfg *platform.Config, files []string, read transcript.Config, o shipper.ReplayOptions) (err error) {
	key, err := platform.IdentityKey(cfg)
	if err != nil {
		return err
	}
	capturing, err := cfg.Shipper.Capture(key, cfg.Tenant)
	if err != nil {
		return err
	}
	if read.Builder, err = capture.NewBuilder(capturing); err != nil {
		return err
	}
	sc := cfg.Shipper.Ship("replay", "") // no spool: the file is still there
	if sc.Kafka, err = cfg.Kafka.Options(); err != nil {
		return err
	}
	sc.Spool.Dir = ""
	for _, path := range files { // before anything is sent
		if _, err := os.Stat(path); err != nil && path != "-" {
			return err
		}
	}
	if err := answers(ctx, cfg.Kafka.Brokers, sc.Kafka); err != nil {
		return err
	}
	s, err := ship.New(sc, read.Builder, telemetry.NewRegistry(), cfg.Telemetry.Logger(os.Stderr))
	if err != nil {
		return err
	}
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		err = errors.Join(err, s.Close(late))
		if n := s.Counters().Lost(); n > 0 {
			err = errors.Join(err, fmt.Errorf("%d transactions did not reach kafka at %v", n, cfg.Kafka.Brokers))
		}
	}()
	o.Bad = func(err error) { fmt.Fprintln(os.Stderr, "mirador replay:", err) }
	if term.IsTerminal(int(os.Stderr.Fd())) {
		o.Progress = func(r shipper.Replayed) {
			if r.Sent%100 == 0 {
				fmt.Fprintf(os.Stderr, "\r%d transactions sent, at %s", r.Sent, r.Last.UTC().Format(time.RFC3339))
			}
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	offer := func(e *event.Event) error {
		if s.Counters().Lost() > 0 { // the file can be sent again: better than with holes
			stop(errors.New("stopped: kafka does not take what is sent"))
		}
		return s.TryOfferEvent(e)
	}
	sent := 0
	for i, path := range files {
		read.File = i
		in, err := transcript.Open(path, read)
		if err != nil {
			return err
		}
		done, err := shipper.Replay(ctx, in, offer, o)
		sent += done.Sent
		if err := errors.Join(err, in.Close()); err != nil {
			return fmt.Errorf("%s: after %d transactions: %w", path, done.Sent, err)
		}
		if done.Bad > 0 {
			fmt.Fprintf(os.Stderr, "\nmirador replay: %s: %d records could not be read\n", path, done.Bad)
		}
	}
	fmt.Fprintf(os.Stderr, "\rmirador replay: %d transactions sent\n", sent)
	return nil
}
