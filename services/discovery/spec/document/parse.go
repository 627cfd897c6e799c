package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Parse reads one document, JSON or YAML: JSON of any whitespace and any escape
// is read as JSON, for YAML's parser refuses some of both.
func Parse(name string, b []byte, limits Limits) (*File, error) {
	left := limits.withDefaults().Nodes
	return parse(name, name, b, limits.withDefaults(), &left)
}

// parse takes what it makes off left.
func parse(name, shown string, b []byte, limits Limits, left *int) (*File, error) {
	if len(b) > limits.Bytes {
		return nil, &Error{File: shown, Err: fmt.Errorf("%w: %d bytes, %d are read", ErrTooLarge, len(b), limits.Bytes)}
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	// Aliases of YAML stand for more than they are: a small document must not ask for
	// all that a large one may. left is what the files together may have.
	own := min(*left, 2*len(b)+minNodes)
	before := own
	defer func() { *left -= before - own }()
	p := &parser{file: &File{Name: name, Shown: shown}, text: b, limits: limits, left: &own}
	trimmed := bytes.TrimLeft(b, " \t\r\n")
	var err error
	if len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		p.file.Root, err = p.json()
		if err == nil {
			return p.file, nil
		}
		if errors.Is(err, ErrTooDeep) || errors.Is(err, ErrTooLarge) || errors.Is(err, errTrailing) {
			return nil, err
		}
		// YAML in flow style is no JSON; if it is no YAML either, it was meant as JSON.
		if root, flow := p.yaml(); flow == nil {
			p.file.Root = root
			return p.file, nil
		}
		return nil, err
	}
	if p.file.Root, err = p.yaml(); err != nil {
		return nil, err
	}
	return p.file, nil
}

// minNodes are values that any document may have.
const minNodes = 50_000

type parser struct {
	file   *File
	text   []byte
	limits Limits
	left   *int

	dec     *json.Decoder
	line    int   // at offset counted
	counted int64 // how far lines were counted
}

func (p *parser) fail(line int, err error) error { return &Error{p.file.Shown, line, err} }

// node makes a value, of which there may be so many.
func (p *parser) node(kind Kind, line, depth int) (*Node, error) {
	if depth > p.limits.Depth {
		return nil, p.fail(line, fmt.Errorf("%w: more than %d levels", ErrTooDeep, p.limits.Depth))
	}
	if *p.left--; *p.left < 0 {
		return nil, p.fail(line, fmt.Errorf("%w: more values than %d bytes may have, or more than %d in all", ErrTooLarge, len(p.text), p.limits.Nodes))
	}
	return &Node{Kind: kind, Line: line, file: p.file}, nil
}

var errTrailing = errors.New("something follows the end of the document")

// json reads the text as JSON.
func (p *parser) json() (*Node, error) {
	p.dec = json.NewDecoder(bytes.NewReader(p.text))
	p.dec.UseNumber()
	p.line, p.counted = 1, 0
	root, err := p.jsonValue(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, p.fail(p.here(), errTrailing)
	}
	return root, nil
}

// here is the line that the decoder has come to.
func (p *parser) here() int {
	to := min(p.dec.InputOffset(), int64(len(p.text)))
	if to > p.counted {
		p.line += bytes.Count(p.text[p.counted:to], []byte{'\n'})
		p.counted = to
	}
	return p.line
}

func (p *parser) token() (json.Token, error) {
	t, err := p.dec.Token()
	if err == nil {
		return t, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, p.fail(p.here(), errors.New("the document ends within a value"))
	}
	line := p.here()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset <= int64(len(p.text)) {
		line = 1 + bytes.Count(p.text[:max(syntax.Offset-1, 0)], []byte{'\n'})
	}
	return nil, p.fail(line, err)
}

func (p *parser) jsonValue(depth int) (*Node, error) {
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	line := p.here()
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return p.jsonList(line, depth)
		}
		return p.jsonObject(line, depth)
	case string:
		return p.scalar("string", t, line, depth)
	case json.Number:
		typ := "integer"
		if strings.ContainsAny(t.String(), ".eE") {
			typ = "number"
		}
		return p.scalar(typ, t.String(), line, depth)
	case bool:
		return p.scalar("boolean", strconv.FormatBool(t), line, depth)
	}
	return p.scalar("null", "null", line, depth)
}

func (p *parser) scalar(typ, text string, line, depth int) (*Node, error) {
	n, err := p.node(Scalar, line, depth)
	if err != nil {
		return nil, err
	}
	n.Type, n.Text = typ, text
	return n, nil
}

func (p *parser) jsonObject(line, depth int) (*Node, error) {
	n, err := p.node(Object, line, depth)
	if err != nil {
		return nil, err
	}
	for p.dec.More() {
		t, err := p.token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, p.fail(p.here(), fmt.Errorf("a name was expected, found %v", t))
		}
		at := p.here()
		v, err := p.jsonValue(depth + 1)
		if err != nil {
			return nil, err
		}
		v.Line = at
		n.put(name, v)
	}
	_, err = p.token()
	return n, err
}

func (p *parser) jsonList(line, depth int) (*Node, error) {
	n, err := p.node(List, line, depth)
	if err != nil {
		return nil, err
	}
	for p.dec.More() {
		v, err := p.jsonValue(depth + 1)
		if err != nil {
			return nil, err
		}
		n.append(v)
	}
	_, err = p.token()
	return n, err
}

var lineOf = regexp.MustCompile(`^yaml: line (\d+): `)

// yaml reads the text as YAML; of several documents the first.
func (p *parser) yaml() (*Node, error) {
	var y yaml.Node
	if err := yaml.Unmarshal(p.text, &y); err != nil {
		line, text := 0, err.Error()
		if m := lineOf.FindStringSubmatch(text); m != nil {
			line, _ = strconv.Atoi(m[1]) // digits
			text = text[len(m[0]):]
		}
		return nil, p.fail(line, errors.New(strings.TrimPrefix(text, "yaml: ")))
	}
	if y.Kind != yaml.DocumentNode || len(y.Content) == 0 {
		return nil, p.fail(0, errors.New("the document is empty"))
	}
	return p.yamlValue(y.Content[0], 0, 0)
}

// yamlValue converts y. line is that of the name before it, where there is one. An
// alias is converted again in each place: it costs what it stands for, and one
// that holds itself ends at the depth.
func (p *parser) yamlValue(y *yaml.Node, line, depth int) (*Node, error) {
	if line == 0 {
		line = y.Line
	}
	switch y.Kind {
	case yaml.AliasNode:
		if y.Alias == nil {
			return nil, p.fail(line, fmt.Errorf("alias %q of nothing", y.Value))
		}
		return p.yamlValue(y.Alias, line, depth+1)
	case yaml.MappingNode:
		return p.yamlObject(y, line, depth)
	case yaml.SequenceNode:
		n, err := p.node(List, line, depth)
		if err != nil {
			return nil, err
		}
		for _, c := range y.Content {
			v, err := p.yamlValue(c, 0, depth+1)
			if err != nil {
				return nil, err
			}
			n.append(v)
		}
		return n, nil
	}
	typ := "string"
	switch y.ShortTag() {
	case "!!int":
		typ = "integer"
	case "!!float":
		typ = "number"
	case "!!bool":
		typ = "boolean"
	case "!!null":
		typ = "null"
	}
	return p.scalar(typ, y.Value, line, depth)
}

func (p *parser) yamlObject(y *yaml.Node, line, depth int) (*Node, error) {
	n, err := p.node(Object, line, depth)
	if err != nil {
		return nil, err
	}
	var merged []*Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		at := key.Line
		for hops := 0; key.Kind == yaml.AliasNode && key.Alias != nil && hops < 10; hops++ {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return nil, p.fail(at, errors.New("a name was expected"))
		}
		v, err := p.yamlValue(y.Content[i+1], at, depth+1)
		if err != nil {
			return nil, err
		}
		if key.ShortTag() == "!!merge" {
			if v.Kind == List {
				merged = append(merged, v.Items...)
			} else {
				merged = append(merged, v)
			}
			continue
		}
		n.put(key.Value, v)
	}
	for _, m := range merged { // what is there already holds
		for _, f := range m.Fields {
			if n.Get(f.Name) == nil {
				f.Value.parent = nil
				n.put(f.Name, f.Value)
			}
		}
	}
	return n, nil
}
