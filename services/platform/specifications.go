package platform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/spec/audit"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
	"github.com/miradorhq/mirador/services/specifications"
	"github.com/twmb/franz-go/pkg/kgo"
)

// followSpecifications keeps what people uploaded as mirador.specifications has it. It
// is one part for all services of the process that ask.
func (p *Process) followSpecifications() (*uploaded.Set, error) {
	if p.uploaded != nil {
		return p.uploaded, nil
	}
	set := uploaded.NewSet(p.Config.Specifications.MaxBytes)
	f, err := specifications.NewFollower(set, p.kafka, p.Log, p.Registry)
	if err != nil {
		return nil, err
	}
	p.uploaded = set
	p.parts = append(p.parts, part{name: "specifications", run: f.Run})
	return set, nil
}

// compare is the part of discovery that holds the inventory against the
// specifications of a folder and those that were uploaded, and publishes the
// differences as findings.
func (p *Process) compare() (part, error) {
	set, err := p.followSpecifications()
	if err != nil {
		return part{}, err
	}
	a, err := audit.New(p.Config.Specifications, p.Config.Tenant, p.inventory, set, p.Log.With("service", "discovery"), p.Registry)
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
		// Before both were read to their ends everything would seem to be gone, or new.
		for _, read := range []<-chan struct{}{p.caughtUp, set.Ready()} {
			select {
			case <-ctx.Done():
				return nil
			case <-read:
			}
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
