package seclang

import (
	"errors"
	"fmt"
	"strings"
)

// Macro is text with %{VARIABLE.key} in it.
type Macro []MacroPart

// MacroPart is a Literal, or where that is empty a variable. A variable without a
// value expands to Text, which is what stood between the braces.
type MacroPart struct {
	Literal  string
	Variable Variable
	Key      string // in lower case
	Text     string
}

// Static says whether m holds no variable.
func (m Macro) Static() bool {
	for i := range m {
		if m[i].Literal == "" {
			return false
		}
	}
	return true
}

// String is the text that m was read from.
func (m Macro) String() string {
	var b strings.Builder
	for i := range m {
		if m[i].Literal != "" {
			b.WriteString(m[i].Literal)
		} else {
			b.WriteString("%{" + m[i].Text + "}")
		}
	}
	return b.String()
}

// lower is m with literals and fallback texts in lower case.
func (m Macro) lower() Macro {
	out := make(Macro, len(m))
	for i, p := range m {
		p.Literal, p.Text = strings.ToLower(p.Literal), strings.ToLower(p.Text)
		out[i] = p
	}
	return out
}

func parseMacro(text string) (Macro, error) {
	if text == "" {
		return nil, errors.New("empty")
	}
	var m Macro
	for text != "" {
		literal, rest, found := strings.Cut(text, "%{")
		if literal != "" {
			m = append(m, MacroPart{Literal: literal})
		}
		if !found {
			return m, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("%q is not closed", "%{"+rest)
		}
		part, err := parseReference(name)
		if err != nil {
			return nil, err
		}
		m, text = append(m, part), after
	}
	return m, nil
}

// parseReference reads what stands between the braces.
func parseReference(text string) (MacroPart, error) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte("[]._-", c) >= 0:
		default:
			return MacroPart{}, fmt.Errorf("%q cannot stand in %q", c, "%{"+text+"}")
		}
	}
	name, key, dotted := strings.Cut(text, ".")
	if dotted && (key == "" || strings.HasSuffix(key, ".")) {
		return MacroPart{}, fmt.Errorf("no name after the dot in %q", "%{"+text+"}")
	}
	v, ok := ParseVariable(name)
	if !ok {
		return MacroPart{}, fmt.Errorf("unknown variable %q in %q", name, "%{"+text+"}")
	}
	return MacroPart{Variable: v, Key: strings.ToLower(key), Text: text}, nil
}
