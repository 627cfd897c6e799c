package runner

import (
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// duty is what the client's callbacks, which run on its own goroutines, leave
// for the loop: partitions given and taken, in their order.
type duty struct {
	mu    sync.Mutex
	queue []grant
	// assigned is the whole assignment of the newest generation. The session wraps
	// the callbacks and passes on only the first revocation between two
	// transactions; this list tells of the others.
	assigned []int32
	lost     bool
}

// grant gives p to the loop; without p it takes the partition away.
type grant struct {
	id int32
	p  *partition
}

func (d *duty) revoke(ids []int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		d.queue = append(d.queue, grant{id: id})
	}
}

func (d *duty) lose() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost = true
}

func (d *duty) give(ps []*partition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range ps {
		d.queue = append(d.queue, grant{id: p.id, p: p})
	}
}

func (d *duty) collect() (queue []grant, assigned []int32, lost bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	queue, d.queue = d.queue, nil
	return queue, slices.Clone(d.assigned), d.lost
}

// balancer reads every assignment that b parses.
func (d *duty) balancer(b kgo.GroupBalancer, topic string) kgo.GroupBalancer {
	return &listener{GroupBalancer: b, note: func(m map[string][]int32) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.assigned = slices.Clone(m[topic])
	}}
}

type listener struct {
	kgo.GroupBalancer
	note func(map[string][]int32)
}

func (l *listener) ParseSyncAssignment(b []byte) (map[string][]int32, error) {
	m, err := l.GroupBalancer.ParseSyncAssignment(b)
	if err == nil {
		l.note(m)
	}
	return m, err
}
