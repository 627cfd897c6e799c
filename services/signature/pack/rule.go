package pack

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/dfa"
	"go.yaml.in/yaml/v3"
)

// Strength is how much a rule's match says by itself.
type Strength uint8

const (
	Hint   Strength = iota // ordinary text has it too
	Strong                 // seldom in ordinary values
	Sure                   // hardly ever, unless somebody writes about attacks
)

func (s Strength) String() string { return [...]string{"hint", "strong", "sure"}[s] }

// Rule is one detection of the pack.
type Rule struct {
	ID          string
	Class       signature.Class
	Title       string
	Strength    Strength
	CWE, ATTACK []string // empty: the class's
	Remediation string

	where    Kind
	fields   *regexp.Regexp
	headers  []string
	patterns []*dfa.Matcher
	longest  int // bytes of a text that is looked at; 0 is any
	graphql  *measures
	parse    parser
	cases    []Case
}

// measures are what an operation of GraphQL must reach for the rule to match.
type measures struct {
	Depth         int  `yaml:"depth"`
	Aliases       int  `yaml:"aliases"`
	Selections    int  `yaml:"selections"`
	Operations    int  `yaml:"operations"`
	Introspection bool `yaml:"introspection"`
}

// Case is a text that a rule must match, or must not.
type Case struct {
	Rule     *Rule `yaml:"-"`
	Positive bool  `yaml:"-"`
	Text     string
	Field    string // the leaf's path; empty is "value"
	Kind     Kind
}

// Pack is a set of rules, ready to use. It is safe for concurrent use.
type Pack struct {
	rules   []*Rule
	matcher Matcher
	// parts says for the numbers that the matcher gives what they stand for.
	parts    []part
	measured []int // rules of operations
	parsers  []int // rules of parsers
	commands commands
	budget   *dfa.Budget
	version  string
}

type part struct{ rule, pattern int }

// automata bounds the memory of the patterns' automata; what does not fit is left to
// regexp.
const automata = 16 << 20

// Load reads every file of fsys below dir. All that is wrong is reported.
func Load(fsys fs.FS, dir string) (*Pack, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, fmt.Errorf("pack: no rules in %s", dir))
	}
	p := &Pack{commands: make(commands), budget: dfa.NewBudget(automata)}
	var errs []error
	var gates [][]string
	sum := sha256.New()
	for _, name := range files {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("pack: %w", err))
			continue
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(b), b)
		r, lines, need, err := readRule(name, b, p.budget)
		if err != nil {
			errs = append(errs, fmt.Errorf("pack: %s: %w", name, err))
			continue
		}
		for i := range r.patterns {
			p.parts = append(p.parts, part{len(p.rules), i})
			gates = append(gates, need[i])
		}
		for i := range lines {
			p.commands.add(len(p.rules), &lines[i])
		}
		if r.graphql != nil {
			p.measured = append(p.measured, len(p.rules))
		}
		if r.parse != nil {
			p.parsers = append(p.parsers, len(p.rules))
		}
		p.rules = append(p.rules, r)
	}
	if p.matcher, err = newMatcher(gates); err != nil {
		errs = append(errs, fmt.Errorf("pack: %w", err))
	}
	p.version = fmt.Sprintf("%d rules %x", len(p.rules), sum.Sum(nil)[:4])
	return p, errors.Join(errs...)
}

// Rules are the rules in the order of their files.
func (p *Pack) Rules() []*Rule { return slices.Clone(p.rules) }

// Automata count what the lazy automata of the patterns do.
func (p *Pack) Automata() *dfa.Counts { return p.budget.Counts() }

// Version names the rules: how many, and a hash of what is in their files.
func (p *Pack) Version() string { return p.version }

// Cases are the cases that the rule must match and those that it must not.
func (r *Rule) Cases() []Case { return slices.Clone(r.cases) }

func readRule(name string, b []byte, budget *dfa.Budget) (*Rule, []commandLine, [][]string, error) {
	var d document
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil {
		return nil, nil, nil, err
	}
	r := &Rule{ID: d.ID, Title: d.Title, CWE: d.CWE, ATTACK: d.ATTACK, Remediation: d.Remediation, headers: d.Headers, graphql: d.GraphQL, longest: d.Longest}
	var errs []error
	if want := strings.TrimSuffix(path.Base(name), ".yaml"); d.ID != want || d.Title == "" {
		errs = append(errs, fmt.Errorf("id %q: must be the file's name, with a title", d.ID))
	}
	var ok bool
	if r.Class, ok = signature.ParseClass(d.Class); !ok {
		errs = append(errs, fmt.Errorf("class %q is not known", d.Class))
	}
	if i := slices.Index([]string{"hint", "strong", "sure"}, d.Strength); i >= 0 {
		r.Strength = Strength(i)
	} else {
		errs = append(errs, fmt.Errorf("strength %q is not hint, strong or sure", d.Strength))
	}
	var err error
	if r.where, err = kinds(d.Where); err != nil {
		errs = append(errs, err)
	}
	if d.Fields != "" {
		if r.fields, err = regexp.Compile("(?i)" + d.Fields); err != nil {
			errs = append(errs, fmt.Errorf("fields: %w", err))
		}
	}
	if r.parse, ok = parsers[d.Parser]; !ok {
		errs = append(errs, fmt.Errorf("parser %q is not known", d.Parser))
	}
	if (len(d.Patterns)+len(d.Commands) == 0) == (d.GraphQL == nil && r.parse == nil) {
		errs = append(errs, errors.New("either patterns and commands, or graphql, or a parser"))
	}
	for i := range d.Commands {
		errs = append(errs, d.Commands[i].compile())
	}
	var need [][]string
	for _, x := range d.Patterns {
		re, gate, err := compile(x, d.Need, budget)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if shortest(gate) < minGate && (r.longest == 0 || r.longest > shortText) {
			errs = append(errs, fmt.Errorf("pattern %q: a literal of one byte: longest must be %d or less", x.RE, shortText))
		}
		r.patterns, need = append(r.patterns, re), append(need, gate)
	}
	for i, list := range [][]written{d.Positive, d.Negative} {
		for _, w := range list {
			k, err := kinds([]string{w.Kind})
			if w.Kind == "" {
				k, err = Value, nil
			}
			errs = append(errs, err)
			r.cases = append(r.cases, Case{Rule: r, Positive: i == 0, Text: w.Text, Field: w.Field, Kind: k})
		}
	}
	return r, d.Commands, need, errors.Join(errs...)
}

// compile compiles a pattern and finds its literals: those stated with it, else
// those that can be derived, else those that the rule states for all.
func compile(x expression, stated []string, budget *dfa.Budget) (*dfa.Matcher, []string, error) {
	text := "(?is)" + x.RE
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, nil, fmt.Errorf("pattern: %w", err)
	}
	gate := x.Need
	if len(gate) == 0 {
		tree, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			return nil, nil, fmt.Errorf("pattern %q: %w", x.RE, err)
		}
		if gate = required(tree.Simplify()); gate == nil {
			gate = stated
		}
	}
	if len(gate) == 0 {
		return nil, nil, fmt.Errorf("pattern %q: no literal can be derived; state some with need", x.RE)
	}
	m, err := dfa.New(re, budget)
	if err != nil {
		return nil, nil, fmt.Errorf("pattern %q: %w", x.RE, err)
	}
	return m, gate, nil
}
