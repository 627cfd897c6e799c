package publish_test

import (
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/services/publish"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestClient(t *testing.T) {
	kafka := make([]kgo.Opt, 1, 8)
	kafka[0] = kgo.SeedBrokers("127.0.0.1:1")
	cl, err := publish.Client("a test", kafka, kgo.ProducerBatchMaxBytes(4<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if got := cl.OptValue(kgo.RecordDeliveryTimeout); got != 20*time.Second {
		t.Errorf("a person waits for %v", got)
	}
	if got := cl.OptValue(kgo.RequiredAcks); got != kgo.AllISRAcks() {
		t.Errorf("it is acknowledged by %v", got)
	}
	if got := cl.OptValue(kgo.ProducerBatchMaxBytes); got != int32(4<<20) {
		t.Errorf("what differs is left out: %v", got)
	}
	if full := kafka[:cap(kafka)]; full[1] != nil {
		t.Error("the caller's options were written over")
	}
	if _, err := publish.Client("a test", nil, kgo.ProducerBatchMaxBytes(-1)); err == nil || !strings.HasPrefix(err.Error(), "a test: Kafka client: ") {
		t.Errorf("%v", err)
	}
}
