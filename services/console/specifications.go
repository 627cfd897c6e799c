package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
	"github.com/miradorhq/mirador/services/specifications"
)

// Specifications are the documents that people publish. Safe for concurrent use.
type Specifications interface {
	// Documents are those that hold. read is false until all of them were read.
	Documents(tenant string) (list []uploaded.Entry, read bool)
	// Read reads a document as those who compare it with traffic do.
	Read(d *uploaded.Document) (*spec.Specification, error)
	// Publish and Withdraw return when Documents shows what they did.
	Publish(ctx context.Context, d *uploaded.Document) error
	Withdraw(ctx context.Context, tenant, name string) error
}

// SpecificationLimits are what the pages must know of the settings of others.
type SpecificationLimits struct {
	MaxBytes int           // of a document
	Remind   time.Duration // after which a difference that persists is said again
}

// TakeSpecifications gives the console its specifications. Without, the page says that
// there is no way to them. Call it before the console serves.
func (c *Console) TakeSpecifications(s Specifications, limits SpecificationLimits) {
	c.specs, c.specLimits = s, limits
}

// KafkaSpecifications are those of mirador.specifications.
type KafkaSpecifications struct {
	set       *uploaded.Set
	publisher *specifications.Publisher
}

// NewKafkaSpecifications shows what set has, which somebody else keeps, and publishes
// through publisher, which stays the caller's.
func NewKafkaSpecifications(set *uploaded.Set, publisher *specifications.Publisher) *KafkaSpecifications {
	return &KafkaSpecifications{set, publisher}
}

// Documents implements Specifications.
func (k *KafkaSpecifications) Documents(tenant string) ([]uploaded.Entry, bool) {
	select {
	case <-k.set.Ready():
		return k.set.Documents(tenant), true
	default:
		return k.set.Documents(tenant), false
	}
}

// Read implements Specifications.
func (k *KafkaSpecifications) Read(d *uploaded.Document) (*spec.Specification, error) {
	return k.set.Read(d)
}

// readBack is how long the follower may take to show what was published. It is on the
// topic then, and comes.
const readBack = 5 * time.Second

// Publish implements Specifications.
func (k *KafkaSpecifications) Publish(ctx context.Context, d *uploaded.Document) error {
	at, err := k.publisher.Publish(ctx, d)
	if err != nil {
		return err
	}
	k.await(ctx, at)
	return nil
}

// Withdraw implements Specifications.
func (k *KafkaSpecifications) Withdraw(ctx context.Context, tenant, name string) error {
	at, err := k.publisher.Withdraw(ctx, tenant, name)
	if err != nil {
		return err
	}
	k.await(ctx, at)
	return nil
}

func (k *KafkaSpecifications) await(ctx context.Context, offset int64) {
	ctx, cancel := context.WithTimeout(ctx, readBack)
	defer cancel()
	_ = k.set.Await(ctx, offset) // published it is; a page that is loaded again will show it
}

// candidates are documents that were sent and not yet published: a person looks at
// what would change first. Safe for concurrent use.
type candidates struct {
	mu   sync.Mutex
	list []candidate
}

type candidate struct {
	id    string
	nonce [12]byte // of the session that sent it: nobody else may look at it
	sent  time.Time
	doc   uploaded.Document
	spec  *spec.Specification
}

// Bounds of what is remembered: the oldest goes, and its person sends it again.
const (
	maxCandidates = 16
	candidateLife = 30 * time.Minute
)

// add keeps a document; replaced says that another had to go for it.
func (c *candidates) add(v session, d uploaded.Document, s *spec.Specification, now time.Time) (id string, replaced bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(now)
	if len(c.list) >= maxCandidates {
		c.list, replaced = c.list[1:], true
	}
	id = rand.Text()
	c.list = append(c.list, candidate{id, v.nonce, now, d, s})
	return id, replaced
}

func (c *candidates) expire(now time.Time) {
	keep := c.list[:0:0]
	for _, k := range c.list {
		if now.Sub(k.sent) < candidateLife {
			keep = append(keep, k)
		}
	}
	c.list = keep
}

// get is the candidate of a session.
func (c *candidates) get(v session, id string, now time.Time) (candidate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(now)
	for _, k := range c.list {
		if k.id == id && k.nonce == v.nonce {
			return k, nil
		}
	}
	return candidate{}, fmt.Errorf("candidate %q: %w", id, errNotFound)
}

// drop forgets one.
func (c *candidates) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.list {
		if c.list[i].id == id {
			c.list = append(c.list[:i:i], c.list[i+1:]...)
			return
		}
	}
}
