package seclang

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// remove takes away rules that stand before it. One that removes nothing is no error:
// exclusions are shared between versions of a rule set.
func (p *parser) remove(d *directive) error {
	if err := d.valued(); err != nil {
		return err
	}
	var gone func(r *Rule) bool
	switch d.name {
	case "secruleremovebyid":
		words, err := d.words()
		if err != nil {
			return err
		}
		ids, err := parseRanges(words)
		if err != nil {
			return err
		}
		gone = func(r *Rule) bool { return within(r.ID, ids) }
	case "secruleremovebytag":
		gone = func(r *Rule) bool { return slices.Contains(r.Tags, d.unquoted()) }
	default:
		gone = func(r *Rule) bool { return r.HasMsg && r.Msg.String() == d.unquoted() }
	}
	p.prog.Items = slices.DeleteFunc(p.prog.Items, func(it Item) bool {
		if it.Rule == nil || !gone(it.Rule) {
			return false
		}
		delete(p.ids, it.Rule.ID)
		return true
	})
	return nil
}

func parseRanges(words []string) ([][2]int, error) {
	var out [][2]int
	for _, w := range strings.Fields(strings.Join(words, " ")) {
		r, err := parseRange(w)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func within(id int, ids [][2]int) bool {
	return slices.ContainsFunc(ids, func(r [2]int) bool { return id >= r[0] && id <= r[1] })
}

// selected finds the rules that an update directive is about, and its last argument.
func (p *parser) selected(d *directive) ([]*Rule, string, error) {
	words, err := d.words()
	if err != nil {
		return nil, "", err
	}
	if len(words) < 2 {
		return nil, "", errors.New("write which rules, then what changes in double quotes")
	}
	which, change := words[:len(words)-1], words[len(words)-1]
	var is func(r *Rule) bool
	switch {
	case strings.HasSuffix(d.name, "byid"):
		ids, err := parseRanges(which)
		if err != nil {
			return nil, "", err
		}
		for _, one := range ids {
			if one[0] == one[1] && p.ids[one[0]] == nil {
				return nil, "", fmt.Errorf("no rule %d stands before it", one[0])
			}
		}
		is = func(r *Rule) bool { return within(r.ID, ids) }
	case len(which) > 1:
		return nil, "", errors.New("write what selects the rules in double quotes")
	case strings.HasSuffix(d.name, "bytag"):
		is = func(r *Rule) bool { return slices.Contains(r.Tags, which[0]) }
	default:
		is = func(r *Rule) bool { return r.HasMsg && r.Msg.String() == which[0] }
	}
	var out []*Rule
	for _, it := range p.prog.Items {
		if it.Rule != nil && is(it.Rule) {
			out = append(out, it.Rule)
		}
	}
	return out, change, nil
}

// updateTargets adds targets or exceptions to the first rule of each chain selected.
func (p *parser) updateTargets(d *directive) {
	rules, variables, err := p.selected(d)
	if err != nil {
		p.failAbout(d, d.written, err)
		return
	}
	// Once for itself: an error is one, however many rules there are.
	if errs := p.targets(new(Rule), variables); len(errs) > 0 {
		for _, err := range errs {
			p.failAbout(d, "variables", err)
		}
		return
	}
	for _, r := range rules {
		if r.Op != nil { // a SecAction may have the tag, and reads nothing
			p.targets(r, variables)
		}
	}
}

// updateActions adds actions to the first rule of each chain selected; a disruptive one
// replaces the rule's own.
func (p *parser) updateActions(d *directive) {
	rules, text, err := p.selected(d)
	if err != nil {
		p.failAbout(d, d.written, err)
		return
	}
	acts, err := splitActions(text)
	if err != nil {
		p.failAbout(d, "actions", err)
		return
	}
	for _, a := range acts {
		if a.name == "id" || a.name == "phase" || a.name == "chain" {
			p.fail(d, fmt.Errorf("%s of a rule cannot be changed", a.name))
			return
		}
	}
	before := len(p.errs)
	if p.apply(d, new(Rule), acts, false); len(p.errs) > before {
		return
	}
	for _, r := range rules {
		p.apply(d, r, acts, false)
	}
}
