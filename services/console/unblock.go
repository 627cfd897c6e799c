package console

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/publish"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Order is what a person wants: requests of Target are let through in Scope until
// NotAfter, whatever detectors say.
type Order struct {
	Tenant string
	Person string // who orders it; becomes the issuer person/<name>
	Target action.Target
	Scope  string
	Reason string
	// Lifted is the id of the action that it overrules, for the evidence.
	Lifted   string
	NotAfter time.Time
}

// Unblocker publishes orders of people. It must return only when enforcers can see
// the order, and must be safe for concurrent use.
type Unblocker interface {
	// Unblock publishes a signed allow. A second one of the same person for the
	// same target and scope replaces the first.
	Unblock(ctx context.Context, o Order) error
	// Withdraw ends such an allow before its time.
	Withdraw(ctx context.Context, o Order) error
}

var person = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// validPerson says whether name may stand in an issuer: it must not hold what
// separates the parts of a key.
func validPerson(name string) bool { return person.MatchString(name) }

// Validate reports everything that is wrong with the order, at now.
func (o *Order) Validate(now time.Time) error {
	var errs []error
	if o.Tenant == "" || o.Target.Type == "" || o.Target.Value == "" || o.Scope == "" {
		errs = append(errs, errors.New("tenant, target and scope are required"))
	}
	if !validPerson(o.Person) {
		errs = append(errs, fmt.Errorf("%q is not a name of letters, digits, '.', '_', '@' and '-', up to 64", o.Person))
	}
	if !o.NotAfter.After(now) {
		errs = append(errs, fmt.Errorf("its end %s is over", o.NotAfter.UTC().Format(time.RFC3339)))
	}
	return errors.Join(errs...)
}

// KafkaUnblocker puts orders on mirador.actions. Safe for concurrent use.
type KafkaUnblocker struct {
	client *kgo.Client
	signer *action.Signer
	topic  string
	now    func() time.Time
}

// NewKafkaUnblocker makes one with a plain producer of its own: idempotent, and
// acknowledged by all replicas, for a person waits for the answer. opts hold
// brokers, TLS and SASL. topicPrefix replaces "mirador." in the topic's name; empty
// is no change. Enforcers must trust signer's key for issuers "person/".
func NewKafkaUnblocker(signer *action.Signer, topicPrefix string, opts ...kgo.Opt) (*KafkaUnblocker, error) {
	client, err := publish.Client("console: orders of people", opts)
	if err != nil {
		return nil, err
	}
	return &KafkaUnblocker{client: client, signer: signer, topic: prefixed(topicPrefix, schemas.TopicActions), now: time.Now}, nil
}

const defaultPrefix = "mirador."

func prefixed(prefix, topic string) string {
	if prefix == "" {
		return topic
	}
	return prefix + topic[len(defaultPrefix):]
}

// Close ends the client. Orders under way fail.
func (k *KafkaUnblocker) Close() { k.client.Close() }

// Unblock implements Unblocker.
func (k *KafkaUnblocker) Unblock(ctx context.Context, o Order) error {
	now := k.now().UTC()
	if err := o.Validate(now); err != nil {
		return fmt.Errorf("console: unblock: %w", err)
	}
	a := o.action(now)
	r, err := k.signer.Seal(a)
	if err != nil {
		return fmt.Errorf("console: unblock: %w", err)
	}
	return k.publish(ctx, r, "unblock", o)
}

// Withdraw implements Unblocker.
func (k *KafkaUnblocker) Withdraw(ctx context.Context, o Order) error {
	now := k.now().UTC()
	o.NotAfter = now.Add(time.Second) // of no account here
	if err := o.Validate(now); err != nil {
		return fmt.Errorf("console: withdraw: %w", err)
	}
	return k.publish(ctx, k.signer.SealTombstone(o.action(now).Key(), revision(now)), "withdraw", o)
}

// revision of a person's order: nothing in Kafka caused it, and the clock orders
// what one person says of one target.
func revision(now time.Time) int64 { return now.UnixMicro() }

func (o *Order) action(now time.Time) *action.Action {
	a := &action.Action{
		Tenant: o.Tenant, Op: action.Allow, Target: o.Target, Scope: o.Scope, Issuer: "person/" + o.Person, Mode: action.Enforce,
		NotBefore: now, NotAfter: o.NotAfter.UTC(), Revision: revision(now), Reason: o.Reason, EventTime: now,
	}
	if o.Lifted != "" {
		a.Evidence = "overrules action " + o.Lifted
	}
	a.ID = action.NewID(a.Key(), o.Lifted, now)
	return a
}

func (k *KafkaUnblocker) publish(ctx context.Context, r action.Record, what string, o Order) error {
	rec := &kgo.Record{Topic: k.topic, Key: r.Key, Value: r.Value}
	for _, h := range r.Headers {
		rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	if err := k.client.ProduceSync(ctx, rec).FirstErr(); err != nil {
		return fmt.Errorf("console: %s of %s %s: Kafka topic %s at %v did not take the order, so nothing has changed: %w",
			what, o.Target.Type, o.Target.Value, k.topic, k.client.OptValue(kgo.SeedBrokers), err)
	}
	return nil
}
