package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// Kinds of a Change.
const (
	EndpointAdded      = "endpoint-added"
	EndpointRemoved    = "endpoint-removed"
	EndpointMerged     = "endpoint-merged" // into another, whose record lists it
	ParameterAdded     = "parameter-added"
	ParameterRemoved   = "parameter-removed"
	BodyAdded          = "body-added" // a media type, or a status that has a body
	BodyRemoved        = "body-removed"
	FieldAdded         = "field-added"
	FieldRemoved       = "field-removed"
	TypeChanged        = "type-changed"
	FormatChanged      = "format-changed"
	EnumChanged        = "enum-changed"
	RequiredChanged    = "required-changed"
	StatusAdded        = "status-added"
	StatusRemoved      = "status-removed"
	AuthChanged        = "auth-changed"
	ExposureChanged    = "exposure-changed"
	DataClassesChanged = "data-classes-changed"
)

// Change is one difference between two states of a catalog.
type Change struct {
	Kind     string `json:"kind"`
	Tenant   string `json:"tenant"`
	Endpoint string `json:"endpoint"` // "METHOD host/template"
	ID       string `json:"id"`
	// Where is the place in the endpoint: "query page", "request application/json
	// to.iban", "2xx application/json items[].id". Empty for the endpoint itself.
	Where string `json:"where,omitempty"`
	// Before and After are what stood there, as text; empty where nothing did.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Diff lists what makes after differ from before: two days of one catalog, or a
// frozen version and what is seen now. It is sorted by endpoint, place and kind,
// in whatever order the endpoints come. Counts are no difference: a share that moved
// is none either, until something is seen that was not, or the other way round.
func Diff(before, after []Endpoint) []Change {
	d := &differ{}
	old, merged := map[string]*Endpoint{}, map[string]*Endpoint{}
	for i := range before {
		e := &before[i]
		old[e.Tenant+"|"+e.ID] = e
	}
	kept := map[string]bool{}
	for i := range after {
		e := &after[i]
		kept[e.Tenant+"|"+e.ID] = true
		for _, id := range e.Supersedes {
			merged[e.Tenant+"|"+id] = e
		}
	}
	for i := range after {
		if e := &after[i]; old[e.Tenant+"|"+e.ID] != nil {
			d.endpoint(old[e.Tenant+"|"+e.ID], e)
		} else {
			d.at(e)
			d.add(EndpointAdded, "", "", e.Label())
		}
	}
	for key, e := range old {
		if kept[key] {
			continue
		}
		d.at(e)
		if into := merged[key]; into != nil {
			d.add(EndpointMerged, "", e.Label(), into.Label())
		} else {
			d.add(EndpointRemoved, "", e.Label(), "")
		}
	}
	slices.SortFunc(d.changes, func(a, b Change) int {
		return cmp.Or(strings.Compare(a.Tenant, b.Tenant), strings.Compare(a.Endpoint, b.Endpoint), strings.Compare(a.Where, b.Where),
			strings.Compare(a.Kind, b.Kind), strings.Compare(a.Before, b.Before), strings.Compare(a.After, b.After))
	})
	return d.changes
}

// differ gathers the changes of one endpoint after the other.
type differ struct {
	changes []Change
	head    Change
}

func (d *differ) at(e *Endpoint) { d.head = Change{Tenant: e.Tenant, Endpoint: e.Label(), ID: e.ID} }

func (d *differ) add(kind, where, before, after string) {
	c := d.head
	c.Kind, c.Where, c.Before, c.After = kind, where, before, after
	d.changes = append(d.changes, c)
}

// changed adds a change where the texts differ.
func (d *differ) changed(kind, where, before, after string) {
	if before != after {
		d.add(kind, where, before, after)
	}
}

func (d *differ) endpoint(a, b *Endpoint) {
	d.at(b)
	d.names(StatusAdded, StatusRemoved, "status", names(a.Statuses), names(b.Statuses))
	d.changed(AuthChanged, "", strings.Join(names(authOf(a)), ", "), strings.Join(names(authOf(b)), ", "))
	d.changed(ExposureChanged, "", strings.Join(names(a.Exposure), ", "), strings.Join(names(b.Exposure), ", "))
	d.changed(DataClassesChanged, "", strings.Join(a.DataClasses, ", "), strings.Join(b.DataClasses, ", "))
	d.params(a.Params, b.Params)
	d.bodies("request", a.Request, b.Request)
	d.bodies("", a.Responses, b.Responses)
}

// authOf is what was let in, or, where no record says that, what was asked with.
func authOf(e *Endpoint) []Tally {
	if len(e.AuthServed) > 0 {
		return e.AuthServed
	}
	return e.Auth
}

func names(list []Tally) []string {
	out := make([]string, 0, len(list))
	for _, t := range list {
		out = append(out, t.Name)
	}
	slices.Sort(out)
	return out
}

// names tells which of two sorted lists' names are new and which are gone.
func (d *differ) names(added, removed, what string, a, b []string) {
	for _, n := range b {
		if !slices.Contains(a, n) {
			d.add(added, what+" "+n, "", n)
		}
	}
	for _, n := range a {
		if !slices.Contains(b, n) {
			d.add(removed, what+" "+n, n, "")
		}
	}
}

// params leaves fields of bodies to the bodies.
func (d *differ) params(a, b []Param) {
	old := map[string]*Param{}
	place := func(p *Param) string { return p.In + " " + p.Name }
	for i := range a {
		if p := &a[i]; !isField(p) {
			old[place(p)] = p
		}
	}
	for i := range b {
		p := &b[i]
		if isField(p) {
			continue
		}
		was := old[place(p)]
		delete(old, place(p))
		switch {
		case was == nil:
			d.add(ParameterAdded, place(p), "", typeText(p.Schema))
		case was.Schema != nil && p.Schema != nil:
			d.schema(place(p), was.Schema, p.Schema)
		}
	}
	for where, p := range old {
		d.add(ParameterRemoved, where, typeText(p.Schema), "")
	}
}

func isField(p *Param) bool { return p.In == "body" || p.In == "response" }

func (d *differ) bodies(what string, a, b []Body) {
	place := func(x *Body) string { return strings.TrimSpace(cmp.Or(what, x.Status) + " " + x.Media) }
	find := func(list []Body, x *Body) *Body {
		i := slices.IndexFunc(list, func(y Body) bool { return y.Status == x.Status && y.Media == x.Media })
		if i < 0 {
			return nil
		}
		return &list[i]
	}
	for i := range b {
		if was := find(a, &b[i]); was == nil {
			d.add(BodyAdded, place(&b[i]), "", typeText(&b[i].Schema))
		} else {
			d.schema(place(&b[i]), &was.Schema, &b[i].Schema)
		}
	}
	for i := range a {
		if find(b, &a[i]) == nil {
			d.add(BodyRemoved, place(&a[i]), typeText(&a[i].Schema), "")
		}
	}
}
