package enforcer

import (
	"context"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/pause"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/enforcer/desired"
	"github.com/miradorhq/mirador/services/enforcer/edge"
	"github.com/segmentio/encoding/json"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// pingEvery is how often Kafka is asked whether it is there. The consumer itself
// retries in silence.
const pingEvery = 2 * time.Second

func (e *Enforcer) watchKafka(ctx context.Context) {
	for {
		ping, cancel := context.WithTimeout(ctx, pingEvery)
		err := e.client.Ping(ping)
		cancel()
		if ctx.Err() != nil {
			return
		}
		lost := ""
		if err != nil {
			lost = err.Error()
		}
		e.mu.Lock()
		was := e.lost
		e.lost = lost
		e.mu.Unlock()
		switch {
		case lost != "" && was == "":
			e.log.Error("Kafka does not answer; what holds stays until it expires", "error", err)
		case lost == "" && was != "":
			e.log.Info("Kafka answers")
		}
		e.metrics.connected.Set(map[bool]float64{true: 1}[lost == ""])
		if !pause.For(ctx, pingEvery) {
			return
		}
	}
}

// poll passes on what is read, and closes ready once what stood in the topic
// when it began has been read.
func (e *Enforcer) poll(ctx context.Context, batches chan<- []*kgo.Record, ready chan<- struct{}) {
	ends, ok := e.ends(ctx)
	if !ok {
		return
	}
	var caughtUp bool
	for {
		if !caughtUp && len(ends) == 0 {
			caughtUp = true
			close(ready)
		}
		fetches := e.client.PollFetches(ctx)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			return
		}
		fetches.EachError(func(topic string, p int32, err error) {
			e.log.Error("reading actions", "topic", topic, "partition", p, "error", err)
		})
		if fetches.Err() != nil && fetches.NumRecords() == 0 && !pause.For(ctx, firstRetry) {
			return // an error that repeats at once must not spin
		}
		batch := make([]*kgo.Record, 0, fetches.NumRecords())
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				batch = append(batch, r)
			}
			if end, open := ends[r.Partition]; open && r.Offset+1 >= end {
				delete(ends, r.Partition)
			}
		})
		if len(batch) > 0 {
			select {
			case batches <- batch:
			case <-ctx.Done():
				return
			}
		}
	}
}

// ends asks how far each partition that is not empty goes, until Kafka tells.
func (e *Enforcer) ends(ctx context.Context) (map[int32]int64, bool) {
	admin := kadm.NewClient(e.client)
	for retry := firstRetry; ; retry = min(2*retry, lastRetry) {
		ends, err := listEnds(ctx, admin)
		if err == nil {
			return ends, true
		}
		if ctx.Err() != nil {
			return nil, false
		}
		e.log.Warn("cannot tell how far the actions go; trying again", "topic", schemas.TopicActions, "error", err, "in", retry)
		if !pause.For(ctx, retry) {
			return nil, false
		}
	}
}

func listEnds(ctx context.Context, admin *kadm.Client) (map[int32]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	from, err := admin.ListStartOffsets(ctx, schemas.TopicActions)
	if err != nil {
		return nil, fmt.Errorf("first offsets: %w", err)
	}
	to, err := admin.ListCommittedOffsets(ctx, schemas.TopicActions)
	if err != nil {
		return nil, fmt.Errorf("last offsets: %w", err)
	}
	ends := map[int32]int64{}
	for p, o := range to[schemas.TopicActions] {
		first := from[schemas.TopicActions][p]
		if o.Err != nil || first.Err != nil {
			return nil, fmt.Errorf("partition %d: %w", p, firstError(o.Err, first.Err))
		}
		if o.Offset > first.Offset {
			ends[p] = o.Offset
		}
	}
	if len(to[schemas.TopicActions]) == 0 {
		return nil, fmt.Errorf("topic %s does not exist", schemas.TopicActions)
	}
	return ends, nil
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// reportEdge tells what an edge did.
func (e *Enforcer) reportEdge(w *worker, o edge.Order, a edge.Ref, state action.State, err error) {
	s := action.Status{
		Tenant: o.Tenant, ActionID: a.ID, Key: a.Key, Edge: w.edge.Name(), State: state, Op: a.Op, Revision: a.Revision, Rule: a.Rule,
		Target: action.Target{Type: o.Type, Value: o.Value, KeyID: o.KeyID},
	}
	if err != nil {
		s.Error = err.Error()
	}
	e.send(&s, a.EventTime, state == action.Enforced && !a.Restored)
}

// reportNote tells what the machine decided; no edge was asked.
func (e *Enforcer) reportNote(n desired.Note) {
	a := n.Action
	e.send(&action.Status{
		Tenant: a.Tenant, ActionID: a.ID, Key: n.Key, Edge: "none", State: n.State, Op: a.Op, Revision: a.Revision, Rule: a.Rule,
		Target: a.Target, Error: n.Why,
	}, a.EventTime, n.State == action.Reported && !n.Restored)
}

// send never waits: what cannot be buffered is dropped and counted. The time
// since the event is set only where it is a time to enforce; 0 is none.
func (e *Enforcer) send(s *action.Status, event time.Time, timed bool) {
	s.Enforcer, s.Time = e.cfg.Name, time.Now().UTC()
	if timed && !event.IsZero() {
		s.SinceEvent = float64(s.Time.Sub(event)) / float64(time.Millisecond)
	}
	value, err := json.Marshal(s)
	if err != nil {
		e.metrics.statusDropped.Inc()
		return
	}
	key := s.Tenant + "|" + s.ActionID + "|" + s.Enforcer
	e.client.TryProduce(context.Background(), &kgo.Record{Topic: schemas.TopicStatus, Key: []byte(key), Value: value}, func(_ *kgo.Record, err error) {
		if err != nil {
			e.metrics.statusDropped.Inc()
		}
	})
}
