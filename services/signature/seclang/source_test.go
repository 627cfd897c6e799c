package seclang_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

func folder(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// places lists the rules with their files and lines.
func places(p *seclang.Program) string {
	var out []string
	for _, it := range p.Items {
		if it.Rule == nil {
			out = append(out, it.Marker)
			continue
		}
		out = append(out, fmt.Sprintf("%d %s:%d-%d", it.Rule.ID, it.Rule.File, it.Rule.Line, it.Rule.End))
	}
	return strings.Join(out, ", ")
}

func TestIncludes(t *testing.T) {
	fs := folder(map[string]string{
		"main.conf":      "# first\nInclude sub/a.conf\nInclude sub/many/*.conf\n\nSecAction \\\n  \"id:9,\\\n  phase:1\"",
		"sub/a.conf":     "SecAction \"id:1\"\nInclude b.conf\nSecRule ARGS \"@pmFromFile words.data\" \"id:3\"\r\n",
		"sub/b.conf":     "SecAction id:2\n",
		"sub/words.data": "# words\n  Union Select \n\nDROP\n",
		"sub/many/1.conf": "SecRule ARGS \"a\" \"id:4,chain\"\n" +
			"  SecRule ARGS \"b\"\nInclude @crs-setup.conf.example\n",
		"sub/many/2.conf": "SecMarker 'END'\n",
	})
	p, err := seclang.Parse(seclang.Source{FS: fs, Name: "main.conf"})
	if err != nil {
		t.Fatal(err)
	}
	const want = "1 sub/a.conf:1-1, 2 sub/b.conf:1-1, 3 sub/a.conf:3-3, 4 sub/many/1.conf:1-1, 900990 @crs-setup.conf.example:"
	got := places(p)
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ", 'END', 9 main.conf:5-7") {
		t.Errorf("rules at %s", got)
	}
	if l := p.Items[2].Rule.Op.Lines; !reflect.DeepEqual(l, []string{"union select", "drop"}) {
		t.Errorf("words %q", l)
	}
}

func TestIncludesEnd(t *testing.T) {
	_, err := seclang.Parse(seclang.Source{FS: folder(map[string]string{"a.conf": "Include b.conf\n", "b.conf": "\nInclude a.conf\n"}), Name: "*.conf"})
	const loop = "b.conf:2: Include: a.conf includes itself\na.conf:1: Include: b.conf includes itself"
	if err == nil || err.Error() != loop {
		t.Errorf("a file that includes itself: %v", err)
	}
	files := map[string]string{"z.conf": ""}
	for i := range 20 { // 2^20 files, were they all read
		name := fmt.Sprintf("%d.conf", i+1)
		if i == 19 {
			name = "z.conf"
		}
		files[fmt.Sprintf("%d.conf", i)] = "Include " + name + "\nInclude " + name + "\n"
	}
	_, err = seclang.Parse(seclang.Source{FS: folder(files), Name: "0.conf"})
	if err == nil || !strings.HasSuffix(err.Error(), ": Include: more than 1000 files are included") || strings.Contains(err.Error(), "\n") {
		t.Errorf("files that include without end: %.200v", err)
	}
}

func TestSourcesAreOneProgram(t *testing.T) {
	_, err := seclang.Parse(seclang.Source{Name: "first", Text: "SecAction id:1\nSecRule ARGS a"}, seclang.Source{Text: "SecAction id:1\n"}, seclang.Source{Name: "no.conf"})
	const want = "first:2: SecRule wants variables, an operator in double quotes and actions in double quotes\n" +
		"inline:1: rule id 1 is that of first:1\nno.conf: read no.conf: open no.conf: file does not exist"
	if err == nil || err.Error() != want {
		t.Errorf("errors of all sources: %v", err)
	}
}

func TestSettings(t *testing.T) {
	p, err := seclang.Parse(seclang.Source{Text: `
SecRuleEngine on
SecRequestBodyAccess On
SecResponseBodyAccess on
SecRequestBodyLimit 1000
SecResponseBodyLimit "2000"
SecRequestBodyLimitAction Reject
SecResponseBodyLimitAction Reject
SecRequestBodyJsonDepthLimit 10
SecResponseBodyJsonDepthLimit 20
SecResponseBodyMimeType text/plain text/html
SecResponseBodyMimeTypesClear
SecResponseBodyMimeType application/json  text/xml
SecArgumentsLimit 30
SecArgumentSeparator &
SecAuditEngine RelevantOnly
SecCollectionTimeout 600
SecComponentSignature "A/1"
SecComponentSignature "B/2"
`})
	if err != nil {
		t.Fatal(err)
	}
	want := seclang.Settings{RuleEngine: "On", RequestBodyAccess: true, ResponseBodyAccess: true, RequestBodyLimit: 1000, ResponseBodyLimit: 2000,
		RequestBodyReject: true, ResponseBodyReject: true, RequestBodyJSONDepth: 10, ResponseBodyJSONDepth: 20,
		ResponseBodyMIMETypes: []string{"application/json", "text/xml"}, ArgumentsLimit: 30}
	if !reflect.DeepEqual(p.Settings, want) || p.Version != "A/1, B/2" {
		t.Errorf("settings %+v, version %q", p.Settings, p.Version)
	}
}

// TestDetectionOnlyRefusesNothing: the recommended configuration says Reject, and
// Coraza passes over it in this mode.
func TestDetectionOnlyRefusesNothing(t *testing.T) {
	if s := whole(t, "").Settings; s.RuleEngine != "DetectionOnly" || s.RequestBodyReject || s.ResponseBodyReject || s.RequestBodyLimit != 13107200 {
		t.Errorf("settings %+v", s)
	}
}

func TestDatasets(t *testing.T) {
	p, err := seclang.Parse(seclang.Source{Text: "SecDataset words `\n one \n# none\nTwo three\n`\nSecRule ARGS \"@pmFromDataset words\" \"id:1\""})
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Items[0].Rule; !reflect.DeepEqual(r.Op.Lines, []string{"one", "Two three"}) || r.Line != 6 {
		t.Errorf("words %q of a rule in line %d", r.Op.Lines, r.Line)
	}
}

// What Coraza does not know, or does in part.
func TestBeyondCoraza(t *testing.T) {
	p, err := seclang.Parse(seclang.Source{Text: `
SecRule ARGS "a" "id:1,msg:'One and two'"
SecRule ARGS "a" "id:2,msg:'Other'"
SecRule ARGS "a" "id:3"
SecRuleUpdateTargetByMsg "One and two" "!ARGS:a"
SecRuleUpdateTargetById 2 3 "!ARGS:b"
SecRuleUpdateActionById 2 3 "deny,msg:'now denied'"
SecRuleRemoveByMsg "Nobody has this"
`})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, it := range p.Items {
		got += fmt.Sprintln(it.Rule.Targets[0].Exceptions, it.Rule.Disruptive, it.Rule.Msg.String())
	}
	const want = "[{a <nil>}] pass One and two\n[{b <nil>}] deny now denied\n[{b <nil>}] deny now denied\n"
	if got != want {
		t.Errorf("rules became\n%s", got)
	}
}

func TestVariables(t *testing.T) {
	n := 0
	for v := seclang.Variable(1); int(v) < seclang.NumVariables; v++ {
		name := v.String()
		if got, ok := seclang.ParseVariable(strings.ToLower(name)); !ok || got != v {
			t.Errorf("%s is read as %s", name, got)
		}
		n++
	}
	if n != 109 {
		t.Errorf("%d variables", n)
	}
	if _, ok := seclang.ParseVariable("UNKNOWN"); ok {
		t.Error("UNKNOWN is a variable")
	}
}
