package transform

import (
	"bytes"
	"strings"
)

// normalisePath resolves ".", ".." and repeated slashes as path.Clean does. A slash at
// the end stays, so "/" becomes "//"; what resolves to nothing becomes empty.
func normalisePath(a *Arena, s string) string {
	if s == "" || normalised(s) {
		return s
	}
	out := a.Take(len(s) + 1)
	root := 0
	if s[0] == '/' {
		out = append(out, '/')
		root = 1
	}
	floor := root // what lies below is out of reach of ".."
	for part := range strings.SplitSeq(s[root:], "/") {
		switch part {
		case "", ".":
			continue
		case "..":
			if len(out) > floor {
				out = out[:floor+max(0, bytes.LastIndexByte(out[floor:], '/'))]
				continue
			}
			if root == 1 {
				continue
			}
		}
		if len(out) > root {
			out = append(out, '/')
		}
		out = append(out, part...)
		if part == ".." {
			floor = len(out)
		}
	}
	if len(out) == 0 {
		return ""
	}
	if s[len(s)-1] == '/' {
		out = append(out, '/')
	}
	return a.Keep(out)
}

// normalised says whether s is its own result. It may say no of one that is.
func normalised(s string) bool {
	i := 0
	if s[0] == '/' {
		i = 1
	}
	if i == len(s) {
		return false
	}
	for {
		j := strings.IndexByte(s[i:], '/')
		part := s[i:]
		if j >= 0 {
			part = s[i : i+j]
		}
		if part == "" || part[0] == '.' && (len(part) == 1 || part == "..") {
			return false
		}
		if i += j + 1; j < 0 || i == len(s) {
			return true
		}
	}
}

// normalisePathWin reads backslashes as slashes, and drops what Windows drops: the
// stream's name of the last part, and dots and spaces at the end of each.
func normalisePathWin(a *Arena, s string) string {
	if strings.IndexByte(s, '\\') >= 0 {
		out := append(a.Take(len(s)), s...)
		for i, c := range out {
			if c == '\\' {
				out[i] = '/'
			}
		}
		s = a.Keep(out)
	}
	return withoutTails(a, withoutStream(a, normalisePath(a, s)))
}

func withoutStream(a *Arena, s string) string {
	drive := 0
	if len(s) >= 2 && s[1] == ':' && (s[0]|0x20)-'a' < 26 {
		drive = 2
	}
	path, slash := strings.CutSuffix(s[drive:], "/")
	last := strings.LastIndexByte(path, '/') + 1
	colon := strings.IndexByte(path[last:], ':')
	if colon < 0 {
		return s
	}
	end := drive + last + colon
	if !slash {
		return s[:end]
	}
	return a.Keep(append(append(a.Take(end+1), s[:end]...), '/'))
}

// withoutTails cuts dots and spaces off the end of each part, but for parts that are
// nothing but dots. A part of which nothing stays takes its slash with it.
func withoutTails(a *Arena, s string) string {
	tailed := false
	for part := range strings.SplitSeq(s, "/") {
		tailed = tailed || tail(part) < len(part)
	}
	if !tailed {
		return s
	}
	out := a.Take(len(s))
	wrote := false
	for part := range strings.SplitSeq(s, "/") {
		n := tail(part)
		if n == 0 && part != "" {
			continue
		}
		if wrote {
			out = append(out, '/')
		}
		out = append(out, part[:n]...)
		wrote = true
	}
	return a.Keep(out)
}

// tail is how much of a part stays.
func tail(part string) int {
	if strings.TrimRight(part, ".") == "" {
		return len(part)
	}
	return len(strings.TrimRight(part, ". "))
}
