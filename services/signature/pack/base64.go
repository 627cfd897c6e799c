package pack

import "encoding/base64"

// longestPadded is up to where a value is opened here that ends as base64 does. Package
// content opens longer ones; of so few characters only the padding says what they are.
const longestPadded = 16

// padded says whether s is as short, and ends as base64 does.
func padded(s string) bool {
	n := len(s)
	return n >= 8 && n <= longestPadded && n%4 == 0 && s[n-1] == '='
}

// unpad decodes s into dst where it is base64 of printable ASCII that is no single word.
func unpad(dst []byte, s string) ([]byte, bool) {
	b, err := base64.StdEncoding.AppendDecode(dst, []byte(s))
	if err != nil {
		return dst, false
	}
	signs := false
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c >= 0x7f {
			return b, false
		}
		signs = signs || !wordByte[c]
	}
	return b, signs
}
