package seclang_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

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
			"maturity:3", "accuracy:4", "initcol:ip=%{REMOTE_ADDR}", "", "nonsense", "msg:'open"))
	}
	g.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return strings.Join(out, g.of(",", ",", ", ", ",  "))
}

// TestGeneratedRules compares rules that a grammar makes, the seed is fixed.
func TestGeneratedRules(t *testing.T) {
	g := grammar{rand.New(rand.NewPCG(3, 4))}
	both := 0
	const all = 10000
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

// program makes directives that work on each other.
func (g grammar) program() string {
	var b strings.Builder
	next := 1
	id := func() string {
		if next == 1 {
			return "1-9"
		}
		n := 1 + g.IntN(next-1)
		return g.of(fmt.Sprint(n), fmt.Sprintf("%d-%d", n, n+g.IntN(3)))
	}
	targets := func() string {
		return g.of("!ARGS:x", "!ARGS", "!REQUEST_COOKIES:/^A\\W/", "ARGS:/B/|!ARGS:C", "&TX:n", "!TX", "REQUEST_URI|!REQUEST_URI")
	}
	tag := func() string { return g.of("a", "b", "c") }
	for next < 6 {
		switch g.IntN(9) {
		case 0:
			fmt.Fprintf(&b, "SecDefaultAction \"phase:%s,%s,%s\"\n", g.of("1", "2", "3"), g.of("log", "nolog", "auditlog,setvar:tx.d=1"), g.of("deny", "pass", "block", "drop,status:403"))
		case 1:
			fmt.Fprintf(&b, "SecMarker %s\n", g.of("M", "\"N O\""))
		case 2:
			fmt.Fprintf(&b, "SecRuleRemoveById %s\n", g.of(id(), id()+" "+id()))
		case 3:
			fmt.Fprintf(&b, "SecRuleRemoveByTag %s\n", g.of(tag(), `"`+tag()+`"`))
		case 4:
			fmt.Fprintf(&b, "SecRuleUpdateTargetById %s \"%s\"\n", id(), targets())
		case 5:
			fmt.Fprintf(&b, "SecRuleUpdateTargetByTag %s \"%s\"\n", g.of(tag(), `"`+tag()+`"`), targets())
		case 6:
			fmt.Fprintf(&b, "SecRuleUpdateActionById %s \"%s\"\n", id(), g.of("deny", "pass,nolog", "t:none,t:md5", "setvar:tx.u=+1,tag:c", "block", "allow:phase,msg:'new'", "drop,status:500,severity:2"))
		default:
			links := g.IntN(3)
			fmt.Fprintf(&b, "%s \"id:%d,phase:%s,tag:%s,t:lowercase,%s%s\"\n", g.of("SecAction", "SecRule ARGS|REQUEST_COOKIES|ARGS:x \"a\""), next, g.of("1", "2", "3", "4"), tag(),
				g.of("block", "deny", "nolog", "setvar:tx.x=1", "capture"), strings.Repeat(",chain", min(links, 1)))
			for ; links > 0; links-- {
				b.WriteString(g.of("  SecAction \"t:none", "  SecRule TX \"b\" \"t:sha1,setvar:tx.y=%{tx.z}") + strings.Repeat(",chain", min(links-1, 1)) + "\"\n")
			}
			next++
		}
	}
	return b.String()
}

// TestGeneratedPrograms compares what defaults, chains, updates and removals come to.
func TestGeneratedPrograms(t *testing.T) {
	g := grammar{rand.New(rand.NewPCG(5, 6))}
	both, rules := 0, 0
	const all = 3000
	for range all {
		text := g.program()
		p, err := seclang.Parse(seclang.Source{Name: "_inline_", Text: text})
		if err != nil {
			continue
		}
		c, err := corazaOf(text)
		if errors.Is(err, errCorazaFell) {
			continue
		}
		if err != nil {
			t.Fatalf("%s\nis refused by Coraza: %v", text, err)
		}
		if len(p.Items) != len(c.rules) {
			t.Fatalf("%s\n%d rules and markers, Coraza has %d", text, len(p.Items), len(c.rules))
		}
		for i := range p.Items {
			rules++
			if got, want := describe(p.Items[i]), describeCoraza(c.rules[i]); got != want {
				t.Fatalf("%s\nthis package:\n%s\nCoraza:\n%s", text, got, want)
			}
		}
		both++
	}
	fmt.Printf("seclang: %d of %d generated programs were read; their %d rules and markers are what Coraza compiles\n", both, all, rules)
	if both < all/4 {
		t.Errorf("only %d programs of %d were read", both, all)
	}
}
