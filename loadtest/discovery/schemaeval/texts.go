package schemaeval

import (
	"fmt"
	"strings"
	"time"
)

// text draws a string of a format or kind.
func (g *Generator) text(s object, name string) string {
	switch s["format"] {
	case "uuid":
		return g.uuid()
	case "date":
		return g.date()
	case "date-time":
		t := start.Add(time.Duration(g.IntN(90*24*3600)) * time.Second)
		if g.IntN(4) == 0 {
			return t.Format("2006-01-02T15:04:05.000+02:00")
		}
		return t.Format(time.RFC3339)
	case "email":
		return fmt.Sprintf("%s.%s%d@%s.example", g.word(), g.word(), g.IntN(100), g.word())
	case "uri":
		return fmt.Sprintf("https://cdn.%s.example/%s/%d?size=%d", g.word(), g.word(), g.IntN(1e6), g.IntN(900))
	case "ipv4":
		return fmt.Sprintf("198.51.%d.%d", g.IntN(256), g.IntN(256))
	}
	switch s["x-kind"] {
	case "iban":
		return fmt.Sprintf("DE%02d%018d", 10+g.IntN(89), g.Int64N(1e18))
	case "bic":
		return fmt.Sprintf("%sDE%02dXXX", strings.ToUpper(g.word() + "ABCD")[:4], g.IntN(99))
	case "name":
		return g.capital(g.word()) + " " + g.capital(g.word())
	case "word":
		return g.word()
	case "digits":
		return fmt.Sprintf("%05d", g.IntN(100000))
	case "sku":
		return fmt.Sprintf("SKU-%05d", g.IntN(100000))
	case "version":
		return fmt.Sprintf("%d.%d.%d", g.IntN(20), g.IntN(40), g.IntN(100))
	case "token":
		return fmt.Sprintf("%016x%016x", g.Uint64(), g.Uint64())
	}
	words := make([]string, 2+g.IntN(7))
	for i := range words {
		words[i] = g.word()
	}
	text := g.capital(strings.Join(words, " "))
	if name == "q" { // what people search for
		return words[0]
	}
	if g.IntN(20) == 0 {
		text += " \"quoted\" \\ [] {} ünï"
	}
	return text
}

// word is one of about 8,000.
func (g *Generator) word() string {
	const onsets, vowels = "bdfgklmnprstvz", "aeiou"
	b := make([]byte, 0, 8)
	for range 2 + g.IntN(2) {
		b = append(b, onsets[g.IntN(len(onsets))], vowels[g.IntN(len(vowels))])
	}
	return string(b)
}

func (g *Generator) capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (g *Generator) date() string {
	return start.AddDate(0, 0, -g.IntN(1500)).Format("2006-01-02")
}

func (g *Generator) uuid() string {
	a, b := g.Uint64(), g.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}
