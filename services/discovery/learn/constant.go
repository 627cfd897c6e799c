package learn

import "strings"

// Where APIs put what stands before all paths, a segment may look like a value and be
// a name that a developer gave: a date that is a version, the number of a service. It
// is one while it never varies. Elsewhere a typed segment stays one: who has one object
// so far will have more, and what asks for others must be seen to.

// leastConstant is in how many answers a typed segment must have been the same.
const leastConstant = 30

// Prefix is the text of the first typed segment of some paths: of none, of one, or of
// several.
type Prefix struct {
	Text   string
	Varies bool
}

// Join adds what others had. It is commutative.
func (p *Prefix) Join(o Prefix) {
	switch {
	case p.Varies || o.Text == "" && !o.Varies:
	case o.Varies || p.Text != "" && p.Text != o.Text:
		*p = Prefix{Varies: true}
	case p.Text == "":
		p.Text = strings.Clone(o.Text)
	}
}

// had notes the text that stood at n. Where there was none, it may have been any.
func (n *node) had(p Prefix) {
	if p.Text == "" {
		p.Varies = true
	}
	if n.prefix == nil {
		n.prefix = &Prefix{}
	}
	n.prefix.Join(p)
}

// constants splits off the typed children that have one text only, and gives these.
func constants(at context, typed []*child) (rest []*child, fixed map[*child]string) {
	place := placeOf(at)
	if at.host.teacher != nil || place[0]+place[1] == 0 {
		return typed, nil
	}
	for _, c := range typed {
		var p Prefix
		below := false
		for _, n := range c.nodes {
			if n.prefix == nil {
				p.Varies = true
				break
			}
			p.Join(*n.prefix)
			below = below || len(n.children) > 0
		}
		if p.Text == "" || !below || len(c.uses) > 0 || c.hits < leastConstant {
			rest = append(rest, c)
			continue
		}
		if fixed == nil {
			fixed = map[*child]string{}
		}
		fixed[c] = p.Text
	}
	return rest, fixed
}
