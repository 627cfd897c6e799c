package specifications

import (
	"context"
	"fmt"

	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
	"github.com/miradorhq/mirador/services/publish"
	"github.com/twmb/franz-go/pkg/kgo"
)

// headroom is what a record takes beside the document: header, key, batch.
const headroom = 64 << 10

// Publisher writes documents of people to the topic. Safe for concurrent use.
type Publisher struct {
	client *kgo.Client
	limit  int
}

// NewPublisher makes one with a plain producer of its own: idempotent, and
// acknowledged by all replicas. limit bounds a document.
func NewPublisher(limit int, kafka ...kgo.Opt) (*Publisher, error) {
	cl, err := publish.Client("specifications", kafka, kgo.ProducerBatchMaxBytes(int32(limit+headroom)))
	if err != nil {
		return nil, err
	}
	return &Publisher{client: cl, limit: limit}, nil
}

// Close ends the client. What is under way fails.
func (p *Publisher) Close() { p.client.Close() }

// Publish writes d, which replaces the document of its name, and gives its offset.
// Whether the document can be read is for the caller to have found out.
func (p *Publisher) Publish(ctx context.Context, d *uploaded.Document) (int64, error) {
	if err := d.Validate(p.limit); err != nil {
		return 0, err
	}
	return p.send(ctx, d.Name, &kgo.Record{Topic: schemas.TopicSpecs, Key: d.Key(), Value: d.Encode()})
}

// Withdraw ends the document of a name.
func (p *Publisher) Withdraw(ctx context.Context, tenant, name string) (int64, error) {
	if err := uploaded.ValidName(name); err != nil {
		return 0, err
	}
	d := uploaded.Document{Tenant: tenant, Name: name}
	return p.send(ctx, name, &kgo.Record{Topic: schemas.TopicSpecs, Key: d.Key()})
}

func (p *Publisher) send(ctx context.Context, name string, r *kgo.Record) (int64, error) {
	done, err := p.client.ProduceSync(ctx, r).First()
	if err != nil {
		return 0, fmt.Errorf("specification %q: kafka topic %s at %v did not take it, so nothing has changed: %w", name, r.Topic, p.client.OptValue(kgo.SeedBrokers), err)
	}
	return done.Offset, nil
}
