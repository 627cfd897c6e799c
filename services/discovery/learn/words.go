package learn

import "strings"

// vocabulary are words that developers name resources and actions with. A value
// seldom consists of them alone; a literal mostly does.
var vocabulary = func() map[string]float64 {
	words := map[string]float64{}
	for _, w := range strings.Fields(generalText) {
		words[w] = general
	}
	for _, w := range strings.Fields(vocabularyText) {
		words[w] = 0
	}
	return words
}()

// ordinary is that of a common word of the language that is not in the vocabulary.
const ordinary = 0.45

// general is the oddness of a word that is one of the language rather than of APIs.
const general = 0.35

// endings are those of forms of a word, what the word has instead, how much is cut off,
// and how long a form is at least.
var endings = [...]struct {
	ending, with string
	cut, least   int
}{
	{"ies", "y", 3, 5}, {"es", "", 2, 5}, {"s", "", 1, 4}, {"ing", "", 3, 6}, {"ing", "e", 3, 6}, {"ing", "", 4, 8},
	{"ed", "", 2, 5}, {"ed", "", 1, 5}, {"ed", "", 3, 7},
}

// wordOddness is that of one word in lower case, 1 where it is unknown. Endings
// are taken off: what is no plural may lose an s too, which does no harm.
func wordOddness(w string) float64 {
	try := func(cut int, with string) (float64, bool) {
		if len(w)-cut < 2 {
			return 0, false
		}
		o, ok := vocabulary[w[:len(w)-cut]+with]
		return o, ok
	}
	if o, ok := vocabulary[w]; ok {
		return o
	}
	n := len(w)
	for _, e := range endings {
		if n >= e.least && strings.HasSuffix(w, e.ending) {
			if o, ok := try(e.cut, e.with); ok {
				return o
			}
		}
	}
	return 1
}

// joinedOddness is that of two or three words in a row, as "userinfo".
func joinedOddness(w string, parts int) float64 {
	best := wordOddness(w)
	if best < 1 || parts == 1 || len(w) > 40 {
		return best
	}
	for i := 3; i <= len(w)-3; i++ {
		if o := wordOddness(w[:i]); o < 1 {
			best = min(best, max(o, joinedOddness(w[i:], parts-1)))
		}
	}
	return best
}

// abstract are endings of abstract nouns and of adjectives, which actions and
// resources often have and names of people and things seldom.
var abstract = [...]string{
	"tion", "sion", "ment", "able", "ible", "ance", "ence", "ency", "ancy", "ship", "ness", "ology", "ography", "ization", "ised", "ized", "izer", "iser",
	"ator", "ility", "ivity", "icity", "ality", "ical", "ional", "ative", "itive", "ary", "ory", "ware", "metry",
}

// isAbstract says whether w, of eight letters or more, ends like one of these.
func isAbstract(w string) bool {
	w = strings.TrimSuffix(w, "s")
	if len(w) < 7 {
		return false
	}
	for _, e := range abstract {
		if strings.HasSuffix(w, e) || e[len(e)-1] == 'y' && strings.HasSuffix(w, e[:len(e)-1]+"ie") {
			return true
		}
	}
	return false
}

// split gives the words of a text in lower case, and counts what is no letter, digit or
// mark between words, digits, and capital letters.
func split(s string) (tokens []string, odd, digits, upper int) {
	start := -1
	flush := func(end int) {
		if start >= 0 {
			tokens = append(tokens, strings.ToLower(s[start:end]))
			start = -1
		}
	}
	for i := range len(s) {
		b := s[i]
		switch {
		case b >= '0' && b <= '9':
			digits++
			flush(i)
		case b >= 'A' && b <= 'Z':
			upper++
			if start >= 0 && (s[i-1] >= 'a' && s[i-1] <= 'z' || i+1 < len(s) && s[i+1] >= 'a' && s[i+1] <= 'z') {
				flush(i)
			}
			if start < 0 {
				start = i
			}
		case b >= 'a' && b <= 'z':
			if start < 0 {
				start = i
			}
		case b == '-', b == '_', b == '.', b == ':', b == '(', b == ')', b == '$':
			flush(i)
		default:
			odd++
			flush(i)
		}
	}
	flush(len(s))
	return tokens, odd, digits, upper
}

// withoutEnding is a text without the extension that may belong to its endpoint.
func withoutEnding(s string) string {
	if around, value := form(s); kindOf(around) == '.' && mayBelong(around) {
		return value
	}
	return s
}

// oddness of a text: how little it reads like the name of a resource or action. 0
// is a name of known words, 1 one of unknown words, more is what no name has.
func oddness(s string) float64 {
	s = withoutEnding(s)
	tokens, odd, digits, upper := split(s)
	if isHost(s) {
		return noName
	}
	if isVersion(s) {
		return 0
	}
	unknown, weight, sum := 0, 0, 0.0
	for _, t := range tokens {
		if t == "v" && digits > 0 {
			continue // "users-v2"
		}
		weight += len(t)
		o := joinedOddness(t, 5)
		if o == 1 && inflected(commonWords, t) {
			o = ordinary
		}
		if o == 1 && isAbstract(t) {
			o = general
		}
		if o == 1 {
			unknown += len(t)
		}
		sum += o * float64(len(t))
	}
	if weight == 0 {
		return 1.5
	}
	score := sum / float64(weight)
	switch {
	case odd > 0:
		score += 0.5
	case digits > 0 && unknown > 0:
		score += 0.4
	case digits > 2:
		score += 0.4
	case digits > 0 && len(tokens) > 1 && isNumber(s[strings.LastIndexByte(s, '-')+1:]):
		score += 0.4 // "simple-garden-8": a title that was there already
	case upper > 1 && len(tokens) > 1 && unknown*2 > weight && weight < 4*len(tokens):
		score += 0.4 // aXbQ: no words in camel case
	}
	return score
}

// isHost says whether s is a host with its port.
func isHost(s string) bool {
	i := strings.LastIndexByte(s, ':')
	return i > 0 && i < len(s)-1 && isNumber(s[i+1:]) && strings.IndexByte(s[:i], '.') > 0
}

// isCamel says whether s is several words in camel case, as identifiers are.
func isCamel(s string) bool {
	for i := 1; i < len(s); i++ {
		if s[i-1] >= 'a' && s[i-1] <= 'z' && s[i] >= 'A' && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

func isVersion(s string) bool {
	if len(s) < 2 || len(s) > 8 || s[0]|0x20 != 'v' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '.' && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

// isPlural says whether a literal names a collection.
func isPlural(s string) bool {
	if i := strings.LastIndexAny(s, "-_."); i > 2 && isVersion(s[i+1:]) {
		s = s[:i]
	}
	n := len(s)
	if n > 2 && s[n-1]|0x20 == 's' && s[n-2]|0x20 != 's' {
		w := strings.ToLower(s)
		return !strings.HasSuffix(w, "status") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "settings") && !strings.HasSuffix(w, "is") &&
			!strings.HasSuffix(w, "analytics") && !strings.HasSuffix(w, "metrics") && !strings.HasSuffix(w, "statistics") && !strings.HasSuffix(w, "stats")
	}
	w := strings.ToLower(s)
	return strings.HasSuffix(w, "people") || strings.HasSuffix(w, "children") || strings.HasSuffix(w, "media") || strings.HasSuffix(w, "inventory")
}

// isKey says whether a literal says what the segment behind it is told by: "by-name".
func isKey(s string) bool {
	s = strings.ToLower(s)
	if i := strings.LastIndexAny(s, "-_."); i >= 0 {
		s = s[i+1:]
	}
	switch s {
	case "id", "ids", "by", "name", "slug", "code", "key", "uuid", "guid", "username", "email", "handle", "symbol", "number", "byid", "byname", "bycode", "byemail", "hash", "token", "for", "between", "of":
		return true
	}
	return false
}

// isVerbs says whether what follows a literal are names of actions.
func isVerbs(s string) bool {
	switch strings.ToLower(s) {
	case "action", "actions", "command", "commands", "operation", "operations", "rpc", "do", "method", "methods", "function", "functions",
		"task", "execute", "trigger", "bulk", "batch", "cmd", "ajax":
		return true
	}
	return false
}
