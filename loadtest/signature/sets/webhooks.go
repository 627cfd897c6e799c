package sets

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/segmentio/encoding/json"
)

// webhooks is a package of payloads that a hosted service really sent.
const webhooks = "@octokit/webhooks-examples@7.6.1 0dee94dd707a3b70ed09aedb2a008ccd31dd7a8a6aa99e92362bcc6099caeb98"

// Webhooks are real payloads as they are. They are Unseen: what is fitted to have their
// shape is made of other texts, by Benign.
func Webhooks(ctx context.Context, cache string) ([]Sample, error) {
	spec, sum, _ := strings.Cut(webhooks, " ")
	files, err := fetch(ctx, cache, spec, sum)
	if err != nil {
		return nil, err
	}
	g := generator{rnd: rand.New(rand.NewPCG(8, 0)), spec: spec}
	var out []Sample
	for i := range files {
		if !strings.HasSuffix(files[i].name, "/api.github.com/index.json") {
			continue
		}
		var events []struct {
			Name     string            `json:"name"`
			Examples []json.RawMessage `json:"examples"`
		}
		if err := json.Unmarshal([]byte(files[i].text), &events); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", spec, files[i].name, err)
		}
		for _, e := range events {
			for _, x := range e.Examples {
				out = append(out, Sample{Set: "real webhooks, never looked at", Source: spec, Class: "normal", Unseen: true, Line: g.post("/hooks/"+e.Name, string(x))})
			}
		}
	}
	return seal(out)
}
