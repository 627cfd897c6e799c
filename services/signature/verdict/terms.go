package verdict

import (
	"math"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/pack"
)

// Term names of kinds of matches by context, made once.
var (
	packTerms              = termsBy("pack.hint", "pack.strong", "pack.sure")
	packMore               = termsBy("pack.more")[0]
	crsTerms               = termsBy("crs")[0]
	crsMore                = termsBy("crs.more")[0]
	parserTerms            = termsBy("crs.libinjection")[0]
	agreeTerms             = termsBy("agree")[0]
	coverTerms, startTerms = termsBy("cover")[0], termsBy("start")[0]
	symbolTerms, openTerms = termsBy("symbols")[0], termsBy("open")[0]
	crowdTerms             = termsBy("crowd")[0]
)

func termsBy(names ...string) [][contexts]string {
	out := make([][contexts]string, len(names))
	for i, n := range names {
		for c := range contexts {
			out[i][c] = n + "@" + contextNames[c]
		}
	}
	return out
}

// The rules of the core rule set that are parsers and not expressions.
const (
	libinjectionSQL = 942100
	libinjectionXSS = 941100
)

// A body of up to few leaves is as good as one leaf; from many on there is nothing
// more to say.
const fewLeaves, manyLeaves = 8, 128

// crowded says how many chances the body gave rules to match by accident, 0 to 1: of a
// hundred texts one resembles an attack sooner than of three.
func crowded(doc *content.Document) float64 {
	n := 0
	for i := range doc.Leaves {
		if doc.Leaves[i].Location == content.Body {
			n++
		}
	}
	if n <= fewLeaves {
		return 0
	}
	return math.Round(100*min(1, math.Log(float64(n)/fewLeaves)/math.Log(manyLeaves/fewLeaves))) / 100
}

// terms are the place's own terms, without weights. add is called once a name.
func (p *place) terms(crowd float64, add func(name string, value float64)) {
	c := p.context
	people := c == prose || c == markup || c == long // where what single rules are worth elsewhere says nothing
	var byStrength [3]int
	var classes, crsClasses [signature.Classes]bool
	covered, start, depth := 0, false, 0
	seen := map[string]bool{}
	for _, h := range p.pack {
		if seen[h.Rule.ID] {
			continue
		}
		seen[h.Rule.ID] = true
		byStrength[h.Rule.Strength]++
		if h.Rule.Strength > pack.Hint {
			classes[h.Rule.Class] = true
		}
		if c != path && !people || h.Rule.Strength > pack.Hint { // ordinary paths and texts begin with what a hint names
			covered = max(covered, len(h.Text))
			start = start || h.Start <= 2
		}
		depth = max(depth, h.Depth)
		if !people {
			add("rule."+h.Rule.ID, 1)
		}
	}
	firm := 0
	for s := len(byStrength) - 1; s >= 0; s-- {
		if byStrength[s] > 0 {
			add(packTerms[s][c], 1)
			break
		}
	}
	if firm = byStrength[pack.Strong] + byStrength[pack.Sure]; firm > 1 {
		add(packMore[c], float64(min(firm-1, 3)))
	}
	rules, last, parser := 0, 0, false
	for _, h := range p.crs {
		if h.Rule == last { // they are in order
			continue
		}
		last = h.Rule
		rules++
		if !people {
			add("crs."+strconv.Itoa(h.Rule), 1)
		}
		crsClasses[h.Class] = true
		parser = parser || h.Rule == libinjectionSQL || h.Rule == libinjectionXSS
	}
	if rules > 0 {
		add(crsTerms[c], 1)
	}
	if rules > 1 {
		add(crsMore[c], float64(min(rules-1, 4)))
	}
	if parser {
		add(parserTerms[c], 1)
	}
	for k := range classes {
		if classes[k] && crsClasses[k] {
			add(agreeTerms[c], 1)
			break
		}
	}
	if covered*2 >= len(p.text) && covered > 0 {
		add(coverTerms[c], 1)
	}
	if start {
		add(startTerms[c], 1)
	}
	if depth > 1 {
		add("depth", float64(depth-1))
	}
	// Who fills a body with fields must not hide in it what says much by itself.
	if crowd > 0 && p.location == "request.body" && p.leaf != nil && byStrength[pack.Sure] == 0 && (firm == 0 || rules == 0) {
		add(crowdTerms[c], crowd)
	}
	if c == token || c == short {
		symbols, open := signs(p.text)
		add(symbolTerms[c], math.Round(symbols*100)/100)
		if open {
			add(openTerms[c], 1)
		}
	}
	p.field(add)
}

// signs says how much of a short text is neither letter, digit nor space, up to a
// third counted as all, and whether a quote or a bracket in it is left open, as those
// are that break out of a text around them.
func signs(s string) (share float64, open bool) {
	symbols, single, double, depth := 0, 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'':
			symbols++
			// An apostrophe within a word is none.
			if i == 0 || i+1 == len(s) || !alphanumeric(s[i-1]) || !alphanumeric(s[i+1]) {
				single++
			}
		case c == '"':
			symbols++
			double++
		case c == '(':
			symbols++
			depth++
		case c == ')':
			symbols++
			if depth--; depth < 0 {
				open = true
				depth = 0
			}
		case !alphanumeric(c) && c != ' ' && c < 0x80:
			symbols++
		}
	}
	return min(1, 3*float64(symbols)/float64(max(1, len(s)))), open || single%2 == 1 || double%2 == 1 || depth > 0
}

func alphanumeric(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }

// field are the terms of what the leaf is called and where it was found.
func (p *place) field(add func(string, float64)) {
	if p.context == header || p.context == path {
		return
	}
	name := strings.ToLower(p.key[strings.LastIndexByte(p.key, '.')+1:])
	switch {
	case freeText[name] && (p.context == prose || p.context == markup || p.context == long):
		add("field.text", 1)
	case freeText[name] && p.context == short:
		add("field.text@short", 1)
	case addressed(name):
		add("field.address", 1)
	case expressions[name]:
		add("field.expression", 1)
	case strings.Contains(p.key, "scripts."): // of a manifest: command lines by name
		add("field.scripts", 1)
	}
	if p.leaf != nil && p.leaf.Via != content.Direct && p.leaf.Via != content.FromJSON && p.leaf.Via != content.FromGraphQL {
		add("nested", 1)
	}
	if n := strings.Count(p.text[:min(len(p.text), looked)], "\n"); n > 5 {
		add("lines", 1)
	}
}
