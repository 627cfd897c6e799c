package lookalike

import "strings"

// near says whether two names are one or two changes apart (insert, remove, change,
// swap neighbours): one below eight letters, two from there on.
func near(a, b string) bool {
	limit := 1
	if min(len(a), len(b)) >= 8 {
		limit = 2
	}
	if len(b) < minNear-1 || len(a)-len(b) > limit || len(b)-len(a) > limit || len(a) > 64 || len(b) > 64 {
		return false
	}
	d := distance(strings.ToLower(a), strings.ToLower(b))
	return d > 0 && d <= limit
}

// distance is the optimal string alignment distance.
func distance(a, b string) int {
	var rows [3][66]int
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}
