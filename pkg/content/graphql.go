package content

import "bytes"

// queryPaths are the names that make a message a GraphQL request, as rpcPaths.
type queryPaths struct {
	query, name, hash string
	above             string // the name that the request stands under, if any
}

func (d *Document) queryPaths(at int32, above string) queryPaths {
	if above != "" {
		if d.names.lookup(at, above) == "" {
			return queryPaths{}
		}
		at = d.child(at, []byte(above), Body, 0)
	}
	n := &d.names
	p := queryPaths{above: above, query: n.lookup(at, "query"), hash: n.lookup(at, "extensions", "persistedQuery", "sha256Hash")}
	if p.any() {
		p.name = n.lookup(at, "operationName")
	}
	return p
}

func (p *queryPaths) any() bool { return p.query != "" || p.hash != "" }

// findQuery reads the GraphQL request in leaves, one message, where it is one.
func (d *Document) findQuery(p *queryPaths, leaves []Leaf, at int32) bool {
	if !p.any() {
		return true
	}
	var query *Leaf
	var name, hash []byte
	for i := range leaves {
		l := &leaves[i]
		if l.Type != String || l.Path == "" {
			continue
		}
		switch l.Path {
		case p.query:
			if isGraphQL(l.Value) {
				query = l
			}
		case p.name:
			name = l.Value
		case p.hash:
			hash = l.Value
		}
	}
	if query == nil && len(hash) == 0 {
		return true
	}
	if d.Format == JSON {
		d.Format = GraphQL
	}
	if !d.envelope.isRequest {
		return true
	}
	if query == nil {
		return d.operation(Operation{Protocol: GraphQLOperation, Name: operationName(name), Persisted: operationName(hash)}, Body, at)
	}
	if p.above != "" {
		at = d.child(at, []byte(p.above), Body, 0)
	}
	return d.openQuery(query, at, name, hash)
}

// isGraphQL says whether text begins like a GraphQL document and goes on with a
// selection. JSON begins with the same brace.
func isGraphQL(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n,")
	if looksJSON(text) {
		return false
	}
	for _, word := range [...]string{"{", "query", "mutation", "subscription", "fragment", "#"} {
		if len(text) >= len(word) && string(text[:len(word)]) == word {
			return bytes.IndexByte(text, '{') >= 0
		}
	}
	return false
}

// openQuery reads the text of a GraphQL document, the leaf "query" below at. The
// literal arguments are nested leaves and the operation that name chooses is an
// Operation; so are all of them where it chooses none.
func (d *Document) openQuery(leaf *Leaf, at int32, name, hash []byte) bool {
	l := leaf.Location
	if d.queries++; d.queries > d.limits.Operations {
		d.issue(OperationLimit, l, at)
		return false
	}
	q := d.limits.Queries.read(leaf.Value, &d.limits)
	if q.wrong != "" && l == Query { // many a search is called query
		return true
	}
	at = d.child(d.child(at, []byte("query"), l, 0), []byte("{graphql}"), l, 0)
	if q.wrong != "" && !(d.cut && leaf == &d.Leaves[len(d.Leaves)-1]) {
		d.issue(q.wrong, l, at)
	}
	if q.deep {
		d.issue(DepthLimit, l, at)
	}
	was := d.enter()
	d.via = FromGraphQL
	for i := range q.literals {
		x, node := &q.literals[i], at
		for _, key := range x.path {
			node = d.child(node, []byte(key), l, 0)
		}
		if !d.leaf(l, node, x.value, x.raw, x.typ) {
			break
		}
	}
	d.leave(was)

	chosen := q.operations
	for i := range chosen {
		if len(name) > 0 && chosen[i].Name == string(name) {
			chosen = chosen[i : i+1]
			break
		}
	}
	for _, o := range chosen {
		if o.Type == "" || o.Name == "" && q.wrong != "" { // a part of a text is no endpoint
			continue
		}
		o.Persisted = operationName(hash)
		if !d.operation(o, l, at) {
			return false
		}
	}
	return true
}

// findInQuery reads GraphQL over GET: the query, or its hash, is a parameter.
func (d *Document) findInQuery() {
	if !d.envelope.isRequest {
		return
	}
	root := d.root(Query)
	text := d.names.lookup(root, "query")
	if text == "" {
		return
	}
	var query *Leaf
	var name []byte
	for i := range d.Leaves {
		l := &d.Leaves[i]
		switch {
		case l.Location != Query:
		case l.Path == "query" && isGraphQL(l.Value):
			query = l
		case l.Path == "operationName":
			name = l.Value
		}
	}
	if query != nil {
		d.openQuery(query, root, name, nil)
	}
}

// findPersisted reads the hash of a persisted query over GET, which is in JSON in
// a parameter.
func (d *Document) findPersisted() {
	hash := d.names.lookup(d.root(Query), "extensions", "{json}", "persistedQuery", "sha256Hash")
	if hash == "" {
		return
	}
	for i := range d.Nested {
		l := &d.Nested[i]
		if l.Location != Query || l.Path != hash {
			continue
		}
		if n := len(d.Operations); n > 0 && d.Operations[n-1].Protocol == GraphQLOperation {
			d.Operations[n-1].Persisted = operationName(l.Value)
			return
		}
		o := Operation{Protocol: GraphQLOperation, Persisted: operationName(l.Value)}
		for j := range d.Leaves {
			if q := &d.Leaves[j]; q.Location == Query && q.Path == "operationName" {
				o.Name = operationName(q.Value)
			}
		}
		d.operation(o, Query, d.root(Query))
		return
	}
}

// findInUpload reads the GraphQL request of an upload: it is JSON in the field
// "operations" of a multipart body, beside the files.
func (d *Document) findInUpload() {
	root := d.root(Body)
	query := d.names.lookup(root, "operations", "{json}", "query")
	if d.Format != Multipart || !d.envelope.isRequest || query == "" {
		return
	}
	for i := range d.Nested {
		if l := d.Nested[i]; l.Location == Body && l.Path == query && isGraphQL(l.Value) {
			at := d.child(d.child(root, []byte("operations"), Body, 0), []byte("{json}"), Body, 0)
			d.openQuery(&l, at, nil, nil)
			return
		}
	}
}
