package seclang_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// ruleTexts are the rules of the core rule set, a text each.
func ruleTexts(t testing.TB) []string {
	var out []string
	for _, it := range whole(t, own).Items {
		if it.Rule != nil {
			out = append(out, it.Rule.String())
		}
	}
	return out
}

// check holds for every text: errors stand somewhere in it, and what is read prints as
// something that is read the same.
func check(t *testing.T, text string) {
	p, err := seclang.Parse(seclang.Source{FS: fstest.MapFS{}, Name: "own", Text: text})
	if err != nil {
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			var at *seclang.Error
			if !errors.As(e, &at) || at.File == "" || at.Line < 0 || strings.HasPrefix(at.Error(), ":") {
				t.Errorf("%v stands nowhere", e)
			}
		}
		return
	}
	for _, it := range p.Items {
		if r := it.Rule; r != nil && (r.ID < 1 || r.Phase < 1 || r.Phase > 5 || r.Line < 1 || r.End < r.Line || (r.Op != nil) != strings.HasPrefix(r.String(), "SecRule")) {
			t.Errorf("rule %+v", r)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range errorCases(f) {
		f.Add(c.text)
	}
	f.Add(own)
	for i, s := range ruleTexts(f) {
		if i%10 == 0 {
			f.Add(s)
		}
	}
	f.Fuzz(check)
}

// TestMutatedRuleSet changes bytes of the core rule set's own files: nothing may fall
// over, and what is still read must be sound. The seed is fixed.
func TestMutatedRuleSet(t *testing.T) {
	files, err := fs.Glob(coreruleset.FS, "@owasp_crs/*.conf")
	if err != nil {
		t.Fatal(err)
	}
	const interesting = "\"'\\,:|!&@%{}()/`#; \t\nSect1-"
	random := rand.New(rand.NewPCG(1, 2))
	mutants := 0
	for _, name := range files {
		data, err := fs.ReadFile(coreruleset.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			text := []byte(string(data))
			for range 1 + random.IntN(40) {
				at, with := random.IntN(len(text)), interesting[random.IntN(len(interesting))]
				switch random.IntN(3) {
				case 0:
					text[at] = with
				case 1:
					text = append(text[:at], text[at+1:]...)
				default:
					text = append(text[:at], append([]byte{with}, text[at:]...)...)
				}
			}
			check(t, string(text))
			mutants++
		}
	}
	if mutants != 8*27 {
		t.Errorf("%d mutants", mutants)
	}
}

// FuzzAgainstCoraza: a rule that is read here is compiled by Coraza too, to the same.
// The other way round holds not: what Coraza passes over is refused here.
func FuzzAgainstCoraza(f *testing.F) {
	f.Add("ARGS:a|!ARGS:/B|c/|&TX:'/X\\W/'|XML:/*", "!@within %{tx.a}", "id:1,msg:'x %{rule.id}',setvar:tx.a=+1,ctl:ruleRemoveTargetById=1-2;ARGS:/x/")
	f.Add("REQUEST_URI", "a\\\"b\\\\", "id:'7',phase:1,block,t:none,t:sha1,tag:'a,b',severity:WARNING,allow:phase")
	f.Add("ARGS", "", "id:3,logdata:'it\\'s',setvar:!tx.a,skip:1,deny,status:403")
	for i, s := range ruleTexts(f) {
		rule, ok := strings.CutPrefix(s, "SecRule ")
		if v, rest, cut := strings.Cut(rule, ` "`); i%10 == 3 && ok && cut && !strings.Contains(rule, "\n") {
			op, acts, _ := strings.Cut(strings.TrimSuffix(rest, `"`), `" "`)
			f.Add(v, op, acts)
		}
	}
	f.Fuzz(func(t *testing.T, variables, operator, actions string) {
		againstCoraza(t, variables, operator, actions)
	})
}

// againstCoraza says whether both read the rule.
func againstCoraza(t *testing.T, variables, operator, actions string) bool {
	if strings.ContainsAny(variables+operator+actions, "\n`") || strings.Contains(operator, "FromFile") || strings.Contains(operator, "pmf") ||
		strings.Contains(strings.ToLower(actions), "skipafter") {
		return false // more than one line, a file, or a marker
	}
	text := "SecDefaultAction \"phase:1,nolog,deny,setvar:tx.default=1\"\n" + fmt.Sprintf(`SecRule %s "%s" "%s"`, variables, operator, actions)
	p, err := seclang.Parse(seclang.Source{Name: "_inline_", Text: text})
	if err != nil {
		return false
	}
	c, err := corazaOf(text)
	if errors.Is(err, errCorazaFell) {
		return false
	}
	if err != nil {
		t.Fatalf("%s\nis refused by Coraza: %v", text, err)
	}
	if got, want := describe(p.Items[0]), describeCoraza(c.rules[0]); got != want {
		t.Errorf("%s\nthis package:\n%s\nCoraza:\n%s", text, got, want)
	}
	return true
}

// grammar makes rules that are mostly sound.
type grammar struct{ *rand.Rand }

func (g grammar) of(choices ...string) string { return choices[g.IntN(len(choices))] }

func (g grammar) key() string {
	return g.of("a", "B-c", "*", "json.X.0", "/^A|\\Wb$/", "'/a\\/B/'", "/\\\\/", "a/b", "'x'", ".d:e", "//@*", "/*", "")
}

func (g grammar) variables() string {
	var out []string
	for range 1 + g.IntN(5) {
		v := g.of("", "", "", "!", "!", "&") + g.of("ARGS", "ARGS", "args_names", "TX", "REQUEST_HEADERS", "REQUEST_COOKIES", "REQUEST_URI", "XML", "FILES", "MATCHED_VARS", "FOO")
		if g.IntN(2) == 0 {
			v += ":" + g.key()
		}
		out = append(out, v)
	}
	return strings.Join(out, g.of("|", "|", "|", "|", "|", "||"))
}

func (g grammar) macro() string {
	var out string
	for range 1 + g.IntN(3) {
		out += g.of("%{tx.A}", "%{MATCHED_VAR}", "%{rule.id}", "%{REQUEST_HEADERS.User-Agent}", "x", " Y ", "5", "%", "%{", "}", "%{tx.}", "%{tx.a.b}", "it\\'s", "=", "+", "-", ".", ";")
	}
	return out
}

func (g grammar) operator() string {
	return g.of("", "", "!", " ", "! ") + g.of("@rx ", "@rx ", "@", "", "@streq ", "@within ", "@eq  ", "@contains ", "@detectSQLi ", "@pm ", "@validateByteRange ") +
		g.of("^a(b|c)+$", "\\\"q\\\"", "\\\\", "1-255", "10", "", "\\d \\x5c ", g.macro(), g.macro())
}

func (g grammar) actions() string {
	out := []string{g.of("id:1", "id:'2'", " ID : 3 ", "id:0")}
	for range g.IntN(8) {
		q := g.of("", "'", "'")
		out = append(out, g.of(
			"phase:"+g.of("1", "2", "'3'", "4", "5", "request", "response", "logging", "6"),
			"severity:"+g.of("CRITICAL", "'notice'", "3", "9"), "msg:"+q+g.macro()+q, "logdata:"+q+g.macro()+q, "tag:"+q+"a/b c"+q, "tag:'x,y'", "ver:1", "rev:'2'",
			"t:none", "t:"+g.of("lowercase", "URLDecodeUni", "sha1", "md5", "normalizePathWin", "cmdline", "utf8ToUnicode", "rot13"), "t:none", "multimatch", "multiMatch", "capture",
			"setvar:"+q+g.of("tx.", "TX.", "!tx.", "ip.")+g.macro()+"="+g.of("", "+", "-")+g.macro()+q, "setvar:"+q+"!tx."+g.macro()+q,
			"ctl:"+q+g.of("ruleRemoveById=7", "ruleRemoveById=7-9", "ruleRemoveByTag=a/b", "ruleRemoveByMsg=x y", "ruleRemoveTargetById=7-9;ARGS:"+g.key(),
				"ruleRemoveTargetByTag=t;REQUEST_COOKIES:"+g.key(), "ruleRemoveTargetByMsg=m; TX : Q ", "ruleEngine=Off", "requestBodyProcessor=xml", "forceRequestBodyVariable=On", "auditEngine=Off")+q,
			"block", "deny", "pass", "drop", "allow", "allow:phase", "allow:request", "redirect:'http://x/'", "status:403", "skip:2", "log", "nolog", "auditlog", "noauditlog",
			"maturity:3", "accuracy:4", "initcol:ip=%{REMOTE_ADDR}", "", "nonsense"))
	}
	g.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return strings.Join(out, g.of(",", ",", ", ", ",  "))
}

// TestGeneratedRules compares rules that a grammar makes, the seed is fixed.
func TestGeneratedRules(t *testing.T) {
	g := grammar{rand.New(rand.NewPCG(3, 4))}
	both := 0
	const all = 20000
	for range all {
		if againstCoraza(t, g.variables(), g.operator(), g.actions()) {
			both++
		}
	}
	fmt.Printf("seclang: %d of %d generated rules were read, and are what Coraza compiles\n", both, all)
	if both < all/20 {
		t.Errorf("only %d rules of %d were read", both, all)
	}
}
