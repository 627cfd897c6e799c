package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// wishChoice is one thing that a person can say of a template.
type wishChoice struct {
	Value, Text string
	op          order.Op
	segment     int
	name        string // else that of the form
	fixed       bool   // the form's name is not asked for
}

// wishes are all that make sense for a template. What the merger knows beside, such as
// which texts were seen at a segment, it says in a finding.
func wishes(template string) []wishChoice {
	o := order.Order{Template: template}
	var out []wishChoice
	add := func(op order.Op, segment int, format string, args ...any) {
		out = append(out, wishChoice{Value: fmt.Sprintf("%s:%d", op, segment), Text: fmt.Sprintf(format, args...), op: op, segment: segment})
	}
	segments := o.Segments()
	for i, s := range segments {
		if s != "" && !strings.Contains(s, "{") {
			add(order.Merge, i, "Segment %d, %s, is a value", i+1, s)
			out = append(out, wishChoice{
				Value: fmt.Sprintf("%s-all:%d", order.Merge, i), Text: fmt.Sprintf("Segment %d, %s, is a value, and so is every other name there, now and later", i+1, s),
				op: order.Merge, segment: i, name: order.All,
			})
		}
	}
	for i, s := range segments {
		if strings.Contains(s, "{string}") {
			add(order.Split, i, "Segment %d, %s, is a name", i+1, s)
		}
	}
	for i, s := range segments {
		if s != "{string}" && strings.Contains(s, "{string}") {
			add(order.Merge, i, "Segment %d, %s, is a value as a whole", i+1, s)
		}
	}
	for i, s := range segments {
		if strings.Contains(s, "{") {
			add(order.Rename, i, "Rename the parameter in segment %d, %s", i+1, s)
		}
	}
	if len(out) > 0 {
		add(order.Pin, order.Whole, "Keep the template as it is")
		add(order.Unpin, order.Whole, "Take the pins of it back")
	}
	return out
}

// pinned is what a person said before, with the choice that takes it back.
type pinned struct {
	Says string
	Back wishChoice
}

// pins are what people said of the template of an endpoint.
func pins(e *catalog.Endpoint) []pinned {
	segments := (&order.Order{Template: e.Template}).Segments()
	var out []pinned
	for _, p := range e.Pins {
		if p.Segment >= len(segments) { // no merger writes such
			continue
		}
		at := fmt.Sprintf("Segment %d, %s,", p.Segment+1, segments[p.Segment])
		choice := wishChoice{Value: fmt.Sprintf("%s:%d:%s", order.Unpin, p.Segment, p.Text), op: order.Unpin, segment: p.Segment, name: p.Text}
		says := at + " is a name"
		switch {
		case p.Name != "":
			says = fmt.Sprintf("The parameter in segment %d, %s, is called %s", p.Segment+1, segments[p.Segment], p.Name)
			choice = wishChoice{Value: fmt.Sprintf("%s:%d:", order.Rename, p.Segment), op: order.Rename, segment: p.Segment, fixed: true}
		case p.Text == order.All:
			says = at + " is a value whatever stands there, unless something else is said of it"
		case !p.Value && strings.Contains(p.Text, order.All):
			says = at + " is told from others by what is around its value"
		case p.Value:
			says = fmt.Sprintf("%s is a value where it is %s", at, p.Text)
		}
		choice.Text = says
		out = append(out, pinned{says, choice})
	}
	return out
}

// Named says whether one of the choices takes a name.
func (b endpointBody) Named() bool {
	return slices.ContainsFunc(b.Wishes, func(w wishChoice) bool { return w.op == order.Split || w.op == order.Rename })
}

// orderTemplate sends what a person says of an endpoint's template. The form names the
// endpoint only: host and template are read from the tables.
func (c *Console) orderTemplate(w http.ResponseWriter, r *http.Request, v session) {
	what := "template"
	invalid := func(why string) {
		c.metrics.orders.WithLabelValues(what, "invalid").Inc()
		c.problem(w, r, v, http.StatusBadRequest, "Nothing was changed", "The order cannot be given: "+why+".")
	}
	name, ok := c.mayOrder(r, v, c.templates != nil, invalid)
	if !ok {
		return
	}
	e, err := c.store.endpoint(r.Context(), r.PathValue("id"))
	if err != nil {
		c.fail(w, r, v, "endpoints", err)
		return
	}
	all := wishes(e.Template)
	for _, p := range pins(e) {
		all = append(all, p.Back)
	}
	i := slices.IndexFunc(all, func(x wishChoice) bool { return x.Value == r.PostForm.Get("wish") })
	if i < 0 {
		invalid("the template is " + e.Template + " now: choose again what is to become of it")
		return
	}
	o := order.Order{Op: all[i].op, Method: e.Method, Template: e.Template, Segment: all[i].segment, Name: all[i].name, Person: name, At: c.store.now().UTC()}
	if (o.Op == order.Split || o.Op == order.Rename) && !all[i].fixed {
		o.Name = strings.TrimSpace(r.PostForm.Get("name"))
	}
	what = string(o.Op)
	if err := o.Validate(); err != nil {
		invalid(err.Error())
		return
	}
	if err := c.templates.Publish(r.Context(), e.Tenant, e.Host, o); err != nil {
		c.metrics.orders.WithLabelValues(what, "failed").Inc()
		c.log.Error("order of a person failed", "order", what, "person", name, "endpoint", e.Label(), "error", err)
		c.problem(w, r, v, http.StatusServiceUnavailable, "The order did not reach Kafka", err.Error())
		return
	}
	c.metrics.orders.WithLabelValues(what, "ok").Inc()
	c.log.Info("order of a person", "order", what, "person", name, "endpoint", e.Label(), "segment", o.Segment, "name", o.Name)
	http.Redirect(w, r, "/endpoints/"+e.ID+"?done=ordered", http.StatusSeeOther)
}
