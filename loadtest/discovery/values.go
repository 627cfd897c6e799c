package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
)

// A drawer makes the values of one parameter.
type drawer struct {
	class   string
	example string
	// share is how many of the draws take the example, 0 to 1.
	share float64
	pool  []string // empty: every draw is a new one
	fresh func(r *rand.Rand) string
}

func (d *drawer) draw(r *rand.Rand) string {
	if d.example != "" && r.Float64() < d.share {
		return d.example
	}
	if len(d.pool) > 0 {
		// Some objects are asked for more than others.
		x := r.Float64()
		return d.pool[int(x*x*float64(len(d.pool)))]
	}
	return d.fresh(r)
}

// newDrawer decides, once a parameter, what its values look like: enums, then
// pattern, then format, then a shape that its type and name allow.
func newDrawer(p parameter, share float64, r *rand.Rand) *drawer {
	d := &drawer{example: string(p.Example), share: share}
	if d.example == "" || strings.ContainsAny(d.example, "{}\n") {
		d.share = 0
	}
	d.class, d.fresh = classOf(p, r)
	if len(p.Enum) > 0 {
		d.class, d.share = "enum", 0
		for _, v := range p.Enum {
			if v != "" && v != "null" {
				d.pool = append(d.pool, string(v))
			}
		}
		if len(d.pool) > 0 {
			return d
		}
	}
	size := []int{0, 0, 200, 40}[r.IntN(4)]
	switch d.class {
	case "word":
		size = 4 + r.IntN(12)
	case "name", "slug":
		size = 12 + r.IntN(200)
	}
	for range size {
		d.pool = append(d.pool, d.fresh(r))
	}
	return d
}

var idName = regexp.MustCompile(`(?i)(id|guid|uuid|key|token|hash|ref|reference|number|no|num|code|pk)s?$`)

func classOf(p parameter, r *rand.Rand) (string, func(*rand.Rand) string) {
	if p.Pattern != "" {
		if f := fromPattern(p.Pattern); f != nil {
			return "pattern", f
		}
	}
	switch p.Format {
	case "uuid", "guid":
		return "uuid", uuid
	case "date":
		return "date", func(r *rand.Rand) string {
			return fmt.Sprintf("20%02d-%02d-%02d", 15+r.IntN(10), 1+r.IntN(12), 1+r.IntN(28))
		}
	case "date-time":
		return "date", func(r *rand.Rand) string {
			return fmt.Sprintf("20%02d-%02d-%02dT%02d:00:00Z", 15+r.IntN(10), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24))
		}
	case "email":
		return "email", email
	}
	switch p.Type {
	case "integer":
		top := []int{100, 10_000, 50_000_000}[r.IntN(3)]
		return "int", func(r *rand.Rand) string { return fmt.Sprint(1 + r.IntN(top)) }
	case "number":
		return "int", func(r *rand.Rand) string { return fmt.Sprint(1 + r.IntN(100_000)) }
	case "boolean":
		return "word", func(r *rand.Rand) string { return []string{"true", "false"}[r.IntN(2)] }
	}
	if idName.MatchString(p.Name) {
		switch r.IntN(8) {
		case 0, 1:
			return "int", func(r *rand.Rand) string { return fmt.Sprint(1 + r.IntN(1_000_000)) }
		case 2:
			return "uuid", uuid
		case 3:
			return "hex", func(r *rand.Rand) string { return hexOf(r, 24) }
		case 4:
			prefix := []string{"cus_", "obj-", "acc_", "T", "pl_"}[r.IntN(5)]
			return "prefixed", func(r *rand.Rand) string { return prefix + base62(r, 14) }
		case 5:
			n := 6 + r.IntN(6)
			return "base62-short", func(r *rand.Rand) string { return base62(r, n) }
		case 6:
			n := 16 + r.IntN(8)
			return "base62-long", func(r *rand.Rand) string { return base62(r, n) }
		default:
			return "slug", slug
		}
	}
	switch r.IntN(7) {
	case 0, 1:
		return "slug", slug
	case 2:
		return "name", func(r *rand.Rand) string {
			return firstNames[r.IntN(len(firstNames))] + []string{"", "", ".", "_", "2"}[r.IntN(5)] + lastNames[r.IntN(len(lastNames))]
		}
	case 3:
		return "word", func(r *rand.Rand) string { return plainWords[r.IntN(len(plainWords))] }
	case 4:
		return "email", email
	case 5:
		return "int", func(r *rand.Rand) string { return fmt.Sprint(1 + r.IntN(1_000_000)) }
	default:
		return "code", func(r *rand.Rand) string { return strings.ToUpper(base62(r, 2)) + "-" + fmt.Sprint(100+r.IntN(900)) }
	}
}

var (
	firstNames = strings.Fields("anna ben carla david emma felix greta hugo ines jonas karin luca marta nils olga paul rosa sven tina uwe vera walter xenia yusuf zoe amir bianca chen dora eli")
	lastNames  = strings.Fields("Adams baker Costa duarte Evans fischer Garcia hansen Ito jensen Keller lopez Moreau novak Olsen park Quinn rossi Silva tanaka")
	plainWords = strings.Fields("default production main london paris berlin blue red small large premium gold summer winter north south europe retail wholesale mobile desktop alpha omega basic pro")
	adjectives = strings.Fields("bright quiet rapid golden hidden early modern simple royal urban fresh wild calm deep grand lucky noble proud sharp warm")
	nouns      = strings.Fields("river garden engine market bridge window castle forest harbor island kitchen ladder mirror orchard pocket rocket saddle temple valley wagon budget")
)

func slug(r *rand.Rand) string {
	s := adjectives[r.IntN(len(adjectives))] + "-" + nouns[r.IntN(len(nouns))]
	switch r.IntN(4) {
	case 0:
		return s + "-" + nouns[r.IntN(len(nouns))]
	case 1:
		return s + "-" + fmt.Sprint(r.IntN(100))
	}
	return s
}

func email(r *rand.Rand) string {
	return firstNames[r.IntN(len(firstNames))] + fmt.Sprint(r.IntN(1000)) + "@mail.example"
}

func hexOf(r *rand.Rand, n int) string {
	raw := make([]byte, n/2)
	for i := range raw {
		raw[i] = byte(r.Uint32())
	}
	return hex.EncodeToString(raw)
}

func uuid(r *rand.Rand) string {
	x := hexOf(r, 32)
	return x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-a" + x[17:20] + "-" + x[20:]
}

func base62(r *rand.Rand, n int) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// fromPattern draws texts that match a regular expression, or is nil where it is
// none or what it draws could not stand in a path.
func fromPattern(pattern string) func(*rand.Rand) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	re = re.Simplify()
	probe := rand.New(rand.NewPCG(1, 1))
	for range 8 {
		if s := expand(re, probe); s == "" || len(s) > 60 || strings.ContainsAny(s, " /\\{}%\"<>^`|") {
			return nil
		}
	}
	return func(r *rand.Rand) string { return expand(re, r) }
}

func expand(re *syntax.Regexp, r *rand.Rand) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(drawRune(re.Rune, r))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return string(rune('a' + r.IntN(26)))
	case syntax.OpCapture:
		return expand(re.Sub[0], r)
	case syntax.OpAlternate:
		return expand(re.Sub[r.IntN(len(re.Sub))], r)
	case syntax.OpConcat:
		var b strings.Builder
		for _, s := range re.Sub {
			b.WriteString(expand(s, r))
		}
		return b.String()
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		low, high := 0, 8
		switch re.Op {
		case syntax.OpPlus:
			low = 1
		case syntax.OpQuest:
			high = 1
		case syntax.OpRepeat:
			low, high = re.Min, re.Max
			if high < 0 {
				high = low + 8
			}
			high = min(high, low+24)
		}
		var b strings.Builder
		for range low + r.IntN(high-low+1) {
			b.WriteString(expand(re.Sub[0], r))
		}
		return b.String()
	}
	return ""
}

// drawRune prefers letters and digits: what people put where a class allows more.
func drawRune(ranges []rune, r *rand.Rand) rune {
	var plain []rune
	for c := rune('0'); c <= 'z'; c++ {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			for i := 0; i+1 < len(ranges); i += 2 {
				if c >= ranges[i] && c <= ranges[i+1] {
					plain = append(plain, c)
					break
				}
			}
		}
	}
	if len(plain) > 0 {
		return plain[r.IntN(len(plain))]
	}
	return ranges[0]
}
