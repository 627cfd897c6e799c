package sets

import (
	"bufio"
	"cmp"
	_ "embed"
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	//go:embed own/payloads.txt
	payloadList string
	//go:embed own/payloads_seen.txt
	payloadsSeen string
	//go:embed own/exploits_seen.yaml
	exploitsSeen []byte
	//go:embed own/exploits_unseen.yaml
	exploitsUnseen []byte
	//go:embed own/visits.txt
	visitList string
)

// Own are the sets that stand in this package: payloads of many families in queries,
// forms, JSON and encodings, and requests of the shape of exploits of published
// weaknesses; and visits of sites that run what such exploits are aimed at. One part of
// each is looked at while rules are written, and fitted to; the other is Unseen. n is how often each is made, with other values in it.
func Own(n int) ([]Sample, error) {
	rnd := rand.New(rand.NewPCG(12, 0))
	out, err := payloads(rnd, payloadList, n, true)
	if err != nil {
		return nil, err
	}
	more, err := payloads(rnd, payloadsSeen, n, false)
	if err != nil {
		return nil, err
	}
	out = append(out, more...)
	for _, half := range []struct {
		text   []byte
		unseen bool
	}{{exploitsSeen, false}, {exploitsUnseen, true}} {
		var list []exploit
		if err := yaml.Unmarshal(half.text, &list); err != nil {
			return nil, fmt.Errorf("sets: exploits: %w", err)
		}
		rnd := rand.New(rand.NewPCG(13, 0))
		for i := range list {
			for range n {
				out = append(out, Sample{Set: "exploits" + side(half.unseen), Source: list[i].CVE, Class: "exploit", Attack: true, Unseen: half.unseen, Line: list[i].line(rnd)})
			}
		}
	}
	return seal(append(out, visits(rand.New(rand.NewPCG(14, 0)))...))
}

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

func side(unseen bool) string {
	if unseen {
		return ", never looked at"
	}
	return ", looked at"
}

// exploit is a request with places to fill in.
type exploit struct {
	CVE     string            `yaml:"cve"`
	URI     string            `yaml:"uri"`
	Method  string            `yaml:"method"`
	Type    string            `yaml:"type"`
	Body    string            `yaml:"body"`
	Headers map[string]string `yaml:"headers"`
}

func (x *exploit) line(rnd *rand.Rand) []byte {
	one := func(list ...string) string { return list[rnd.IntN(len(list))] }
	fill := strings.NewReplacer("{file}", one("/etc/passwd", "/etc/passwd", "/etc/hosts", "/proc/self/environ", "/windows/win.ini"),
		"{cmd}", one("id", "whoami", "cat%20/etc/passwd", "ping%20-c%201%20x.example.test", "curl%20x.example.test/a"),
		"{host}", one("cvk3.oast.example.test", "198.51.100.7", "a91.callback.example.test"), "{n}", strconv.Itoa(1000+rnd.IntN(90000)))
	r := base(rnd, cmp.Or(x.Method, "GET"), fill.Replace(x.URI))
	if x.Type != "" {
		r.Headers["Content-Type"] = x.Type
	}
	for name, value := range maps.All(x.Headers) { // their order decides nothing: keys are sorted when written
		r.Headers[name] = fill.Replace(value)
	}
	r.Body = fill.Replace(x.Body)
	return r.line()
}

// payloads are the values of the list in each place and encoding that they can have;
// of a list that is halved, every second of a family is never looked at.
func payloads(rnd *rand.Rand, list string, n int, halved bool) ([]Sample, error) {
	var out []Sample
	family, at := "", 0
	for lines := bufio.NewScanner(strings.NewReader(list)); lines.Scan(); {
		text := lines.Text()
		if name, ok := strings.CutPrefix(text, "## "); ok {
			family, at = name, 0
			continue
		}
		if text == "" || strings.HasPrefix(text, "# ") {
			continue
		}
		if quoted, ok := strings.CutPrefix(text, "= "); ok {
			var err error
			if text, err = strconv.Unquote(quoted); err != nil {
				return nil, fmt.Errorf("sets: payload %s: %w", quoted, err)
			}
		}
		unseen := halved && at%2 == 1
		at++
		add := func(set string, line []byte) {
			out = append(out, Sample{Set: set + side(unseen), Source: family + " " + text, Class: family, Attack: true, Unseen: unseen, Line: line})
		}
		for range n {
			add("payloads in query and form", parameter(rnd, text))
			add("payloads in JSON", inObject(rnd, text))
			coded := encode(rnd, text)
			if rnd.IntN(2) == 0 {
				add("payloads encoded", parameter(rnd, coded))
			} else {
				add("payloads encoded", inObject(rnd, coded))
			}
		}
	}
	return out, nil
}

func parameter(rnd *rand.Rand, text string) []byte {
	field := words[rnd.IntN(len(words))]
	if rnd.IntN(2) == 0 {
		return base(rnd, "GET", fmt.Sprintf("/v1/%s?%s=%s&page=%d", words[rnd.IntN(len(words))], field, url.QueryEscape(text), rnd.IntN(9))).line()
	}
	r := base(rnd, "POST", "/v1/"+words[rnd.IntN(len(words))])
	r.Headers["Content-Type"] = "application/x-www-form-urlencoded"
	r.Body = fmt.Sprintf("id=%d&%s=%s&lang=en", rnd.IntN(10000), field, url.QueryEscape(text))
	return r.line()
}

func inObject(rnd *rand.Rand, text string) []byte {
	r := base(rnd, "POST", "/v1/"+words[rnd.IntN(len(words))]+"s")
	r.Headers["Content-Type"] = "application/json"
	r.Body = object(rnd, words[rnd.IntN(len(words))], text)
	return r.line()
}

// encode writes the text as programs write it that look for a way around rules: a
// layer more than the place needs.
func encode(rnd *rand.Rand, s string) string {
	escaped := func(format string, every bool) string {
		var b strings.Builder
		for _, r := range s {
			if every && r < 0x80 || strings.ContainsRune("<>\"'&(){}/\\;|`$=:", r) {
				fmt.Fprintf(&b, format, r)
			} else {
				b.WriteRune(r)
			}
		}
		return b.String()
	}
	switch rnd.IntN(7) {
	case 0:
		return url.QueryEscape(s)
	case 1:
		return url.PathEscape(url.PathEscape(s))
	case 2:
		return escaped("\\u%04x", true)
	case 3:
		return escaped("&#%d;", false)
	case 4:
		return escaped("&#x%x;", true)
	case 5:
		return escaped("%%%02X", true)
	}
	return base64.StdEncoding.EncodeToString([]byte(s))
}
