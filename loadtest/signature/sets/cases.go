package sets

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"

	"github.com/miradorhq/mirador/services/signature/pack"
	"github.com/miradorhq/mirador/services/signature/verdict/cases"
)

// Cases puts the cases of the pack's own rules into requests, each n times. They
// teach the weights what the rules are meant for; as a measure they are worth
// nothing.
func Cases(n int) ([]Sample, error) {
	p, err := pack.New()
	if err != nil {
		return nil, fmt.Errorf("sets: %w", err)
	}
	rnd := rand.New(rand.NewPCG(11, 0))
	var out []Sample
	for _, r := range p.Rules() {
		for _, c := range r.Cases() {
			for range n {
				line := caseLine(rnd, c)
				if line == nil {
					break
				}
				out = append(out, Sample{Set: "cases of the pack", Source: "rule " + r.ID, Class: r.Class.String(), Attack: c.Positive && r.Strength > pack.Hint, Line: line})
			}
		}
	}
	own, err := judged(rnd, n)
	if err != nil {
		return nil, err
	}
	return seal(append(out, own...))
}

// judged are the cases of the second stage.
func judged(rnd *rand.Rand, n int) ([]Sample, error) {
	attacks, err := cases.Attacks()
	if err != nil {
		return nil, fmt.Errorf("sets: %w", err)
	}
	requests, err := cases.Requests()
	if err != nil {
		return nil, fmt.Errorf("sets: %w", err)
	}
	ordinary, err := cases.Ordinary()
	if err != nil {
		return nil, fmt.Errorf("sets: %w", err)
	}
	var out []Sample
	add := func(class string, attack bool, line []byte) {
		out = append(out, Sample{Set: "cases of the second stage", Source: class, Class: class, Attack: attack, Line: line})
	}
	for _, class := range sortedKeys(attacks) {
		for _, text := range attacks[class] {
			for range n {
				_, line := Place(rnd, text)
				add(class, true, line)
			}
		}
	}
	for _, text := range ordinary {
		for range n {
			_, line := Place(rnd, text)
			add("normal", false, line)
		}
	}
	for _, q := range requests {
		r := base(rnd, cmp.Or(q.Method, "GET"), q.URI)
		if q.Type != "" {
			r.Headers["Content-Type"] = q.Type
		}
		maps.Copy(r.Headers, q.Headers)
		r.Body = q.Body
		for range n {
			add("exploit", true, r.line())
		}
	}
	return out, nil
}

func caseLine(rnd *rand.Rand, c pack.Case) []byte {
	switch c.Kind {
	case pack.Value:
		if c.Field != "" {
			r := base(rnd, "POST", "/v1/things")
			r.Headers["Content-Type"] = "application/json"
			r.Body = object(rnd, c.Field, c.Text)
			return r.line()
		}
		_, line := Place(rnd, c.Text)
		return line
	case pack.URI:
		if c.Text[0] == '/' {
			return base(rnd, "GET", c.Text).line()
		}
		return base(rnd, "GET", "/v1/things?"+c.Text).line()
	case pack.Header:
		r := base(rnd, "GET", "/v1/things")
		name := c.Field
		if name == "" {
			name = "user-agent"
		}
		if name == "user-agent" {
			name = "User-Agent"
		}
		r.Headers[name] = c.Text
		return r.line()
	case pack.Name:
		return base(rnd, "GET", "/v1/things?"+url.QueryEscape(c.Text)+"=1").line()
	}
	return nil // bodies, uploads, tokens and answers are tested with the rules
}
