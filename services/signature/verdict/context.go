package verdict

import (
	"strings"
)

// context is what kind of text a place holds.
type context uint8

const (
	token  context = iota // one word, up to tokenBytes
	url                   // an address
	short                 // up to shortBytes, no sentence
	prose                 // sentences
	markup                // long, with the signs of documents: headings, fences, links, tags
	long                  // any other long text: code, logs
	header
	path
	contexts
)

var contextNames = [contexts]string{"token", "url", "short", "prose", "markup", "long", "header", "path"}

// Bounds of the contexts in bytes.
const (
	tokenBytes = 100
	shortBytes = 240
	looked     = 4 << 10 // of a text
)

// shape finds the context of a value.
func shape(s string) context {
	s = strings.TrimSpace(s[:min(len(s), looked)])
	if strings.IndexByte(s, ' ') < 0 && strings.IndexByte(s, '\n') < 0 {
		switch {
		case address(s):
			return url
		case embedded64(s):
			return long
		case len(s) <= tokenBytes:
			return token
		case len(s) <= shortBytes || !blob(s):
			return short
		}
		return long
	}
	switch {
	case sentences(s):
		if len(s) > shortBytes && document(s) || marked(s) {
			return markup
		}
		return prose
	case len(s) <= shortBytes && !program(s) && !marked(s):
		return short
	case document(s) || marked(s):
		return markup
	}
	return long
}

// marked says whether s is surely part of a document, however short it is: a heading
// at its start or a fence.
func marked(s string) bool {
	rest := strings.TrimLeft(s, "#")
	return rest != s && strings.HasPrefix(rest, " ") && strings.Contains(rest, "\n") || strings.Contains(s, "```")
}

// program says whether s has lines that begin or end as those of programs do.
func program(s string) bool {
	lines := 0
	for i := 1; i+1 < len(s); i++ {
		if s[i] != '\n' {
			continue
		}
		if n, p := s[i+1], s[i-1]; n == ' ' || n == '\t' || n == '}' || n == '\n' || p == '{' || p == ';' || p == ',' || p == '}' || p == ':' || p == '`' {
			lines++
		}
	}
	return lines >= 2
}

// address says whether s is an ordinary web address and nothing else.
func address(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "http://")
	}
	return ok && rest != "" && !strings.ContainsAny(s, "<>\"'`|\\^ ")
}

// blob says whether s is of the characters of base64, names and numbers alone.
func blob(s string) bool {
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && c != '+' && c != '/' && c != '=' && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// embedded64 says whether s is a picture or the like, written into the text.
func embedded64(s string) bool {
	rest, ok := strings.CutPrefix(s, "data:")
	if !ok {
		return false
	}
	kind, _, ok := strings.Cut(rest, ";base64,")
	if kind == "image/svg+xml" { // one that attacks is short, and a drawing is not
		return ok && len(s) > shortBytes
	}
	return ok && (strings.HasPrefix(kind, "image/") || strings.HasPrefix(kind, "font/") || strings.HasPrefix(kind, "audio/") || strings.HasPrefix(kind, "video/") || kind == "application/pdf")
}

// little are words that sentences of the languages of most APIs are full of, but for
// those that databases know as well.
var little = wordSet(`the of to that it for with this you are be have was an can will your we use which they their has more should must may
	only these been does how what also there about but our its no so i a see via when please
	der die das und ist nicht ein eine mit auf für von den zu le la les des et est une un que pour dans el los las de en por para con una se del`)

func wordSet(s string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

// sentences says whether most of s is written for people: words of letters, many of
// them little ones.
func sentences(s string) bool {
	words, small, letters := 0, 0, 0
	for w := range strings.FieldsSeq(s) {
		w = strings.Trim(w, ".,;:!?()'\"*_`-")
		if w == "" || len(w) > 24 {
			continue
		}
		n := 0
		for i := range len(w) {
			if c := w[i]; c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 {
				n++
			}
		}
		if n*10 < len(w)*8 {
			continue
		}
		words++
		letters += n
		if len(w) <= 6 && little[strings.ToLower(w)] {
			small++
		}
	}
	switch {
	case words < 5:
		return false
	case letters*10 < len(s)*5:
		return false
	}
	return small*100 >= words*10 || words >= 8 && letters*100 >= len(s)*74 && small*100 >= words*6
}

// document says whether s has signs of a document that people wrote: a heading, a
// fence, a list, a link, tags of text.
func document(s string) bool {
	signs := 0
	for _, sign := range []string{"\n#", "```", "\n- ", "\n* ", "](", "<p>", "<br", "</a>", "<code>", "**", "\n\n", "\n> ", "<li>", "\n1. ", "<h", "|--", "\r\n\r\n", "`"} {
		if strings.Contains(s, sign) {
			signs++
		}
	}
	return signs >= 2 || strings.HasPrefix(s, "# ") || strings.HasPrefix(s, "## ")
}

// freeText are names of fields that hold what people or programs write at length.
var freeText = wordSet(`body text message description content comment note notes summary title subject html markdown readme changelog
	diff patch code source snippet diagnostics log logs output stack trace bio about details detail query document excerpt caption
	div documentation help reason release_notes body_html body_text body_plain stripped-text plain commit_message review answer question`)

// addressed are names of fields that hold addresses.
func addressed(name string) bool {
	return strings.HasSuffix(name, "url") || strings.HasSuffix(name, "uri") || strings.HasSuffix(name, "href") || strings.HasSuffix(name, "link") || strings.HasSuffix(name, "_links")
}

// expressions are names of fields that hold regular expressions.
var expressions = wordSet(`pattern patterns regex regexp filematch matchpatterns matchstrings validation format_pattern path_pattern`)
