package schema

import (
	"math"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// The bounds of what is claimed; the package comment says why.
const (
	requiredSeen  = 200
	requiredShare = .995
	requiredAll   = 50

	formatShare = .95

	enumSeen   = 200 // together
	enumEach   = 25  // on average
	enumUnseen = 500 // one in this many may be a value seen once

	// Where a format has only text, this share of this many values makes the type:
	// one attack that was answered must not make a text of a number.
	textShare = .99
	textSeen  = 100
)

// required says whether of objects all that matter had the field.
func required(seen, objects uint64) bool {
	switch {
	case objects >= requiredSeen:
		return float64(seen) >= requiredShare*float64(objects)
	default:
		return objects >= requiredAll && seen >= objects
	}
}

// values are the only values of f, or nil.
func (f *Field) values() []string {
	if f.free || len(f.words) < 2 || f.types[tString] == 0 {
		return nil
	}
	n, once := uint64(0), uint64(0)
	for i := range f.words {
		n += f.words[i].count
		if f.words[i].count == 1 {
			once++
		}
	}
	if n < enumSeen || n < enumEach*uint64(len(f.words)) || once*enumUnseen > n {
		return nil
	}
	out := make([]string, len(f.words))
	for i := range f.words {
		out[i] = f.words[i].text
	}
	return out
}

// format is the name of the format of the strings, or empty.
func (f *Field) format() string {
	n := f.types[tString] - min(f.empty, f.types[tString])
	if n == 0 || f.formats == nil {
		return ""
	}
	for i, votes := range f.formats {
		if float64(votes) >= formatShare*float64(n) {
			return formatNames[i]
		}
	}
	return ""
}

// isText says whether a body of this media type, or a parameter, has only text.
func (k *Key) isText() bool {
	switch k.In {
	case Request, Response:
	default:
		return true
	}
	switch k.Media {
	case "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "text/xml", "application/soap+xml",
		"application/problem+xml", "text/plain":
		return true
	}
	return false
}

// kinds are the counts of f by type. An integer among numbers is a number; and
// where there is only text, the values together are of one type.
func (f *Field) kinds() (out [types]uint64) {
	out = f.types
	if out[tNumber] > 0 {
		out[tNumber] += out[tInteger]
		out[tInteger] = 0
	}
	if !f.Key.isText() {
		return out
	}
	scalars := out[tBoolean] + out[tInteger] + out[tNumber] + out[tString]
	for _, t := range [...]int{tBoolean, tInteger, tNumber} {
		if out[t] == scalars || scalars >= textSeen && float64(out[t]) >= textShare*float64(scalars) {
			out[tBoolean], out[tInteger], out[tNumber], out[tString] = 0, 0, 0, 0
			out[t] = scalars
			return out
		}
	}
	out[tBoolean], out[tInteger], out[tNumber], out[tString] = 0, 0, 0, scalars
	return out
}

// coarse gives x to two digits where it has six or more: the least account number or
// the most northern place is somebody's. It goes towards the other bound, so that what
// is said to have been seen lies within what was.
func coarse(x float64, to func(float64) float64) float64 {
	text := strconv.FormatFloat(math.Abs(x), 'e', -1, 64)
	digits, _, _ := strings.Cut(text, "e")
	if len(digits) <= len("1.2345") || math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(x)))-1)
	return to(x/unit) * unit
}

// describe is the schema of f without what it contains. objects counts what could
// have had it.
func (f *Field) describe(objects uint64) catalog.Schema {
	s := catalog.Schema{Seen: f.seen, Required: required(f.seen, objects)}
	kinds := f.kinds()
	for t, n := range kinds {
		if n > 0 {
			s.Types = append(s.Types, catalog.Tally{Name: typeNames[t], Count: n})
		}
	}
	if kinds[tInteger]+kinds[tNumber] > 0 && f.numbers {
		if low, high := coarse(f.low, math.Ceil), coarse(f.high, math.Floor); low <= high {
			s.Minimum, s.Maximum = &low, &high
		}
	}
	if kinds[tString] > 0 {
		s.Format = f.format()
		s.MinLength, s.MaxLength = uint64(f.shortest), uint64(f.longest)
		if kinds[tString] == f.types[tString] {
			s.Enum = f.values()
		}
	}
	return s
}
