// Package publish makes the Kafka clients of what a person orders and waits for.
package publish

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// deliver bounds how long a person waits for the answer.
const deliver = 20 * time.Second

// Client is a plain producer of its own: idempotent, acknowledged by all replicas,
// without a pause for a batch. A record has its key's partition, as what stages put
// out has. kafka holds brokers, TLS and SASL, more what differs; who says whose it is,
// for errors.
func Client(who string, kafka []kgo.Opt, more ...kgo.Opt) (*kgo.Client, error) {
	opts := append(kafka[:len(kafka):len(kafka)], kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0),
		kgo.RecordDeliveryTimeout(deliver), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	cl, err := kgo.NewClient(append(opts, more...)...)
	if err != nil {
		return nil, fmt.Errorf("%s: Kafka client: %w", who, err)
	}
	return cl, nil
}
