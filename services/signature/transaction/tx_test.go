package transaction

import (
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// shown are the values of v as name=text, in their order.
func (t *Tx) shown(v seclang.Variable) string {
	var b []string
	for _, x := range t.Values(v) {
		b = append(b, x.Key+"="+x.Text)
	}
	return strings.Join(b, " ")
}

func loaded(cfg Config, processor string, e *event.Event) *Tx {
	t := new(Tx)
	t.Reset(cfg)
	t.Load(e)
	if processor != "" {
		t.SetProcessor(processor)
	}
	t.RequestBody()
	if t.HasResponse() {
		t.ResponseHeaders()
		t.ResponseBody()
	}
	return t
}

// Values come as the event has them, the query's before the body's.
func TestOrder(t *testing.T) {
	f := func(v seclang.Variable, want string) {
		t.Helper()
		tx := loaded(ample, "json", fuzzed("POST", "/?z=1&a=2", "B:1\nA:2\nCookie:y=1; x=2", `{"q":[true,{"p":null}],"b":"c"}`, "", ""))
		if got := tx.shown(v); got != want {
			t.Errorf("%s: %s, want %s", v, got, want)
		}
	}
	f(seclang.Args, "z=1 a=2 json.q.0=true json.q.1.p= json.q=2 json.b=c")
	f(seclang.ArgsGet, "z=1 a=2")
	f(seclang.ArgsPost, "json.q.0=true json.q.1.p= json.q=2 json.b=c")
	f(seclang.ArgsNames, "z=z a=a json.q.0=json.q.0 json.q.1.p=json.q.1.p json.q=json.q json.b=json.b")
	f(seclang.ArgsGetNames, "z=z a=a")
	f(seclang.ArgsPostNames, "json.q.0=json.q.0 json.q.1.p=json.q.1.p json.q=json.q json.b=json.b")
	f(seclang.RequestCookies, "y=1 x=2")
	f(seclang.RequestHeaders, "B=1 A=2 Cookie=y=1; x=2 Host=Shop.example:8080 Content-Length=31")
	f(seclang.ServerName, "=shop.example")
	f(seclang.ReqbodyProcessor, "=JSON")
}

// Where Coraza keeps one of several at random, all stay.
func TestNamesThatDifferInCaseStay(t *testing.T) {
	tx := loaded(ample, "", fuzzed("POST", "/", asForm, "a=1&A=2&a=3", "", ""))
	if got := tx.shown(seclang.ArgsPost); got != "a=1 A=2 a=3" {
		t.Error(got)
	}
}

// Time is the event's, so a replay gives the same.
func TestClock(t *testing.T) {
	e := fuzzed("GET", "/", "", "", "", "")
	e.RequestTime = 1_700_000_001_000_000_000 // Tuesday, 14 November 2023, 22:13:21 UTC
	tx := loaded(ample, "", e)
	f := func(v seclang.Variable, want string) {
		t.Helper()
		if got := tx.Values(v)[0].Text; got != want {
			t.Errorf("%s: %q, want %q", v, got, want)
		}
	}
	f(seclang.TimeEpoch, "1700000001")
	f(seclang.Time, "22:13:21")
	f(seclang.TimeHour, "22")
	f(seclang.TimeMin, "13")
	f(seclang.TimeSec, "21")
	f(seclang.TimeDay, "14")
	f(seclang.TimeMon, "11")
	f(seclang.TimeYear, "2023")
	f(seclang.TimeWday, "2")
	f(seclang.UniqueID, e.IDString())
	f(seclang.HighestSeverity, "255")
}

func TestClipped(t *testing.T) {
	f := func(s seed, want Clipped) {
		t.Helper()
		tx := loaded(narrow, "", fuzzed(s.method, s.target, s.head, s.body, s.answerHead, s.answer))
		if strings.Contains(s.head, "json") {
			tx = loaded(narrow, "json", fuzzed(s.method, s.target, s.head, s.body, s.answerHead, s.answer))
		}
		if tx.Clipped() != want {
			t.Errorf("%+v: %b, want %b", s, tx.Clipped(), want)
		}
	}
	f(seed{"GET", "/?a&b&c&d&e&f&g", "", "", "", ""}, 0)
	f(seed{"GET", "/?a&b&c&d&e&f&g&h", "", "", "", ""}, ClippedArguments)
	f(seed{"POST", "/", asForm, strings.Repeat("a", 300), "", ""}, 0)
	f(seed{"POST", "/", asForm, strings.Repeat("a", 301), "", ""}, ClippedRequestBody)
	f(seed{"POST", "/", asForm, "a", "", strings.Repeat("a", 100)}, 0)
	f(seed{"POST", "/", asForm, "a", "", strings.Repeat("a", 101)}, ClippedResponseBody)
	f(seed{"POST", "/", asJSON, "[[[[1]]]]", "", ""}, 0)
	f(seed{"POST", "/", asJSON, "[[[[[1]]]]]", "", ""}, ClippedJSON)
	f(seed{"POST", "/", asJSON, "[1,2,3,4,5,6,7,8]", "", ""}, ClippedArguments)
	f(seed{"POST", "/", asJSON, `{"` + strings.Repeat("k", 250) + `":[1,2]}`, "", ""}, 0)
	f(seed{"POST", "/", asJSON, `{"a":`, "", ""}, 0) // damage is no limit
}

// The names of one level are repeated for each value, so what they take has a bound
// that the number of values does not give.
func TestLongPathsAreClipped(t *testing.T) {
	e := fuzzed("POST", "/", asJSON, `{"`+strings.Repeat("k", 5000)+`":[1,2,3,4,5,6,7,8,9,10,11,12]}`, "", "")
	tx := loaded(ample, "json", e)
	if tx.Clipped() != ClippedJSON || tx.get(seclang.ReqbodyError) != "1" {
		t.Errorf("clipped %b, error %q", tx.Clipped(), tx.get(seclang.ReqbodyErrorMsg))
	}
	if n := len(tx.Values(seclang.ArgsPost)); n != 8 {
		t.Errorf("%d values", n)
	}
}

func TestNamed(t *testing.T) {
	f := func(name, lower string, want bool) {
		t.Helper()
		if got := (Value{Key: name}).Named(lower); got != want {
			t.Errorf("%q named %q: %v", name, lower, got)
		}
		if want != (strings.ToLower(name) == lower) {
			t.Errorf("%q is not %q in lower case: the case is wrong", name, lower)
		}
	}
	f("User-Agent", "user-agent", true)
	f("user-agent", "user-agent", true)
	f("user-agen", "user-agent", false)
	f("user@agent", "user`agent", false)
	f("", "", true)
	f("", "x", false)
	f("x", "", false)
	f("\u212aey", "key", true)
	f("ÄÖ", "äö", true)
	f("É", "é", true)
	f("é", "e", false)
	f("\x01", "!", false)
	f("[", "{", false)
}

// A rule that names a processor when the body was read comes too late.
func TestProcessorsAreChosenInTime(t *testing.T) {
	tx := loaded(ample, "raw", fuzzed("POST", "/", "", "a=b", "", "c"))
	tx.SetProcessor("xml")
	tx.SetResponseProcessor("json")
	if r, a := tx.shown(seclang.ReqbodyProcessor), tx.shown(seclang.ResBodyProcessor); r != "=RAW" || a != "=" {
		t.Errorf("processors %s and %s", r, a)
	}
}

// After Reset nothing of an event is left, nor reachable.
func TestResetForgets(t *testing.T) {
	tx := loaded(ample, "", fuzzed("POST", "/a?b=c", asParts+"\nCookie:a=b", disposed(`name="a"; filename="f"; filename*=utf-8'en'g`), "X:y", "z"))
	tx.Reset(ample)
	for v := seclang.Variable(1); int(v) < seclang.NumVariables; v++ {
		for _, x := range tx.Values(v) {
			if x.Key != "" || !slices.Contains([]string{"", "0", "255"}, x.Text) {
				t.Errorf("%s is still %q", v, x)
			}
		}
	}
	for _, l := range [...][]Value{tx.args.values, tx.args.names, tx.headers.values, tx.cookies.values, tx.responses.values, tx.form.files, tx.form.filenames} {
		for _, x := range l[:cap(l)] {
			if x != (Value{}) {
				t.Errorf("%q is still held", x)
			}
		}
	}
}
