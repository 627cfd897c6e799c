package seclang

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"
)

// operator reads what stands in quotes: @name argument, !@name argument, or without a
// name a regular expression.
func (p *parser) operator(text string) (*Operator, error) {
	op := &Operator{Name: "rx"}
	argument, negated := strings.CutPrefix(text, "!")
	op.Negated = negated
	if named, ok := strings.CutPrefix(argument, "@"); ok {
		op.Name, argument, _ = strings.Cut(named, " ")
		op.Name = strings.TrimSpace(op.Name)
	}
	op.Argument = strings.TrimSpace(argument)
	if err := p.argument(op); err != nil {
		return nil, fmt.Errorf("@%s: %w", op.Name, err)
	}
	return op, nil
}

// argument checks the argument of op as far as its form goes, and reads the file that
// it names.
func (p *parser) argument(op *Operator) error {
	var err error
	switch op.Name {
	case "rx":
		_, err = syntax.Parse("(?sm)"+op.Argument, syntax.Perl)
	case "beginsWith", "contains", "endsWith", "eq", "ge", "gt", "le", "lt", "streq", "strmatch", "within":
		var m Macro
		if m, err = parseMacro(op.Argument); err == nil && !m.Static() {
			op.Macro = m
		}
	case "pmf", "pmFromFile":
		op.Name = "pmFromFile"
		if op.Lines, err = p.lines(op.Argument); err == nil {
			for i, l := range op.Lines {
				op.Lines[i] = strings.ToLower(l)
			}
		}
	case "ipMatchF", "ipMatchFromFile":
		op.Name = "ipMatchFromFile"
		op.Lines, err = p.lines(op.Argument)
	case "pmFromDataset", "ipMatchFromDataset":
		lines, ok := p.datasets[op.Argument]
		if !ok {
			return fmt.Errorf("no dataset %q stands before it", op.Argument)
		}
		op.Lines = lines
	case "validateByteRange":
		return validRanges(op.Argument)
	case "pm", "ipMatch", "validateNid":
		if op.Argument == "" {
			return errors.New("no argument")
		}
	case "detectSQLi", "detectXSS", "noMatch", "unconditionalMatch", "validateUrlEncoding", "validateUtf8Encoding":
	case "geoLookup", "inspectFile", "rbl", "validateSchema", "fuzzyHash", "verifyCC", "verifyCPF", "verifySSN", "verifySVNR", "gsbLookup", "rsub", "restpath":
		return errors.New("this operator is not supported")
	default:
		return errors.New("unknown operator")
	}
	return err
}

// validRanges checks 1-255,10: bytes and ranges of them. None at all allows all.
func validRanges(s string) error {
	if s == "" {
		return nil
	}
	for part := range strings.SplitSeq(s, ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			last = first
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA != nil || errB != nil || a < 0 || b > 255 || a > b {
			return fmt.Errorf("%q is neither a byte nor a range of bytes", part)
		}
	}
	return nil
}

// lines are those of the file that an operator names.
func (p *parser) lines(name string) ([]string, error) {
	if name == "" {
		return nil, errors.New("no file is named")
	}
	data, err := p.beside(name)
	if err != nil {
		return nil, err
	}
	lines := withoutComments(string(data))
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s holds no line", name)
	}
	return lines, nil
}
