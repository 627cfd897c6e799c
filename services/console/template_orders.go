package console

import (
	"context"
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/order"
	"github.com/miradorhq/mirador/services/publish"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TemplateOrders publishes what people say of templates. It must return only when the
// merger can see the order, and must be safe for concurrent use.
type TemplateOrders interface {
	Publish(ctx context.Context, tenant, host string, o order.Order) error
}

// KafkaTemplateOrders puts orders on mirador.partials. Safe for concurrent use.
type KafkaTemplateOrders struct {
	client *kgo.Client
	topic  string
}

// NewKafkaTemplateOrders makes one with a plain producer of its own, as
// NewKafkaUnblocker does. An order has the key of its host's group and is put into a
// partition by that key's hash, as the differences of the host are: so it stands in
// one line with them.
func NewKafkaTemplateOrders(topicPrefix string, opts ...kgo.Opt) (*KafkaTemplateOrders, error) {
	client, err := publish.Client("console: orders about templates", opts)
	if err != nil {
		return nil, err
	}
	return &KafkaTemplateOrders{client: client, topic: prefixed(topicPrefix, schemas.TopicPartials)}, nil
}

// Close ends the client. Orders under way fail.
func (k *KafkaTemplateOrders) Close() { k.client.Close() }

// Publish implements TemplateOrders.
func (k *KafkaTemplateOrders) Publish(ctx context.Context, tenant, host string, o order.Order) error {
	if err := o.Validate(); err != nil {
		return fmt.Errorf("console: %s a template: %w", o.Op, err)
	}
	if tenant == "" || host == "" {
		return fmt.Errorf("console: %s a template: tenant and host are required", o.Op)
	}
	// No source and no watermark: it says nothing of how far event time has come.
	p := detect.Partial{Kind: order.Kind, Tenant: tenant, Group: order.Group(host), Dimension: host, Payload: order.Append(nil, &o)}
	value, err := detect.EncodePartial(&p)
	if err != nil {
		return fmt.Errorf("console: %s %s: %w", o.Op, o.Template, err)
	}
	r := &kgo.Record{Topic: k.topic, Key: p.Key(), Value: value, Headers: []kgo.RecordHeader{{Key: detect.KindHeader, Value: []byte(p.Kind)}}}
	if err := k.client.ProduceSync(ctx, r).FirstErr(); err != nil {
		return fmt.Errorf("console: %s of %s%s: Kafka topic %s at %v did not take the order, so nothing has changed: %w",
			o.Op, host, o.Template, k.topic, k.client.OptValue(kgo.SeedBrokers), err)
	}
	return nil
}
