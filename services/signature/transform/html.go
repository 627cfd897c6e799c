package transform

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// entitiesText are the named character references of the HTML standard, one a line:
// the name, a star if it holds without a semicolon too, and its code points.
//
//go:embed entities.txt
var entitiesText string

// entities are the named references.
type entities struct {
	named map[string]string // what a name with a semicolon stands for
	// bare are those that need no semicolon, by their first letter, longest first: one
	// counts also as the beginning of a longer word.
	bare [128][]entity
}

type entity struct{ name, text string }

var readEntities = sync.OnceValue(func() *entities {
	e := &entities{named: make(map[string]string, 2200)}
	for line := range strings.Lines(entitiesText) {
		fields := strings.Fields(line)
		name, points := fields[0], fields[1:]
		bare := points[0] == "*"
		if bare {
			points = points[1:]
		}
		var text []byte
		for _, p := range points {
			r, err := strconv.ParseUint(p, 16, 32)
			if err != nil {
				panic("entities.txt: " + line)
			}
			text = utf8.AppendRune(text, rune(r))
		}
		e.named[name] = string(text)
		if bare {
			list := &e.bare[name[0]]
			i := 0
			for i < len(*list) && len((*list)[i].name) >= len(name) {
				i++
			}
			*list = append(*list, entity{})
			copy((*list)[i+1:], (*list)[i:])
			(*list)[i] = entity{name, string(text)}
		}
	}
	return e
})

// windows1252 is what browsers read in numeric references to control characters.
var windows1252 = [...]rune{
	0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
	0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
}

// htmlEntityDecode decodes character references as a browser does in text.
func htmlEntityDecode(a *Arena, s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var out []byte
	table := readEntities()
	done := 0 // what of s is in out
	for i < len(s) {
		r, text, n := table.decode(s[i:])
		if n > 0 {
			if out == nil {
				// The longest text for its name is 6 bytes for 5.
				out = a.Take(2 * len(s))
			}
			out = append(append(out, s[done:i]...), text...)
			if text == "" {
				out = utf8.AppendRune(out, r)
			}
			done = i + n
			i = done
		} else {
			i++
		}
		j := strings.IndexByte(s[i:], '&')
		if j < 0 {
			break
		}
		i += j
	}
	if out == nil {
		return s
	}
	return a.Keep(append(out, s[done:]...))
}

// decode reads a reference at the start of s. It returns its text, or for a numeric one
// its character, and its length in s, 0 if it is none.
func (e *entities) decode(s string) (r rune, text string, n int) {
	i := 1
	for i < len(s) && (s[i]-'0' < 10 || (s[i]|0x20)-'a' < 26) {
		i++
	}
	if i == 1 {
		if len(s) > 2 && s[1] == '#' {
			r, n = numeric(s)
		}
		return r, "", n
	}
	name := s[1:i]
	if i < len(s) && s[i] == ';' {
		if text, ok := e.named[name]; ok {
			return 0, text, i + 1
		}
	}
	for _, b := range e.bare[name[0]] {
		if strings.HasPrefix(name, b.name) {
			return 0, b.text, 1 + len(b.name)
		}
	}
	return 0, "", 0
}

func numeric(s string) (r rune, n int) {
	i, base := 2, byte(10)
	if s[i]|0x20 == 'x' {
		i, base = 3, 16
	}
	first := i
	for ; i < len(s) && nibble[s[i]] < base; i++ {
		if r <= utf8.MaxRune {
			r = r*rune(base) + rune(nibble[s[i]])
		}
	}
	if i == first {
		return 0, 0
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	if r >= 0x80 && r <= 0x9F {
		r = windows1252[r-0x80]
	} else if r == 0 {
		r = utf8.RuneError
	}
	return r, i
}
