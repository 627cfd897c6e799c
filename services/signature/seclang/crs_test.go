package seclang_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

func whole(t testing.TB, extra string) *seclang.Program {
	p, err := seclang.Parse(seclang.Source{Name: "@coraza.conf-recommended"}, seclang.Source{Name: "@crs-setup.conf.example"},
		seclang.Source{Name: "own", Text: extra + "\n"}, seclang.Source{Name: "@owasp_crs/*.conf"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCoreRuleSetIsReadWhole(t *testing.T) {
	p := whole(t, "")
	var rules, links, markers int
	for _, it := range p.Items {
		if it.Rule == nil {
			markers++
			continue
		}
		rules++
		for r := it.Rule.Chain; r != nil; r = r.Chain {
			links++
		}
	}
	if rules != 631 || links != 72 || markers != 30 {
		t.Errorf("%d rules, %d that follow in chains, %d markers", rules, links, markers)
	}
	if p.Version != "OWASP_CRS/4.25.0" {
		t.Errorf("version %q", p.Version)
	}
}

// own has what the core rule set does not use.
const own = `
SecAction "id:10,phase:1,pass,nolog,setvar:tx.a=1,ctl:ruleRemoveById=942100-942200,\
  ctl:ruleRemoveTargetById=942190;ARGS:json.Query,setvar:'!tx.B'"
SecRule ARGS:Foo|ARGS:/^X\W|y/|!ARGS:Z|&REQUEST_HEADERS:'/^X\W/'|REQUEST_HEADERS|!REQUEST_HEADERS:/A\/b/|!REQUEST_HEADERS:Host \
  "!@within %{tx.allowed} %{REQUEST_HEADERS.User-Agent}" \
  # a comment inside
  "id:'11',phase:request,deny,block,status:403,t:lowercase,t:none,t:URLDECODEUNI,t:normalizePath,capture,multiMatch,\

  severity:'ERROR',msg:'it\'s %{rule.id}, 100%',tag:a,tag:'b,c',ver:1,rev:2,maturity:3,accuracy:4,logdata:%{MATCHED_VAR},\
  setvar:'tx.%{tx.0}_N=-%{tx.1}',setvar:tx.sum=+,skip:2,chain"
  SecRule TX:1|XML:/*|XML://@x "a\"b\\" "setvar:tx.score=+%{tx.critical_anomaly_score},t:sha1,t:hexEncode,chain"
    SecRule MATCHED_VAR "!^\d+$"
SecRule REQUEST_URI "!" "id:12,phase:5,log,noauditlog,redirect:http://a.example/%{x,ctl:ruleRemoveTargetByTag=a;ARGS:/^json\.\W/"
SecRule REQUEST_URI "@pm a b" "id:13,allow:request,msg:%{tx.a}"
SecRule REQUEST_URI "@pmf @owasp_crs/ssrf.data" "id:14,phase:3"
SecAction "id:15,phase:4,skipAfter:END-OWN"
SecMarker END-OWN
SecRuleUpdateTargetById 13 "!REQUEST_URI|ARGS:Q"
SecRuleUpdateTargetById 11-12 "ARGS:Q|!ARGS:/q/"
SecRuleUpdateTargetByTag a "!ARGS:R"
SecRuleUpdateActionById 13 "drop,tag:z,t:none,t:trim"
SecRule ARGS "a" "id:16,phase:2,tag:c,\
    msg:'left open"
SecRule ARGS:json.query "@rx ^\s*(?:(?:query|mutation)\b|\{)" "id:17,phase:2,pass,t:none,nolog,ctl:ruleRemoveTargetById=942190;ARGS:json.query"
SecRuleRemoveById 99 14 100-200
SecAction "id:14,phase:2,status:400"
`

func both(t *testing.T) (*seclang.Program, *compiled) {
	t.Helper()
	p := whole(t, own)
	c, err := corazaOf("Include @coraza.conf-recommended", "Include @crs-setup.conf.example", own+"\n", "Include @owasp_crs/*.conf")
	if err != nil {
		t.Fatal(err)
	}
	return p, c
}

func TestEveryRuleIsWhatCorazaCompiles(t *testing.T) {
	p, c := both(t)
	if len(p.Items) != len(c.rules) {
		t.Fatalf("%d rules and markers, Coraza has %d", len(p.Items), len(c.rules))
	}
	same := 0
	for i, it := range p.Items {
		got, want := describe(it), strings.ReplaceAll(describeCoraza(c.rules[i]), "file _inline_", "file own")
		if got != want {
			t.Errorf("this package:\n%s\nCoraza:\n%s", got, want)
			continue
		}
		same++
	}
	if same != 631+30+8+1 {
		t.Errorf("%d rules and markers are the same", same)
	}
}

var rawMessage = regexp.MustCompile(`msg:'((?:[^'\\]|\\.)*)'`)

// TestEveryRuleIsWhatCorazaTells compares with what Coraza tells while it reads. It
// counts lines over all that it read, and gives the last of a rule.
func TestEveryRuleIsWhatCorazaTells(t *testing.T) {
	p, c := both(t)
	before := map[string]int{} // lines before a file
	lines := 0
	read := func(name string) {
		data, err := fs.ReadFile(coreruleset.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		before[name] = lines
		lines += strings.Count(strings.TrimSuffix(string(data), "\n"), "\n") + 1
	}
	lines++ // the Include
	read("@coraza.conf-recommended")
	lines++
	read("@crs-setup.conf.example")
	before["own"] = lines
	lines += strings.Count(own, "\n") + 1 + 1
	files, err := fs.Glob(coreruleset.FS, "@owasp_crs/*.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		read(f)
	}
	told := map[int]types.RuleMetadata{}
	for _, r := range c.observed {
		if r.ID() != 0 {
			told[r.ID()] = r
		}
	}
	same := 0
	for _, it := range p.Items {
		r := it.Rule
		if r == nil || r.File == "own" {
			continue
		}
		o := told[r.ID]
		if o == nil {
			t.Errorf("Coraza tells nothing of rule %d", r.ID)
			continue
		}
		same++
		if got, want := before[r.File]+r.End, o.Line(); got != want {
			t.Errorf("rule %d ends in line %d, Coraza says %d", r.ID, r.End, want-before[r.File])
		}
		message := ""
		if m := rawMessage.FindStringSubmatch(o.Raw()); m != nil {
			message = m[1]
		}
		got := fmt.Sprintln(r.Phase, r.Severity, r.Tags, r.File, r.Ver, r.Rev, r.Msg.String(), r.HasMsg)
		want := fmt.Sprintln(int(o.Phase()), int(o.Severity()), o.Tags(), o.File(), o.Version(), o.Revision(), message, message != "")
		if got != want {
			t.Errorf("rule %d: %s\nCoraza: %s", r.ID, got, want)
		}
	}
	if same != 631 {
		t.Errorf("%d rules compared", same)
	}
}

// TestWordsOfOperators counts what the files hold that operators name.
func TestWordsOfOperators(t *testing.T) {
	lists, words, inFiles := 0, 0, 0
	seen := map[string]bool{}
	for _, it := range whole(t, "").Items {
		for r := it.Rule; r != nil; r = r.Chain {
			if r.Op == nil || r.Op.Name != "pmFromFile" {
				continue
			}
			lists, words = lists+1, words+len(r.Op.Lines)
			for _, l := range r.Op.Lines {
				if l != strings.ToLower(strings.TrimSpace(l)) || l == "" || l[0] == '#' {
					t.Errorf("rule %d: word %q of %s", r.ID, l, r.Op.Argument)
				}
			}
			if !seen[r.Op.Argument] {
				seen[r.Op.Argument] = true
				inFiles += len(r.Op.Lines)
			}
		}
	}
	if lists != 21 || len(seen) != 19 || inFiles != 5865 || words != 7551 {
		t.Errorf("%d lists with %d words, from %d files with %d", lists, words, len(seen), inFiles)
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		whole(b, "")
	}
}
