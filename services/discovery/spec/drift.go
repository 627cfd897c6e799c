package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/finding"
)

// drifts says in what an endpoint is used or answers otherwise than documented.
func (c *comparison) drifts(e *observed, p *pattern) {
	w := &drifting{c: c, e: e, p: p}
	w.parameters()
	w.statuses()
	w.auth()
	w.bodies()
	if extra := len(w.out) - c.o.MaxDrifts; extra > 0 {
		d := c.difference(Drift, finding.Low, e, p, p.op.Where)
		d.Aspect, d.Name, d.Count = "more", "", uint64(extra)
		d.Summary = fmt.Sprintf("%s differs from %s in %d more ways.", e.label, p.op.Where, extra)
		w.out = append(w.out[:c.o.MaxDrifts], d)
	}
	c.out = append(c.out, w.out...)
}

type drifting struct {
	c   *comparison
	e   *observed
	p   *pattern
	out []Difference
}

// say adds a drift that enough transactions show.
func (w *drifting) say(severity finding.Severity, aspect, name string, where Place, count, of uint64, format string, args ...any) {
	if count >= uint64(w.c.o.MinCount) {
		w.add(severity, aspect, name, where, count, of, format, args...)
	}
}

func (w *drifting) add(severity finding.Severity, aspect, name string, where Place, count, of uint64, format string, args ...any) {
	d := w.c.difference(Drift, severity, w.e, w.p, where)
	d.Aspect, d.Name, d.Count, d.Of = aspect, name, count, max(of, count)
	d.Summary = w.e.label + ": " + fmt.Sprintf(format, args...) + "."
	w.out = append(w.out, d)
}

// missing says whether so many of that many are more than truncation explains.
func (w *drifting) missing(n, of uint64) bool {
	return n >= uint64(w.c.o.MinCount) && float64(n) >= w.c.o.MissingShare*float64(of)
}

// accepts says whether a value of type got may stand where want is documented. text
// says that the type was guessed from text: every value is a string then.
func accepts(want []string, got string, text bool) bool {
	if len(want) == 0 || slices.Contains(want, got) {
		return true
	}
	if got == "integer" && slices.Contains(want, "number") {
		return true
	}
	return text && (got == "null" || slices.Contains(want, "string") || slices.Contains(want, "object"))
}

// many is "1 request", "2 requests".
func many(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func article(typ string) string {
	switch typ[0] {
	case 'a', 'e', 'i', 'o', 'u':
		if typ != "uuid" {
			return "an " + typ
		}
	}
	return "a " + typ
}

// statuses compares classes, which is what is counted.
func (w *drifting) statuses() {
	if len(w.p.op.Statuses) == 0 {
		return
	}
	for _, t := range w.e.statuses {
		if len(t.Name) != 3 || t.Name[1:] != "xx" || t.Name == "1xx" {
			continue
		}
		if slices.ContainsFunc(w.p.op.Statuses, func(s Status) bool { return s.Name == "default" || s.Name[:1] == t.Name[:1] }) {
			continue
		}
		var names []string
		for _, s := range w.p.op.Statuses {
			names = append(names, s.Name)
		}
		w.say(finding.Low, "status", t.Name, w.p.op.Where, t.Count, w.e.hits,
			"%d of %d answers were %s, and %s documents only %s", t.Count, w.e.hits, t.Name, w.p.op.Where, strings.Join(names, ", "))
	}
}

// auth looks for requests that were served with other credentials than documented,
// or with none.
func (w *drifting) auth() {
	o := w.p.op
	if o.Anonymous || len(o.Auth) == 0 {
		return // none is needed, or the document does not say
	}
	var want []string
	for _, a := range o.Auth {
		if !slices.Contains(want, a.Kind) {
			want = append(want, a.Kind)
		}
	}
	where := o.AuthWhere
	if where.File == "" {
		where = o.Where
	}
	for _, t := range w.e.served {
		if slices.Contains(want, "other") || t.Name == "other" || admitted(want, t.Name) {
			continue
		}
		severity, how := finding.Medium, "with "+t.Name
		if t.Name == "none" {
			severity, how = finding.High, "without credentials"
		}
		w.say(severity, "auth", t.Name, where, t.Count, w.e.answered,
			"at least %s got 2xx %s, and %s requires %s", many(t.Count, "request"), how, where, strings.Join(want, " or "))
	}
}

func admitted(want []string, scheme string) bool {
	for _, w := range want {
		switch {
		case w == scheme, w == "bearer" && scheme == "jwt",
			w == "authorization" && (scheme == "jwt" || scheme == "bearer" || scheme == "basic" || scheme == "api-key"),
			w == "api-key" && (scheme == "bearer" || scheme == "jwt"): // a key may be a token
			return true
		}
	}
	return false
}
