package verdict

import (
	"slices"
	"strconv"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/pack"
)

// matches are the class that the place's rules speak for, and the rules, what says
// most first.
func (p *place) matches() (signature.Class, []signature.Match) {
	var weight [signature.Classes]float64
	var list []signature.Match
	for s := pack.Sure; ; s-- {
		for _, h := range p.pack {
			if h.Rule.Strength != s || slices.ContainsFunc(list, func(m signature.Match) bool { return m.Rule == h.Rule.ID }) {
				continue
			}
			weight[h.Rule.Class] += [...]float64{0.5, 2, 3}[s]
			if h.Rule.Class.Outbound() || len(list) == signature.MaxMatches {
				continue
			}
			list = append(list, signature.Match{Rule: h.Rule.ID, Title: h.Rule.Title, Class: h.Rule.Class, Location: p.location, Name: p.name, Value: h.Text,
				CWE: h.Rule.CWE, ATTACK: h.Rule.ATTACK, Remediation: h.Rule.Remediation, Depth: h.Depth})
		}
		if s == pack.Hint {
			break
		}
	}
	last := 0
	for _, h := range p.crs {
		if h.Rule == last {
			continue
		}
		last = h.Rule
		weight[h.Class] += float64(h.Score) / 3
		if len(list) < signature.MaxMatches {
			list = append(list, signature.Match{Rule: "crs " + strconv.Itoa(h.Rule), Title: h.Message, Class: h.Class, Location: p.location, Name: p.name, Value: h.Value})
		}
	}
	best := signature.Enforcement
	for _, c := range signature.Precedence() {
		if weight[c] > weight[best] {
			best = c
		}
	}
	return best, list
}

// at is the place as what is learned goes by. Only a leaf that the message itself
// states has a name there: who sends a value chooses what stands inside it.
func (p *place) at() signature.Place {
	var at signature.Place
	if l := p.leaf; l != nil && l.Via == content.Direct && l.Location != content.Path {
		at.Location, at.Name = l.Location, l.Name
	}
	for _, h := range p.pack {
		if !h.Rule.Class.Outbound() {
			at.Classes.Add(h.Rule.Class)
		}
	}
	for _, h := range p.crs {
		at.Classes.Add(h.Class)
	}
	at.Sure = p.sure()
	return at
}

// sure says whether what matched is more than what people and programs happen to
// write: a parser and a rule beside it, or a rule of ours that is sure and one of the core
// rule set. In sentences and documents rules agree by chance, so a parser and one of
// ours it must be there.
func (p *place) sure() bool {
	rules, last, parser := 0, 0, false
	for _, h := range p.crs {
		if h.Rule != last {
			last = h.Rule
			rules++
		}
		parser = parser || h.Rule == libinjectionSQL || h.Rule == libinjectionXSS
	}
	strong, certain := 0, 0
	for _, h := range p.pack {
		switch h.Rule.Strength {
		case pack.Sure:
			certain++
		case pack.Strong:
			strong++
		}
	}
	people := p.context == prose || p.context == markup || p.context == long
	return parser && (strong+certain > 0 || rules > 1 && !people) || certain > 0 && rules > 0
}
