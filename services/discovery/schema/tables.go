package schema

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// Bodies are the schemas of the bodies in one place, sorted by status, then media
// type.
func (f *Fields) Bodies(in Place) []catalog.Body {
	var out []catalog.Body
	for i := 0; i < len(f.list); {
		n := i + 1
		for n < len(f.list) && sameBody(f.list[i], f.list[n]) {
			n++
		}
		if k := &f.list[i].Key; k.In == in {
			root := treeOf(f.list[i:n])
			b := catalog.Body{Media: k.Media, Seen: root.field.messages, Schema: root.schema(root.field.seen)}
			b.Schema.Required = false // of nothing
			if in == Response {
				b.Status = classNames[k.Class]
			}
			out = append(out, b)
		}
		i = n
	}
	return out
}

// Params are the parameters, and the fields of bodies that hold values, sorted by
// place and name. successes is how many transactions they come from. Of bodies at
// most limit fields are listed.
func (f *Fields) Params(successes uint64, limit int) []catalog.Param {
	var out []catalog.Param
	for _, in := range [...]Place{Request, Cookie, Header, Path, Query, Response} {
		if in == Request || in == Response {
			out = append(out, f.leaves(in, limit)...)
			continue
		}
		for _, x := range f.list {
			if x.Key.In != in {
				continue
			}
			s := x.describe(successes)
			if in == Path {
				s.Required = true
			}
			out = append(out, catalog.Param{
				In: placeNames[in], Name: x.Key.Path, Types: lexicalTypes(x), Count: x.messages, Schema: &s,
			})
		}
	}
	return out
}

// leaves are the fields of all bodies in one place that hold values.
func (f *Fields) leaves(in Place, limit int) []catalog.Param {
	byPath := map[string]*Field{}
	for _, x := range f.list {
		if x.Key.In != in || x.Key.Path == "" || x.Key.Class > 3 || x.types[tArray]+x.types[tObject] == sum(x.types[:]) {
			continue
		}
		to := byPath[x.Key.Path]
		if to == nil {
			to = &Field{Key: x.Key}
			byPath[x.Key.Path] = to
		}
		to.messages += x.messages
		for i, n := range x.types {
			to.types[i] += n
		}
		if x.formats != nil {
			for i, n := range x.formats {
				to.vote(i, n)
			}
		}
	}
	names := make([]string, 0, len(byPath))
	for name := range byPath {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []catalog.Param
	for _, name := range names[:min(len(names), limit)] {
		x := byPath[name]
		out = append(out, catalog.Param{In: placeNames[in], Name: name, Types: lexicalTypes(x), Count: x.messages})
	}
	return out
}

func sum(counts []uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// lexicalTypes are the types of values, strings by what they look like, sorted by
// name.
func lexicalTypes(x *Field) []catalog.Tally {
	t, f := &x.types, x.formats
	if f == nil {
		f = &[formats]uint64{}
	}
	plain := t[tString] - min(t[tString], f[fDate]+f[fDateTime]+f[fEmail]+f[fIPv4]+f[fIPv6]+f[fUUID])
	var out []catalog.Tally
	for _, v := range [...]catalog.Tally{
		{Name: "boolean", Count: t[tBoolean]}, {Name: "date", Count: f[fDate]}, {Name: "date-time", Count: f[fDateTime]},
		{Name: "email", Count: f[fEmail]}, {Name: "integer", Count: t[tInteger]}, {Name: "ip", Count: f[fIPv4] + f[fIPv6]},
		{Name: "null", Count: t[tNull]}, {Name: "number", Count: t[tNumber]}, {Name: "string", Count: plain}, {Name: "uuid", Count: f[fUUID]},
	} {
		if v.Count > 0 {
			out = append(out, v)
		}
	}
	return out
}

// Formats are the formats that at least one field has, sorted.
func (f *Fields) Formats() []string {
	var found [formats]bool
	for _, x := range f.list {
		name := x.format()
		for i, n := range formatNames {
			found[i] = found[i] || n == name
		}
	}
	var out []string
	for i, ok := range found {
		if ok {
			out = append(out, formatNames[i])
		}
	}
	return out
}

// branch is a field with what it contains.
type branch struct {
	name     string
	field    Field
	children []*branch // sorted by name
}

func (b *branch) child(name string) *branch {
	i, found := slices.BinarySearchFunc(b.children, name, func(c *branch, n string) int { return strings.Compare(c.name, n) })
	if !found {
		b.children = slices.Insert(b.children, i, &branch{name: name})
		b.children[i].field.Key = b.field.Key
	}
	return b.children[i]
}

// treeOf is the tree of the fields of one body.
func treeOf(list []*Field) *branch {
	root := &branch{}
	root.field.Key = list[0].Key
	for _, f := range list {
		at := root
		for rest, more := f.Key.Path, f.Key.Path != ""; more; {
			var part string
			part, rest, more = strings.Cut(rest, ".")
			name := strings.TrimRight(part, "[]")
			if name != "" {
				at = at.child(name)
			}
			for range strings.Count(part[len(name):], "[]") {
				at = at.child("[]")
			}
		}
		at.field.add(f, len(f.words)+len(at.field.words))
	}
	return root
}

// schema is the schema of b. objects counts what could have had it.
func (b *branch) schema(objects uint64) catalog.Schema {
	s := b.field.describe(objects)
	named := b.children
	if i, found := slices.BinarySearchFunc(named, "[]", func(c *branch, n string) int { return strings.Compare(c.name, n) }); found {
		items := named[i].schema(0)
		s.Items = &items
		named = slices.Delete(slices.Clone(named), i, i+1)
	}
	data, named := b.split(named)
	for _, c := range named {
		s.Properties = append(s.Properties, catalog.Property{Name: c.name, Schema: c.schema(b.field.objects)})
	}
	if len(data) > 0 {
		all := &branch{}
		all.field.Key = b.field.Key
		for _, c := range data {
			all.join(c)
		}
		values := all.schema(0)
		s.Additional = &values
	}
	return s
}

// split parts the children whose names are data from those whose names are fields:
// names in braces, and all names where they are many, mostly rare, and of one kind.
func (b *branch) split(children []*branch) (data, named []*branch) {
	for _, c := range children {
		if strings.HasPrefix(c.name, "{") && strings.HasSuffix(c.name, "}") {
			data = append(data, c)
		} else {
			named = append(named, c)
		}
	}
	const manyNames, rareShare = 12, .15
	if len(named) < manyNames {
		return data, named
	}
	rare := 0
	for _, c := range named {
		if c.kind() != named[0].kind() {
			return data, named
		}
		if float64(c.field.seen) < rareShare*float64(b.field.objects) {
			rare++
		}
	}
	if 2*rare < len(named) {
		return data, named
	}
	return children, nil
}

// kind is the type that most values of b have, null aside.
func (b *branch) kind() int {
	kinds := b.field.kinds()
	kinds[tNull] = 0
	best := 0
	for t, n := range kinds {
		if n > kinds[best] {
			best = t
		}
	}
	return best
}

// join adds another tree to b.
func (b *branch) join(o *branch) {
	b.field.add(&o.field, maxJoined)
	for _, c := range o.children {
		b.child(c.name).join(c)
	}
}

// maxJoined bounds the values of a field that is joined of many.
const maxJoined = 20
