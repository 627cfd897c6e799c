package engine

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// arrange orders rules by phase and finds where markers lie and what ctl takes out.
func (p *program) arrange(text *seclang.Program, rules []rule) {
	bySource := make(map[*seclang.Rule]*rule, len(rules))
	for i := range rules {
		bySource[rules[i].src] = &rules[i]
	}
	p.rules = make([]rule, 0, len(rules))
	for phase := 1; phase <= phases; phase++ {
		p.from[phase] = len(p.rules)
		p.marks[phase] = make(map[string]int)
		for _, item := range text.Items {
			if r := bySource[item.Rule]; item.Rule != nil && r != nil && r.src.Phase == phase {
				r.index = len(p.rules)
				p.rules = append(p.rules, *r)
			}
		}
	}
	p.from[phases+1] = len(p.rules)
	p.jumps(text)
	for i := range p.rules {
		for j := range p.rules[i].links {
			for k := range p.rules[i].links[j].effects {
				if c := p.rules[i].links[j].effects[k].ctl; c != nil {
					p.aim(c, p.rules[i].links[j].src.Effects[k].Ctl)
				}
			}
		}
	}
}

// jumps finds for each skipAfter the first marker of that name behind the rule, and for
// each skip the rule that many places on; a marker is a place.
func (p *program) jumps(text *seclang.Program) {
	place := make(map[*seclang.Rule]int, len(text.Items))
	for at, item := range text.Items {
		if item.Rule != nil {
			place[item.Rule] = at
		}
	}
	for i := range p.rules {
		r := &p.rules[i]
		end := p.from[r.src.Phase+1]
		if r.jump, r.marker = end, false; r.src.Skip > 0 {
			r.marker = true
			r.jump = p.places(text, place[r.src]+1, r.src.Skip, r.src.Phase, place)
			r.behind = p.behind(text.Items[place[r.src]+1:], r.src.Phase)
		}
		if r.src.SkipAfter == "" {
			continue
		}
		for at := place[r.src] + 1; at < len(text.Items); at++ {
			if item := text.Items[at]; item.Rule == nil && item.Marker == r.src.SkipAfter {
				r.marker = true
				r.jump = p.from[r.src.Phase] + firstBehind(p.rules[p.from[r.src.Phase]:end], place, at)
				break
			}
		}
	}
	// A marker that a rule of an earlier phase looks for is the first of its name.
	for phase := 1; phase <= phases; phase++ {
		for at := len(text.Items) - 1; at >= 0; at-- {
			if item := text.Items[at]; item.Rule == nil {
				p.marks[phase][item.Marker] = p.from[phase] + firstBehind(p.rules[p.from[phase]:p.from[phase+1]], place, at)
			}
		}
	}
}

// places is the rule of phase behind n places, of which the first is item at of the
// text or follows it.
func (p *program) places(text *seclang.Program, at, n, phase int, place map[*seclang.Rule]int) int {
	for ; at < len(text.Items) && n > 0; at++ {
		if r := text.Items[at].Rule; r == nil || r.Phase == phase {
			n--
		}
	}
	return p.from[phase] + firstBehind(p.rules[p.from[phase]:p.from[phase+1]], place, at-1)
}

// behind are the places of a phase in items: rules by their index, -1 for a marker or a
// rule that was worked out.
func (p *program) behind(items []seclang.Item, phase int) (places []int) {
	for _, item := range items {
		switch r := item.Rule; {
		case r == nil:
			places = append(places, -1)
		case r.Phase == phase:
			places = append(places, slices.IndexFunc(p.rules, func(x rule) bool { return x.src == r }))
		}
	}
	return places
}

func firstBehind(rules []rule, place map[*seclang.Rule]int, at int) int {
	i := slices.IndexFunc(rules, func(r rule) bool { return place[r.src] > at })
	if i < 0 {
		return len(rules)
	}
	return i
}

// aim finds the rules that a ctl action is about.
func (p *program) aim(c *control, src *seclang.Ctl) {
	c.rules = nil
	for i := range p.rules {
		if isAim(src, p.rules[i].src) {
			c.rules = append(c.rules, i)
		}
	}
}

func isAim(c *seclang.Ctl, r *seclang.Rule) bool {
	switch {
	case strings.HasSuffix(c.Action, "ById"):
		return slices.ContainsFunc(c.IDs, func(x [2]int) bool { return r.ID >= x[0] && r.ID <= x[1] })
	case strings.HasSuffix(c.Action, "ByTag"):
		return slices.Contains(r.Tags, c.Tag)
	case strings.HasSuffix(c.Action, "ByMsg"):
		return r.HasMsg && r.Msg.String() == c.Msg
	}
	return false
}
