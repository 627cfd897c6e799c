package verdict

import (
	"strconv"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/pack"
)

// An answer that fails in plain words is short; one that is long is a page or a
// document, which may well tell of errors and show traces.
const (
	shortAnswer = 4 << 10
	longAnswer  = 16 << 10
)

// Answer implements signature.Judge. The pack looks at an answer only where the core
// rule set found something or the server says that it failed: that is where leaks are,
// and other answers shall cost nothing.
func (j *Judge) Answer(e *event.Event, res signature.Result) Verdict {
	shown := outbound(&res)
	if len(e.ResponseBody.Data) == 0 && len(shown) == 0 || len(shown) == 0 && e.Status < 400 {
		return Verdict{}
	}
	s := j.scanners.Get().(*pack.Scanner)
	defer j.scanners.Put(s)
	hits := s.Response(e)
	if len(hits) == 0 && len(shown) == 0 {
		return Verdict{}
	}
	p := place{location: "response.body", crs: shown}
	for i := range hits {
		p.pack = append(p.pack, &hits[i])
	}
	v := Verdict{Threshold: j.cfg.Threshold, Bias: j.model.weight("leak")}
	sum := v.Bias
	add := func(name string) {
		if w := j.model.weight(name); w != 0 {
			v.Terms = append(v.Terms, signature.Term{Name: name, Value: 1, Weight: w})
			sum += w
		}
	}
	p.leaked(add)
	surroundings(e, add)
	v.Score = logistic(sum)
	v.Attack = v.Score >= v.Threshold
	v.Class, v.Matches = p.shows()
	rank(&v)
	return v
}

// outbound are the hits of the core rule set in the answer.
func outbound(res *signature.Result) (hits []*signature.Hit) {
	for i := range res.Hits {
		if res.Hits[i].Class.Outbound() {
			hits = append(hits, &res.Hits[i])
		}
	}
	return hits
}

// leaked are the terms of what the rules found.
func (p *place) leaked(add func(string)) {
	for i, h := range p.pack {
		if i == 0 || p.pack[i-1].Rule != h.Rule {
			add("leak." + h.Rule.ID)
		}
	}
	rules, worst := 0, 0
	for i, h := range p.crs {
		if i == 0 || p.crs[i-1].Rule != h.Rule {
			rules++
		}
		worst = max(worst, h.Score)
	}
	switch {
	case worst >= 5:
		add("leak.crs.critical")
	case rules > 0:
		add("leak.crs")
	}
	if rules > 1 {
		add("leak.crs.more")
	}
}

// surroundings are the terms of what the answer is otherwise.
func surroundings(e *event.Event, add func(string)) {
	switch n := len(e.ResponseBody.Data); {
	case n <= shortAnswer:
		add("leak.short")
	case n > longAnswer && e.Status < 400:
		add("leak.document")
	}
	if e.Status >= 500 {
		add("leak.failed")
	}
}

// shows are the class of what was found and the rules, those of the pack first.
func (p *place) shows() (signature.Class, []signature.Match) {
	class := signature.Leak
	var list []signature.Match
	for i, h := range p.pack {
		if i == 0 || p.pack[i-1].Rule != h.Rule {
			list = append(list, signature.Match{Rule: h.Rule.ID, Title: h.Rule.Title, Class: h.Rule.Class, Location: p.location, Value: h.Text,
				CWE: h.Rule.CWE, ATTACK: h.Rule.ATTACK, Remediation: h.Rule.Remediation})
		}
	}
	for i, h := range p.crs {
		if h.Class == signature.WebShell {
			class = h.Class
		}
		if i == 0 || p.crs[i-1].Rule != h.Rule {
			list = append(list, signature.Match{Rule: "crs " + strconv.Itoa(h.Rule), Title: h.Message, Class: h.Class, Location: h.Location, Name: h.Name, Value: h.Value})
		}
	}
	return class, list[:min(len(list), signature.MaxMatches)]
}
