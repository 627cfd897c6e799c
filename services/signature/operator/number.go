package operator

import (
	"errors"
	"math"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// Number compares a value with a number: @eq, @ge, @gt, @le, @lt. What is no number
// counts as 0.
type Number struct {
	name string
	// literal is the number, where macro is nil.
	literal int
	macro   seclang.Macro
}

func newNumber(op *seclang.Operator) (*Number, error) {
	if op.Argument == "" {
		return nil, errors.New("no number to compare with")
	}
	return &Number{name: op.Name, literal: number(op.Argument), macro: op.Macro}, nil
}

// Match compares s with the number.
func (n *Number) Match(s string, env Env) bool {
	with := n.literal
	if n.macro != nil {
		with = number(env.Expand(n.macro))
	}
	switch v := number(s); n.name {
	case "ge":
		return v >= with
	case "gt":
		return v > with
	case "le":
		return v <= with
	case "lt":
		return v < with
	default:
		return v == with
	}
}

// number is what strconv.Atoi returns beside its error, which it would allocate: 0 for
// what is no number, the nearest int for what is too large. Digits count as too large
// once they exceed 64 bits, whatever follows them.
func number(s string) int {
	digits, negative := s, false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		digits, negative = s[1:], s[0] == '-'
	}
	if digits == "" {
		return 0
	}
	var n uint64
	for i := range len(digits) {
		d := uint64(digits[i] - '0')
		if d > 9 {
			return 0
		}
		if n > (math.MaxUint64-d)/10 {
			n = math.MaxUint64
			break
		}
		n = 10*n + d
	}
	switch {
	case negative && n > math.MaxInt64:
		return math.MinInt64
	case negative:
		return -int(n)
	case n > math.MaxInt64:
		return math.MaxInt64
	}
	return int(n)
}
