package capture

import "slices"

const (
	idDigits  = 6  // in a row make an identifier
	idLetters = 12 // letters and digits do
)

// identifiers adds what looks like an identifier: a UUID, a run of digits, a run of
// letters and digits. What is of a class that shall stay is none.
func (p *Masker) identifiers(to []Span, value []byte) []Span {
	known := len(to)
	stays := func(from, end int) bool {
		return len(p.classes) > 0 && slices.ContainsFunc(to[:known], func(s Span) bool {
			return s.Start <= from && end <= s.End && modeOf(p.classes, s.Class) == ModeRaw
		})
	}
	for i := 0; i < len(value); {
		if !alphanumeric(value[i]) {
			i++
			continue
		}
		end, digits, most, run := i, 0, 0, 0
		for ; end < len(value) && alphanumeric(value[end]); end++ {
			if c := value[end]; c >= '0' && c <= '9' {
				digits++
				run++
				most = max(most, run)
			} else {
				run = 0
			}
		}
		if end-i == 8 && len(value) >= i+36 && uuid(value[i:i+36]) {
			end = i + 36
			digits, most = 32, 32
		}
		if (most >= idDigits || end-i >= idLetters && digits >= 2 && digits < end-i) && !stays(i, end) {
			to = append(to, Span{Class: ClassID, Start: i, End: end, Score: 1.5})
		}
		i = end
	}
	return to
}

func alphanumeric(c byte) bool { return word(c) && c < 0x80 }

func uuid(v []byte) bool {
	for i, c := range v {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if nibble(c) < 0 {
			return false
		}
	}
	return true
}
