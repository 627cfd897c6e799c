package transaction

import (
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// Config are the limits, and what of Coraza's configuration decides which
// variables there are.
type Config struct {
	// RequestBody and ResponseBody are how many bytes of a body are read; 0 reads none.
	RequestBody, ResponseBody int
	// Arguments is how many parameters each source (query, body) may have.
	Arguments int
	// RequestDepth and ResponseDepth are how deep JSON may be nested.
	RequestDepth, ResponseDepth int
	// ResponseTypes are the content types, without parameters, whose bodies are read.
	ResponseTypes []string
}

// Value is one value of a variable, with the name it has there; a single variable's
// name is empty. Both are views on the event or the transaction, valid until Reset.
type Value struct{ Key, Text string }

// Clipped says what was left out of a transaction.
type Clipped uint8

const (
	ClippedRequestBody Clipped = 1 << iota
	ClippedResponseBody
	ClippedArguments
	ClippedJSON // the JSON was too deep, or its names too long for its size
)

// Tx holds the variables of one event. The zero value is ready for Reset; a Tx keeps
// its memory from one event to the next and belongs to one goroutine. The calls come
// in this order, with the rules of a phase between: Reset, Load, RequestBody,
// ResponseHeaders, ResponseBody.
//
// The event must not change until the next Reset: values are views on it.
type Tx struct {
	cfg     Config
	e       *event.Event
	arena   arena
	clipped Clipped
	single  [seclang.NumVariables]Value

	args      list // of the query, then of the body
	query     int  // how many of args are the query's
	headers   list
	cookies   list
	responses list    // response headers
	answers   []Value // RESPONSE_ARGS
	xml       []Value
	form      form

	contentType    string // of the first header of that name
	typed          bool   // there is one
	requestRead    bool
	responseRead   bool
	noRequestBody  bool
	limit          int
	forced         bool
	responseForced bool

	path []byte // of the JSON value being read
}

// list is a collection of values, and that of their names, which is made when it
// is first asked for.
type list struct{ values, names []Value }

func (n *list) add(key, text string) { n.values = append(n.values, Value{key, text}) }

func (n *list) reset() { n.values, n.names = emptied(n.values), emptied(n.names) }

// emptied is vs without values, and without what these are views on: a transaction
// that waits in a pool must not hold on to an event's buffer.
func emptied(vs []Value) []Value {
	if cap(vs) > keepValues {
		return nil
	}
	clear(vs)
	return vs[:0]
}

func (n *list) all() []Value {
	for i := len(n.names); i < len(n.values); i++ {
		k := n.values[i].Key
		n.names = append(n.names, Value{k, k})
	}
	return n.names
}

// Reset forgets the event and all that was made of it. Whoever keeps transactions in
// a pool calls it before putting one back, too.
func (t *Tx) Reset(cfg Config) {
	t.cfg, t.e, t.clipped = cfg, nil, 0
	t.arena.reset()
	t.single = [seclang.NumVariables]Value{}
	t.args.reset()
	t.headers.reset()
	t.cookies.reset()
	t.responses.reset()
	t.form.reset()
	t.answers, t.xml, t.query = emptied(t.answers), emptied(t.xml), 0
	t.contentType, t.typed = "", false
	t.requestRead, t.responseRead = false, false
	t.noRequestBody, t.limit, t.forced, t.responseForced = false, cfg.RequestBody, false, false
	for _, v := range [...]seclang.Variable{
		seclang.FilesCombinedSize, seclang.UrlencodedError, seclang.URIParseError, seclang.ArgumentsLimitReached, seclang.FullRequestLength,
		seclang.MultipartDataAfter, seclang.MultipartDuplicatePartHeader, seclang.MultipartInvalidQuoting, seclang.OutboundDataError,
		seclang.ReqbodyError, seclang.ReqbodyProcessorError, seclang.RequestBodyLength, seclang.Duration,
	} {
		t.single[v].Text = "0"
	}
	t.single[seclang.HighestSeverity].Text = "255"
}

// Clipped says what was left out so far.
func (t *Tx) Clipped() Clipped { return t.clipped }

func (t *Tx) set(v seclang.Variable, s string) { t.single[v].Text = s }

func (t *Tx) get(v seclang.Variable) string { return t.single[v].Text }

// SetProcessor is ctl:requestBodyProcessor. Once the body was read it changes nothing.
func (t *Tx) SetProcessor(name string) {
	if !t.requestRead {
		t.set(seclang.ReqbodyProcessor, strings.ToUpper(name))
	}
}

// SetResponseProcessor is ctl:responseBodyProcessor, with the same limit in time.
func (t *Tx) SetResponseProcessor(name string) {
	if !t.responseRead {
		t.set(seclang.ResBodyProcessor, strings.ToUpper(name))
	}
}

// ForceRequestBody is ctl:forceRequestBodyVariable.
func (t *Tx) ForceRequestBody(on bool) { t.forced = on }

// ForceResponseBody is ctl:forceResponseBodyVariable.
func (t *Tx) ForceResponseBody(on bool) { t.responseForced = on }

// AccessRequestBody is ctl:requestBodyAccess.
func (t *Tx) AccessRequestBody(on bool) { t.noRequestBody = !on }

// LimitRequestBody is ctl:requestBodyLimit.
func (t *Tx) LimitRequestBody(bytes int) { t.limit = bytes }
