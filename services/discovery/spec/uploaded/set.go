package uploaded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/miradorhq/mirador/services/discovery/spec/read"
)

// maxDocuments of a tenant. More are refused by Put, as an error that its caller counts.
const maxDocuments = 1000

// Entry is a document that holds, and what was read from it.
type Entry struct {
	Document
	// Specification is nil for a document that cannot be read; Err says why.
	Specification *spec.Specification
	Err           error
}

// Set is the documents that now hold, by what the topic says. Safe for concurrent
// use; what it gave is not changed later.
type Set struct {
	limits document.Limits

	mu      sync.Mutex
	tenants map[string]map[string]*Entry
	next    int64         // the first offset that was not applied
	moved   chan struct{} // closed, and another, when next moves
	read    chan struct{}
	once    sync.Once
}

// NewSet is empty. A document of more than limit bytes is not read.
func NewSet(limit int) *Set {
	return &Set{limits: document.Limits{Bytes: limit}, tenants: map[string]map[string]*Entry{}, moved: make(chan struct{}), read: make(chan struct{})}
}

// Read reads a document as it will be read by all who follow the topic.
func (s *Set) Read(d *Document) (*spec.Specification, error) {
	if len(d.Bytes) > s.limits.Bytes {
		return nil, &document.Error{File: d.Name, Err: fmt.Errorf("%w: %d bytes, and %d are allowed", document.ErrTooLarge, len(d.Bytes), s.limits.Bytes)}
	}
	return read.Bytes(d.Name, d.Bytes, s.limits)
}

// Put applies a record: a document, or its end where value is nil. The error is for
// the log: one that cannot be read is kept, with its error, and replaces the one before,
// for what holds must not depend on who has followed since when.
func (s *Set) Put(key, value []byte, offset int64) error {
	defer s.applied(offset)
	if value == nil {
		tenant, name, err := SplitKey(key)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.tenants[tenant], name)
		return nil
	}
	d, err := Decode(key, value)
	if err != nil {
		return err
	}
	e := &Entry{Document: d}
	e.Specification, e.Err = s.Read(&d)
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.tenants[d.Tenant]
	if of == nil {
		of = map[string]*Entry{}
		s.tenants[d.Tenant] = of
	}
	if of[d.Name] == nil && len(of) >= maxDocuments {
		return fmt.Errorf("specification %q: tenant %s has %d already", d.Name, d.Tenant, maxDocuments)
	}
	of[d.Name] = e
	return e.Err
}

func (s *Set) applied(offset int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if offset >= s.next {
		s.next = offset + 1
		close(s.moved)
		s.moved = make(chan struct{})
	}
}

// Await returns when the record at offset was applied.
func (s *Set) Await(ctx context.Context, offset int64) error {
	for {
		s.mu.Lock()
		next, moved := s.next, s.moved
		s.mu.Unlock()
		if next > offset {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("specifications: record %d was not read back: %w", offset, ctx.Err())
		case <-moved:
		}
	}
}

// CaughtUp says that the topic was read to its end; Ready is closed from then on.
func (s *Set) CaughtUp() { s.once.Do(func() { close(s.read) }) }

// Ready is closed when all that was on the topic at the start is in the set.
func (s *Set) Ready() <-chan struct{} { return s.read }

// Documents are those of a tenant, by name.
func (s *Set) Documents(tenant string) []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Entry, 0, len(s.tenants[tenant]))
	for _, e := range s.tenants[tenant] {
		out = append(out, *e)
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Specifications are those of a tenant that can be read, by name. The error names
// the others.
func (s *Set) Specifications(tenant string) ([]*spec.Specification, error) {
	var out []*spec.Specification
	var errs []error
	for _, e := range s.Documents(tenant) {
		if e.Err != nil {
			errs = append(errs, e.Err)
			continue
		}
		out = append(out, e.Specification)
	}
	return out, errors.Join(errs...)
}
