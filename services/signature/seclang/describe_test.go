package seclang_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// describe is all that counts of an item, in the words of describeCoraza.
func describe(it seclang.Item) string {
	if it.Rule == nil {
		return "marker " + it.Marker + "\n"
	}
	var b strings.Builder
	for r := it.Rule; r != nil; r = r.Chain {
		describeRule(&b, r)
	}
	return b.String()
}

func describeRule(b *strings.Builder, r *seclang.Rule) {
	fmt.Fprintf(b, "id %d parent %d phase %d severity %d status %d maturity %d accuracy %d\n",
		r.ID, r.ParentID, r.Phase, r.Severity, r.Status, r.Maturity, r.Accuracy)
	fmt.Fprintf(b, "file %s ver %q rev %q", r.File, r.Ver, r.Rev)
	for _, t := range r.Tags {
		fmt.Fprintf(b, " tag %q", t)
	}
	fmt.Fprintf(b, "\ncapture %t multimatch %t log %t auditlog %t\nmsg%s\nlogdata%s\n", r.Capture, r.MultiMatch, r.Log, r.AuditLog,
		describeMacro(r.Msg), describeMacro(r.LogData))
	for _, t := range r.Targets {
		b.WriteString("target " + t.Variable.String())
		if t.Count {
			b.WriteString(" counted")
		}
		if t.KeyRegexp != nil {
			b.WriteString(" regexp " + t.KeyRegexp.String())
		} else {
			b.WriteString(" key " + strconv.Quote(t.Key))
		}
		for _, e := range t.Exceptions {
			if e.KeyRegexp != nil {
				b.WriteString(" but regexp " + e.KeyRegexp.String())
			} else {
				b.WriteString(" but key " + strconv.Quote(e.Key))
			}
		}
		b.WriteByte('\n')
	}
	if r.Op != nil {
		fmt.Fprintf(b, "operator negated %t name %s argument %q\n", r.Op.Negated, r.Op.Name, r.Op.Argument)
	}
	fmt.Fprintf(b, "transformations %s\n", strings.ToLower(strings.Join(r.Transformations, " ")))
	for _, e := range r.Effects {
		b.WriteString(describeEffect(e))
	}
	var end []string
	if r.SkipAfter != "" {
		end = append(end, "skipafter "+r.SkipAfter)
	}
	if r.Skip != 0 {
		end = append(end, fmt.Sprintf("skip %d", r.Skip))
	}
	if r.Chain != nil && r.ParentID == 0 {
		end = append(end, "chain")
	}
	switch r.Disruptive {
	case "":
	case "allow":
		end = append(end, fmt.Sprintf("allow %d", 1+slices.Index([]string{"", "phase", "request"}, r.AllowPhase)))
	case "redirect":
		end = append(end, "redirect "+r.Redirect)
	default:
		end = append(end, r.Disruptive)
	}
	slices.Sort(end)
	fmt.Fprintf(b, "end %s\n", strings.Join(end, " "))
}

func describeMacro(m seclang.Macro) string {
	if m == nil {
		return " none"
	}
	s := ""
	for _, p := range m {
		if p.Literal != "" {
			s += fmt.Sprintf(" UNKNOWN/\"\"/%q", p.Literal)
		} else {
			s += fmt.Sprintf(" %s/%q/%q", p.Variable, p.Key, p.Text)
		}
	}
	return s
}

// ctlNumbers are in the order of Coraza's constants.
var ctlNumbers = []string{"", "ruleRemoveTargetById", "ruleRemoveTargetByTag", "ruleRemoveTargetByMsg", "auditEngine", "auditLogParts",
	"forceRequestBodyVariable", "requestBodyAccess", "requestBodyLimit", "ruleEngine", "ruleRemoveById", "ruleRemoveByMsg", "ruleRemoveByTag",
	"hashEngine", "hashEnforcement", "requestBodyProcessor", "forceResponseBodyVariable", "responseBodyProcessor", "responseBodyAccess",
	"responseBodyLimit", "debugLogLevel"}

func describeEffect(e seclang.Effect) string {
	if s := e.SetVar; s != nil {
		// The sign goes back to where Coraza keeps it.
		value := s.Value
		if s.Op == '+' || s.Op == '-' {
			if value = slices.Clone(value); len(value) > 0 && value[0].Literal != "" {
				value[0].Literal = string(s.Op) + value[0].Literal
			} else {
				value = slices.Insert(value, 0, seclang.MacroPart{Literal: string(s.Op)})
			}
		}
		return fmt.Sprintf("setvar remove %t key%s value%s\n", s.Op == '!', strings.ToLower(describeMacro(s.Key)), describeMacro(value))
	}
	c := e.Ctl
	s := fmt.Sprintf("ctl %d value %q", slices.Index(ctlNumbers, c.Action), c.Value)
	if t := c.Target; t != nil {
		s += " " + t.Variable.String()
		if t.KeyRegexp != nil {
			return s + " regexp " + t.KeyRegexp.String() + "\n"
		}
		s += " key " + strconv.Quote(t.Key)
	}
	return s + "\n"
}
