package catalog

import (
	"fmt"
	"math"
	"strings"
)

// schema compares what is known of one value, and then what it holds.
func (d *differ) schema(where string, a, b *Schema) {
	d.changed(TypeChanged, where, typeText(a), typeText(b))
	d.changed(FormatChanged, where, a.Format, b.Format)
	d.changed(EnumChanged, where, strings.Join(a.Enum, ", "), strings.Join(b.Enum, ", "))
	if a.Required != b.Required {
		d.add(RequiredChanged, where, fmt.Sprint(a.Required), fmt.Sprint(b.Required))
	}
	child := func(name string) string {
		if strings.Count(where, " ") < 2 { // the root of a body
			return where + " " + name
		}
		return where + "." + name
	}
	i, k := 0, 0
	for i < len(a.Properties) || k < len(b.Properties) {
		order := math.MaxInt
		if i < len(a.Properties) {
			order = -1
			if k < len(b.Properties) {
				order = strings.Compare(a.Properties[i].Name, b.Properties[k].Name)
			}
		}
		switch {
		case order < 0:
			d.add(FieldRemoved, child(a.Properties[i].Name), typeText(&a.Properties[i].Schema), "")
			i++
		case order > 0:
			d.add(FieldAdded, child(b.Properties[k].Name), "", typeText(&b.Properties[k].Schema))
			k++
		default:
			d.schema(child(a.Properties[i].Name), &a.Properties[i].Schema, &b.Properties[k].Schema)
			i, k = i+1, k+1
		}
	}
	d.part(child("{}"), a.Additional, b.Additional)
	items := where + "[]"
	if strings.Count(where, " ") < 2 {
		items = child("[]")
	}
	d.part(items, a.Items, b.Items)
}

// part compares what only one of two schemas may have.
func (d *differ) part(where string, a, b *Schema) {
	switch {
	case a == nil && b == nil:
	case a == nil:
		d.add(FieldAdded, where, "", typeText(b))
	case b == nil:
		d.add(FieldRemoved, where, typeText(a), "")
	default:
		d.schema(where, a, b)
	}
}

func typeText(s *Schema) string {
	if s == nil {
		return ""
	}
	return strings.Join(names(s.Types), ", ")
}
