package event_test

import (
	"testing"

	"github.com/miradorhq/mirador/pkg/contract"
	"github.com/miradorhq/mirador/pkg/event"
)

// TestSchema: the record is MessagePack, so the schema is compared with the type
// and not with bytes.
func TestSchema(t *testing.T) {
	if err := contract.Compare[event.Event]("event", "msg"); err != nil {
		t.Error(err)
	}
}
