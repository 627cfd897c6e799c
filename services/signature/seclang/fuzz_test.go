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
	var printed strings.Builder
	for _, it := range p.Items {
		r := it.Rule
		if r == nil {
			printed.WriteString("SecMarker " + it.Marker + "\n")
			continue
		}
		printed.WriteString(r.String() + "\n")
		if r.ID < 1 || r.Phase < 1 || r.Phase > 5 || r.Line < 1 || r.End < r.Line || (r.Op != nil) != strings.HasPrefix(r.String(), "SecRule") {
			t.Errorf("rule %+v", r)
		}
	}
	if len(p.Items) == 0 || strings.Contains(text, "`") || strings.Contains(printed.String(), "FromFile ") {
		return // datasets and files are not printed
	}
	rereads(t, p, printed.String())
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
		for range 4 {
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
	if mutants != 4*27 {
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
