package behavior

import (
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// object is one id in a request that names an object: a typed path segment, a query
// parameter whose name says so, or, where there is neither, what a body or a header asks
// for and the answer is about (echoed).
type object struct {
	in, name string // "path" and "2", or "query" and "account_id"
	noun     string // "accounts": the kind of object
	kind     uint64 // hash of tenant and noun
	id       uint64 // hash of tenant and value
	key      uint64 // hash of tenant, noun and value
	value    string
	// own is set when the id was in an earlier response to this principal.
	own bool
	// foreign is set when another was served it first.
	foreign bool
	// integer is the value as a number, where it is one.
	integer   int64
	isInteger bool
}

// param is where it stands: "path 2" or "query account_id".
func (b *object) param() string { return b.in + " " + b.name }

// shape is its value, masked.
func (b *object) shape() string { return shapeOf(b.value) }

// maxParams bounds the objects of one request, maxServed the ids taken from one
// response.
const (
	maxParams = 8
	maxServed = 500
	maxOwners = 4
)

// objects knows which ids were served to whom.
type objects struct {
	metrics *Metrics
	served  *keyed.Kept[keyed.Filter] // to the actor
	owners  ownership
}

func newObjects(cfg *Config, m *Metrics, actors *keyed.Actors) objects {
	return objects{metrics: m, served: keyed.Keep(actors, keptServed, (*keyed.Filter).Pack, (*keyed.Filter).Valid, m.eviction("served")),
		owners: newOwnership(cfg, m)}
}

// of fills in o.objects.
func (x *objects) of(o *observation) {
	h := o.hash
	o.objects = o.objects[:0]
	tx := o.tx
	for _, v := range tx.Endpoint.Values {
		if !identifies(v.Type) || len(o.objects) == maxParams {
			continue
		}
		o.objects = append(o.objects, object{in: "path", name: strconv.Itoa(v.Index), noun: literalBefore(tx.Endpoint.Template, v.Index), value: v.Text})
	}
	if len(tx.Event.Query) > 0 {
		leaves := tx.Request().Leaves
		for i := range leaves {
			l := &leaves[i]
			if l.Location != content.Query || len(l.Value) == 0 || len(l.Value) > 128 || len(o.objects) == maxParams {
				continue
			}
			if n := o.name(l.Name); n.objectParam(l.Value) {
				o.objects = append(o.objects, object{in: "query", name: l.Name, noun: n.noun, value: string(l.Value)})
			}
		}
	}
	if len(o.objects) == 0 && o.ok {
		o.echoed()
	}
	if len(o.objects) == 0 {
		return
	}
	served := x.served.Get(0)
	for i := range o.objects {
		b := &o.objects[i]
		b.id = h.within(b.value)
		b.kind = h.within(b.noun)
		b.key = mix(b.kind^o.scope, b.id)
		b.own = served != nil && served.Has(b.id)
		if !digits(b.value) {
			continue
		}
		if n, err := strconv.ParseInt(b.value, 10, 64); err == nil {
			b.integer, b.isInteger = n, true
		}
	}
}

// digits says whether v is nothing else.
func digits(v string) bool {
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return false
		}
	}
	return true
}

// serve takes note of what this response showed to the principal: its ids, and the
// objects it asked for and got. An id is issued by an answer to who did not ask for it;
// what an answer about an object names is issued only where the object was.
func (x *objects) serve(o *observation) {
	h := o.hash
	o.fresh, o.carried = 0, 0
	if !o.ok {
		return
	}
	tx := o.tx
	var served *keyed.Filter
	add := func(kind, id uint64, issued bool) {
		if served == nil {
			served = x.served.Touch(0)
		}
		if served.Add(id) {
			o.fresh++
		}
		if tx.Event.Authenticated() {
			x.owners.add(mix(kind^o.scope, id), o.who, issued)
		}
	}
	entitled := true
	for i := range o.objects {
		entitled = entitled && o.objects[i].own
		add(o.objects[i].kind, o.objects[i].id, false)
	}
	own, n := uint64(0), 0 // own is the kind of object that the endpoint is about
	leaves := tx.Response().Leaves
	for i := range leaves {
		l := &leaves[i]
		value, kind := l.Value, uint64(0)
		switch l.Location {
		case content.Body:
			name := o.name(l.Name)
			if i < maxScanned && len(value) > 0 && l.Type != content.Null {
				o.carried |= name.class
			}
			switch {
			case name.gives(l):
				if name.noun != "" {
					kind = o.kindOf(name)
				}
			case name.link:
				value = lastSegment(value)
			default:
				continue
			}
		case content.Header:
			if l.Name != "location" {
				continue
			}
			value = lastSegment(value)
		default:
			continue
		}
		if len(value) == 0 || len(value) > 128 {
			continue
		}
		if n++; n > maxServed {
			x.metrics.dropped.WithLabelValues("served_ids").Inc()
			break
		}
		if kind == 0 {
			if own == 0 {
				own = h.within(literalBefore(tx.Endpoint.Template, 1<<30))
			}
			kind = own
		}
		id := h.withinBytes(value)
		add(kind, id, entitled && !o.requested(id))
	}
}

// requested says whether the request named the id.
func (o *observation) requested(id uint64) bool {
	for i := range o.objects {
		if o.objects[i].id == id {
			return true
		}
	}
	return false
}

func (x *objects) capture(c *keyed.Capture) {
	x.owners.capture(c)
}

func (x *objects) decode(d *msgpack.Decoder) error {
	return x.owners.decode(d)
}

// identifies says whether a segment of the type names an object. A date, an address
// or free text does not.
func identifies(segment string) bool {
	switch segment {
	case catalog.TypeInt, catalog.TypeUUID, catalog.TypeULID, catalog.TypeHex, catalog.TypeIBAN, catalog.TypeCode, catalog.TypeID, catalog.TypeEmail:
		return true
	}
	return false
}

// literalBefore is the last literal segment of template before segment index.
func literalBefore(template string, index int) string {
	last := ""
	rest, more := strings.TrimPrefix(template, "/"), true
	for i := 0; more && i < index; i++ {
		var s string
		if s, rest, more = strings.Cut(rest, "/"); s != "" && s[0] != '{' {
			last = s
		}
	}
	return last
}
