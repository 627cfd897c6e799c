package spec

import (
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// observed is what a comparison needs of an endpoint. This file alone knows how the
// catalog says it.
type observed struct {
	id, tenant, label       string
	host, method, template  string
	protocol                string
	operations              []string // of a GraphQL endpoint: "query user"
	first, last             time.Time
	hits, answered, callers uint64 // answered: 2xx; callers 0: unknown
	statuses                []catalog.Tally
	served                  []catalog.Tally // by identity scheme, at least that many of 2xx
	params                  []catalog.Param // path, query, header, cookie
	request, responses      []catalog.Body
	carries                 []catalog.Carried
}

// inDocuments says whether a specification has words for e. Of what requests ask for
// in their bodies only the fields at the top of GraphQL operations stand in
// documents: names of operations are the client's own.
func inDocuments(e *catalog.Endpoint) bool {
	_, operation := catalog.SplitOperation(e.Template)
	return operation == "" || field(e) != ""
}

// field is "query user" for the endpoint of such a field, else empty.
func field(e *catalog.Endpoint) string {
	_, operation := catalog.SplitOperation(e.Template)
	for _, kind := range [...]string{"query", "mutation", "subscription"} {
		if name, ok := strings.CutPrefix(operation, kind+"."); ok && e.Protocol == "graphql" {
			return kind + " " + name
		}
	}
	return ""
}

func observe(e *catalog.Endpoint) observed {
	o := observed{
		id: e.ID, tenant: e.Tenant, label: e.Label(), host: e.Host, method: e.Method, template: e.Template, protocol: e.Protocol,
		first: e.FirstSeen, last: e.LastSeen, hits: e.Hits, statuses: e.Statuses,
	}
	if f := field(e); f != "" {
		o.operations = []string{f}
	}
	o.answered, o.carries = count(e.Statuses, "2xx"), e.Carries
	// Records of before 0007_catalog_more say neither who was served nor what bodies
	// hold; the topic keeps them until their endpoints are seen again.
	o.callers, o.served = e.Callers, e.AuthServed
	if len(o.served) == 0 {
		o.served = lowerBounds(e)
	}
	o.request, o.responses = e.Request, e.Responses
	var body, response []catalog.Param
	for _, p := range e.Params {
		switch p.In {
		case "body":
			body = append(body, p)
		case "response":
			response = append(response, p)
		default:
			o.params = append(o.params, p)
		}
	}
	if len(o.request)+len(o.responses) > 0 {
		return o
	}
	if len(body) > 0 {
		o.request = []catalog.Body{{Schema: ofFields(body)}}
	}
	if len(response) > 0 {
		o.responses = []catalog.Body{{Status: "2xx", Schema: ofFields(response)}}
	}
	return o
}

func count(list []catalog.Tally, name string) uint64 {
	for _, t := range list {
		if t.Name == name {
			return t.Count
		}
	}
	return 0
}

// lowerBounds are how many transactions of each identity scheme were answered 2xx at
// the least: those that the answers of other kinds are too few for.
func lowerBounds(e *catalog.Endpoint) []catalog.Tally {
	others := e.Hits - min(e.Hits, count(e.Statuses, "2xx"))
	var out []catalog.Tally
	for _, t := range e.Auth {
		if t.Count > others {
			out = append(out, catalog.Tally{Name: t.Name, Count: t.Count - others})
		}
	}
	return out
}

// ofFields is the schema that paths of fields make, "items[].id". How often a
// parent was there is not known, so nothing in it is counted.
func ofFields(fields []catalog.Param) catalog.Schema {
	var root catalog.Schema
	for _, f := range fields {
		at := &root
		for part := range strings.SplitSeq(f.Name, ".") {
			name := strings.TrimRight(part, "[]")
			switch {
			case strings.HasPrefix(name, "{") && strings.HasSuffix(name, "}"): // any key
				if at.Additional == nil {
					at.Additional = &catalog.Schema{}
				}
				at = at.Additional
			case name != "":
				at = child(at, name)
			}
			for range strings.Count(part[len(name):], "[]") {
				if at.Items == nil {
					at.Items = &catalog.Schema{}
				}
				at = at.Items
			}
		}
		for _, t := range f.Types {
			at.Types = append(at.Types, catalog.Tally{Name: jsonType(t.Name), Count: t.Count})
		}
	}
	return root
}

func child(s *catalog.Schema, name string) *catalog.Schema {
	i, found := slices.BinarySearchFunc(s.Properties, name, func(p catalog.Property, n string) int { return strings.Compare(p.Name, n) })
	if !found {
		s.Properties = slices.Insert(s.Properties, i, catalog.Property{Name: name})
	}
	return &s.Properties[i].Schema
}

// jsonType is the JSON type of a type of the catalog: "uuid" is a string.
func jsonType(name string) string {
	switch name {
	case "boolean", "integer", "null", "number", "array", "object":
		return name
	}
	return "string"
}
