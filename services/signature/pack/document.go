package pack

import "go.yaml.in/yaml/v3"

// document is a rule's file.
type document struct {
	ID          string        `yaml:"id"`
	Class       string        `yaml:"class"`
	Title       string        `yaml:"title"`
	Strength    string        `yaml:"strength"`
	Where       []string      `yaml:"where"`
	Fields      string        `yaml:"fields"`
	Headers     []string      `yaml:"headers"`
	Patterns    []expression  `yaml:"patterns"`
	Need        []string      `yaml:"need"`
	Commands    []commandLine `yaml:"commands"`
	Longest     int           `yaml:"longest"`
	GraphQL     *measures     `yaml:"graphql"`
	Parser      string        `yaml:"parser"`
	CWE         []string      `yaml:"cwe"`
	ATTACK      []string      `yaml:"attack"`
	Remediation string        `yaml:"remediation"`
	Positive    []written     `yaml:"positive"`
	Negative    []written     `yaml:"negative"`
}

// expression is a pattern as it is written: the expression, or the expression with
// the literals of its own.
type expression struct {
	RE   string   `yaml:"re"`
	Need []string `yaml:"need"`
}

func (e *expression) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&e.RE)
	}
	type plain expression
	return n.Decode((*plain)(e))
}

// written is a case as it is written: a text, or a text with where it stands.
type written struct {
	Text  string `yaml:"text"`
	Field string `yaml:"field"`
	Kind  string `yaml:"kind"`
}

func (w *written) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&w.Text)
	}
	type plain written
	return n.Decode((*plain)(w))
}
