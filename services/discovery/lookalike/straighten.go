package lookalike

import "strings"

// blanks are what readers overlook behind a name.
const blanks = ". \x00\t\r\n"

// straighten undoes what can be done to a path without changing where a lenient
// reader goes with it, and says what there was. An encoding that values need (%20, UTF-8)
// is undone and is no trick.
func straighten(path string) (string, []Trick) {
	var tricks []Trick
	path, once := decode(path)
	if strings.IndexByte(path, '%') >= 0 {
		if again, unneeded := decode(path); again != path {
			path = again
			if unneeded || strings.ContainsAny(again, "./\\;") {
				tricks, once = append(tricks, DoubleEncoding), false
			}
		}
	}
	if once {
		tricks = append(tricks, Encoding)
	}
	if strings.IndexByte(path, '\\') >= 0 {
		path = strings.ReplaceAll(path, "\\", "/")
		tricks = append(tricks, Backslash)
	}
	var out []string
	var matrix, dots, repeated bool
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	slash := len(parts) > 1 && parts[len(parts)-1] == ""
	if slash {
		parts = parts[:len(parts)-1]
	}
	for _, s := range parts {
		if i := strings.IndexByte(s, ';'); i >= 0 {
			s, matrix = s[:i], true
		}
		switch s {
		case "":
			repeated = repeated || !matrix
		case ".":
			dots = true
		case "..":
			dots = true
			out = out[:max(len(out)-1, 0)]
		default:
			out = append(out, s)
		}
	}
	dot := false
	if n := len(out); n > 0 {
		if s := strings.TrimRight(out[n-1], blanks); s != out[n-1] && s != "" {
			out[n-1], dot = s, true
		}
	}
	for _, t := range [...]struct {
		seen  bool
		trick Trick
	}{{matrix, Matrix}, {dots, DotSegments}, {repeated, RepeatedSlashes}, {slash, TrailingSlash}, {dot, TrailingDot}} {
		if t.seen {
			tricks = append(tricks, t.trick)
		}
	}
	return "/" + strings.Join(out, "/"), sorted(tricks)
}

// order is that of the constants.
var order = map[Trick]int{DoubleEncoding: 0, Encoding: 1, Matrix: 2, Backslash: 3, DotSegments: 4, RepeatedSlashes: 5, TrailingSlash: 6, TrailingDot: 7}

func sorted(tricks []Trick) []Trick {
	for i := 1; i < len(tricks); i++ {
		for k := i; k > 0 && order[tricks[k]] < order[tricks[k-1]]; k-- {
			tricks[k], tricks[k-1] = tricks[k-1], tricks[k]
		}
	}
	return tricks
}

// decode undoes percent-encoding once. unneeded says that something was encoded
// that means itself: a letter, a digit, a dot, or a separator that changes the path.
func decode(path string) (out string, unneeded bool) {
	if strings.IndexByte(path, '%') < 0 {
		return path, false
	}
	b := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			if hi, lo := unhex(path[i+1]), unhex(path[i+2]); hi < 16 && lo < 16 {
				c := hi<<4 | lo
				b = append(b, c)
				unneeded = unneeded || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("./\\;\x00", c) >= 0
				i += 2
				continue
			}
		}
		b = append(b, path[i])
	}
	return string(b), unneeded
}

func unhex(b byte) byte {
	switch {
	case b >= '0' && b <= '9':
		return b - '0'
	case b|0x20 >= 'a' && b|0x20 <= 'f':
		return b | 0x20 - 'a' + 10
	}
	return 255
}
