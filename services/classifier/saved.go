package classifier

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/vmihailenco/msgpack/v5"
)

// saved forms of the state. Fields are only ever added at the end.
type savedEndpoint struct {
	_msgpack                   struct{} `msgpack:",as_array"`
	Tenant, ID, Label, Service string
	Changed                    bool
	Fields                     list[savedField]
	Host, Method, Template     string
	Told                       list[string]
}

type savedField struct {
	_msgpack            struct{} `msgpack:",as_array"`
	Direction, Location uint8
	Path                string
	Seen                uint64
	Changed             bool
	Kinds               list[savedKind]
}

type savedKind struct {
	_msgpack       struct{} `msgpack:",as_array"`
	Type           string
	Tally          tally
	Sample, Novel  list[uint64]
	Shapes         list[shape]
	NewShapes      list[shape]
	Events         list[reference]
	NewEvents      list[reference]
	Listed, Raised bool
	Confirmed      bool
	Named          bool
	Dismissed      bool
	Under          list[occurrence]
	RaisedRules    uint32
}

type savedSince struct {
	_msgpack struct{} `msgpack:",as_array"`
	Tenant   string
	Since    int64
}

// renamed are classes by the names that earlier versions gave them. What they called a
// provider's key was of many kinds, and is found anew.
var renamed = map[string]string{"pan": "card", "ssn": "us.ssn", "jwt": "secret.jwt", "cloud-key": ""}

func (s *state) snapshot(w io.Writer) error {
	enc := msgpack.NewEncoder(w)
	keys := s.keys(func(*endpoint) bool { return true })
	if err := enc.EncodeArrayLen(len(keys)); err != nil {
		return fmt.Errorf("classifier: snapshot: %w", err)
	}
	for _, key := range keys {
		se := s.endpoints[key].saved(key)
		if err := enc.Encode(&se); err != nil {
			return fmt.Errorf("classifier: snapshot of endpoint %s: %w", key.id, err)
		}
	}
	var since list[savedSince]
	for _, tenant := range slices.Sorted(maps.Keys(s.since)) {
		since = append(since, savedSince{Tenant: tenant, Since: s.since[tenant]})
	}
	if err := enc.Encode(since); err != nil {
		return fmt.Errorf("classifier: snapshot of when tenants began: %w", err)
	}
	return nil
}

func (ep *endpoint) saved(key endpointKey) savedEndpoint {
	se := savedEndpoint{Tenant: key.tenant, ID: key.id, Label: ep.label, Service: ep.service, Changed: ep.changed,
		Host: ep.host, Method: ep.method, Template: ep.template, Told: ep.told}
	for _, p := range ep.places() {
		f := ep.fields[p]
		sf := savedField{Direction: uint8(p.direction), Location: uint8(p.location), Path: p.path, Seen: f.seen, Changed: f.changed}
		for _, k := range f.kinds {
			sf.Kinds = append(sf.Kinds, savedKind{Type: k.class, Tally: k.tally, Sample: list[uint64](k.sample), Novel: k.novel,
				Shapes: list[shape](k.shapes), NewShapes: k.newShapes, Events: list[reference](k.events), NewEvents: k.newEvents, Listed: k.listed, Confirmed: k.confirmed,
				Named: k.named, Dismissed: k.dismissed, Under: k.saidUnder(), RaisedRules: k.raised})
		}
		se.Fields = append(se.Fields, sf)
	}
	return se
}

func (s *state) restore(r io.Reader) error {
	dec := msgpack.NewDecoder(r)
	n, err := dec.DecodeArrayLen()
	if err != nil {
		return fmt.Errorf("classifier: restore: %w", err)
	}
	for i := range n {
		var se savedEndpoint
		if err := dec.Decode(&se); err != nil {
			return fmt.Errorf("classifier: restore of endpoint %d of %d: %w", i+1, n, err)
		}
		s.endpoints[endpointKey{se.Tenant, se.ID}] = se.endpoint()
	}
	var since list[savedSince]
	if err := dec.Decode(&since); errors.Is(err, io.EOF) {
		return nil // of an earlier version
	} else if err != nil {
		return fmt.Errorf("classifier: restore of when tenants began: %w", err)
	}
	for _, t := range since {
		s.since[t.Tenant] = t.Since
	}
	return nil
}

func (se *savedEndpoint) endpoint() *endpoint {
	ep := &endpoint{label: se.Label, service: se.Service, changed: se.Changed, host: se.Host, method: se.Method, template: se.Template, told: se.Told, fields: make(map[place]*field, len(se.Fields))}
	for _, sf := range se.Fields {
		f := &field{seen: sf.Seen, changed: sf.Changed}
		for _, sk := range sf.Kinds {
			if name, old := renamed[sk.Type]; old {
				if sk.Type = name; name == "" {
					continue
				}
			}
			if f.kind(sk.Type) != nil {
				continue
			}
			k := f.add(sk.Type)
			k.named, k.sample, k.shapes, k.events, k.tally, k.novel = sk.Named, sample(sk.Sample), least[shape](sk.Shapes), least[reference](sk.Events), sk.Tally, sk.Novel
			k.newShapes, k.newEvents, k.listed, k.raised, k.confirmed, k.dismissed = sk.NewShapes, sk.NewEvents, sk.Listed, sk.RaisedRules, sk.Confirmed, sk.Dismissed
			k.hear(sk.Under)
		}
		ep.fields[place{direction(sf.Direction), content.Location(sf.Location), sf.Path}] = f
	}
	return ep
}
