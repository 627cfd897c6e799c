package parity

import (
	"fmt"
	"math/rand/v2"

	"github.com/segmentio/encoding/json"
)

// Links are n notices of a forge for software, 0.5 to 4 KB of JSON each, in which
// most of the text is addresses, as public APIs write them: a resource links to
// itself, its page, its avatar, its lists and its templates. They are made from the
// seed.
func Links(n int, seed uint64) []Case {
	g := linker{r: rand.New(rand.NewPCG(seed, 0x11)), words: goods()}
	cases := make([]Case, n)
	for i := range cases {
		want := 512 + g.r.IntN(3584)
		doc := map[string]any{"action": g.pick("opened", "created", "completed", "released"), "sequence": i, "sender": g.account()}
		for size, k := 0, 0; size < want; k++ {
			name := fmt.Sprintf("%s_%d", g.pick("repository", "pull_request", "review", "release", "invoice"), k)
			doc[name] = g.resource()
			if b := g.encode(doc); len(b) <= 4096 {
				size = len(b)
				continue
			}
			delete(doc, name)
			break
		}
		cases[i] = exchange(fmt.Sprintf("g %d", i), "POST", "/hooks/forge", jsonType, g.encode(doc), 202, []byte(`{"accepted":true}`))
	}
	return cases
}

type linker struct {
	r     *rand.Rand
	words []string
}

func (g *linker) encode(v any) []byte {
	// Addresses keep their ampersands, as those who serve them write them. Maps and
	// texts can always be encoded.
	b, _ := json.Append(nil, v, json.SortMapKeys)
	return b
}

func (g *linker) pick(of ...string) string { return of[g.r.IntN(len(of))] }
func (g *linker) word() string             { return g.pick(g.words...) }

func (g *linker) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[g.r.IntN(16)]
	}
	return string(b)
}

func (g *linker) date() string {
	return fmt.Sprintf("2026-%02d-%02dT%02d:%02d:%02dZ", 1+g.r.IntN(12), 1+g.r.IntN(28), g.r.IntN(24), g.r.IntN(60), g.r.IntN(60))
}

// account is who did something, with an avatar that carries a query.
func (g *linker) account() map[string]any {
	login, id := g.word()+"-"+g.word(), g.r.IntN(1e8)
	api := "https://api.forge.example/users/" + login
	return map[string]any{
		"login": login, "id": id, "node_id": "MDQ6VXNlcg" + g.hex(8) + "==", "type": g.pick("User", "Bot"),
		"avatar_url": fmt.Sprintf("https://avatars.forge.example/u/%d?s=96&v=4&d=identicon", id),
		"html_url":   "https://forge.example/" + login, "url": api, "followers_url": api + "/followers",
		"starred_url": api + "/starred{/owner}{/name}", "events_url": api + "/events{/privacy}",
	}
}

// resource is something with links in one of the ways they are written.
func (g *linker) resource() map[string]any {
	owner, name, id := g.word(), g.word()+"."+g.word(), g.r.IntN(1e7)
	path := fmt.Sprintf("/projects/%s/%s/items/%d", owner, name, id)
	api, page := "https://api.forge.example"+path, "https://forge.example"+path
	doc := map[string]any{"id": id, "created_at": g.date(), "updated_at": g.date(), "title": g.word() + " " + g.word() + " " + g.word(), "draft": g.r.IntN(2) == 0, "score": float64(g.r.IntN(1000)) / 8}
	switch g.r.IntN(4) {
	case 0: // HAL
		doc["_links"] = map[string]any{
			"self": link(api), "html": link(page), "next": link(fmt.Sprintf("%s?cursor=%s&limit=50&sort=-updated", api, g.hex(24))),
			"find": map[string]any{"href": api + "/search{?q,page,per_page}", "templated": true},
		}
	case 1: // one field a link
		doc["url"], doc["html_url"], doc["comments_url"] = api, page, api+"/comments{/number}"
		doc["compare_url"] = api + "/compare/{base}...{head}"
		doc["diff_url"], doc["clone_url"], doc["ssh_url"] = page+".diff", fmt.Sprintf("https://forge.example/%s/%s.git", owner, name), fmt.Sprintf("git@forge.example:%s/%s.git", owner, name)
		doc["sha"], doc["ref"] = g.hex(40), "refs/heads/feature/"+g.word()
	case 2: // JSON:API
		doc["links"] = map[string]any{"self": api, "related": api + "?include=owner,labels&fields%5Bitems%5D=title,state"}
		doc["relationships"] = map[string]any{"owner": map[string]any{"links": map[string]any{"related": api + "/owner"}, "data": map[string]any{"type": "accounts", "id": g.hex(12)}}}
	default: // a list with addresses of files, some signed
		assets := make([]any, 1+g.r.IntN(3))
		for i := range assets {
			assets[i] = map[string]any{
				"name": fmt.Sprintf("%s-%d.%d.%d-linux_amd64.tar.gz", g.word(), g.r.IntN(9), g.r.IntN(20), g.r.IntN(30)), "size": g.r.IntN(1e8), "content_type": "application/gzip",
				"browser_download_url": fmt.Sprintf("https://objects.forge.example/%d/%s?X-Amz-Date=20261122T030000Z&X-Amz-Expires=300&X-Amz-Signature=%s", id, g.hex(32), g.hex(64)),
			}
		}
		doc["assets"], doc["body"] = assets, fmt.Sprintf("See https://docs.forge.example/%s#%s for what changed since v%d.%d.", g.word(), g.word(), g.r.IntN(9), g.r.IntN(9))
	}
	if g.r.IntN(2) == 0 {
		doc["owner"] = g.account()
	}
	return doc
}

func link(href string) map[string]any { return map[string]any{"href": href} }
