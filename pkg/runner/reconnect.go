package runner

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A transaction that a broker left open, see hung.go, takes what the next one of
// the same member writes into the same partition: both end as the next one ends. If
// that is aborted, outputs are gone whose positions were committed. Seen with Apache
// Kafka 4.3 after an orderly restart, with a member that lived on and lost its
// session when the broker was back.
//
// So a member that has lost a connection looks for such transactions before it begins
// one, and where one had begun before, before anything goes over the new connection.

// looker is the client's hook: it sees connections come and go.
type looker struct {
	ss  *session
	ctx context.Context // ends with the session
	// due: a connection came or went since the last look.
	due atomic.Bool
	// begun is the transaction under way, nil between two.
	begun atomic.Pointer[begun]
}

// begun is whose transaction is under way.
type begun struct {
	producer int64
	epoch    int16
}

var (
	_ kgo.HookBrokerConnect    = (*looker)(nil)
	_ kgo.HookBrokerDisconnect = (*looker)(nil)
)

// OnBrokerDisconnect implements kgo.HookBrokerDisconnect.
func (l *looker) OnBrokerDisconnect(kgo.BrokerMetadata, net.Conn) { l.due.Store(true) }

// OnBrokerConnect implements kgo.HookBrokerConnect. Nothing is sent over conn before it
// returns; what it looks with is another client. A connection that may not be used is
// closed, and the client makes another.
func (l *looker) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, conn net.Conn, err error) {
	if err != nil {
		return
	}
	l.due.Store(true)
	b := l.begun.Load()
	if b == nil {
		return // begin looks
	}
	ctx, cancel := context.WithTimeout(l.ctx, l.ss.s.opts.SessionTimeout/2)
	defer cancel()
	if err := l.ss.endHung(ctx, b.producer, b.epoch); err != nil {
		l.ss.s.log.Warn("a new connection is not used before hung transactions were looked for", "error", err)
		_ = conn.Close()
	}
}

// begin starts a transaction, which is over with end. It does not while it cannot be
// seen whether one hangs.
func (l *looker) begin(ctx context.Context) (bool, error) {
	var b begun
	var err error
	if b.producer, b.epoch, err = l.ss.gs.Client().ProducerID(ctx); err != nil {
		return false, fmt.Errorf("producer id: %w", err)
	}
	l.begun.Store(&b) // first: a connection that is made from here on is looked at by the hook
	if l.due.Swap(false) {
		if err := l.ss.endHung(ctx, b.producer, b.epoch); err != nil {
			l.due.Store(true)
			l.ss.s.log.Warn("no transaction is begun before hung ones were looked for; it is tried again", "error", err)
			return false, nil
		}
	}
	return true, l.ss.gs.Begin()
}

func (l *looker) end() { l.begun.Store(nil) }
