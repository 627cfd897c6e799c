package seclang

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
)

// Error is one thing that is wrong in a text. Line is 0 where no line is to blame.
type Error struct {
	File string
	Line int
	Err  error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Parse reads the sources one after the other as one program. On any error it returns
// no program and every *Error, joined in the order in which they were found.
func Parse(src ...Source) (*Program, error) {
	p := newParser()
	for _, s := range src {
		p.source(s)
	}
	p.finish()
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return p.prog, nil
}

type parser struct {
	prog *Program
	errs []error

	// where it stands
	fs        fs.FS
	file, dir string
	open      []string // the files that include each other now
	included  int

	ids      map[int]*Rule
	defaults [6][]action // by phase
	given    [6]bool     // defaults that a directive gave
	datasets map[string][]string
	keys     map[string]*regexp.Regexp // compiled once

	// head and tail are the first and the last rule of a chain that goes on.
	head, tail *Rule
	lost       bool // see lose
}

func newParser() *parser {
	p := &parser{prog: &Program{Settings: defaults()}, ids: make(map[int]*Rule), datasets: make(map[string][]string), keys: make(map[string]*regexp.Regexp)}
	p.defaults[2] = []action{{name: "log"}, {name: "auditlog"}, {name: "pass"}}
	return p
}

func (p *parser) fail(d *directive, err error) {
	p.errs = append(p.errs, &Error{File: d.file, Line: d.first, Err: err})
}

// failAbout is fail with what was looked at.
func (p *parser) failAbout(d *directive, what string, err error) {
	if what == "" {
		what = "an empty name"
	}
	p.fail(d, fmt.Errorf("%s: %w", what, err))
}

// closeChain reports a chain that is still open when something else comes.
func (p *parser) closeChain(because string) {
	if p.tail != nil {
		p.errs = append(p.errs, &Error{File: p.tail.File, Line: p.tail.Line, Err: fmt.Errorf("the chain of rule %d does not go on: %s", p.head.ID, because)})
	}
	p.head, p.tail = nil, nil
}

// lose goes on after a rule of which not even the actions can be told: what follows
// without an id may be its chain.
func (p *parser) lose() {
	p.head, p.tail, p.lost = nil, nil, true
}

// add puts a rule where it belongs: at the end, or into the chain that is open. chain
// says whether one follows it.
func (p *parser) add(d *directive, r *Rule, acts []action, chain bool) {
	switch {
	case p.tail != nil:
		for _, a := range acts {
			if k := kindOf(a.name); k == disruptive || k == flow && a.name != "chain" {
				p.fail(d, fmt.Errorf("%s can only stand in the first rule of a chain", a.name))
			}
		}
		r.Phase, r.ParentID, r.Disruptive = 0, p.head.ID, ""
		p.tail.Chain = r
	case r.ID == 0 && p.lost:
		return // may belong to what could not be read
	default:
		p.lost = false
		if r.ID == 0 {
			// An id that is wrong has been reported.
			if !slices.ContainsFunc(acts, func(a action) bool { return a.name == "id" }) {
				p.fail(d, errors.New("a rule without an id"))
			}
		} else if first := p.ids[r.ID]; first != nil {
			p.fail(d, fmt.Errorf("rule id %d is that of %s:%d", r.ID, first.File, first.Line))
		} else {
			p.ids[r.ID] = r
		}
		p.prog.Items = append(p.prog.Items, Item{Rule: r})
		p.head = r
	}
	p.tail = r
	if !chain {
		p.head, p.tail = nil, nil
	}
}

// finish checks what can be seen only at the end.
func (p *parser) finish() {
	markers := make(map[string]bool)
	for _, it := range p.prog.Items {
		if it.Rule == nil {
			markers[it.Marker] = true
		}
	}
	for _, it := range p.prog.Items {
		r := it.Rule
		if r == nil {
			continue
		}
		if r.SkipAfter != "" && !markers[r.SkipAfter] {
			p.errs = append(p.errs, &Error{File: r.File, Line: r.Line, Err: fmt.Errorf("skipAfter:%s: there is no such marker", r.SkipAfter)})
		}
		for ; r != nil; r = r.Chain {
			r.separate()
		}
	}
	if s := &p.prog.Settings; s.RuleEngine == "DetectionOnly" {
		s.RequestBodyReject, s.ResponseBodyReject = false, false
	}
}

// separate fills SetVars and Ctls.
func (r *Rule) separate() {
	for _, e := range r.Effects {
		if e.SetVar != nil {
			r.SetVars = append(r.SetVars, *e.SetVar)
		} else {
			r.Ctls = append(r.Ctls, *e.Ctl)
		}
	}
}
