package spec

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
)

// constrained is one value in both: what was seen of it and what the document permits.
// Only what the learned schema is sure of is compared. It knows the smallest and the
// largest number and length, but not how often they were passed; the format that
// nearly all texts have; and all values where there are few. A pattern is held against
// these alone.
type constrained struct {
	w     *drifting
	name  string // of the difference
	field string // in a sentence
	text  bool   // types are guessed from text
	seen  *catalog.Schema
	doc   *Schema
	where Place
}

func (v *constrained) compare() {
	v.values()
	v.numbers()
	v.lengths()
	v.format()
}

// at is where a constraint is said.
func (v *constrained) at(keyword string) Place {
	if p, ok := v.doc.Places[keyword]; ok {
		return p
	}
	return v.where
}

// passed adds a drift of which at least count of so many values are known.
func (v *constrained) passed(keyword string, count, of uint64, format string, args ...any) {
	if of >= uint64(v.w.c.o.MinCount) {
		v.w.add(finding.Low, keyword, v.name, v.at(keyword), count, of, format, args...)
	}
}

// tally is how many values had one of the types.
func (v *constrained) tally(names ...string) (n uint64) {
	for _, t := range v.seen.Types {
		if slices.Contains(names, t.Name) {
			n += t.Count
		}
	}
	return n
}

// maxShown is how many values a sentence quotes.
const maxShown = 3

// values compares lists of values. What discovery lists does not look personal.
func (v *constrained) values() {
	if len(v.seen.Enum) == 0 {
		return
	}
	accepts, keyword, says := v.accepted()
	if accepts == nil {
		return
	}
	var others []string
	for _, text := range v.seen.Enum {
		if !accepts(text) && len(others) < maxShown {
			others = append(others, text)
		}
	}
	if len(others) > 0 {
		v.w.say(finding.Low, "value", v.name, v.at(keyword), max(v.seen.Seen, widest(v.seen)), v.seen.Seen,
			"%s had values such as %q, which are not %s", v.field, others, says)
	}
}

// accepted says which values the document permits, nil where it permits any, or in
// words of a language that is not read here.
func (v *constrained) accepted() (accepts func(string) bool, keyword, says string) {
	if len(v.doc.Enum) > 0 {
		return func(text string) bool {
			_, ok := slices.BinarySearch(v.doc.Enum, text)
			return ok
		}, "enum", "among those at " + v.at("enum").String()
	}
	if v.doc.Pattern == "" || len(v.doc.Pattern) > maxPattern {
		return nil, "", ""
	}
	// Patterns are JavaScript's; what RE2 reads means the same there, and look-around and
	// references back it does not read.
	pattern, err := regexp.Compile(v.doc.Pattern)
	if err != nil {
		return nil, "", ""
	}
	return pattern.MatchString, "pattern", "of the pattern " + strconv.Quote(v.doc.Pattern) + " at " + v.at("pattern").String()
}

// maxPattern bounds a pattern, in bytes, for it stands in the sentence too.
const maxPattern = 500

// numbers compares the bounds of numbers.
func (v *constrained) numbers() {
	low, high := v.doc.Minimum, v.doc.Maximum
	if v.doc.Format == "int32" && slices.Contains(v.doc.Types, "integer") {
		lowest, highest := float64(-1<<31), float64(1<<31-1)
		if low == nil {
			low = &lowest
		}
		if high == nil {
			high = &highest
		}
	}
	of := v.tally("integer", "number")
	if of == 0 || v.seen.Minimum == nil || v.seen.Maximum == nil {
		return
	}
	least, most := *v.seen.Minimum, *v.seen.Maximum
	if low != nil && least < *low {
		v.passed("minimum", all(most < *low, of), of, "%s held numbers down to %s, and %s permits none below %s", v.field, decimal(least), v.at("minimum"), decimal(*low))
	}
	if high != nil && most > *high {
		v.passed("maximum", all(least > *high, of), of, "%s held numbers up to %s, and %s permits none above %s", v.field, decimal(most), v.at("maximum"), decimal(*high))
	}
}

// all is how many values are known to lie beyond a bound: every one, or one.
func all(every bool, of uint64) uint64 {
	if every {
		return of
	}
	return 1
}

func decimal(f float64) string {
	if f > -1e15 && f < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// lengths compares the lengths of texts. A record without lengths has a longest of
// 0; then nothing is known of the shortest.
func (v *constrained) lengths() {
	of := v.tally("string")
	if of == 0 || v.seen.MaxLength == 0 {
		return
	}
	if least := v.doc.MinLength; v.seen.MinLength < least {
		v.passed("minLength", all(v.seen.MaxLength < least, of), of, "%s held texts of %s, and %s requires at least %d", v.field, many(v.seen.MinLength, "character"), v.at("minLength"), least)
	}
	if most := v.doc.MaxLength; most > 0 && v.seen.MaxLength > most {
		v.passed("maxLength", all(v.seen.MinLength > most, of), of, "%s held texts of %s, and %s permits at most %d", v.field, many(v.seen.MaxLength, "character"), v.at("maxLength"), most)
	}
}

// formats are those that discovery tells, by what documents call them.
var formats = map[string][]string{
	"date": {"date"}, "date-time": {"date-time"}, "email": {"email"}, "idn-email": {"email"}, "uuid": {"uuid"}, "guid": {"uuid"},
	"ipv4": {"ipv4"}, "ipv6": {"ipv6"}, "ip": {"ipv4", "ipv6"}, "uri": {"uri"}, "url": {"uri"},
}

// told are the formats of which discovery tells every value: one that has none is not
// of these. Of addresses in other scripts and of URIs without a host it knows less.
var told = []string{"date", "date-time", "email", "uuid", "guid", "ipv4", "ipv6"}

// mostHave is one in how many texts may lack the format that discovery says they have.
const mostHave = 20

// format compares the format that nearly all texts have.
func (v *constrained) format() {
	want, known := formats[v.doc.Format]
	of := v.tally("string")
	if !known || of == 0 || len(v.doc.Enum) > 0 || slices.Contains(want, v.seen.Format) {
		return
	}
	// Empty texts have no format, and where types are guessed from text, numbers have
	// none: how many are left is not known then.
	counted := !v.text && v.seen.MinLength > 0
	switch {
	case v.seen.Format != "" && counted:
		v.passed("format", of-of/mostHave, of, "%s held %s values, and %s says %s", v.field, v.seen.Format, v.at("format"), v.doc.Format)
	case v.seen.Format != "":
		v.passed("format", 1, of, "%s held %s values, and %s says %s", v.field, v.seen.Format, v.at("format"), v.doc.Format)
	case counted && of >= mostHave && slices.Contains(told, v.doc.Format):
		v.w.say(finding.Low, "format", v.name, v.at("format"), of/mostHave+1, of, "at least %d of %d texts of %s are no %s, as %s says",
			of/mostHave+1, of, v.field, v.doc.Format, v.at("format"))
	}
}
