package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// A maker writes small rule sets and events at random: out of pieces that rules of the
// core rule set are made of, of what they must not be upset by, and of what reads what
// another has written.
type maker struct {
	*rand.Rand
	id int
}

func (m *maker) of(s ...string) string { return s[m.IntN(len(s))] }

func (m *maker) one(in int) bool { return m.IntN(in) == 0 }

var singles = []string{
	"REQUEST_URI", "REQUEST_URI_RAW", "REQUEST_LINE", "REQUEST_METHOD", "REQUEST_FILENAME", "REQUEST_BASENAME", "QUERY_STRING", "REQUEST_BODY",
	"REQBODY_PROCESSOR", "REQBODY_ERROR", "REQUEST_BODY_LENGTH", "ARGS_COMBINED_SIZE", "RESPONSE_STATUS", "RESPONSE_BODY", "RESPONSE_PROTOCOL",
	"RESPONSE_CONTENT_TYPE", "RESPONSE_CONTENT_LENGTH", "RES_BODY_PROCESSOR", "MATCHED_VAR", "MATCHED_VAR_NAME", "HIGHEST_SEVERITY",
}

var collections = []string{
	"ARGS", "ARGS", "ARGS", "ARGS_GET", "ARGS_POST", "ARGS_NAMES", "ARGS_GET_NAMES", "ARGS_POST_NAMES", "REQUEST_HEADERS", "REQUEST_HEADERS_NAMES",
	"REQUEST_COOKIES", "REQUEST_COOKIES_NAMES", "RESPONSE_HEADERS", "FILES", "MULTIPART_PART_HEADERS", "MATCHED_VARS", "MATCHED_VARS_NAMES", "TX", "TX", "TX",
}

func (m *maker) key(collection string) string {
	if collection == "TX" {
		return m.of("a", "b", "ab", "N", "0", "1", "2", "hit_ARGS:a", "/^a/", "/^..?$/", "/^[0-9]$/", "/^hit_/")
	}
	if strings.HasSuffix(collection, "_NAMES") { // Coraza finds no name by a key with a capital letter
		return m.of("a", "b", "json.a", "sid", "x-a", "/^[ab]/", "/^j/")
	}
	return m.of("a", "b", "A", "json.a", "sid", "x-a", "/^[ab]/", "/^j/", "é")
}

func (m *maker) target() string {
	if m.one(3) {
		return m.of(singles...)
	}
	c := m.of(collections...)
	if c != "TX" && !m.one(3) { // Coraza's TX holds bodies, too, for an operator that the engine has not
		return m.of("", "", "", "&") + c
	}
	return m.of("", "", "", "&") + c + ":" + m.key(c)
}

func (m *maker) targets() string {
	t := m.target()
	for m.one(3) {
		t += "|" + m.target()
	}
	if c := m.of("ARGS", "ARGS_NAMES", "REQUEST_COOKIES"); m.one(5) {
		t += "|" + c + "|!" + c + ":" + m.key(c)
	}
	return t
}

var words = []string{"select", "union", "SeLeCt", "k", "sk", "K", "ſ", "é", "ÿ", "\xff", "a b", "or", "1", "0", "<a", "%27", "&lt;", "\\x3c", "../", "a", "b", "GET", "JSON", "ok", "255", "�"}

// rx is an expression.
func (m *maker) rx() string {
	var b strings.Builder
	b.WriteString(m.of("", "", "(?i)", "(?i)", "(?s)", "^", `\b`))
	for range 1 + m.IntN(4) {
		b.WriteString(m.of("select", "sele(ct)?", "(un)(ion)", "k", "[ks]", "[^a-z]", `\w+`, `\s*`, ".", ".*", `\d`, "é", "[é-ü]", `\x00`, "(a|b|sk)", "(?:or|and)", "<", "=", `\.\./`, "[0-9]+", "%", "$", `\b`, "x?", "a{2}", "(.)", "[[:^ascii:]]", `\x{212a}`, `[^\x00]`))
	}
	return b.String()
}

func (m *maker) operator() string {
	not := m.of("", "", "", "", "!")
	word := m.of(words...)
	switch m.IntN(14) {
	case 0:
		return not + "@pm " + strings.ReplaceAll(word, " ", "") + " " + strings.ReplaceAll(m.of(words...), " ", "")
	case 1, 2:
		return not + m.of("@contains ", "@streq ", "@beginsWith ", "@endsWith ") + word
	case 3:
		return not + "@within select " + word + " GET 1 JSON"
	case 4:
		return not + m.of("@eq ", "@ge ", "@lt ", "@gt ", "@le ") + m.of("0", "1", "2", "3", "%{tx.a}", "%{tx.n}")
	case 5:
		return not + m.of("@detectSQLi", "@detectXSS", "@validateUrlEncoding", "@validateUtf8Encoding")
	case 6:
		return not + "@validateByteRange " + m.of("32-126", "1-255", "0-127,195", "97-122", "0-255")
	case 7:
		return not + m.of("@contains ", "@streq ", "@beginsWith ", "@within ") + m.of("%{tx.a}", "%{tx.1}", "%{MATCHED_VAR}", "%{REQUEST_METHOD}", "x%{tx.0}")
	}
	return not + "@rx " + m.rx()
}

var steps = []string{
	"none", "lowercase", "uppercase", "urlDecode", "urlDecodeUni", "htmlEntityDecode", "jsDecode", "cssDecode", "base64Decode", "base64DecodeExt", "base64Encode",
	"cmdLine", "compressWhitespace", "escapeSeqDecode", "hexDecode", "hexEncode", "length", "md5", "sha1", "normalisePath", "normalizePathWin", "removeComments",
	"removeCommentsChar", "removeNulls", "removeWhitespace", "replaceComments", "replaceNulls", "trim", "urlEncode", "utf8toUnicode",
}

func (m *maker) value() string {
	return m.of("1", "5", "+1", "-2", "+%{tx.a}", "%{MATCHED_VAR}", "%{MATCHED_VAR_NAME}", "%{tx.0}", "%{tx.1}", "x%{tx.b}", "%{REQUEST_METHOD}", "select", "%{HIGHEST_SEVERITY}", "%{rule.id}")
}

// unset is a value for Coraza, which panics where a variable is unset without one, and
// not for the engine, which refuses one.
const unset = "=unset"

func (m *maker) setvar() string {
	key := m.of("a", "b", "ab", "n", "n", "c", "hit_%{MATCHED_VAR_NAME}", "%{tx.b}", "1")
	if m.one(6) {
		return "setvar:!tx." + key + unset
	}
	return "setvar:'tx." + key + "=" + m.value() + "'"
}

func (m *maker) ctl() string {
	c := m.of("ARGS", "REQUEST_COOKIES", "TX", "REQUEST_HEADERS", "ARGS_NAMES")
	switch m.IntN(9) {
	case 0:
		return "ctl:requestBodyProcessor=" + m.of("JSON", "URLENCODED", "XML")
	case 1:
		return "ctl:forceRequestBodyVariable=" + m.of("On", "Off")
	case 2:
		return "ctl:ruleRemoveByTag=" + m.of("t1", "t2")
	case 3:
		return "ctl:ruleRemoveTargetByTag=" + m.of("t1", "t2") + ";" + c + ":" + m.key(c)
	case 4:
		from := 1 + m.IntN(8)
		return fmt.Sprintf("ctl:ruleRemoveById=%d-%d", from, from+1+m.IntN(3))
	case 5:
		return fmt.Sprintf("ctl:ruleRemoveTargetById=%d;%s", 1+m.IntN(9), c)
	case 6:
		return fmt.Sprintf("ctl:ruleRemoveTargetById=%d;%s:%s", 1+m.IntN(9), c, m.key(c))
	case 7:
		return "ctl:ruleEngine=" + m.of("Off", "DetectionOnly", "DetectionOnly")
	}
	return fmt.Sprintf("ctl:ruleRemoveById=%d", 1+m.IntN(9))
}

// effects are the actions that a rule has at any place of its chain.
func (m *maker) effects() string {
	var b strings.Builder
	for m.one(2) {
		b.WriteString(",t:" + m.of(steps...))
	}
	if m.one(4) {
		b.WriteString(",multiMatch")
	}
	if m.one(3) {
		b.WriteString(",capture")
	}
	for m.one(2) {
		b.WriteString("," + m.setvar())
	}
	if m.one(6) {
		b.WriteString("," + m.ctl())
	}
	return b.String()
}

func (m *maker) rule() string {
	m.id++
	actions := fmt.Sprintf("id:%d,phase:%s,pass,nolog", m.id, m.of("1", "1", "1", "2", "2", "2", "2", "3", "4", "5"))
	if m.one(3) {
		actions += ",tag:" + m.of("t1", "t2")
	}
	if m.one(5) {
		actions += ",severity:" + m.of("CRITICAL", "NOTICE", "2", "5")
	}
	switch m.IntN(8) {
	case 0:
		actions += ",skipAfter:" + m.of("M1", "M2", "M3")
	case 1:
		actions += ",skip:" + m.of("1", "2")
	}
	var b strings.Builder
	if m.one(5) {
		fmt.Fprintf(&b, "SecAction \"%s%s\"\n", actions, m.effects())
	} else {
		chain := ""
		n := 0
		for m.one(3) {
			n++
		}
		for i := 0; i <= n; i++ {
			if chain = ""; i < n {
				chain = ",chain"
			}
			if i > 0 {
				actions = "t:none"
			}
			about := m.targets() + ` "` + m.operator() + `"`
			for i == 0 && strings.Contains(about, "MATCHED_VAR") { // a marker is a match to Coraza, of nothing
				about = m.targets() + ` "` + m.operator() + `"`
			}
			fmt.Fprintf(&b, "SecRule %s \"%s%s%s\"\n", about, actions, m.effects(), chain)
		}
	}
	if m.one(5) {
		b.WriteString("SecMarker " + m.of("M1", "M2", "M3") + "\n")
	}
	return b.String()
}

func (m *maker) program() string {
	var b strings.Builder
	m.id = 0
	for range 3 + m.IntN(7) {
		b.WriteString(m.rule())
	}
	return b.String() + "SecMarker M1\nSecMarker M2\nSecMarker M3\n"
}

func (m *maker) text() string {
	var b strings.Builder
	for range m.IntN(5) {
		s := m.of(words...)
		if m.one(3) {
			s = m.of(" ", "\x00", "\x80", "\t", "=", "1.e5or 1.e5or 1", `\Nor\N`, "' or 1=1--", "aa", "xX", "c2Vs", "73656c", "\\73", "%u0041", "%41", "/**/", "&nGt;", "&#x6b;", "\\u212a", "s\"e^l", "//", "A", "ı", "\u00a0", "\x85")
		}
		b.WriteString(s)
	}
	return b.String()
}

func (m *maker) event() *event.Event {
	e := &event.Event{Method: []byte(m.of("GET", "POST", "POST")), Protocol: []byte("HTTP/1.1"), Authority: []byte("api.example.com"), Status: 200}
	e.Path = []byte("/" + m.of("", "x", "a/b.php", "..%2f", url.PathEscape(m.text())))
	pairs := func(capital string) string {
		var q []string
		for range m.IntN(4) {
			q = append(q, m.of("a", "b", capital, "bb", "c", "%C3%A9")+"="+url.QueryEscape(m.text()))
		}
		slices.Sort(q) // those of one name stand together, as they do in Coraza's map
		return strings.Join(q, "&")
	}
	e.Query = []byte(pairs("A"))
	add := func(name, value string) {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(name), Value: []byte(value)})
	}
	add("Host", "api.example.com")
	if m.one(2) {
		add("X-A", m.text())
	}
	if m.one(2) {
		add("Cookie", "sid="+url.QueryEscape(m.text())+"; a=select")
	}
	switch m.IntN(4) {
	case 0:
		add("Content-Type", "application/x-www-form-urlencoded")
		e.RequestBody.Data = []byte(pairs("d")) // of names that differ in case Coraza keeps one
	case 1:
		add("Content-Type", "application/json")
		e.RequestBody.Data = fmt.Appendf(nil, `{"a":%s,"b":[%s,{"c":1}]}`, strconv.Quote(m.of(words...)), strconv.Quote(strings.ToValidUTF8(m.text(), "?")))
	case 2:
		add("Content-Type", "text/plain")
		e.RequestBody.Data = []byte(m.text())
	}
	e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}, {Name: []byte("X-A"), Value: []byte(m.text())}}
	e.ResponseBody.Data = []byte(`{"ok":"` + m.text() + `"}`)
	if m.one(6) {
		e.Status = 0
	}
	return e
}

// TestRandomPrograms holds the engine against Coraza on rule sets and events made at
// random, MIRADOR_PROGRAMS of them.
func TestRandomPrograms(t *testing.T) {
	programs, seed := 1500, uint64(1)
	if s := os.Getenv("MIRADOR_PROGRAMS"); s != "" {
		var err error
		if programs, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
		seed = uint64(programs)
	}
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 11))}
	cfg := Defaults()
	compared, matched, refused, unsteady := 0, 0, 0, 0
	for range programs {
		text := "SecRuleEngine DetectionOnly\nSecRequestBodyAccess On\nSecResponseBodyAccess On\nSecResponseBodyMimeType application/json\n" + m.program()
		waf, wafErr := coraza.NewWAF(coraza.NewWAFConfig().WithDirectives(text))
		c, err := compile(cfg, seclang.Source{Name: "random", Text: strings.ReplaceAll(text, unset, "")})
		if wafErr != nil || err != nil {
			if refused++; wafErr == nil {
				t.Errorf("Coraza reads what the engine does not: %v\n%s", err, text)
			}
			continue
		}
		e := &Engine{cfg: cfg}
		e.states.New = func() any { return &state{} }
		for range 5 {
			ev := m.event()
			for _, form := range []string{"folded", "whole"} {
				use := *c
				if form == "whole" {
					use.folded = c.whole
				}
				e.current.Store(&use)
				ids, tx := e.observe(ev)
				dropCaptures(tx)
				want, same, steady := agrees(waf, ev, ids, tx)
				if !same && !steady {
					unsteady++
				} else if !same {
					t.Fatalf("%s after %d: rules %v, variables %q\nwant %s\n%s\n%s", form, compared, ids, tx, want, describe(ev), text)
				}
				compared++
				matched += len(ids)
			}
		}
	}
	t.Logf("%d compared, %d matches, %d programs refused, %d times many answers", compared, matched, refused, unsteady)
	if compared < 8*programs || matched < compared || refused > programs/20 || unsteady > compared/1000 {
		t.Error("too little of it compares anything")
	}
}

// agrees asks Coraza, which walks maps, until it says what the engine says. It is
// steady when it says the same every time.
func agrees(waf coraza.WAF, ev *event.Event, ids []int, tx map[string]string) (want string, same, steady bool) {
	steady = true
	for n := range 200 { // of two values one may come first in one of eight
		wantIDs, wantTX := corazas(waf, ev)
		dropCaptures(wantTX)
		if slices.Equal(ids, wantIDs) && maps.Equal(tx, wantTX) {
			return "", true, steady
		}
		answer := fmt.Sprintf("%v, %q", wantIDs, wantTX)
		steady = steady && (n == 0 || answer == want)
		want = answer
	}
	return want, false, steady
}

// dropCaptures leaves out what is not made where no rule reads it, and what is there
// for an operator that does not run out of band.
func dropCaptures(tx map[string]string) {
	maps.DeleteFunc(tx, func(k, _ string) bool { return k == "" || k[0] <= '9' || strings.HasPrefix(k, "json_re") })
}

func describe(e *event.Event) string {
	return fmt.Sprintf("%s %s?%s\n%q\n%q\n%d %q %q", e.Method, e.Path, e.Query, e.RequestHeaders, e.RequestBody.Data, e.Status, e.ResponseHeaders, e.ResponseBody.Data)
}
