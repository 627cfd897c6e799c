package learn

import (
	"slices"
	"strings"
)

// Signs add up, and where one is extreme it can outvote all others. What follows
// says what must hold whatever they say.

const (
	leastAtRoot = 4
	leastWords  = 3 // behind a parameter stand names of what it has, mostly
	// manyValues are so many that a further text of no words, with nothing of its own,
	// is one more, however often it is asked for.
	manyValues = 6
)

// settle takes back what evidence cannot carry, and adds what it must.
func settle(at context, typed, words []*child, values []bool) {
	protect(at, typed, words, values)
	guard(at, typed, words, values)
	complete(typed, words, values)
	follow(at, typed, words, values)
}

// protect keeps collections: a plural of known words where APIs have their
// collections, with values below it. And it keeps what stands for the caller, though
// all that is below it is below every value too.
func protect(at context, typed, words []*child, values []bool) {
	place := placeOf(at)
	for i, c := range words {
		if values[i] && (isCaller(c.text) || place[0]+place[1] > 0 && c.odd < general && c.wild && isPlural(c.text)) {
			values[i] = false
		}
	}
	keepBusy(typed, words, values)
}

// keepBusy keeps a known word that is asked for many times as often as all that it
// would be merged with: the damage of a wrong merge is counted in transactions.
func keepBusy(typed, words []*child, values []bool) {
	const least, times = 50, 5
	sum := uint64(0)
	for _, c := range typed {
		sum += c.hits
	}
	for i, c := range words {
		if values[i] {
			sum += c.hits
		}
	}
	for i, c := range words {
		if values[i] && c.odd < general && c.hits >= least && c.hits > times*(sum-c.hits) {
			values[i] = false
		}
	}
}

// guard takes back what little evidence cannot carry: one text with nothing to
// compare it to is a value only if it is no word and stands behind a collection, or
// no name at all; and at the root, behind a version or, if they are words, behind a
// parameter, one or two never are.
func guard(at context, typed, words []*child, values []bool) {
	n, onlyWords := 0, true
	for i, v := range values {
		if v {
			n++
			onlyWords = onlyWords && words[i].odd < nameless
		}
	}
	place := placeOf(at)
	root := place[0] == 1 || place[1] == 1
	alone := len(words) == 1 && len(typed) == 0
	few := len(typed) == 0 && (root && n < leastAtRoot || at.param && onlyWords && n < leastWords) && kin(at, words, values) < leastKin
	if few || alone && (words[0].odd < nameless || !isPlural(at.last)) {
		clear(values)
	}
	if alone && !root && (words[0].odd >= noName || isPlural(at.last) && words[0].odd >= numbered || isPlural(at.last) && isItem(words[0]) && !(words[0].odd < general && isPlural(words[0].text))) {
		values[0] = true
	}
}

// leastKin is how many names tell that even two are values.
const leastKin = 5

// kin is how many names are somewhere below all values among words, of which there are
// two at least, and nowhere else in the host.
func kin(at context, words []*child, values []bool) int {
	var group []*child
	for i, c := range words {
		if values[i] {
			group = append(group, c)
		}
	}
	if len(group) < 2 {
		return 0
	}
	n, all := 0, summarize(group)
	for k, x := range all.deep {
		if x == len(group) && at.host.places[k] == all.digs[k] {
			n++
		}
	}
	return n
}

// numbered is the oddness of unknown words with digits among them.
const numbered = 1.35

// noName is the oddness of what no developer calls anything: "London,UK".
const noName = 1.5

// isItem says whether c is treated as one of a collection's objects: read, changed
// and deleted.
func isItem(c *child) bool {
	return has(c, "GET") && has(c, "DELETE") && (has(c, "PUT") || has(c, "PATCH"))
}

// complete makes values of texts that are no words and have nothing that the values
// beside them have not: the one that everybody asks for is one of them still. A word
// is one if beneath it are several of the names that are beneath most of the others.
func complete(typed, words []*child, values []bool) {
	var group []*child
	for i, c := range words {
		if values[i] {
			group = append(group, c)
		}
	}
	folded := slices.ContainsFunc(typed, func(c *child) bool { return strings.Contains(c.text, overflow) })
	if len(group) < manyValues && !folded {
		return
	}
	ref := summarize(typed, group)
	for i, c := range words {
		values[i] = values[i] || within(c, ref) && (c.odd >= nameless || !isSelf(c.text) && common(c, ref))
	}
}

// follow makes a value of what has a whole API below it that the values beside it have
// too, and that nothing else has: which of them is asked for most is no matter.
func follow(at context, typed, words []*child, values []bool) {
	var group []*child
	for i, c := range words {
		if values[i] {
			group = append(group, c)
		}
	}
	if len(typed)+len(group) == 0 {
		return
	}
	ref := summarize(typed, group)
	for i, c := range words {
		if values[i] || isSelf(c.text) || !within(c, ref) {
			continue
		}
		n := 0
		for k, x := range c.deep {
			if ref.deep[k] == 0 {
				n = 0
				break
			}
			if at.host.places[k] == ref.digs[k]+x {
				n++
			}
		}
		values[i] = n >= leastKin
	}
}

// common says whether c has several names below it, all of which half of the group
// have that have any.
func common(c *child, ref *summary) bool {
	for _, k := range c.subs {
		if ref.subs[k]*2 < ref.branched {
			return false
		}
	}
	return len(c.subs) > 1
}

// isSelf says whether a text stands for one of the values beside it: what is below it
// is the same, and it is a name still.
func isSelf(s string) bool {
	switch s {
	case "all", "default", "latest", "last", "first", "new", "any", "none", "public", "private":
		return true
	}
	return isCaller(s)
}

// isCaller says whether a text stands for who asks.
func isCaller(s string) bool {
	switch s {
	case "me", "self", "current", "mine", "my", "own":
		return true
	}
	return false
}

// within says whether c has no method and no name below that the group has not.
func within(c *child, ref *summary) bool {
	for i := range c.uses {
		if !slices.ContainsFunc(ref.uses, func(u use) bool { return u.method == c.uses[i].method }) {
			return false
		}
	}
	for _, k := range c.subs {
		if ref.subs[k] == 0 {
			return false
		}
	}
	return true
}
