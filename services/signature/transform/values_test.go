package transform_test

import (
	"math/rand/v2"
	"strings"
)

// pieces are what transformations look at, in full and cut off.
var pieces = []string{
	"", "a", "Z", "0", "7", "9", "f", " ", "  ", "\t", "\n", "\r", "\v", "\f", "\x00", "\x85", "\xa0", "\u0085", "\u00a0", "\u2003", "\u3000", "\xff", "\xc3", "\xe4\xbd",
	"é", "É", "ß", "ſ", "K", "İ", "ı", "Ⱥ", "你", "ﬁ", "𝔸", "😀", "\U0010ffff", "\ufffd", "ǆ", "Ꮳ", "ꭰ",
	"%", "%%", "%4", "%41", "%2e", "%u", "%u0", "%u004", "%u0041", "%uff1c", "%uff00", "%uff5f", "%u2019", "%u0000", "%UFF41", "%zz", "%00", "%c0%af", "+",
	"\\", "\\\\", "\\x", "\\x4", "\\x41", "\\X41", "\\u", "\\u004", "\\u0041", "\\uff1c", "\\uff5f", "\\u{", "\\u{41}", "\\u{0ff1c}", "\\u{1234567}", "\\u{}", "\\u{41",
	"\\0", "\\7", "\\8", "\\47", "\\101", "\\377", "\\400", "\\777", "\\1018", "\\a", "\\b", "\\n", "\\v", "\\'", "\\?", "\\\n", "\\q", "\\000041 ", "\\41\t", "\\ff1c", "\\d800", "\\110000", "\\0000000",
	"&", "&amp;", "&amp", "&ampx", "&lt", "&LT;", "&#", "&#x", "&#;", "&#x;", "&#60;", "&#60", "&#x3c", "&#x3C;", "&#0;", "&#128;", "&#x9f", "&#x110000;", "&#xd800;", "&#99999999999999999999;",
	"&nLt;", "&nGg;", "&notin;", "&notit;", "&not", "&CounterClockwiseContourIntegral;", "&ngeqq;", "&bne;", "&a;", "&g;", "&copy=", "&para", "&times2",
	"/", "//", "/.", "/./", "..", "/..", "/../", "../", "./", ".", "...", "a/b", "/etc/passwd", "C:", "C:\\", "\\..\\", "x:y", "::$DATA", ". ", " .", "/ /", "/:", "a./", "a :/",
	"/*", "*/", "/**/", "<!--", "-->", "--", "-", "#", "<!-", "/*/", "*", "<", ">", "--->",
	"\"", "'", "^", ",", ";", "(", " (", " /", ", (", "SELECT", "abc", "QUJD", "QUI=", "QQ==", "-_", "=", ".", "41", "4g", "4A4b",
}

// mix makes a value of some pieces.
func mix(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(7) {
		if r.IntN(8) == 0 {
			b.WriteByte(byte(r.IntN(256)))
		} else {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
	}
	return b.String()
}
