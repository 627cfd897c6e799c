package operator

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/miradorhq/mirador/services/signature/transform"
)

// ByteRange is @validateByteRange: it holds where a byte of the value is not in Valid.
type ByteRange struct{ Valid transform.Set }

// newByteRange reads a list of numbers and ranges. Without an argument the operator
// holds for everything, the empty value included.
func newByteRange(argument string) (Operator, error) {
	if argument == "" {
		return Always{}, nil
	}
	r := &ByteRange{}
	for part := range strings.SplitSeq(argument, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		lo, err := parseByte(first)
		if err != nil {
			return nil, err
		}
		hi, err := parseByte(last)
		if err != nil {
			return nil, err
		}
		if lo > hi {
			return nil, fmt.Errorf("%q is no range", part)
		}
		r.Valid = r.Valid.Union(transform.Range(lo, hi))
	}
	return r, nil
}

func parseByte(s string) (byte, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 255 {
		return 0, fmt.Errorf("%q is not the number of a byte", s)
	}
	return byte(n), nil
}

// Match looks for a byte that is not valid.
func (r *ByteRange) Match(s string, _ Env) bool {
	for i := range len(s) {
		if !r.Valid.Has(s[i]) {
			return true
		}
	}
	return false
}

// URLEncoding is @validateUrlEncoding: it holds where a percent sign is not followed by
// two hexadecimal digits.
type URLEncoding struct{}

// Match looks for such a percent sign.
func (URLEncoding) Match(s string, _ Env) bool {
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			return false
		}
		if i+2 >= len(s) || !hexDigit(s[i+1]) || !hexDigit(s[i+2]) {
			return true
		}
		s = s[i+3:]
	}
}

func hexDigit(c byte) bool { return c-'0' < 10 || (c|0x20)-'a' < 6 }

// UTF8Encoding is @validateUtf8Encoding: it holds for what is not UTF-8.
type UTF8Encoding struct{}

// Match looks for bytes that are not UTF-8.
func (UTF8Encoding) Match(s string, _ Env) bool { return !utf8.ValidString(s) }
