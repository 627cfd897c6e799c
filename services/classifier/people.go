package classifier

import (
	_ "embed"
	"strings"
)

// people holds words of the names of people and of streets, a group a paragraph.
//
//go:embed people.txt
var people string

var givenNames, surnames, streetWords, streetEnds = func() (given, last, streets map[string]bool, ends []string) {
	groups := map[string][]string{}
	name := ""
	for line := range strings.SplitSeq(people, "\n") {
		if head, ok := strings.CutSuffix(line, ":"); ok {
			name = head
			continue
		}
		groups[name] = append(groups[name], strings.Fields(line)...)
	}
	set := func(list []string) map[string]bool {
		m := make(map[string]bool, len(list))
		for _, w := range list {
			m[w] = true
		}
		return m
	}
	return set(groups["given"]), set(groups["surnames"]), set(groups["streets"]), groups["street ends"]
}()
