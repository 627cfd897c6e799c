// Package transform has the transformations of SecLang, each byte for byte what
// Coraza makes of a value, oddities included: rules are written against those.
//
// Results live in an Arena, or are views on what was given, so that a value is
// transformed without an allocation of its own. Each transformation names the bytes
// without which it has nothing to do, so that most values pass it by.
package transform

import "strings"

// Transformation is one of the t: actions.
type Transformation struct {
	// Name is spelled as in SecLang.
	Name string
	// Touches are the bytes that Apply acts on: without any of them it returns s.
	Touches Set
	// Always is set where no such bytes can be named; then Touches holds all.
	Always bool
	// Apply returns s itself, or the result in a. Where Coraza reports an error it
	// goes on with the value as it was, so that is the result here.
	Apply func(a *Arena, s string) string
	// Changed says whether Coraza counts out as a new value of in. Where it does not,
	// multiMatch goes on with in. It need not be in != out.
	Changed func(in, out string) bool
}

// Lookup finds a transformation; letters are of either case.
func Lookup(name string) (*Transformation, bool) {
	for i := range transformations {
		if strings.EqualFold(transformations[i].Name, name) {
			return &transformations[i], true
		}
	}
	return nil, false
}

// Names are those of all transformations, in alphabetical order.
func Names() []string {
	names := make([]string, len(transformations))
	for i := range transformations {
		names[i] = transformations[i].Name
	}
	return names
}

func differs(in, out string) bool { return in != out }

func shorterOrLonger(in, out string) bool { return len(in) != len(out) }

func always(string, string) bool { return true }

func never(string, string) bool { return false }

// has makes a Changed of those that call a value changed as soon as one of chars is in it.
func has(chars string) func(string, string) bool {
	return func(in, _ string) bool { return strings.ContainsAny(in, chars) }
}

var transformations = [...]Transformation{
	{"base64Decode", all, true, base64Decode, always},
	{"base64DecodeExt", all, true, base64DecodeExt, always},
	{"base64Encode", all, true, base64Encode, always},
	{"cmdLine", Bytes("\"'\\^ ,;\t\r\n/(").Union(Range('A', 'Z')), false, cmdLine, differs},
	{"compressWhitespace", Bytes(asciiSpace + "\x85\xA0"), false, compressWhitespace, differs},
	{"cssDecode", Bytes("\\"), false, cssDecode, has("\\")},
	{"escapeSeqDecode", Bytes("\\"), false, escapeSeqDecode, differs},
	{"hexDecode", hexDigits, false, hexDecode, hexDecoded},
	{"hexEncode", all, true, hexEncode, always},
	{"htmlEntityDecode", Bytes("&"), false, htmlEntityDecode, shorterOrLonger},
	{"jsDecode", Bytes("\\"), false, jsDecode, differs},
	{"length", all, true, length, always},
	{"lowercase", Range('A', 'Z').Union(Range(0x80, 0xFF)), false, lowercase, differs},
	{"md5", all, true, md5Sum, digested},
	{"none", Set{}, false, none, never},
	{"normalisePath", Bytes("/."), false, normalisePath, differs},
	{"normalisePathWin", Bytes("/.\\: "), false, normalisePathWin, differs},
	{"normalizePath", Bytes("/."), false, normalisePath, differs},
	{"normalizePathWin", Bytes("/.\\: "), false, normalisePathWin, differs},
	{"removeComments", Bytes("/<-#"), false, removeComments, differs},
	{"removeCommentsChar", Bytes("/*<-#"), false, removeCommentsChar, differs},
	{"removeNulls", Bytes("\x00"), false, removeNulls, differs},
	{"removeWhitespace", Bytes(asciiSpace).Union(Range(0x80, 0xFF)), false, removeWhitespace, lostSpace},
	{"replaceComments", Bytes("/"), false, replaceComments, differs},
	{"replaceNulls", Bytes("\x00"), false, replaceNulls, differs},
	{"sha1", all, true, sha1Sum, digested},
	{"trim", Bytes(asciiSpace), false, trim, differs},
	{"trimLeft", Bytes(asciiSpace), false, trimLeft, differs},
	{"trimRight", Bytes(asciiSpace), false, trimRight, differs},
	{"uppercase", Range('a', 'z').Union(Range(0x80, 0xFF)), false, uppercase, differs},
	{"urlDecode", Bytes("%+"), false, urlDecode, has("%+")},
	{"urlDecodeUni", Bytes("%+"), false, urlDecodeUni, differs},
	{"urlEncode", all.Without(Bytes("*").Union(alphanumeric)), false, urlEncode, differs},
	{"utf8toUnicode", Range(0x80, 0xFF), false, utf8ToUnicode, differs},
}

var (
	all          = Range(0x00, 0xFF)
	hexDigits    = Range('0', '9').Union(Range('a', 'f')).Union(Range('A', 'F'))
	alphanumeric = Range('0', '9').Union(Range('a', 'z')).Union(Range('A', 'Z'))
)

func none(_ *Arena, s string) string { return s }
