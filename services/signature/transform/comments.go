package transform

import "strings"

// commentBytes are those that a mark begins with.
var commentBytes = [256]byte{'/': 1, '*': 1, '<': 1, '-': 1, '#': 1}

// comment returns the length of the mark at the start of s that opens a comment which
// has an end, 0 if there is none.
func comment(s string) int {
	switch {
	case strings.HasPrefix(s, "/*"):
		return 2
	case strings.HasPrefix(s, "<!--"):
		return 4
	}
	return 0
}

// removeComments takes out C and HTML comments, and all that follows -- or #. Two
// oddities of Coraza's: either mark of an end closes either kind, and the byte behind
// the end is copied unseen, a NUL where there is none. A comment that stays open
// leaves a space.
func removeComments(a *Arena, s string) string {
	i := 0
	for i < len(s) && (commentBytes[s[i]] == 0 || comment(s[i:]) == 0 && s[i] != '#' && !strings.HasPrefix(s[i:], "--")) {
		i++
	}
	if i == len(s) {
		return s
	}
	out := append(a.Take(len(s)+1), s[:i]...)
	for i < len(s) {
		n := comment(s[i:])
		if n == 0 {
			if s[i] == '#' || strings.HasPrefix(s[i:], "--") {
				return a.Keep(out)
			}
			out = append(out, s[i])
			i++
			continue
		}
		i += n
		for {
			if i >= len(s) {
				return a.Keep(append(out, ' '))
			}
			if n = endOfComment(s[i:]); n > 0 {
				break
			}
			i++
		}
		i += n
		if i < len(s) {
			out = append(out, s[i])
		} else {
			out = append(out, 0)
		}
		i++
	}
	return a.Keep(out)
}

func endOfComment(s string) int {
	switch {
	case strings.HasPrefix(s, "*/"):
		return 2
	case strings.HasPrefix(s, "-->"):
		return 3
	}
	return 0
}

// removeCommentsChar takes out the marks of comments and leaves what is in them.
func removeCommentsChar(a *Arena, s string) string {
	i := 0
	for i < len(s) && (commentBytes[s[i]] == 0 || commentMark(s[i:]) == 0) {
		i++
	}
	if i == len(s) {
		return s
	}
	out := append(a.Take(len(s)), s[:i]...)
	for i < len(s) {
		n := commentMark(s[i:])
		if n == 0 {
			out = append(out, s[i])
			n = 1
		}
		i += n
	}
	return a.Keep(out)
}

func commentMark(s string) int {
	switch s[0] {
	case '#':
		return 1
	case '/', '<':
		return comment(s)
	case '*', '-':
		if n := endOfComment(s); n > 0 {
			return n
		}
		if strings.HasPrefix(s, "--") {
			return 2
		}
	}
	return 0
}

// replaceComments makes a space of each C comment, closed or not.
func replaceComments(a *Arena, s string) string {
	i := strings.Index(s, "/*")
	if i < 0 {
		return s
	}
	out := a.Take(len(s))
	for i >= 0 {
		out = append(append(out, s[:i]...), ' ')
		_, rest, closed := strings.Cut(s[i+2:], "*/")
		if !closed {
			return a.Keep(out)
		}
		s = rest
		i = strings.Index(s, "/*")
	}
	return a.Keep(append(out, s...))
}
