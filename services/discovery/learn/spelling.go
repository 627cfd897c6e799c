package learn

import (
	"slices"
	"strings"
)

// A name may be asked for in another case, and a service that does not mind answers.
// What was seen so before the name itself was known stood in the catalog as one more:
// it is the same once the name is far more frequent and has all that it has.

// timesRarer is how many times rarer another spelling is at least.
const timesRarer = 10

// spellings are the names among words that are another spelling of one beside them,
// with that. What a person said of one holds.
func spellings(words []*child, values []bool, pinned map[string]bool) map[*child]*child {
	first := map[string]*child{} // the most frequent, by its text in lower case
	for i, c := range words {
		if low := strings.ToLower(c.text); !values[i] && (first[low] == nil || c.hits > first[low].hits) {
			first[low] = c
		}
	}
	var out map[*child]*child
	for i, c := range words {
		to := first[strings.ToLower(c.text)]
		if _, said := pinned[c.text]; said || values[i] || to == c || c.hits*timesRarer > to.hits || !covers(to, c) {
			continue
		}
		if out == nil {
			out = map[*child]*child{}
		}
		out[c] = to
	}
	return out
}

// covers says whether c has no method and no name below that to has not, in whatever
// case.
func covers(to, c *child) bool {
	for i := range c.uses {
		if !has(to, c.uses[i].method) {
			return false
		}
	}
	for _, k := range c.subs {
		if !slices.ContainsFunc(to.subs, func(s string) bool { return strings.EqualFold(s, k) }) {
			return false
		}
	}
	return true
}
