package platform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/spec/audit"
	"github.com/twmb/franz-go/pkg/kgo"
)

// compare is the part of discovery that holds the inventory against the
// specifications of a folder and publishes the differences as findings.
func (p *Process) compare() (part, error) {
	a, err := audit.New(p.Config.Specifications, p.Config.Tenant, p.inventory, p.Log.With("service", "discovery"), p.Registry)
	if err != nil {
		return part{}, err
	}
	return part{name: "specifications", run: func(ctx context.Context) error {
		// Idempotent and acknowledged by all: the audit does not say a thing again.
		cl, err := kgo.NewClient(append(p.kafka[:len(p.kafka):len(p.kafka)], kgo.RequiredAcks(kgo.AllISRAcks()))...)
		if err != nil {
			return fmt.Errorf("kafka: %w", err)
		}
		defer cl.Close()
		select {
		case <-ctx.Done():
			return nil
		case <-p.caughtUp: // before that everything would seem to be gone
		}
		tick := time.NewTicker(p.Config.Specifications.Every)
		defer tick.Stop()
		for {
			if err := say(ctx, cl, a.Round(ctx, time.Now().UTC())); err != nil && ctx.Err() == nil {
				return fmt.Errorf("specifications: %w", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}}, nil
}

func say(ctx context.Context, cl *kgo.Client, list []finding.Finding) error {
	records := make([]*kgo.Record, 0, len(list))
	for i := range list {
		b, err := finding.Encode(&list[i])
		if err != nil {
			return err
		}
		records = append(records, &kgo.Record{Topic: schemas.TopicFindings, Key: []byte(list[i].ID), Value: b})
	}
	if len(records) == 0 {
		return nil
	}
	// kgo tries again until it is told to stop: a broker that is away delays this.
	err := cl.ProduceSync(ctx, records...).FirstErr()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
