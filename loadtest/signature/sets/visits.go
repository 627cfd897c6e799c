package sets

import (
	"bufio"
	"math/rand/v2"
	"strings"
)

// visits are requests of ordinary visitors of sites that run what scanners look for.
func visits(rnd *rand.Rand) []Sample {
	var out []Sample
	product, at := "", 0
	for lines := bufio.NewScanner(strings.NewReader(visitList)); lines.Scan(); {
		uri := lines.Text()
		if name, ok := strings.CutPrefix(uri, "## "); ok {
			product, at = name, 0
			continue
		}
		if !strings.HasPrefix(uri, "/") {
			continue
		}
		unseen := at%2 == 1
		at++
		out = append(out, Sample{Set: "visits of products" + side(unseen), Source: product + " " + uri, Class: "normal", Unseen: unseen, Line: visit(rnd, uri)})
	}
	return out
}

// visit is what a browser sends that came from another page of the site.
func visit(rnd *rand.Rand, uri string) []byte {
	r := base(rnd, "GET", uri)
	r.Headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
	r.Headers["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	r.Headers["Accept-Language"] = []string{"en-US,en;q=0.5", "de,en;q=0.7", "fr-FR"}[rnd.IntN(3)]
	if rnd.IntN(3) > 0 {
		r.Headers["Referer"] = "https://api.example.test/"
	}
	return r.line()
}

// ordinary are values that people and programs send and that resemble attacks: each in
// an object, a query or a form, or, where it is a request already, as it is.
func ordinary(rnd *rand.Rand) ([]Sample, error) {
	var out []Sample
	err := list{"ordinary values", ordinaryList, byHash}.each(func(kind, text string, unseen bool) {
		add := func(place string, line []byte) {
			out = append(out, Sample{Set: "ordinary values" + place + side(unseen), Source: "ordinary " + kind + " " + text, Class: "normal", Unseen: unseen, Line: line})
		}
		switch {
		case kind == "requests" && text[0] == '/':
			add(" in query and form", base(rnd, "GET", text).line())
		case kind == "requests":
			r := base(rnd, "POST", "/v1/"+words[rnd.IntN(len(words))]+"s")
			r.Headers["Content-Type"], r.Body = "application/json", text
			add(" in JSON", r.line())
		default:
			add(" in JSON", inObject(rnd, text))
			add(" in query and form", parameter(rnd, text))
		}
	})
	return out, err
}
