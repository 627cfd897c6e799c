package sets

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
)

// list is a list of values by family, with what part of it is never looked at.
type list struct {
	name, text string
	unseen     func(family, text string, at int) bool
}

func byTurns(_, _ string, at int) bool { return at%2 == 1 }
func none(_, _ string, _ int) bool     { return false }

func byHash(family, text string, _ int) bool {
	h := fnv.New32a()
	_, _ = io.WriteString(h, family+" "+text) // a hash never fails
	return h.Sum32()>>7&1 == 1
}

// each calls f with the values of the list: a line is one, as it is or as Go quotes it.
func (l list) each(f func(family, text string, unseen bool)) error {
	family, at := "", 0
	for lines := bufio.NewScanner(strings.NewReader(l.text)); lines.Scan(); {
		text := lines.Text()
		if name, ok := strings.CutPrefix(text, "## "); ok {
			family, at = name, 0
			continue
		}
		if text == "" || family == "" || strings.HasPrefix(text, "# ") {
			continue
		}
		if quoted, ok := strings.CutPrefix(text, "= "); ok {
			var err error
			if text, err = strconv.Unquote(quoted); err != nil {
				return fmt.Errorf("sets: %s: %s: %w", l.name, quoted, err)
			}
		}
		f(family, text, l.unseen(family, text, at))
		at++
	}
	return nil
}

// payloads are the values of the list in each place and encoding that they can have.
func (l list) payloads(rnd *rand.Rand, n int) ([]Sample, error) {
	var out []Sample
	err := l.each(func(family, text string, unseen bool) {
		add := func(place string, line []byte) {
			out = append(out, Sample{Set: l.name + place + side(unseen), Source: family + " " + text, Class: family, Attack: true, Unseen: unseen, Line: line})
		}
		for range n {
			add(" in query and form", parameter(rnd, text))
			add(" in JSON", inObject(rnd, text))
			coded := encode(rnd, text)
			if rnd.IntN(2) == 0 {
				add(" encoded", parameter(rnd, coded))
			} else {
				add(" encoded", inObject(rnd, coded))
			}
		}
	})
	return out, err
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
