package discovery

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// ordered is INV-03: what a person changed in the catalog, for whoever asks later.
var ordered = finding.Rule{
	ID: "INV-03", Title: "A person changed a template", Detector: Kind, Severity: finding.Info,
	OWASP:       []string{"API9"},
	Remediation: "None is needed. If it was a mistake, the page of the endpoint takes it back.",
}

// change is one order and what came of it.
type change struct {
	at     host
	order  *order.Order
	method string // of an endpoint that has the template
	// before and after are templates, or names of a parameter.
	before, after string
	texts         []string // that are names now
	id            string   // of the endpoint that the template is now
}

// finding is the part that is told of every order. All of it comes from the order,
// so that a replay says it again, and no second time.
func (c *change) finding() finding.Finding {
	o := c.order
	f := finding.From(&ordered, c.at.tenant)
	f.ID = finding.ID(c.at.tenant, ordered.Detector, ordered.ID, c.at.name, string(o.Op), o.Method, o.Template, strconv.Itoa(o.Segment), o.Name, o.Person, o.At.Format(time.RFC3339Nano))
	f.Confidence, f.Count = 1, 1
	f.Time, f.FirstSeen, f.LastSeen = o.At, o.At, o.At
	f.Versions.Detector = version
	f.Events = []string{}
	return f
}

func (c *change) label(template string) string {
	return strings.TrimSpace(c.method + " " + c.at.name + template)
}

func (c *change) done() finding.Finding {
	f, o := c.finding(), c.order
	f.Subject.Endpoint, f.Subject.EndpointID = c.label(c.order.Template), c.id
	if o.Op != order.Rename && len(c.texts) < 2 {
		f.Subject.Endpoint = c.label(c.after)
	}
	f.Evidence = []finding.Evidence{{Location: "catalog.template", Masked: c.before, Note: "before"}, {Location: "catalog.template", Masked: c.after, Note: "after"}}
	f.Summary = fmt.Sprintf("%s said at %s that %s.", o.Person, o.At.Format(time.RFC3339), c.says())
	switch {
	case o.Op == order.Rename:
		f.Summary += fmt.Sprintf(" Before it was called %s.", c.before)
	case len(c.texts) > 1:
		f.Summary += fmt.Sprintf(" Of the %d texts there each is a name now, as in %s.", len(c.texts), c.after)
	case c.after != c.before:
		f.Summary += fmt.Sprintf(" The template is %s now.", c.after)
	default:
		f.Summary += " The template is what it was."
	}
	return f
}

// says is the order in words.
func (c *change) says() string {
	o := c.order
	label := c.label(o.Template)
	segment := ""
	if s := o.Segments(); o.Segment >= 0 && o.Segment < len(s) {
		segment = fmt.Sprintf("segment %d (%s) of %s", o.Segment+1, s[o.Segment], label)
	}
	switch o.Op {
	case order.Merge:
		if o.Name == order.All {
			return segment + " is a value, and so is every other name there"
		}
		if isParameter(o.Segments()[o.Segment]) {
			return segment + " is a value as a whole"
		}
		return segment + " is a value"
	case order.Split:
		if o.Name != "" {
			return fmt.Sprintf("%s is a name where it is %s", segment, o.Name)
		}
		return segment + " is a name"
	case order.Rename:
		if o.Name == "" {
			return fmt.Sprintf("the parameter in %s has no name of its own", segment)
		}
		return fmt.Sprintf("the parameter in %s is called %s", segment, o.Name)
	case order.Unpin:
		if segment == "" {
			segment = label
		}
		switch o.Name {
		case "":
			return segment + " is no longer pinned"
		case order.All:
			return segment + " may be names again, where nothing else is said of them"
		}
		return fmt.Sprintf("%s is no longer pinned where it is %s", segment, o.Name)
	default:
		if segment == "" {
			segment = label
		}
		return segment + " stays as it is"
	}
}

// refused is the finding of an order that changed nothing.
func (c *change) refused(why error) finding.Finding {
	f, o := c.finding(), c.order
	f.Title = "An order of a person was not carried out"
	if c.method == "" {
		c.method = o.Method
	}
	f.Subject.Endpoint = c.label(o.Template)
	if c.method != "" {
		f.Subject.EndpointID = endpointID(c.at, c.method, o.Template)
	}
	f.Evidence = []finding.Evidence{{Location: "catalog.template", Masked: o.Template, Note: "refused"}}
	f.Summary = fmt.Sprintf("%s said at %s that %s. Nothing was changed: %s.", o.Person, o.At.Format(time.RFC3339), c.says(), why)
	f.Remediation = "Give the order again for the template that the catalog has now."
	return f
}
