package transform

// commandLine says what cmdLine does with a byte.
var commandLine = func() (t [256]byte) {
	for c := byte('A'); c <= 'Z'; c++ {
		t[c] = lowerByte
	}
	for _, c := range []byte(`"'\^`) {
		t[c] = dropByte
	}
	for _, c := range []byte(" ,;\t\r\n") {
		t[c] = spaceByte
	}
	t['/'], t['('] = closeByte, closeByte
	return t
}()

const (
	keepByte  = iota
	dropByte  // quotes and escapes of shells
	spaceByte // runs of these become one space
	closeByte // takes away a space before it
	lowerByte
)

// cmdLine undoes what shells ignore, so that a command has one spelling.
func cmdLine(a *Arena, s string) string {
	i, spaced := 0, false
scan:
	for ; i < len(s); i++ {
		switch commandLine[s[i]] {
		case dropByte, lowerByte:
			break scan
		case spaceByte:
			if spaced || s[i] != ' ' {
				break scan
			}
			spaced = true
		case closeByte:
			if spaced {
				break scan
			}
		default:
			spaced = false
		}
	}
	if i == len(s) {
		return s
	}
	out := a.Take(len(s))[:len(s)]
	n := copy(out, s[:i])
	for ; i < len(s); i++ {
		c := s[i]
		switch commandLine[c] {
		case keepByte:
		case dropByte:
			continue
		case spaceByte:
			if !spaced {
				out[n] = ' '
				n++
			}
			spaced = true
			continue
		case closeByte:
			if spaced {
				n--
			}
		case lowerByte:
			c |= 0x20
		}
		out[n] = c
		n++
		spaced = false
	}
	return a.Keep(out[:n])
}
