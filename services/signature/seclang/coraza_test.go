package seclang_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/corazawaf/coraza/v3/types/variables"
)

// compiled is what Coraza made of the same sources: the rules as it told an observer,
// and as it keeps them. It shows the latter to nobody, so reflection reads them.
type compiled struct {
	observed []types.RuleMetadata
	rules    []reflect.Value
}

var errCorazaFell = errors.New("a panic of Coraza")

func corazaOf(src ...string) (c *compiled, err error) {
	c = &compiled{}
	// What operators and keys compile to shares one cache, so "@pm x" takes what the key
	// /x/ left there for its own, and falls over.
	defer func() {
		if r := recover(); r != nil {
			err = errCorazaFell
		}
	}()
	cfg := coraza.NewWAFConfig().WithRootFS(coreruleset.FS)
	for _, s := range src {
		cfg = cfg.WithDirectives(s)
	}
	cfg = cfg.(interface {
		WithRuleObserver(func(types.RuleMetadata)) coraza.WAFConfig
	}).WithRuleObserver(func(r types.RuleMetadata) { c.observed = append(c.observed, r) })
	waf, err := coraza.NewWAF(cfg)
	if err != nil {
		return nil, err
	}
	defer waf.(io.Closer).Close() // its cache is shared by all
	rules := field(reflect.ValueOf(waf), "waf", "Rules", "rules")
	for i := range rules.Len() {
		c.rules = append(c.rules, rules.Index(i))
	}
	return c, nil
}

// field walks through pointers and interfaces.
func field(v reflect.Value, path ...string) reflect.Value {
	for _, name := range path {
		v = plain(v)
		f := v.FieldByName(name)
		if !f.IsValid() {
			panic(fmt.Sprintf("%s has no field %s", v.Type(), name))
		}
		v = f
	}
	return v
}

func plain(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

func TestCorazaIsReadable(t *testing.T) {
	c, err := corazaOf(`SecRule ARGS:a|&TX:/b/ "!@streq %{tx.c}" "id:1,t:lowercase,setvar:tx.a=+1"`)
	if err != nil {
		t.Fatal(err)
	}
	if s := describeCoraza(c.rules[0]); !strings.Contains(s, "id 1") || !strings.Contains(s, "regexp b") || !strings.Contains(s, "setvar") {
		t.Errorf("a rule reads as\n%s", s)
	}
}

// describeCoraza is all that counts of a rule and its chain, in the words of describe.
func describeCoraza(r reflect.Value) string {
	var b strings.Builder
	if mark := field(r, "SecMark_").String(); mark != "" {
		return "marker " + mark + "\n"
	}
	for ; plain(r).IsValid(); r = field(r, "Chain") {
		describeCorazaRule(&b, plain(r))
	}
	return b.String()
}

func describeCorazaRule(b *strings.Builder, r reflect.Value) {
	num := func(name string) int64 { return field(r, name).Int() }
	fmt.Fprintf(b, "id %d parent %d phase %d severity %d status %d maturity %d accuracy %d\n",
		num("ID_"), num("ParentID_"), num("Phase_"), num("Severity_"), num("DisruptiveStatus"), num("Maturity_"), num("Accuracy_"))
	fmt.Fprintf(b, "file %s ver %q rev %q", field(r, "File_").String(), field(r, "Version_").String(), field(r, "Rev_").String())
	for i := range field(r, "Tags_").Len() {
		fmt.Fprintf(b, " tag %q", field(r, "Tags_").Index(i).String())
	}
	fmt.Fprintf(b, "\ncapture %t multimatch %t log %t auditlog %t\nmsg%s\nlogdata%s\n",
		field(r, "Capture").Bool(), field(r, "MultiMatch").Bool(), field(r, "Log").Bool(), field(r, "Audit").Bool(),
		describeCorazaMacro(field(r, "Msg")), describeCorazaMacro(field(r, "LogData")))
	vars, op := field(r, "variables"), plain(field(r, "operator"))
	for i := range vars.Len() {
		if !op.IsValid() {
			break // an update gave a SecAction variables, which nothing reads
		}
		v := vars.Index(i)
		fmt.Fprintf(b, "target %s", describeCorazaKey(v, true))
		ex := field(v, "Exceptions")
		for j := range ex.Len() {
			b.WriteString(" but" + describeCorazaKey(ex.Index(j), false))
		}
		b.WriteByte('\n')
	}
	if op.IsValid() {
		fmt.Fprintf(b, "operator negated %t name %s argument %q\n", field(op, "Negation").Bool(),
			strings.TrimLeft(field(op, "Function").String(), "!@"), field(op, "Data").String())
	}
	fmt.Fprintf(b, "transformations %s\n", corazaTransformations(r))
	actions := field(r, "actions")
	var end []string
	for i := range actions.Len() {
		a := actions.Index(i)
		switch name := field(a, "Name").String(); name {
		case "setvar", "ctl":
			b.WriteString(describeCorazaEffect(name, field(a, "Function")))
		default:
			if s := describeCorazaAction(name, field(a, "Function")); s != "" && num("ParentID_") == 0 {
				end = append(end, s)
			}
		}
	}
	slices.Sort(end)
	end = slices.Compact(end) // the last of several counts
	fmt.Fprintf(b, "end %s\n", strings.Join(end, " "))
}

func describeCorazaKey(v reflect.Value, target bool) string {
	var s string
	if target {
		s = variables.RuleVariable(field(v, "Variable").Uint()).Name()
		if field(v, "Count").Bool() {
			s += " counted"
		}
	}
	if re := plain(field(v, "KeyRx")); re.IsValid() {
		return s + " regexp " + field(re, "expr").String()
	}
	key := field(v, "KeyStr").String()
	if !target {
		key = strings.ToLower(key) // it compares so
	}
	return s + " key " + strconv.Quote(key)
}

func describeCorazaMacro(m reflect.Value) string {
	if m = plain(m); !m.IsValid() {
		return " none"
	}
	s := ""
	tokens := field(m, "tokens")
	for i := range tokens.Len() {
		t := tokens.Index(i)
		v := variables.RuleVariable(field(t, "variable").Uint())
		s += fmt.Sprintf(" %s/%q/%q", v.Name(), field(t, "key").String(), field(t, "text").String())
	}
	return s
}

// corazaTransformations asks each function what it is called: Coraza keeps no names.
func corazaTransformations(r reflect.Value) string {
	var out []string
	list := field(r, "transformations")
	for i := range list.Len() {
		name := runtime.FuncForPC(list.Index(i).FieldByName("Function").Pointer()).Name()
		name = strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
		switch name {
		case "md5t", "sha1t":
			name = name[:len(name)-1]
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func describeCorazaEffect(name string, f reflect.Value) string {
	if name == "setvar" {
		return fmt.Sprintf("setvar remove %t key%s value%s\n", field(f, "isRemove").Bool(), strings.ToLower(describeCorazaMacro(field(f, "key"))), describeCorazaMacro(field(f, "value")))
	}
	s := fmt.Sprintf("ctl %d value %q", field(f, "action").Int(), field(f, "value").String())
	if v := variables.RuleVariable(field(f, "collection").Uint()); v != variables.Unknown {
		s += " " + v.Name()
		if re := plain(field(f, "colKeyRx")); re.IsValid() {
			return s + " regexp " + field(re, "expr").String() + "\n"
		}
		s += " key " + strconv.Quote(field(f, "colKey").String())
	}
	return s + "\n"
}

// describeCorazaAction is empty for what is described elsewhere or has no effect.
func describeCorazaAction(name string, f reflect.Value) string {
	switch name {
	case "skipafter":
		return "skipafter " + field(f, "data").String()
	case "skip":
		return fmt.Sprintf("skip %d", field(f, "data").Int())
	case "redirect":
		return "redirect " + field(f, "target").String()
	case "allow":
		return fmt.Sprintf("allow %d", field(f, "allow").Int())
	case "pass", "block", "deny", "drop", "chain":
		return name
	}
	return ""
}
