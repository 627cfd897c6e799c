// Package operator has the operators of SecLang: each says of a value what Coraza says
// of it, and captures what Coraza captures. The exported types show a compiler what an
// operator needs before it can match.
package operator

import (
	"errors"
	"fmt"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// Env is what an operator sees of the transaction.
type Env interface {
	// Expand is the text of a macro at this moment.
	Expand(m seclang.Macro) string
	// Capturing says whether the rule has the capture action; Capture is called only then.
	Capturing() bool
	// Capture stores s as TX:i, i from 0 to 9.
	Capture(i int, s string)
}

// Operator is what a rule asks of a value; a negation is the caller's. It may be used
// by several goroutines at a time. What it captures is a view on s, or fixed text.
type Operator interface {
	Match(s string, env Env) bool
}

// New makes the operator that op describes.
func New(op *seclang.Operator) (Operator, error) {
	o, err := build(op)
	if err != nil {
		return nil, fmt.Errorf("@%s: %w", op.Name, err)
	}
	return o, nil
}

func build(op *seclang.Operator) (Operator, error) {
	switch op.Name {
	case "rx":
		return newRx(op.Argument)
	case "pm":
		return newPm(fields(op.Argument))
	case "pmFromFile", "pmf", "pmFromDataset":
		return newPm(op.Lines)
	case "beginsWith", "contains", "endsWith", "streq", "strmatch", "within":
		return newText(op)
	case "eq", "ge", "gt", "le", "lt":
		return newNumber(op)
	case "ipMatch":
		return newIPMatch(commaSeparated(op.Argument))
	case "ipMatchFromFile", "ipMatchF", "ipMatchFromDataset":
		return newIPMatch(op.Lines)
	case "validateByteRange":
		return newByteRange(op.Argument)
	case "validateUrlEncoding":
		return URLEncoding{}, nil
	case "validateUtf8Encoding":
		return UTF8Encoding{}, nil
	case "validateNid":
		return newNid(op.Argument)
	case "detectSQLi":
		return SQLi{}, nil
	case "detectXSS":
		return XSS{}, nil
	case "unconditionalMatch":
		return Always{}, nil
	case "noMatch":
		return Never{}, nil
	}
	if way, ok := unsupported[op.Name]; ok {
		return nil, errors.New(way)
	}
	return nil, errors.New("unknown operator")
}

// unsupported are operators of Coraza's that look beyond the transaction, or change it,
// and what to do instead.
var unsupported = map[string]string{
	"geoLookup":      "detection makes no look-ups: compare addresses with @ipMatchFromFile",
	"inspectFile":    "detection starts no program: express the check with @rx or @pmFromFile",
	"rbl":            "detection makes no look-ups: fetch the list into a file and use @ipMatchFromFile",
	"restpath":       "ARGS_PATH is not filled: match the path of REQUEST_FILENAME with @rx and capture",
	"validateSchema": "bodies are compared with uploaded specifications by discovery (INV-01), not by rules",
}

// Always is @unconditionalMatch.
type Always struct{}

// Match holds.
func (Always) Match(string, Env) bool { return true }

// Never is @noMatch.
type Never struct{}

// Match does not hold.
func (Never) Match(string, Env) bool { return false }
