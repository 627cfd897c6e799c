package console

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/publish"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Releases publishes what was released, and takes it back. Either must return only when
// behaviour can see it, and be safe for concurrent use.
type Releases interface {
	Publish(ctx context.Context, m deploy.Marker) error
	Withdraw(ctx context.Context, tenant, id string) error
}

// KafkaReleases puts releases on mirador.deploys. Safe for concurrent use.
type KafkaReleases struct {
	client *kgo.Client
	topic  string
}

// NewKafkaReleases makes one with a plain producer of its own, as NewKafkaUnblocker does.
func NewKafkaReleases(topicPrefix string, opts ...kgo.Opt) (*KafkaReleases, error) {
	client, err := publish.Client("console: releases", opts)
	if err != nil {
		return nil, err
	}
	return &KafkaReleases{client: client, topic: prefixed(topicPrefix, schemas.TopicDeploys)}, nil
}

// Close ends the client. Releases under way fail.
func (k *KafkaReleases) Close() { k.client.Close() }

// Publish implements Releases.
func (k *KafkaReleases) Publish(ctx context.Context, m deploy.Marker) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("console: release: %w", err)
	}
	b, err := deploy.Encode(&m)
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	return k.produce(ctx, "release of "+m.Service, m.Key(), b)
}

// Withdraw implements Releases.
func (k *KafkaReleases) Withdraw(ctx context.Context, tenant, id string) error {
	m := deploy.Marker{Tenant: tenant, ID: id}
	return k.produce(ctx, "withdrawal of release "+id, m.Key(), nil)
}

func (k *KafkaReleases) produce(ctx context.Context, what string, key, value []byte) error {
	if err := k.client.ProduceSync(ctx, &kgo.Record{Topic: k.topic, Key: key, Value: value}).FirstErr(); err != nil {
		return fmt.Errorf("console: %s: Kafka topic %s at %v did not take it, so nothing has changed: %w", what, k.topic, k.client.OptValue(kgo.SeedBrokers), err)
	}
	return nil
}

// TakeReleases lets people and pipelines say what was released. Call it before serving.
func (c *Console) TakeReleases(r Releases) { c.releases = r }

// newMarker is the release that somebody tells of. Without an id it is that of service,
// version and time, so that a pipeline that tries again says the same.
func newMarker(tenant, id, service, version, note, person string, at, now time.Time) deploy.Marker {
	if at.IsZero() {
		at = now
	}
	m := deploy.Marker{Tenant: tenant, ID: id, Service: service, Version: version, At: at.UTC().Truncate(time.Microsecond), Person: person, Note: note}
	if m.ID == "" {
		sum := sha256.Sum256([]byte(service + "\x00" + cmp.Or(version, m.At.Format(time.RFC3339)) + "\x00" + m.At.Format(time.DateOnly)))
		m.ID = hex.EncodeToString(sum[:8])
	}
	return m
}
