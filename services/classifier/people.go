package classifier

import (
	_ "embed"
	"strings"
)

// people holds words of the names of people and of streets, a group a paragraph.
//
//go:embed people.txt
var people string

// What a word is of the name of somebody.
const (
	given = 1 << iota
	surname
)

var namesOfPeople, streetWords, streetEnds = func() (names map[string]uint8, streets map[string]bool, ends []string) {
	groups := map[string][]string{}
	name := ""
	for line := range strings.SplitSeq(people, "\n") {
		if head, ok := strings.CutSuffix(line, ":"); ok {
			name = head
			continue
		}
		groups[name] = append(groups[name], strings.Fields(line)...)
	}
	names, streets = map[string]uint8{}, map[string]bool{}
	for _, w := range groups["given"] {
		names[w] |= given
	}
	for _, w := range groups["surnames"] {
		names[w] |= surname
	}
	for _, w := range groups["streets"] {
		streets[w] = true
	}
	return names, streets, groups["street ends"]
}()
