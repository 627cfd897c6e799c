package classifier

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/classifier/scan"
	"go.yaml.in/yaml/v3"
)

// Custom is a class of a deployment's own, a YAML document of its folder:
//
//	name: acme.employee
//	category: identity
//	pattern: "EMP-{d:6}"      # as in scan/secrets.txt; or words: [red, green]
//	validator: luhn           # of the digits; optional
//	names: [employee, staffNumber]
//	needs_name: false
//	cases:
//	  positive: [EMP-123455]
//	  negative: [EMP-12]
type Custom struct {
	Name      string   `yaml:"name"`
	Category  string   `yaml:"category"`
	Pattern   string   `yaml:"pattern"`
	Words     []string `yaml:"words"`
	Validator string   `yaml:"validator"`
	Names     []string `yaml:"names"`
	NeedsName bool     `yaml:"needs_name"`
	Cases     struct {
		Positive []string `yaml:"positive"`
		Negative []string `yaml:"negative"`
	} `yaml:"cases"`

	lines map[string]int // of keys, and of cases by their text
}

// validators are what a class of its own may be checked with. They see digits.
var validators = map[string]func(v []byte) bool{
	"luhn": scan.Luhn, "mod97": scan.Mod97, "verhoeff": scan.Verhoeff,
}

// maxCustom is how many bytes a file of classes may have.
const maxCustom = 1 << 20

// ReadCustom reads the classes of a file. An error names the file and the line.
func ReadCustom(file string, text []byte) (all []Custom, err error) {
	if len(text) > maxCustom {
		return nil, fmt.Errorf("%s: %d bytes, at most %d are read", file, len(text), maxCustom)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var node yaml.Node
		if err := dec.Decode(&node); err != nil {
			if err.Error() == "EOF" {
				return all, nil
			}
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		c, err := readCustom(&node)
		if err != nil {
			return nil, fmt.Errorf("%s:%w", file, err)
		}
		all = append(all, c)
	}
}

func readCustom(node *yaml.Node) (c Custom, err error) {
	if len(node.Content) != 1 || node.Content[0].Kind != yaml.MappingNode {
		return c, fmt.Errorf("%d: want the keys of a class", node.Line)
	}
	c.lines = map[string]int{}
	list := node.Content[0].Content
	for i := 0; i+1 < len(list); i += 2 {
		c.lines[list[i].Value] = list[i].Line
		if !slices.Contains([]string{"name", "category", "pattern", "words", "validator", "names", "needs_name", "cases"}, list[i].Value) {
			return c, fmt.Errorf("%d: %q is no key of a class", list[i].Line, list[i].Value)
		}
		if list[i].Value == "cases" {
			noteCases(c.lines, list[i+1])
		}
	}
	if err := node.Decode(&c); err != nil {
		return c, fmt.Errorf("%d: %w", node.Content[0].Line, err)
	}
	at := func(key, format string, args ...any) error {
		line := c.lines[key]
		if line == 0 {
			line = node.Content[0].Line
		}
		return fmt.Errorf("%d: class %q: "+format, append([]any{line, c.Name}, args...)...)
	}
	switch {
	case c.Name == "" || len(c.Name) > 40 || strings.ContainsFunc(c.Name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	}):
		return c, at("name", "want a name of at most 40 of a-z, 0-9, dot, dash and underscore")
	case !slices.Contains(categories, c.Category):
		return c, at("category", "category %q is not one of %s", c.Category, strings.Join(categories, ", "))
	case (c.Pattern == "") == (len(c.Words) == 0):
		return c, at("pattern", "want one of pattern and words")
	case c.Validator != "" && validators[c.Validator] == nil:
		return c, at("validator", "validator %q is not one of luhn, mod97, verhoeff", c.Validator)
	case c.Validator != "" && c.Pattern == "":
		return c, at("validator", "a validator needs a pattern")
	case c.NeedsName && len(c.Names) == 0:
		return c, at("needs_name", "there are no names")
	case len(c.Cases.Positive) == 0 || len(c.Cases.Negative) == 0:
		return c, at("cases", "want at least one positive and one negative case")
	}
	return c, nil
}

// noteCases notes the line of every case.
func noteCases(lines map[string]int, n *yaml.Node) {
	for _, child := range n.Content {
		if child.Kind == yaml.ScalarNode {
			lines["case "+child.Value] = child.Line
		}
		noteCases(lines, child)
	}
}

// custom makes a class of c.
func (t *Tables) custom(c *Custom) {
	k := t.class(c.Name)
	if k == nil { // of words, which the scanner does not know
		set := map[string]bool{}
		for _, w := range c.Words {
			set[strings.ToLower(w)] = true
		}
		k = &class{name: c.Name, check: func(v []byte, _ int64) verdict {
			switch {
			case len(v) == 0:
				return silent
			case len(v) <= 256 && set[strings.ToLower(string(v))]:
				return passed
			}
			return failed
		}}
		t.add(k)
	} else {
		k.numeral = true
	}
	k.category, k.needsName, k.checksum, k.how = c.Category, c.NeedsName, c.Validator != "", "values of the class "+c.Name+" by its own definition"
	k.named, k.unnamed, k.passTrue, k.passRandom = 2.2, -4, 0.97, 0.02
	for _, n := range c.Names {
		word := ""
		for w := range splitName(n) {
			word += w
		}
		k.words = append(k.words, word)
	}
}

// try runs the cases of c.
func (t *Tables) try(c *Custom) error {
	i := t.byName[c.Name]
	for _, group := range []struct {
		values []string
		want   bool
	}{{c.Cases.Positive, true}, {c.Cases.Negative, false}} {
		for _, v := range group.values {
			if got := t.matches(i, []byte(v)); got != group.want {
				return fmt.Errorf("%d: class %q: case %q: found is %v, want %v", c.lines["case "+v], c.Name, v, got, group.want)
			}
		}
	}
	return nil
}

func (t *Tables) matches(i uint16, v []byte) bool {
	if c := t.classes[i]; c.check != nil {
		return c.check(v, 0) == passed
	}
	var only scan.Set
	only.Add(scan.Class(i))
	if len(t.scanner.Choose(only).Whole(v, new(scan.Room), nil)) > 0 {
		return true
	}
	return slices.ContainsFunc(t.scanner.Text(v, nil), func(m scan.Match) bool { return uint16(m.Class) == i })
}
