package verdict

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
)

func TestShape(t *testing.T) {
	f := func(text string, want context) {
		t.Helper()
		if got := shape(text); got != want {
			t.Errorf("%q is %s, want %s", text, contextNames[got], contextNames[want])
		}
	}
	f("admin'--", token)
	f("4f2504e0-4f89-41d3-9a0c-0305e82c3301", token)
	f("https://example.test/a?b=c", url)
	f("javascript:alert(1)", token)
	f("1 union select username, password from users where id = 1 order by 1", short)
	f("; cat /etc/passwd", short)
	f("The report that you asked for is attached to this message.", prose)
	f("Der Bericht, den Sie wollten, ist mit dieser Nachricht gekommen.", prose)
	f("# Title\n\nSome words.", markup)
	f("Use it:\n\n```sh\nnpm install x\n```\n", markup)
	f(strings.Repeat("int main(void) {\n\treturn f(x, y);\n}\n", 10), long)
	f("if (a) {\n  b();\n}", long)
	f("data:image/png;base64,iVBORw0KGgo=", long)
	f("data:image/svg+xml;base64,PHN2Zy9vbmxvYWQ9YWxlcnQoMSk+", token)
	f("data:image/svg+xml;base64,"+strings.Repeat("PHN2", 100), long)
	f(strings.Repeat("QUJD", 100), long)
	f("", token)
}

func TestCanonical(t *testing.T) {
	f := func(a, b string) {
		t.Helper()
		if canonical(a) != canonical(b) {
			t.Errorf("%q is %q, %q is %q", a, canonical(a), b, canonical(b))
		}
	}
	f("items.0.note", "items[].note")
	f("0.a", "[].a")
	f("a.12.3.b", "a[][].b")
	f("note", "note")
}

func TestCondensed(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := condensed(text); got != want {
			t.Errorf("%.60q becomes %q, want %q", text, got, want)
		}
	}
	f(strings.Repeat("a ", 200)+"' or 1=1 --", "' or 1=1 --")
	f(strings.Repeat("the fox and the dog. ", 30)+"; id", "; id")
	f(strings.Repeat("a ", 200), strings.Repeat("a ", 200))
	f("a a a a a a a ; id", "a a a a a a a ; id")
	text := "In this chapter you will learn how a page that shows what it was sent can be made to run code of others, and what to do about that. " +
		"The example that is used in most of the books is an alert, and it is what we will use here too. In the next one we will look at what is sent."
	f(text, text)
}

// The score is the logistic of the bias and the terms, when none was left out.
func TestScoreIsTheSumOfItsTerms(t *testing.T) {
	s := newStages(t)
	v := s.verdict(t, inJSON(t, "x' or 1=1--"))
	if !v.Attack || v.Class != signature.SQLi || len(v.Matches) == 0 || len(v.Terms) >= signature.MaxTerms {
		t.Fatalf("%+v", v)
	}
	sum := v.Bias
	for _, term := range v.Terms {
		sum += term.Contribution()
	}
	if got := logistic(sum); math.Abs(got-v.Score) > 1e-9 {
		t.Errorf("the terms make %v, the score is %v", got, v.Score)
	}
	for range 5 {
		if again := s.verdict(t, inJSON(t, "x' or 1=1--")); !reflect.DeepEqual(v, again) {
			t.Fatalf("%+v\nand then\n%+v", v, again)
		}
	}
}

// The same words weigh less in a text for people.
func TestProseWeighsLess(t *testing.T) {
	s := newStages(t)
	attack := s.verdict(t, inJSON(t, "<script>alert(1)</script>"))
	text := s.verdict(t, inJSON(t, "In this chapter you will learn how a page that shows what it was sent can be made to run code of others. "+
		"The example that is used in most of the books is <script>alert(1)</script>, and it is what we will use here too."))
	if !attack.Attack || text.Attack || text.Score == 0 {
		t.Errorf("as a value %.3f, in prose %.3f: %+v", attack.Score, text.Score, text.Terms)
	}
}

// Who fills a body with fields does not hide in it what a rule is sure of, nor what both
// rule sets say; a lone rule that matches by chance weighs less there.
func TestCrowdHidesNothingSure(t *testing.T) {
	s := newStages(t)
	crowd := strings.Repeat(`{"name":"a","city":"b"},`, 200)
	for _, c := range []struct {
		value string
		less  bool
	}{
		{"{{7*7}}", false},
		{"1 union select username,password from users", false},
		{"$(id)", false},
		{"; ls -la /", false},
		{"a; lsattr b", true},
	} {
		few := s.verdict(t, request("POST", "/v1/things", "application/json", `{"items":[{"value":"`+c.value+`"}]}`, nil))
		many := s.verdict(t, request("POST", "/v1/things", "application/json", `{"items":[`+crowd+`{"value":"`+c.value+`"}]}`, nil))
		if _, ok := term(&many, "crowd@token"); ok != c.less {
			if _, ok = term(&many, "crowd@short"); ok != c.less {
				t.Errorf("%q: a term of the crowd %v, want %v: %+v", c.value, ok, c.less, many.Terms)
			}
		}
		if !few.Attack || !c.less && many.Score < few.Score {
			t.Errorf("%q: %.3f by itself, %.3f in a crowd", c.value, few.Score, many.Score)
		}
	}
}

// An entrance of a product is asked for by its users, and by scanners; what they send
// beside it tells them apart, where it is recorded at all.
func TestEntranceOfProduct(t *testing.T) {
	s := newStages(t)
	f := func(uri string, change func(*event.Event), attack bool) {
		t.Helper()
		e := request("GET", uri, "", "", nil)
		if change != nil {
			change(e)
		}
		if v := s.verdict(t, e); v.Attack != attack {
			t.Errorf("%s: %v, score %.3f: %+v", uri, v.Attack, v.Score, v.Terms)
		}
	}
	add := func(name, value string) func(*event.Event) {
		return func(e *event.Event) {
			e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(name), Value: []byte(value)})
		}
	}
	f("/owa/auth/logon.aspx", nil, true)
	f("/owa/auth/logon.aspx", add("Accept-Language", "en"), true)
	f("/owa/auth/logon.aspx", add("Accept-Language", "de-AT,de;q=0.8"), false)
	f("/owa/auth/logon.aspx", add("Referer", "https://mail.example.test/"), false)
	f("/owa/auth/logon.aspx", func(e *event.Event) { e.Identity.Scheme = []byte("jwt") }, false)
	f("/owa/auth/logon.aspx", func(e *event.Event) { e.Identity.Scheme = []byte("none") }, true)
	f("/owa/auth/logon.aspx", func(e *event.Event) { // a line of an access log
		e.Status, e.RequestHeaders = 200, []event.Header{{Name: []byte("User-Agent"), Value: []byte("x/1")}}
	}, false)
	f("/api/v1/login", nil, false)
	f("/actuator/health", nil, false)
	f("/actuator/env", add("Referer", "https://example.test/"), true)
}

func term(v *Verdict, name string) (float64, bool) {
	for _, t := range v.Terms {
		if t.Name == name {
			return t.Contribution(), true
		}
	}
	return 0, false
}

// What the server answered speaks for an attack.
func TestAnswers(t *testing.T) {
	s := newStages(t)
	f := func(name string, change func(e *event.Event)) {
		t.Helper()
		e := inJSON(t, "; cat /etc/hosts")
		before := s.verdict(t, e)
		change(e)
		after := s.verdict(t, e)
		if c, ok := term(&after, name); !ok || c <= 0 || after.Score <= before.Score {
			t.Errorf("%s: %.4f, then %.4f: %+v", name, before.Score, after.Score, after.Terms)
		}
	}
	f("answer.response-command", func(e *event.Event) { e.Status, e.ResponseBody.Data = 200, []byte("uid=33(www-data) gid=33(www-data)") })
	f("answer.response-sql-error", func(e *event.Event) { e.ResponseBody.Data = []byte("You have an error in your SQL syntax") })
	f("answer.failed", func(e *event.Event) { e.Status = 500 })
	f("answer.slow", func(e *event.Event) { e.RequestTime, e.ResponseTime = 1, 1+int64(5e9) })
	f("answer.reflects", func(e *event.Event) { e.ResponseBody.Data = []byte("not found: ; cat /etc/hosts") })
}

func TestParseModelReportsErrors(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := ParseModel([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	f(`{`, "weights")
	f(`{"threshold": 0}`, "threshold")
	f(`{"threshold": 1}`, "threshold")
	f(`{"threshold": 0.5, "hand": {"a": 1}, "fitted": {"a": 1}}`, "both")
	if _, err := New(Config{Threshold: 1}); err == nil {
		t.Error("a threshold of 1 is taken")
	}
}

// An ordinary request has no score and costs no allocation.
func TestOrdinaryRequest(t *testing.T) {
	s := newStages(t)
	e := inJSON(t, "Anna Schmidt")
	if v := s.verdict(t, e); !reflect.DeepEqual(v, Verdict{}) {
		t.Fatalf("%+v", v)
	}
	res, err := s.engine.Match(e)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(50, func() { s.judge.Judge(e, "", &s.doc, res) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzJudge(f *testing.F) {
	s := newStages(f)
	for _, text := range []string{"x' or 1=1--", "{{7*7}}", "a\nINFO b", "", "https://x.test/?a=<script>"} {
		f.Add(text, "value", "GET")
	}
	f.Fuzz(func(t *testing.T, text, name, method string) {
		e := request("POST", "/v1/"+text, "application/x-www-form-urlencoded", name+"="+text, map[string]string{"X-Name": method})
		v := s.verdict(t, e)
		if v.Score < 0 || v.Score > 1 || math.IsNaN(v.Score) || v.Attack != (v.Score > 0 && v.Score >= v.Threshold) || v.Attack && len(v.Matches) == 0 {
			t.Fatalf("%+v", v)
		}
	})
}

func BenchmarkJudgeJSON1KB(b *testing.B) {
	s := newStages(b)
	e := request("POST", "/v1/accounts/4711/transfers?dry_run=false", "application/json",
		`{"items":[`+strings.Repeat(`{"id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","name":"Anna Schmidt","amount":1250.75,"currency":"EUR","note":"Rent for March, flat 12","active":true},`, 7)+`{}]}`, nil)
	res, err := s.engine.Match(e)
	if err != nil {
		b.Fatal(err)
	}
	content.ParseRequest(e, &s.doc, content.DefaultLimits)
	b.ReportAllocs()
	for b.Loop() {
		s.judge.Judge(e, "", &s.doc, res)
	}
}

// Who changes a weight or a rule changes what findings say they were judged by.
func TestVersionNamesRulesAndWeights(t *testing.T) {
	version := func(weights string) string {
		m, err := ParseModel([]byte(weights))
		if err != nil {
			t.Fatal(err)
		}
		j, err := NewWith(Config{}, m)
		if err != nil {
			t.Fatal(err)
		}
		return j.Version()
	}
	a, b := version(`{"threshold": 0.5, "bias": 1}`), version(`{"threshold": 0.5, "bias": 2}`)
	rules, weights, _ := strings.Cut(a, ", ")
	if a == b || a != version(`{"threshold": 0.5, "bias": 1}`) || len(strings.Fields(rules)) != 4 || len(strings.Fields(weights)) != 2 {
		t.Errorf("%q, %q", a, b)
	}
}
