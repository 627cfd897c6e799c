package deploy

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Log holds the releases of each service. Safe for concurrent use.
//
// Like the catalog it is followed from a topic in every process: what was released is
// part of what results are the same for.
type Log struct {
	mu       sync.RWMutex
	services map[string][]Marker // by tenant|service, the oldest first
	most     int
}

// kept are the releases of one service that are held: those before are past every grace.
const kept = 64

// NewLog makes an empty log of at most so many services.
func NewLog(services int) *Log { return &Log{services: map[string][]Marker{}, most: services} }

func named(tenant, service string) string { return tenant + "|" + strings.ToLower(service) }

// Apply takes m in. It says false where there is no room for another service.
func (l *Log) Apply(m Marker) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := named(m.Tenant, m.Service)
	ms, known := l.services[k]
	if !known && len(l.services) >= l.most {
		return false
	}
	ms = slices.DeleteFunc(ms, func(o Marker) bool { return o.ID == m.ID })
	at, _ := slices.BinarySearchFunc(ms, m, func(a, b Marker) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	ms = slices.Insert(ms, at, m)
	l.services[k] = ms[max(0, len(ms)-kept):]
	return true
}

// Remove takes back the marker of that id.
func (l *Log) Remove(tenant, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, ms := range l.services {
		if strings.HasPrefix(k, tenant+"|") {
			if ms = slices.DeleteFunc(ms, func(o Marker) bool { return o.ID == id }); len(ms) == 0 {
				delete(l.services, k)
			} else {
				l.services[k] = ms
			}
		}
	}
}

// Empty says whether there is nothing in it. A nil Log is empty.
func (l *Log) Empty() bool {
	if l == nil {
		return true
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.services) == 0
}

// Within is the newest release of the service at t or at most grace before it.
func (l *Log) Within(tenant, service string, t time.Time, grace time.Duration) (Marker, bool) {
	if l == nil || service == "" {
		return Marker{}, false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	ms := l.services[named(tenant, service)]
	for i := len(ms) - 1; i >= 0; i-- {
		if age := t.Sub(ms[i].At); age >= 0 {
			return ms[i], age < grace
		}
	}
	return Marker{}, false
}
