package console

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/publish"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Verdicts publishes what people say of findings. It must return only when the
// responder can see it, and must be safe for concurrent use.
type Verdicts interface {
	Publish(ctx context.Context, v risk.Verdict) error
}

// KafkaVerdicts puts verdicts on mirador.verdicts. Safe for concurrent use.
type KafkaVerdicts struct {
	client *kgo.Client
	topic  string
}

// NewKafkaVerdicts makes one with a plain producer of its own, as NewKafkaUnblocker does.
func NewKafkaVerdicts(topicPrefix string, opts ...kgo.Opt) (*KafkaVerdicts, error) {
	client, err := publish.Client("console: verdicts", opts)
	if err != nil {
		return nil, err
	}
	return &KafkaVerdicts{client: client, topic: prefixed(topicPrefix, schemas.TopicVerdicts)}, nil
}

// Close ends the client. Verdicts under way fail.
func (k *KafkaVerdicts) Close() { k.client.Close() }

// Publish implements Verdicts.
func (k *KafkaVerdicts) Publish(ctx context.Context, v risk.Verdict) error {
	if err := v.Validate(); err != nil {
		return fmt.Errorf("console: verdict: %w", err)
	}
	b, err := risk.EncodeVerdict(&v)
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	if err := k.client.ProduceSync(ctx, &kgo.Record{Topic: k.topic, Key: v.Key(), Value: b}).FirstErr(); err != nil {
		return fmt.Errorf("console: verdict on %s: Kafka topic %s at %v did not take it, so nothing has changed: %w",
			v.Finding, k.topic, k.client.OptValue(kgo.SeedBrokers), err)
	}
	return nil
}

// TakeVerdicts lets people say what they think of findings. Call it before serving.
func (c *Console) TakeVerdicts(v Verdicts) { c.verdicts = v }

// saidHere are verdicts given here that the recorder has not put into the tables yet.
// Safe for concurrent use.
type saidHere struct {
	mu   sync.Mutex
	last []risk.Verdict // the oldest first
}

func (s *saidHere) add(v risk.Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.last) == maxPending {
		s.last = s.last[1:]
	}
	s.last = append(s.last, v)
}

// newest is what was said of the finding here within the last minutes, else in.
func (s *saidHere) newest(finding string, in *risk.Verdict, now time.Time) *risk.Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.last {
		v := s.last[i]
		if v.Finding == finding && now.Sub(v.At) < pendingLife && (in == nil || !v.At.Before(in.At)) {
			in = &v
		}
	}
	return in
}
