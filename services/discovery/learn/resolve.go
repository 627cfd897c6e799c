package learn

import (
	"slices"
	"strings"
)

// Resolve is the learned template of a lexical one, under the last Decide. A path
// that no learned template matches keeps its own.
func (t *Tree) Resolve(method, template string) string {
	if t.view == nil {
		return template
	}
	segments := strings.Split(strings.TrimPrefix(template, "/"), "/")
	if template == "/" {
		return template
	}
	out := make([]string, len(segments))
	budget := 64
	if !t.view.match(segments, method, out, &budget) {
		return template
	}
	return "/" + strings.Join(out, "/")
}

// match fills out with the learned segments: a literal before what holds a value
// within text, and both before a parameter.
func (v *view) match(segments []string, method string, out []string, budget *int) bool {
	if len(segments) == 0 {
		return slices.Contains(v.methods, method)
	}
	if *budget--; *budget < 0 {
		return false
	}
	s := segments[0]
	if next := v.literals[s]; next != nil {
		out[0] = s
		if next.match(segments[1:], method, out[1:], budget) {
			return true
		}
	}
	if a, ok := v.holds(s); ok {
		out[0] = a.template
		if a.next.match(segments[1:], method, out[1:], budget) {
			return true
		}
	}
	if v.param != nil && (!isTyped(s) || s[0] == '{' && s[len(s)-1] == '}') {
		out[0] = v.typ
		return v.param.match(segments[1:], method, out[1:], budget)
	}
	return false
}
