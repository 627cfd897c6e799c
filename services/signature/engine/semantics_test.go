package engine

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// Small rule sets, each about one thing that rules can do. The engine and Coraza must
// match the same rules and leave the same variables on every event below, with what can
// be worked out beforehand worked out and without.
var snippets = map[string]string{
	"sums": `SecAction "id:1,phase:1,pass,nolog,setvar:tx.a=5,setvar:tx.a=+3,setvar:tx.b=-2,setvar:tx.c=+%{tx.a},setvar:tx.d=x,setvar:tx.d=+1,setvar:tx.e=+"
SecRule ARGS "@rx ." "id:2,phase:2,pass,setvar:tx.n=+1,setvar:tx.m=+%{tx.a}"
SecRule TX:n "@ge 2" "id:3,phase:2,pass,setvar:tx.a=0"`,
	"macros": `SecRule ARGS "@rx (selec)(t)?" "id:1,phase:2,pass,capture,setvar:'tx.hit_%{MATCHED_VAR_NAME}=%{MATCHED_VAR}',setvar:tx.first=%{tx.1}-%{tx.2}-%{tx.0},setvar:tx.none=%{tx.absent}"
SecRule TX:/^hit_/ "@contains select" "id:2,phase:2,pass"
SecRule &TX:/^hit_/ "@eq 1" "id:3,phase:2,pass"
SecRule REQUEST_METHOD "@streq %{tx.method}" "id:4,phase:2,pass"
SecAction "id:5,phase:1,pass,setvar:tx.method=GET,setvar:'tx.agent=%{REQUEST_HEADERS.user-agent}',setvar:'tx.id=%{rule.id}'"`,
	"chains": `SecRule REQUEST_METHOD "@streq GET" "id:1,phase:2,pass,setvar:tx.head=+1,chain"
  SecRule ARGS "@rx select" "setvar:tx.second=+1,chain"
    SecRule MATCHED_VARS "@contains from" "setvar:tx.third=+1"
SecRule ARGS_NAMES "@rx ." "id:2,phase:2,pass,chain"
  SecRule MATCHED_VARS_NAMES "@rx (?i)ARGS_NAMES:a" "t:none"
SecRule ARGS:a|ARGS:B "@rx ." "id:3,phase:2,pass,chain"
  SecRule MATCHED_VAR "!@rx ^x" "setvar:tx.last=%{MATCHED_VAR}"`,
	"skips": `SecRule ARGS:a "@rx ." "id:1,phase:1,pass,skip:1"
SecAction "id:2,phase:1,pass,setvar:tx.two=1"
SecAction "id:3,phase:1,pass,setvar:tx.three=1"
SecRule ARGS:a "@rx select" "id:4,phase:2,pass,skipAfter:HERE"
SecAction "id:5,phase:2,pass,setvar:tx.five=1"
SecMarker HERE
SecAction "id:6,phase:2,pass,setvar:tx.six=1,skipAfter:THERE"
SecAction "id:7,phase:3,pass,setvar:tx.seven=1"
SecAction "id:8,phase:2,pass,setvar:tx.eight=1"
SecMarker THERE
SecAction "id:9,phase:3,pass,setvar:tx.nine=1"
SecAction "id:10,phase:5,pass,skip:2"
SecMarker BETWEEN
SecAction "id:11,phase:5,pass"
SecAction "id:12,phase:5,pass"`,
	"skipping what is removed": `SecRule ARGS:a "@rx select" "id:1,phase:1,pass,ctl:ruleRemoveById=11,ctl:ruleRemoveById=13"
SecAction "id:10,phase:2,pass,skip:1"
SecAction "id:11,phase:2,pass"
SecAction "id:12,phase:2,pass,setvar:tx.n=+1"
SecAction "id:13,phase:2,pass,setvar:tx.n=+1"
SecRule ARGS "@rx ." "id:14,phase:2,pass,skip:2"
SecMarker M
SecRule ARGS "@rx ." "id:15,phase:2,pass"
SecRule ARGS "@rx ." "id:16,phase:2,pass"`,
	"skipping further for what is removed": `SecRule ARGS:a "@rx select" "id:1,phase:1,pass,skip:2,ctl:ruleRemoveById=2"
SecMarker M
SecRule ARGS:b "@rx ." "id:2,phase:1,pass"
SecAction "id:3,phase:1,pass,setvar:tx.skipped=no"
SecAction "id:4,phase:1,pass,setvar:tx.end=yes"`,
	"skipping where a tag may take out all": `SecRule ARGS:a "@rx select" "id:1,phase:1,pass,ctl:ruleRemoveByTag=all"
SecRule ARGS:b "@rx ." "id:2,phase:1,pass,skip:1,tag:all"
SecRule ARGS:b "@rx ." "id:3,phase:1,pass,tag:all"
SecAction "id:4,phase:1,pass,tag:all,setvar:tx.four=1"
SecAction "id:5,phase:1,pass,setvar:tx.five=1"`,
	"captures of an earlier phase": `SecRule TX:0 "@rx (.)" "id:1,phase:2,pass,capture,setvar:tx.was=%{tx.1}"
SecRule REQUEST_LINE "@pm a b" "id:2,phase:1,pass,capture"`,
	"skipping over phases": `SecMarker LATER
SecRule ARGS:a "@rx ." "id:1,phase:1,pass,skipAfter:LATER"
SecAction "id:2,phase:1,pass"
SecAction "id:3,phase:2,pass"
SecAction "id:4,phase:4,pass"`,
	"removals": `SecAction "id:10,phase:1,pass,setvar:tx.x=1"
SecRule ARGS:a "@rx select" "id:1,phase:1,pass,ctl:ruleRemoveById=20,ctl:ruleRemoveByTag=gone,ctl:ruleRemoveById=30-39"
SecRule ARGS:a "@rx ^y" "id:2,phase:1,pass,ctl:ruleRemoveTargetById=21;ARGS:a,ctl:ruleRemoveTargetByTag=kept;ARGS:/^b/"
SecRule TX:x "@eq 1" "id:20,phase:1,pass,setvar:tx.twenty=1"
SecRule ARGS "@rx ." "id:21,phase:2,pass,setvar:tx.n=+1"
SecRule ARGS "@rx ." "id:22,phase:2,pass,tag:kept,setvar:tx.k=+1"
SecAction "id:31,phase:2,pass,setvar:tx.thirty=1,skipAfter:OVER"
SecAction "id:40,phase:2,pass,tag:gone"
SecMarker OVER
SecAction "id:41,phase:2,pass,tag:gone,setvar:tx.fortyone=1"`,
	"keys and exceptions": `SecRule ARGS|!ARGS:a|!ARGS:/^d/ "@rx ." "id:1,phase:2,pass,setvar:tx.n=+1"
SecRule ARGS:/^[ab]$/ "@rx ." "id:2,phase:2,pass,setvar:tx.m=+1"
SecRule &ARGS "@ge 2" "id:3,phase:2,pass"
SecRule &ARGS|!ARGS:a "@eq 1" "id:4,phase:2,pass"
SecRule REQUEST_HEADERS:USER-agent "@contains zilla" "id:5,phase:1,pass"
SecRule &REQUEST_HEADERS:Absent "@eq 0" "id:6,phase:1,pass"
SecRule REQUEST_HEADERS|!REQUEST_HEADERS:User-Agent "@contains zilla" "id:7,phase:1,pass"
SecRule REQUEST_COOKIES:/^s/ "@rx ." "id:8,phase:2,pass"`,
	"multiMatch": `SecRule ARGS "@rx ^a b$" "id:1,phase:2,pass,t:none,t:lowercase,t:urlDecodeUni,t:compressWhitespace,multiMatch,setvar:tx.n=+1"
SecRule ARGS "@rx b" "id:2,phase:2,pass,t:none,t:lowercase,t:base64Decode,t:removeWhitespace,multiMatch,setvar:tx.m=+1"
SecRule ARGS "@rx &lt;|<" "id:3,phase:2,pass,t:htmlEntityDecode,t:cssDecode,t:hexDecode,multiMatch,setvar:tx.k=+1"`,
	"variables that change": `SecAction "id:1,phase:1,pass,ctl:requestBodyProcessor=XML,ctl:forceRequestBodyVariable=On"
SecRule REQBODY_PROCESSOR "@streq XML" "id:2,phase:1,pass"
SecRule REQBODY_PROCESSOR "@rx ." "id:3,phase:1,pass,ctl:requestBodyProcessor=URLENCODED"
SecRule REQBODY_PROCESSOR "@streq URLENCODED" "id:4,phase:1,pass"
SecRule STATUS_LINE|RESPONSE_PROTOCOL|RESPONSE_CONTENT_LENGTH|RES_BODY_PROCESSOR "@rx ." "id:5,phase:2,pass"
SecRule STATUS_LINE|RESPONSE_PROTOCOL|RESPONSE_CONTENT_LENGTH|RES_BODY_PROCESSOR "@rx ." "id:6,phase:3,pass,setvar:tx.n=+1,ctl:responseBodyProcessor=JSON"
SecRule STATUS_LINE|RESPONSE_PROTOCOL|RESPONSE_CONTENT_LENGTH|RES_BODY_PROCESSOR "@rx ." "id:7,phase:4,pass,setvar:tx.m=+1"
SecRule RES_BODY_PROCESSOR "@streq JSON" "id:8,phase:3,pass"`,
	"capitals": `SecRule ARGS "@validateByteRange 97-122" "id:1,phase:2,pass,t:uppercase"
SecRule ARGS "@rx [A-Z]" "id:2,phase:2,pass,t:uppercase"
SecRule ARGS "@rx ^[a-z]+$" "id:3,phase:2,pass,t:lowercase"`,
	"nothing and more": `SecRule ARGS:e "@rx ^0$" "id:1,phase:2,pass,t:length"
SecRule ARGS:e "@rx ^d41d" "id:2,phase:2,pass,t:md5,t:hexEncode"
SecRule ARGS:s "@streq //" "id:3,phase:2,pass,t:normalisePath"
SecRule ARGS:x "@streq \xef\xbf\xbd" "id:4,phase:2,pass,t:removeWhitespace"
SecRule ARGS:x "@contains \xff" "id:5,phase:2,pass"
SecRule ARGS "@rx ." "id:6,phase:2,pass,setvar:'tx.z%{MATCHED_VAR_NAME}=1'"
SecRule TX:/^z/ "@eq 1" "id:7,phase:2,pass,setvar:'tx.zz%{MATCHED_VAR_NAME}=1',setvar:tx.zn=1,setvar:tx.n=+1"`,
	"severity of actions": `SecAction "id:1,phase:1,pass,severity:ERROR"
SecRule HIGHEST_SEVERITY "@eq 3" "id:2,phase:1,pass"`,
	"names without": `SecAction "id:1,phase:2,pass,setvar:'tx.%{MATCHED_VAR_NAME}=1',setvar:'tx.was=%{MATCHED_VAR_NAME}'"
SecRule &ARGS:/^[ab]/ "@rx ." "id:2,phase:2,pass,setvar:'tx.%{MATCHED_VAR_NAME}=1'"`,
	"severity": `SecRule ARGS:a "@rx ." "id:1,phase:2,pass,severity:WARNING"
SecRule ARGS:b "@rx ." "id:2,phase:2,pass,severity:CRITICAL"
SecRule HIGHEST_SEVERITY "@le 4" "id:3,phase:2,pass,setvar:tx.s=%{HIGHEST_SEVERITY}"`,
	"off": `SecRule ARGS:a "@rx select" "id:1,phase:1,pass,ctl:ruleEngine=Off"
SecAction "id:2,phase:1,pass"
SecAction "id:3,phase:2,pass"
SecAction "id:4,phase:5,pass"`,
	"constants": `SecAction "id:1,phase:1,pass,setvar:tx.level=2"
SecRule TX:level "@lt 2" "id:2,phase:1,pass,skipAfter:END"
SecRule TX:level "@lt 3" "id:3,phase:1,pass,setvar:tx.three=1,skipAfter:END"
SecRule ARGS "@rx ." "id:4,phase:1,pass,setvar:tx.four=+1"
SecMarker END
SecRule ARGS:b "@rx ." "id:5,phase:1,pass,setvar:tx.level=4"
SecRule TX:level "@ge 4" "id:6,phase:2,pass,setvar:tx.six=%{tx.level}"
SecRule &TX:four "@eq 0" "id:7,phase:2,pass,setvar:tx.four=9"
SecRule TX:four "@eq 9" "id:8,phase:2,pass"`,
	"bodies": `SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:1,phase:1,pass,ctl:requestBodyProcessor=JSON"
SecRule REQUEST_BODY "@rx ." "id:2,phase:2,pass"
SecRule ARGS_POST "@rx select" "id:3,phase:2,pass,setvar:tx.n=+1"
SecRule ARGS "@rx ^\w+$" "id:4,phase:1,pass,setvar:tx.early=+1"
SecRule ARGS "@rx ^\w+$" "id:5,phase:2,pass,setvar:tx.late=+1"
SecRule RESPONSE_BODY "@contains ok" "id:6,phase:4,pass,setvar:tx.out=+1"
SecRule RESPONSE_STATUS "@rx ^2" "id:7,phase:3,pass"`,
}

func semanticEvents() []*event.Event {
	make1 := func(method, uri, contentType, body string) *event.Event {
		e := &event.Event{Method: []byte(method), Protocol: []byte("HTTP/1.1"), Authority: []byte("api.example.com"), Status: 200}
		path, query, _ := strings.Cut(uri, "?")
		e.Path, e.Query = []byte(path), []byte(query)
		add := func(name, value string) {
			e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(name), Value: []byte(value)})
		}
		add("Host", "api.example.com")
		add("User-Agent", "Mozilla/5.0")
		add("Cookie", "sid=1; theme=dark")
		if body != "" {
			add("Content-Type", contentType)
			e.RequestBody.Data = []byte(body)
		}
		e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}}
		e.ResponseBody.Data = []byte(`{"ok":true}`)
		return e
	}
	events := []*event.Event{
		make1("GET", "/", "", ""),
		make1("GET", "/x?a=select+1+from+t&b=2&dd=3", "", ""),
		make1("GET", "/x?a=y&B=xx&bb=select", "", ""),
		make1("POST", "/x?A=1&a=selec", "application/x-www-form-urlencoded", "b=a++b&c=%2541%2520%2542&d=A%20%20b"),
		make1("POST", "/x?b=YSBi", "application/json", `{"a":"select","n":[1,{"b":"& #x3c;&lt;\\3c x"}]}`),
		make1("POST", "/x", "text/plain", "select=1"),
		make1("GET", "/x?e=&s=/&x=%ff", "", ""),
	}
	silent := make1("GET", "/x?a=1", "", "")
	silent.Status = 0
	return append(events, silent)
}

func TestSemantics(t *testing.T) {
	cfg := Defaults()
	compared, matched := 0, 0
	for _, name := range slices.Sorted(maps.Keys(snippets)) {
		text := "SecRuleEngine DetectionOnly\nSecRequestBodyAccess On\nSecResponseBodyAccess On\nSecResponseBodyMimeType application/json\n" + snippets[name]
		waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithDirectives(text))
		if err != nil {
			t.Fatalf("%s: Coraza: %v", name, err)
		}
		c, err := compile(cfg, seclang.Source{Name: name, Text: text})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		e := &Engine{cfg: cfg}
		e.states.New = func() any { return &state{} }
		for i, ev := range semanticEvents() {
			ids, tx := corazas(waf, ev)
			for _, form := range []string{"folded", "whole"} {
				use := *c
				if form == "whole" {
					use.folded = c.whole
				}
				e.current.Store(&use)
				gotIDs, gotTX := e.observe(ev)
				// Captures that no rule reads are not made; bodies are there for an operator
				// that does not run out of band.
				for _, m := range []map[string]string{tx, gotTX} {
					maps.DeleteFunc(m, func(k, _ string) bool { return k[0] <= '9' || strings.HasPrefix(k, "json_re") })
				}
				if !slices.Equal(gotIDs, ids) || !maps.Equal(gotTX, tx) {
					t.Errorf("%s, %s, event %d: rules %v, want %v\n variables %v\n      want %v", name, form, i, gotIDs, ids, gotTX, tx)
				}
				compared++
				matched += len(ids)
			}
		}
	}
	if compared != 2*len(snippets)*8 || matched < 300 {
		t.Errorf("%d compared, %d matches", compared, matched)
	}
}

// corazas is what Coraza says of e.
func corazas(waf coraza.WAF, e *event.Event) ([]int, map[string]string) {
	t := waf.NewTransaction()
	defer t.Close() //nolint:errcheck // nothing of it is on disk
	feed(t, e)
	var ids []int
	for _, m := range t.MatchedRules() {
		if m.Rule().ID() != 0 {
			ids = append(ids, m.Rule().ID())
		}
	}
	slices.Sort(ids)
	tx := make(map[string]string)
	for _, m := range t.(plugintypes.TransactionState).Variables().TX().FindAll() {
		tx[m.Key()] = m.Value()
	}
	return slices.Compact(ids), tx
}

func feed(t types.Transaction, e *event.Event) {
	t.ProcessConnection(string(e.Client.Address), int(e.Client.Port), "", 0)
	uri := string(e.Path)
	if len(e.Query) > 0 {
		uri += "?" + string(e.Query)
	}
	t.ProcessURI(uri, string(e.Method), string(e.Protocol))
	for _, h := range e.RequestHeaders {
		t.AddRequestHeader(string(h.Name), string(h.Value))
	}
	if len(e.RequestBody.Data) > 0 {
		t.AddRequestHeader("Content-Length", strconv.Itoa(len(e.RequestBody.Data)))
	}
	t.ProcessRequestHeaders()
	if len(e.RequestBody.Data) > 0 {
		if _, _, err := t.WriteRequestBody(e.RequestBody.Data); err != nil {
			panic(fmt.Sprint("request body: ", err))
		}
	}
	t.ProcessRequestBody() //nolint:errcheck // in memory
	if e.Status != 0 {
		for _, h := range e.ResponseHeaders {
			t.AddResponseHeader(string(h.Name), string(h.Value))
		}
		t.ProcessResponseHeaders(int(e.Status), "HTTP/1.1")
		if t.IsResponseBodyProcessable() {
			t.WriteResponseBody(e.ResponseBody.Data) //nolint:errcheck // in memory
		}
		t.ProcessResponseBody() //nolint:errcheck // in memory
	}
	t.ProcessLogging()
}
