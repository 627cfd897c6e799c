package sets

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/segmentio/encoding/json"
)

// Benign is the ordinary set: per package, at most n requests of each kind. Kinds
// are its JSON as it is, its documentation in objects as services send them to one
// another, its change log as commit messages, its code as text, its prose in a
// field, and single sentences in queries and forms.
func Benign(ctx context.Context, cache string, n int) ([]Sample, error) {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPackages, err)
	}
	var out []Sample
	for i, l := range strings.Split(strings.TrimSpace(packages), "\n") {
		spec, sum, _ := strings.Cut(l, " ")
		files, err := fetch(ctx, cache, spec, sum)
		if err != nil {
			return nil, err
		}
		g := generator{rnd: rand.New(rand.NewPCG(7, uint64(i))), spec: spec}
		for _, f := range files {
			g.file(&f)
		}
		for k, kind := range []struct {
			set  string
			make func(string) []byte
			from []string
		}{
			{"JSON of packages", g.plain, g.documents}, {"documentation in webhooks", g.discussion, g.sections}, {"change logs as commits", g.push, g.changes},
			{"code in text", g.snippet, g.code}, {"prose in JSON", g.comment, g.paragraphs}, {"sentences in query and form", g.search, g.sentences},
		} {
			for _, text := range pick(kind.from, n, uint64(1000+10*i+k)) {
				out = append(out, Sample{Set: kind.set, Source: spec, Class: "normal", Line: kind.make(text)})
			}
		}
	}
	return seal(out)
}

// generator collects the texts of one package and makes requests of them.
type generator struct {
	rnd                                                       *rand.Rand
	spec                                                      string
	documents, sections, changes, code, paragraphs, sentences []string
}

// Bounds of a text in bytes, and how many of a file are taken.
const (
	minText, maxText = 20, 6000
	perFile          = 400
)

var (
	heading  = regexp.MustCompile(`(?m)^#{1,4} `)
	bullet   = regexp.MustCompile(`(?m)^[*-] +(.+)$`)
	markup   = regexp.MustCompile("[`#|<>{}*\\[\\]$=;\\\\]")
	sentence = regexp.MustCompile(`[A-Z][^.!?\n]{15,160}[.!?]`)
)

func (g *generator) file(f *file) {
	if !utf8.ValidString(f.text) {
		return
	}
	switch f.kind {
	case "json":
		g.json(f.text)
	case "md", "txt":
		g.document(f.text)
	case "js", "ts", "sh", "yaml":
		g.lines(f.text)
	}
}

// json takes the document apart until its pieces have the size of a body.
func (g *generator) json(text string) {
	left := perFile
	var walk func(raw json.RawMessage)
	walk = func(raw json.RawMessage) {
		if len(raw) <= 2*maxText {
			if left > 0 && len(raw) >= 4*minText {
				left--
				g.documents = append(g.documents, string(raw))
			}
			return
		}
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil {
			for _, v := range list {
				walk(v)
			}
			return
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) == nil {
			for _, k := range sortedKeys(object) {
				walk(object[k])
			}
		}
	}
	walk(json.RawMessage(text))
}

func (g *generator) document(text string) {
	cut := heading.FindAllStringIndex(text, -1)
	for i, c := range cut {
		end := len(text)
		if i+1 < len(cut) {
			end = cut[i+1][0]
		}
		if s := strings.TrimSpace(text[c[0]:end]); len(s) >= minText {
			g.sections = append(g.sections, clip(s))
		}
	}
	for _, m := range bullet.FindAllStringSubmatch(text, perFile) {
		if len(m[1]) >= minText {
			g.changes = append(g.changes, clip(m[1]))
		}
	}
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.TrimSpace(p); len(p) >= 80 && !markup.MatchString(p) && strings.Count(p, " ") > 10 {
			g.paragraphs = append(g.paragraphs, clip(p))
		}
	}
	g.sentences = append(g.sentences, sentence.FindAllString(text, perFile)...)
}

// lines takes runs of lines out of code.
func (g *generator) lines(text string) {
	lines := strings.Split(text, "\n")
	for i, k := 0, 0; i < len(lines) && k < 6; k++ {
		n := 3 + g.rnd.IntN(25)
		s := strings.Join(lines[i:min(i+n, len(lines))], "\n")
		if len(s) >= minText {
			g.code = append(g.code, clip(s))
		}
		i += n + g.rnd.IntN(60)
	}
}

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "")
}

func (g *generator) post(uri, body string) []byte {
	r := base(g.rnd, "POST", uri)
	r.Headers["Content-Type"] = "application/json"
	r.Body = body
	return r.line()
}

func (g *generator) plain(text string) []byte {
	return g.post("/v2/"+words[g.rnd.IntN(len(words))]+"s", text)
}

func (g *generator) hash(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.rnd.Uint32())
	}
	return hex.EncodeToString(b)
}

func (g *generator) name() string {
	return words[g.rnd.IntN(len(words))] + []string{"-", "_", "."}[g.rnd.IntN(3)] + words[g.rnd.IntN(len(words))]
}

// person and project are objects full of addresses, as hosted services send them.
func (g *generator) person() map[string]any {
	n := g.name()
	id := g.rnd.IntN(90_000_000)
	return map[string]any{"uid": id, "handle": n, "mail": n + "@users.example.test", "picture": fmt.Sprintf("https://cdn.example.test/p/%d?s=80&v=4", id),
		"profile": "https://code.example.test/" + n, "links": map[string]any{"followers": "https://code.example.test/api/people/" + n + "/followers{/other}",
			"starred": "https://code.example.test/api/people/" + n + "/starred{/owner}{/project}"}, "admin": false, "key": "MDQ6VXNlcj" + g.hash(6) + "=="}
}

func (g *generator) project() map[string]any {
	n := g.name()
	u := "https://code.example.test/" + n
	return map[string]any{"id": g.rnd.IntN(1_000_000_000), "path": n, "web": u, "ssh": "ssh://git@code.example.test:22/" + n + ".git", "git": "git://code.example.test/" + n + ".git",
		"homepage": "http://www." + strings.ReplaceAll(n, "_", "-") + ".example.test/index.php?page=home&id=7", "about": "", "default": "refs/heads/main", "private": g.rnd.IntN(2) == 0,
		"archive": u + "/api/{format}{/ref}", "compare": u + "/compare/{base}...{head}", "created": "2024-03-09T11:12:54Z", "license": nil, "owner": g.person()}
}

func (g *generator) object(o map[string]any) string {
	b, err := json.Append(nil, o, json.SortMapKeys)
	if err != nil {
		panic(fmt.Sprintf("sets: an object of plain values does not marshal: %v", err))
	}
	return string(b)
}

func (g *generator) discussion(text string) []byte {
	first, _, _ := strings.Cut(text, "\n")
	item := map[string]any{"id": g.rnd.Int64N(1 << 40), "number": g.rnd.IntN(9000), "title": strings.TrimLeft(first, "# "), "body": text, "state": "open",
		"url": fmt.Sprintf("https://code.example.test/api/items/%d", g.rnd.IntN(9000)), "author": g.person(), "labels": []any{"bug", "help wanted"}, "node": g.hash(10), "html": "<p>" + first + "</p>"}
	return g.post("/hooks/"+g.hash(6), g.object(map[string]any{"action": "opened", "item": item, "project": g.project(), "sender": g.person()}))
}

// crowd puts text among the many fields that such objects have.
func (g *generator) crowd(field, text string) []byte {
	item := map[string]any{"id": g.rnd.Int64N(1 << 40), "state": "open", "url": fmt.Sprintf("https://code.example.test/api/items/%d", g.rnd.IntN(9000)), "author": g.person(), "labels": []any{"bug"}, "node": g.hash(10)}
	item[field] = text
	return g.post("/hooks/"+g.hash(6), g.object(map[string]any{"action": "opened", "item": item, "project": g.project(), "sender": g.person()}))
}

func (g *generator) push(text string) []byte {
	var commits []any
	for range 1 + g.rnd.IntN(3) {
		commits = append(commits, map[string]any{"id": g.hash(20), "tree": g.hash(20), "message": text, "url": "https://code.example.test/c/" + g.hash(20),
			"author": map[string]any{"name": g.name(), "mail": g.name() + "@example.test"}, "added": []any{"src/" + g.name() + ".ts"}, "modified": []any{".ci/build.sh", "package.json"}})
	}
	return g.post("/hooks/push", g.object(map[string]any{"ref": "refs/heads/" + g.name(), "before": g.hash(20), "after": g.hash(20), "commits": commits, "project": g.project(), "pusher": g.person()}))
}

func (g *generator) snippet(text string) []byte {
	return g.post("/v1/snippets", g.object(map[string]any{"file": "src/" + g.name() + ".js", "content": text, "language": "js", "line": g.rnd.IntN(900),
		"diff": "@@ -1,4 +1,6 @@\n+" + strings.ReplaceAll(text, "\n", "\n+"), "author": g.person()}))
}

func (g *generator) comment(text string) []byte {
	return g.post("/v1/comments", g.object(map[string]any{"id": g.hash(8), "text": text, "rating": g.rnd.IntN(5), "lang": "en"}))
}

func (g *generator) search(text string) []byte {
	if g.rnd.IntN(2) == 0 {
		return base(g.rnd, "GET", "/v1/search?q="+url.QueryEscape(text)+"&page=1").line()
	}
	r := base(g.rnd, "POST", "/contact")
	r.Headers["Content-Type"] = "application/x-www-form-urlencoded"
	r.Body = "subject=" + url.QueryEscape(g.name()) + "&message=" + url.QueryEscape(text)
	return r.line()
}
