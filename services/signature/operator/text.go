package operator

import (
	"errors"
	"strings"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// Text compares a value with a text: @contains and @strmatch (which are the same),
// @beginsWith, @endsWith, @streq, @within.
type Text struct {
	Kind TextKind
	// Literal is the text, where Macro is nil.
	Literal string
	Macro   seclang.Macro
}

// TextKind is the comparison of a Text.
type TextKind uint8

// Within holds where the value is part of the text, an empty value always; the others
// look for the text in the value.
const (
	Contains TextKind = iota
	BeginsWith
	EndsWith
	Equals
	Within
)

func newText(op *seclang.Operator) (*Text, error) {
	if op.Argument == "" {
		return nil, errors.New("no text to compare with")
	}
	kind := map[string]TextKind{"contains": Contains, "strmatch": Contains, "beginsWith": BeginsWith, "endsWith": EndsWith, "streq": Equals, "within": Within}[op.Name]
	return &Text{Kind: kind, Literal: op.Argument, Macro: op.Macro}, nil
}

// Match compares s with the text.
func (t *Text) Match(s string, env Env) bool {
	text := t.Literal
	if t.Macro != nil {
		text = env.Expand(t.Macro)
	}
	switch t.Kind {
	case BeginsWith:
		return strings.HasPrefix(s, text)
	case EndsWith:
		return strings.HasSuffix(s, text)
	case Equals:
		return s == text
	case Within:
		return strings.Contains(text, s)
	default:
		return strings.Contains(s, text)
	}
}
