package console

import (
	"fmt"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// topics are what changes within an endpoint are counted by, in the order in which
// they are told.
var topics = []string{"Risk", "Identity", "Exposure", "Data classes", "Parameters", "Bodies", "Fields and types", "Statuses"}

func topicOf(kind string) string {
	switch kind {
	case riskChanged:
		return "Risk"
	case catalog.AuthChanged:
		return "Identity"
	case catalog.ExposureChanged:
		return "Exposure"
	case catalog.DataClassesChanged:
		return "Data classes"
	case catalog.ParameterAdded, catalog.ParameterRemoved:
		return "Parameters"
	case catalog.BodyAdded, catalog.BodyRemoved:
		return "Bodies"
	case catalog.StatusAdded, catalog.StatusRemoved:
		return "Statuses"
	}
	return "Fields and types"
}

// sentence tells one change within an endpoint.
func sentence(c *catalog.Change) string {
	before, after, place := brief(c.Before), brief(c.After), brief(strings.TrimPrefix(c.Where, "status "))
	switch c.Kind {
	case riskChanged:
		return fmt.Sprintf("Risk went from %s to %s.", before, after)
	case catalog.AuthChanged:
		return fmt.Sprintf("Answered with identity %s, before %s.", orNone(after), orNone(before))
	case catalog.ExposureChanged:
		return fmt.Sprintf("Answered to networks %s, before %s.", orNone(after), orNone(before))
	case catalog.DataClassesChanged:
		return fmt.Sprintf("Sensitive data %s, before %s.", orNone(after), orNone(before))
	case catalog.ParameterAdded:
		return fmt.Sprintf("New parameter %s%s.", place, ofType(after))
	case catalog.ParameterRemoved:
		return fmt.Sprintf("Parameter %s is gone%s.", place, ofType(before))
	case catalog.BodyAdded:
		return fmt.Sprintf("New body %s%s.", place, ofType(after))
	case catalog.BodyRemoved:
		return fmt.Sprintf("Body %s is gone%s.", place, ofType(before))
	case catalog.FieldAdded:
		return fmt.Sprintf("New field %s%s.", place, ofType(after))
	case catalog.FieldRemoved:
		return fmt.Sprintf("Field %s is gone%s.", place, ofType(before))
	case catalog.TypeChanged:
		return fmt.Sprintf("Type of %s is %s, before %s.", place, orNone(after), orNone(before))
	case catalog.FormatChanged:
		return fmt.Sprintf("Format of %s is %s, before %s.", place, orNone(after), orNone(before))
	case catalog.EnumChanged:
		return fmt.Sprintf("Values of %s are %s, before %s.", place, orOpen(after), orOpen(before))
	case catalog.RequiredChanged:
		if c.After == "true" {
			return place + " is required now."
		}
		return place + " is required no more."
	case catalog.StatusAdded:
		return fmt.Sprintf("Answers %s are new.", place)
	case catalog.StatusRemoved:
		return fmt.Sprintf("Answers %s are gone.", place)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s: %s, before %s.", c.Kind, place, orNone(after), orNone(before)))
}

func ofType(t string) string {
	if t == "" {
		return ""
	}
	return ", " + t
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func orOpen(s string) string {
	if s == "" {
		return "any"
	}
	return s
}

// briefRunes bounds a list of values, or a place deep in a body, within a sentence.
const briefRunes = 160

func brief(s string) string {
	r := []rune(s)
	if len(r) <= briefRunes {
		return s
	}
	return string(r[:briefRunes]) + "…"
}
