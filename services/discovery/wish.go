package discovery

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// wish is an order on its way into the tree of its host.
type wish struct {
	site     *site
	order    *order.Order
	segments []string
}

// place is what stands before segment i.
func (w *wish) place(i int) string { return "/" + strings.Join(w.segments[:i], "/") }

func isParameter(segment string) bool { return strings.IndexByte(segment, '{') >= 0 }

// change is for all orders that pins of texts carry out. What the template is then,
// but for what is learned, is c.after.
func (w *wish) change(c *change, maxPins int) error {
	tree, o := w.site.tree, w.order
	c.after = o.Template
	switch i := o.Segment; o.Op {
	case order.Merge:
		text := w.segments[i]
		if isParameter(text) {
			if len(tree.Held(w.place(i), text)) == 0 || learn.Pattern(text) == "" || o.Name != "" {
				return fmt.Errorf("segment %d is a value already; pin it to keep it one", i+1)
			}
			text = learn.Pattern(text)
			c.after = w.with(i, "{"+catalog.TypeString+"}")
		}
		if tree.Pins() >= maxPins {
			return full(maxPins)
		}
		if o.Name == order.All {
			tree.MergeAll(w.place(i))
		} else {
			tree.Merge(w.place(i), text)
		}
	case order.Split:
		if !isParameter(w.segments[i]) {
			return fmt.Errorf("segment %d is a name already; pin it to keep it one", i+1)
		}
		texts := tree.Held(w.place(i), w.segments[i])
		if len(texts) == 0 {
			return fmt.Errorf("segment %d holds nothing but what has the shape of a value", i+1)
		}
		if o.Name != "" {
			if !slices.Contains(texts, o.Name) {
				return fmt.Errorf("%q is no value that was seen at segment %d, or too rarely to be remembered", o.Name, i+1)
			}
			texts = []string{o.Name}
		}
		if tree.Pins()+len(texts) > maxPins {
			return full(maxPins)
		}
		if o.Name == "" {
			tree.SplitAll(w.place(i), texts...)
		} else {
			tree.Split(w.place(i), texts...)
		}
		c.texts = texts
		c.after = w.with(i, texts[0])
	case order.Pin:
		return w.pin(maxPins)
	case order.Unpin:
		return w.unpin()
	}
	return nil
}

// with is the template with another segment.
func (w *wish) with(i int, segment string) string {
	segments := slices.Clone(w.segments)
	segments[i] = segment
	template := "/" + strings.Join(segments, "/")
	if _, operation := catalog.SplitOperation(w.order.Template); operation != "" {
		return catalog.WithOperation(template, operation)
	}
	return template
}

func full(maxPins int) error {
	return fmt.Errorf("the host has as many pins as discovery.max_pins allows, %d", maxPins)
}

// each goes through the segments that a pin is for.
func (w *wish) each(f func(place, segment string)) {
	for i, s := range w.segments {
		if w.order.Segment == order.Whole || w.order.Segment == i {
			f(w.place(i), s)
		}
	}
}

// pin says of every literal segment that it is a name, of the texts that were merged
// into a parameter that they are values, and of what is around them whether it is part of
// them. A text that comes later is still
// for the tree to judge: a place that takes no new values would make an endpoint of
// each.
func (w *wish) pin(maxPins int) error {
	tree, n := w.site.tree, 0
	values := func(place, segment string) (texts []string) {
		texts = tree.Held(place, segment)
		if learn.Pattern(segment) != "" {
			return texts
		}
		for _, text := range texts {
			if p := learn.Pattern(text); p != "" && !slices.Contains(texts, p) {
				texts = append(texts, p)
			}
		}
		return texts
	}
	w.each(func(place, segment string) {
		if isParameter(segment) {
			n += len(values(place, segment))
		} else if segment != "" {
			n++
		}
	})
	if n == 0 {
		return errors.New("there is nothing to pin: what is no name has the shape of a value, and stays one")
	}
	if tree.Pins()+n > maxPins {
		return full(maxPins)
	}
	w.each(func(place, segment string) {
		if !isParameter(segment) {
			if segment != "" {
				tree.Split(place, segment)
			}
		} else if texts := values(place, segment); len(texts) > 0 {
			tree.Merge(place, texts...)
			if p := learn.Pattern(segment); p != "" {
				tree.Split(place, p)
			}
		}
	})
	return nil
}

// unpin takes back what was said of the segments, or of one text at one of them.
func (w *wish) unpin() error {
	tree, n, name := w.site.tree, 0, w.order.Name
	w.each(func(place, segment string) {
		names, values, all := tree.Pinned(place)
		texts := values
		switch {
		case name != "":
			texts = slices.DeleteFunc(append(names, values...), func(s string) bool { return s != name })
			all = all && name == order.All
		case !isParameter(segment):
			texts, all = slices.DeleteFunc(names, func(s string) bool { return s != segment }), false
		case slices.Contains(names, learn.Pattern(segment)):
			texts = append(texts, learn.Pattern(segment))
		}
		if n += len(texts); len(texts) > 0 {
			tree.Unpin(place, texts...)
		}
		if all {
			n++
			tree.UnpinAll(place)
		}
	})
	if n == 0 {
		return errors.New("nobody has pinned any of it")
	}
	return nil
}

// rename changes no template, only what a parameter is called.
func (w *wish) rename(c *change, maxPins int) error {
	tree, o := w.site.tree, w.order
	if !isParameter(w.segments[o.Segment]) {
		return fmt.Errorf("segment %d is no parameter", o.Segment+1)
	}
	number := 0
	for _, s := range w.segments[:o.Segment] {
		if isParameter(s) {
			number++
		}
	}
	own := catalog.ParamNames(o.Template)
	was := tree.Name(o.Template, own)
	if o.Name == "" && was[number] == own[number] {
		return errors.New("nobody gave the parameter another name")
	}
	if o.Name != "" && slices.Contains(was, o.Name) {
		if was[number] == o.Name {
			return fmt.Errorf("the parameter is called %s already", o.Name)
		}
		return fmt.Errorf("another parameter of it is called %s", o.Name)
	}
	if o.Name != "" && tree.Pins() >= maxPins {
		return full(maxPins)
	}
	tree.Rename(o.Template, number, o.Name)
	c.before, c.after = was[number], tree.Name(o.Template, own)[number]
	return nil
}
