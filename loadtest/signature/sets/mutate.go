package sets

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"

	"github.com/segmentio/encoding/json"
)

// Mutations puts payloads of the corpora into other places (forms, JSON, headers,
// cookies, paths) and writes some of them another way: case, comments, white
// space, encodings. Ordinary values get the same places. n is how many of each
// class of each corpus.
func Mutations(dir string, n int) ([]Sample, error) {
	var out []Sample
	for i, name := range []string{"httpparams_train", "libinjection"} {
		all, err := read(dir, name+".jsonl.gz")
		if err != nil {
			return nil, err
		}
		classes := make(map[string][]record)
		var order []string
		for _, r := range all {
			key := r.Label + "/" + r.Class
			if classes[key] == nil {
				order = append(order, key)
			}
			classes[key] = append(classes[key], r)
		}
		for k, key := range order {
			rnd := rand.New(rand.NewPCG(uint64(100+i), uint64(k)))
			for _, r := range pick(classes[key], n, uint64(40+i)) {
				text, ok := r.payload()
				if !ok {
					continue
				}
				attack := r.Label == "attack"
				if attack && rnd.IntN(2) == 0 {
					text = rewrite(rnd, r.Class, text)
				}
				place, req := Place(rnd, text)
				set := "values placed"
				switch place {
				case "json":
					set = "values in JSON"
				case "crowd":
					set = "values in JSON of many fields"
				}
				out = append(out, Sample{Set: set, Source: r.source(name), Class: r.Class, Attack: attack, Line: req})
			}
		}
	}
	return seal(out)
}

// rewrite is the payload written another way that means the same to what it is
// aimed at.
func rewrite(rnd *rand.Rand, class, s string) string {
	switch class {
	case "sqli":
		switch rnd.IntN(4) {
		case 0:
			return strings.ReplaceAll(s, " ", "/**/")
		case 1:
			return strings.ReplaceAll(s, " ", []string{"\t", "\n", "\r\n", "  ", "\x0b"}[rnd.IntN(5)])
		}
		return mixCase(rnd, s)
	case "path-traversal":
		switch rnd.IntN(4) {
		case 0:
			return strings.ReplaceAll(s, "../", "..%2f")
		case 1:
			return strings.ReplaceAll(s, "../", "%2e%2e/")
		case 2:
			return strings.ReplaceAll(s, "/", "\\")
		}
		return strings.ReplaceAll(s, "../", "..%252f")
	case "xss":
		if rnd.IntN(2) == 0 {
			return url.QueryEscape(s)
		}
		return mixCase(rnd, s)
	}
	return s
}

func mixCase(rnd *rand.Rand, s string) string {
	b := []byte(s)
	for i, c := range b {
		if (c|0x20 >= 'a' && c|0x20 <= 'z') && rnd.IntN(2) == 0 {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

var words = strings.Fields(`name title note comment status user email city street id code ref query search filter path file
	url callback redirect template message description label tag value data host address phone type format lang sort page`)

func agent(rnd *rand.Rand) string {
	return []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"okhttp/4.12.0", "axios/1.7.2", "python-requests/2.32.3", "PostmanRuntime/7.39.0", "Go-http-client/2.0", "Dart/3.4 (dart:io)",
	}[rnd.IntN(8)]
}

func base(rnd *rand.Rand, method, uri string) *request {
	return &request{Method: method, URI: uri, Headers: map[string]string{"Host": "api.example.test", "User-Agent": agent(rnd), "Accept": "application/json"}}
}

// Place makes a request that carries text somewhere.
func Place(rnd *rand.Rand, text string) (place string, line []byte) {
	field := words[rnd.IntN(len(words))]
	switch n := rnd.IntN(20); {
	case n < 7:
		r := base(rnd, "POST", "/v1/"+words[rnd.IntN(len(words))]+"s")
		r.Headers["Content-Type"] = "application/json"
		r.Body = object(rnd, field, text)
		return "json", r.line()
	case n < 10:
		g := generator{rnd: rnd}
		return "crowd", g.crowd(field, text)
	case n < 14:
		r := base(rnd, "POST", "/v1/"+words[rnd.IntN(len(words))])
		r.Headers["Content-Type"] = "application/x-www-form-urlencoded"
		r.Body = fmt.Sprintf("id=%d&%s=%s&lang=en", rnd.IntN(10000), field, url.QueryEscape(text))
		return "form", r.line()
	case n < 17:
		return "query", base(rnd, "GET", fmt.Sprintf("/v1/%s?%s=%s&page=%d", words[rnd.IntN(len(words))], field, url.QueryEscape(text), rnd.IntN(9))).line()
	case n < 18:
		r := base(rnd, "GET", "/v1/"+field)
		r.Headers[[]string{"X-Filter", "Referer", "X-Client-Id", "X-Trace"}[rnd.IntN(4)]] = strings.Map(noControl, text)
		return "header", r.line()
	case n < 19:
		r := base(rnd, "GET", "/v1/"+field)
		r.Headers["Cookie"] = "lang=en; " + field + "=" + url.PathEscape(text)
		return "cookie", r.line()
	}
	return "path", base(rnd, "GET", "/v1/"+field+"/"+url.PathEscape(text)).line()
}

// noControl leaves out what no header can carry.
func noControl(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

// object is a document that holds text among ordinary fields.
func object(rnd *rand.Rand, field, text string) string {
	o := map[string]any{field: text}
	for range 1 + rnd.IntN(6) {
		w := words[rnd.IntN(len(words))]
		if w == field {
			continue
		}
		switch rnd.IntN(4) {
		case 0:
			o[w] = rnd.IntN(100000)
		case 1:
			o[w] = rnd.IntN(2) == 0
		case 2:
			o[w] = fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", rnd.Uint32(), rnd.IntN(65536), rnd.IntN(4096), rnd.IntN(4096), rnd.Int64N(1<<48))
		default:
			o[w] = words[rnd.IntN(len(words))]
		}
	}
	var doc any = o
	switch rnd.IntN(4) {
	case 0:
		doc = map[string]any{"data": o, "version": 2}
	case 1:
		doc = []any{o}
	case 2:
		doc = map[string]any{"items": []any{o, map[string]any{"id": rnd.IntN(1000)}}}
	}
	b, err := json.Append(nil, doc, json.SortMapKeys)
	if err != nil {
		panic(fmt.Sprintf("sets: an object of plain values does not marshal: %v", err))
	}
	return string(b)
}
