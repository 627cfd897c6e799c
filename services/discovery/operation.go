package discovery

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/miradorhq/mirador/services/discovery/schema"
)

// The identity schemes of an event, and what else a sensor may say.
var schemeNames = [...]string{"api-key", "basic", "bearer", "cookie", "jwt", "mtls", "none", "other"}

const (
	schemeNone  = 6
	schemeOther = 7
	schemes     = len(schemeNames)
)

func scheme(name []byte) int {
	if len(name) == 0 {
		return schemeNone
	}
	for i, n := range schemeNames {
		if string(name) == n {
			return i
		}
	}
	return schemeOther
}

// The protocols in the order in which they win when counts are equal.
var protocolNames = [...]string{"rest", "graphql", "grpc", "jsonrpc", "soap", "mcp", "websocket", "sse"}

const (
	protocolREST = iota
	protocolGraphQL
	protocolGRPC
	protocolJSONRPC
	protocolSOAP
	protocolMCP
	protocolWebSocket
	protocolSSE
	protocols
)

var classNames = [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

const classes = len(classNames)

// class is the index of a status in classNames; what is no status is none.
func class(status uint16) int {
	if status < 100 || status > 599 {
		return 0
	}
	return int(status) / 100
}

// operation is what is known of one endpoint, or what some transactions add to
// it: the two are of one form, and add joins them in any order.
type operation struct {
	id, method, template string

	hits        uint64
	first, last int64 // ns
	statuses    [classes]uint64
	auth        [schemes]uint64
	protocols   [protocols]uint64
	services    []string // sorted
	// successes counts transactions that show that the endpoint exists; witness is
	// the earliest of them. Parameters and bodies of requests come from these alone:
	// what a scanner sends to be refused is no parameter.
	successes uint64
	slashed   uint64 // of the successes, those asked for with a slash at the end
	witness   witness
	params    params
	usage     usage
	prefix    learn.Prefix // texts of the first typed segment, where it may be a name
}

// params are the parameters and the fields of bodies.
type params = schema.Fields

// witness is one transaction.
type witness struct {
	time   int64 // ns
	id     [16]byte
	status uint16
}

// before orders witnesses; of two at one time the smaller id.
func (w *witness) before(o *witness) bool {
	if w.time != o.time {
		return w.time < o.time
	}
	return bytes.Compare(w.id[:], o.id[:]) < 0
}

// add joins o into op. It returns how many parameters found no room.
func (op *operation) add(o *operation, c *Config) (dropped int) {
	op.span(o.first, o.last)
	op.hits += o.hits
	for i, n := range o.statuses {
		op.statuses[i] += n
	}
	for i, n := range o.auth {
		op.auth[i] += n
	}
	for i, n := range o.protocols {
		op.protocols[i] += n
	}
	for _, s := range o.services {
		op.service(s, c.MaxServices)
	}
	if o.successes > 0 && (op.successes == 0 || o.witness.before(&op.witness)) {
		op.witness = o.witness
	}
	op.successes += o.successes
	op.slashed += o.slashed
	op.usage.join(&o.usage)
	op.prefix.Join(o.prefix)
	return op.params.Add(&o.params, c.limits())
}

// span widens first and last; it must run before hits are added.
func (op *operation) span(first, last int64) {
	if op.hits == 0 || first < op.first {
		op.first = first
	}
	if op.hits == 0 || last > op.last {
		op.last = last
	}
}

// service adds a name; of too many the first in order stay, whoever came first.
func (op *operation) service(name string, limit int) {
	i, found := slices.BinarySearch(op.services, name)
	if found || name == "" || i >= limit {
		return
	}
	op.services = slices.Insert(op.services, i, strings.Clone(name))
	if len(op.services) > limit {
		op.services = op.services[:limit]
	}
}

// protocol is the one that most transactions speak.
func (op *operation) protocol() string {
	best := 0
	for i, n := range op.protocols {
		if n > op.protocols[best] {
			best = i
		}
	}
	return protocolNames[best]
}

// maxListed is how many fields of bodies are listed as parameters too, in each
// direction: the schemas have all.
const maxListed = 500

// endpoint is the record of op.
func (op *operation) endpoint(tenant, host string) catalog.Endpoint {
	e := catalog.Endpoint{
		ID: op.id, Tenant: tenant, Host: host, Method: op.method, Template: op.template,
		TrailingSlash: 2*op.slashed > op.successes, Protocol: op.protocol(), Source: catalog.Learned, Version: 1,
		FirstSeen: time.Unix(0, op.first).UTC(), LastSeen: time.Unix(0, op.last).UTC(), Hits: op.hits,
		Auth: tallies(schemeNames[:], op.auth[:]), Services: slices.Clone(op.services),
	}
	e.Statuses = tallies(classNames[1:], op.statuses[1:])
	if op.statuses[0] > 0 {
		e.Statuses = append(e.Statuses, catalog.Tally{Name: classNames[0], Count: op.statuses[0]})
	}
	e.Params = op.params.Params(op.successes, maxListed)
	e.Request, e.Responses = op.params.Bodies(schema.Request), op.params.Bodies(schema.Response)
	e.DataClasses = dataClasses(&op.params)
	op.usage.describe(&e)
	e.Risk = risk(&e)
	return e
}

// tallies are the counts that are not zero; names must be sorted.
func tallies(names []string, counts []uint64) []catalog.Tally {
	var out []catalog.Tally
	for i, n := range counts {
		if n > 0 {
			out = append(out, catalog.Tally{Name: names[i], Count: n})
		}
	}
	return out
}
