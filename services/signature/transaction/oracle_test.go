package transaction

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/corazawaf/coraza/v3/types/variables"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// oracle is Coraza with the recommended configuration, whose rules choose the body
// processors, and the same limits as cfg.
type oracle struct {
	waf coraza.WAF
	cfg Config
	tx  Tx // used again and again, as a service does

	processors map[string]int // how often each read a request's body, and how often in vain
}

var ample = Config{RequestBody: 128 << 10, ResponseBody: 64 << 10, Arguments: 1000, RequestDepth: 64, ResponseDepth: 1024,
	ResponseTypes: []string{"application/json", "text/plain", "text/html"}}

// narrow has limits that ordinary traffic passes.
var narrow = Config{RequestBody: 300, ResponseBody: 100, Arguments: 7, RequestDepth: 4, ResponseDepth: 3, ResponseTypes: []string{"application/json"}}

// controls are rules that do what a header X-Ctl asks for.
const controls = `SecRule REQUEST_HEADERS:X-Ctl "@streq force" "id:1,phase:1,pass,nolog,ctl:forceRequestBodyVariable=on"
SecRule REQUEST_HEADERS:X-Ctl "@streq off" "id:2,phase:1,pass,nolog,ctl:requestBodyAccess=off"
SecRule REQUEST_HEADERS:X-Ctl "@streq limit" "id:3,phase:1,pass,nolog,ctl:requestBodyLimit=50"
SecRule REQUEST_HEADERS:X-Ctl "@streq raw" "id:4,phase:1,pass,nolog,ctl:requestBodyProcessor=RAW"
SecRule REQUEST_HEADERS:X-Ctl "@streq json" "id:5,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQUEST_HEADERS:X-Ctl "@streq xml" "id:6,phase:1,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:X-Ctl "@streq form" "id:7,phase:1,pass,nolog,ctl:requestBodyProcessor=URLENCODED"
SecRule REQUEST_HEADERS:X-Ctl "@streq parts" "id:8,phase:1,pass,nolog,ctl:requestBodyProcessor=MULTIPART"
SecRule REQUEST_HEADERS:X-Ctl "@streq other" "id:9,phase:1,pass,nolog,ctl:requestBodyProcessor=other"
SecRule RESPONSE_HEADERS:X-Ctl "@streq json" "id:11,phase:3,pass,nolog,ctl:responseBodyProcessor=JSON"
SecRule RESPONSE_HEADERS:X-Ctl "@streq xml" "id:12,phase:3,pass,nolog,ctl:responseBodyProcessor=XML"
SecRule RESPONSE_HEADERS:X-Ctl "@streq force" "id:13,phase:3,pass,nolog,ctl:forceResponseBodyVariable=on"`

func newOracle(tb testing.TB, cfg Config) *oracle {
	tb.Helper()
	tb.Setenv("TMPDIR", tb.TempDir())
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithRootFS(coreruleset.FS).
		WithDirectives("Include @coraza.conf-recommended").
		WithDirectives(fmt.Sprintf(`SecRuleEngine DetectionOnly
SecAuditEngine Off
SecRequestBodyLimit %[1]d
SecRequestBodyInMemoryLimit %[1]d
SecRequestBodyLimitAction ProcessPartial
SecRequestBodyJsonDepthLimit %[2]d
SecArgumentsLimit %[3]d
SecResponseBodyAccess On
SecResponseBodyLimit %[4]d
SecResponseBodyLimitAction ProcessPartial
SecResponseBodyMimeType %[5]s
SecResponseBodyJsonDepthLimit %[7]d
%[6]s`, cfg.RequestBody, cfg.RequestDepth, cfg.Arguments, cfg.ResponseBody, strings.Join(cfg.ResponseTypes, " "), controls, cfg.ResponseDepth)))
	if err != nil {
		tb.Fatal(err)
	}
	return &oracle{waf: waf, cfg: cfg, processors: make(map[string]int)}
}

// compare says where the variables of ev differ from Coraza's, phase by phase, and
// how many values were compared.
func (o *oracle) compare(ev *event.Event) (differences []string, values int) {
	ours := &o.tx
	ours.Reset(o.cfg)
	ours.Load(ev)
	theirs := o.waf.(experimental.WAFWithOptions).NewTransactionWithOptions(experimental.Options{ID: ev.IDString()})
	defer theirs.Close() //nolint:errcheck // the temporary files of a test
	o.feed(theirs, ev)
	state := theirs.(plugintypes.TransactionState)
	check := func(phase int, but ...seclang.Variable) {
		collided := collides(ours.Values(seclang.ArgsPost))
		for v := seclang.Variable(1); int(v) < seclang.NumVariables; v++ {
			if slices.Contains(but, v) || engines(v) {
				continue
			}
			got, want := ours.list(v), listed(state, v)
			values += len(want)
			if collided && phase > 1 && strings.HasPrefix(v.String(), "ARGS") {
				// One of our names hides another in Coraza's map: all of theirs must be
				// among ours, and nothing but that may be missing.
				if v != seclang.ArgsCombinedSize && !subset(want, got) {
					differences = append(differences, fmt.Sprintf("phase %d %s: %q is not within %q", phase, v, want, got))
				}
				continue
			}
			if !slices.Equal(got, want) {
				differences = append(differences, fmt.Sprintf("phase %d %s: %q, Coraza has %q", phase, v, got, want))
			}
		}
	}
	theirs.ProcessRequestHeaders()
	check(1, seclang.ReqbodyProcessor)
	switch string(ev.RequestHeader("x-ctl")) {
	case "force":
		ours.ForceRequestBody(true)
	case "off":
		ours.AccessRequestBody(false)
	case "limit":
		ours.LimitRequestBody(50)
	}
	// What the rules of phase 1 chose: evaluating them is not this package's.
	ours.SetProcessor(listed(state, seclang.ReqbodyProcessor)[0][1:])
	if len(ev.RequestBody.Data) > 0 {
		theirs.WriteRequestBody(ev.RequestBody.Data[:min(len(ev.RequestBody.Data), o.cfg.RequestBody)]) //nolint:errcheck // memory
	}
	theirs.ProcessRequestBody() //nolint:errcheck // memory
	ours.RequestBody()
	o.processors[ours.get(seclang.ReqbodyProcessor)]++
	if ours.get(seclang.ReqbodyError) == "1" {
		o.processors["error"]++
	}
	check(2)
	if !ours.HasResponse() {
		return differences, values
	}
	o.answer(theirs, ev)
	ours.ResponseHeaders()
	check(3, seclang.ResBodyProcessor)
	ours.SetResponseProcessor(listed(state, seclang.ResBodyProcessor)[0][1:])
	if string(ev.ResponseHeader("x-ctl")) == "force" {
		ours.ForceResponseBody(true)
	}
	readable := theirs.IsResponseBodyProcessable()
	if readable && len(ev.ResponseBody.Data) > 0 {
		theirs.WriteResponseBody(ev.ResponseBody.Data[:min(len(ev.ResponseBody.Data), o.cfg.ResponseBody)]) //nolint:errcheck // memory
	}
	theirs.ProcessResponseBody() //nolint:errcheck // memory
	if ours.ResponseBody() != readable {
		differences = append(differences, fmt.Sprintf("response readable: Coraza says %v", readable))
	}
	check(4)
	return differences, values
}

func (o *oracle) feed(t types.Transaction, ev *event.Event) {
	t.ProcessConnection(string(ev.Client.Address), int(ev.Client.Port), "", 0)
	uri, protocol := string(ev.Path), string(ev.Protocol)
	if uri == "" {
		uri = "/"
	}
	if len(ev.Query) > 0 {
		uri += "?" + string(ev.Query)
	}
	if protocol == "" {
		protocol = "HTTP/1.1"
	}
	t.ProcessURI(uri, string(ev.Method), protocol)
	for i := range ev.RequestHeaders {
		t.AddRequestHeader(string(ev.RequestHeaders[i].Name), string(ev.RequestHeaders[i].Value))
	}
	if ev.RequestHeader("host") == nil && len(ev.Authority) > 0 {
		t.AddRequestHeader("Host", string(ev.Authority))
	}
	if ev.RequestHeader("content-length") == nil && ev.RequestHeader("transfer-encoding") == nil && len(ev.RequestBody.Data) > 0 {
		t.AddRequestHeader("Content-Length", strconv.Itoa(len(ev.RequestBody.Data)))
	}
	t.SetServerName(ev.Host())
}

func (o *oracle) answer(t types.Transaction, ev *event.Event) {
	for i := range ev.ResponseHeaders {
		t.AddResponseHeader(string(ev.ResponseHeaders[i].Name), string(ev.ResponseHeaders[i].Value))
	}
	if ev.ResponseHeader("content-type") == nil && len(ev.ResponseBody.ContentType) > 0 {
		t.AddResponseHeader("Content-Type", string(ev.ResponseBody.ContentType))
	}
	t.ProcessResponseHeaders(int(ev.Status), "HTTP/1.1")
}

// engines says which variables are left out: what rules make is the engine's, time
// is Coraza's clock, and there are no temporary files.
func engines(v seclang.Variable) bool {
	switch v {
	case seclang.TX, seclang.RuleVar, seclang.Env, seclang.MatchedVar, seclang.MatchedVarName, seclang.MatchedVars, seclang.MatchedVarsNames,
		seclang.HighestSeverity, seclang.FilesTmpNames, seclang.Time, seclang.TimeDay, seclang.TimeEpoch, seclang.TimeHour, seclang.TimeMin,
		seclang.TimeMon, seclang.TimeSec, seclang.TimeWday, seclang.TimeYear:
		return true
	}
	return false
}

// list is the multiset of the values of v: name, NUL, text, sorted.
func (t *Tx) list(v seclang.Variable) []string {
	var l []string
	for _, x := range t.Values(v) {
		l = append(l, x.Key+"\x00"+x.Text)
	}
	slices.Sort(l)
	return l
}

func listed(state plugintypes.TransactionState, v seclang.Variable) []string {
	rv, err := variables.Parse(v.String())
	if err != nil {
		return nil
	}
	c := state.Collection(rv)
	if c == nil {
		return nil
	}
	var l []string
	for _, m := range c.FindAll() {
		l = append(l, m.Key()+"\x00"+m.Value())
	}
	slices.Sort(l)
	return l
}

// collides says whether two names differ in case only.
func collides(vs []Value) bool {
	seen := make(map[string]string)
	for _, v := range vs {
		lower := strings.ToLower(v.Key)
		if other, ok := seen[lower]; ok && other != v.Key {
			return true
		}
		seen[lower] = v.Key
	}
	return false
}

func subset(a, b []string) bool {
	for _, s := range a {
		if !slices.Contains(b, s) {
			return false
		}
	}
	return true
}
