package verdict

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
)

// Catalog knows the endpoints as discovery learned them. It is asked about places
// where something matched, and must be safe for concurrent use.
type Catalog interface {
	Endpoint(tenant, id string) (e catalog.Endpoint, known bool)
}

// What is taken for learned: of so many values, all but one in fifty. What an attacker
// sends is learned as well, and must not make a number a text.
const (
	learnedValues = 20
	learnedShare  = 0.98
)

// learned are the terms of what the catalog knows of the field, and in words what it
// should have held where it does not.
func (j *Judge) learned(e *event.Event, endpoint string, p *place, add func(string, float64)) (expected string) {
	if j.cfg.Catalog == nil || p.leaf == nil || p.leaf.Via != content.Direct || p.leaf.Location == content.Path {
		return ""
	}
	record, known := j.cfg.Catalog.Endpoint(string(e.Tenant), endpoint)
	if !known {
		return ""
	}
	s := record.Holds(catalogPlaces[p.leaf.Location], p.leaf.Path)
	if s == nil {
		return ""
	}
	value := string(p.leaf.Value)
	switch kind := kindOf(s); kind {
	case "":
	case "uri":
		// That an address leads somewhere is what such a field is for; where it leads is not.
		if p.context == url && !p.leads() {
			add("schema.url", 1)
		}
	case "enum":
		if slices.Contains(s.Enum, value) {
			add("schema.enum", 1)
			return ""
		}
		add("schema.breaks", 1)
		return "one of " + strconv.Itoa(len(s.Enum)) + " words"
	default:
		if !fits(value, kind) {
			add("schema.breaks", 1)
			return "a value of type " + kind
		}
	}
	return ""
}

// catalogPlaces are the locations of leaves in the words of the catalog.
var catalogPlaces = [...]string{content.Path: "path", content.Query: "query", content.Header: "header", content.Cookie: "cookie", content.Body: "body"}

// leads says whether something matched that is about where an address leads.
func (p *place) leads() bool {
	at := p.at()
	return at.Classes&(1<<signature.SSRF|1<<signature.RFI|1<<signature.LFI) != 0
}

// kindOf is what a field holds that has one form: a type, a format, or "enum"; empty
// where that is not known, or is text.
func kindOf(s *catalog.Schema) string {
	var all, texts, integers, numbers, booleans uint64
	for _, t := range s.Types {
		switch t.Name {
		case "null":
			continue
		case "string":
			texts = t.Count
		case "integer":
			integers = t.Count
		case "number":
			numbers = t.Count
		case "boolean":
			booleans = t.Count
		}
		all += t.Count
	}
	most := func(n uint64) bool { return float64(n) >= learnedShare*float64(all) }
	switch {
	case all < learnedValues:
		return ""
	case most(integers):
		return "integer"
	case most(integers + numbers):
		return "number"
	case most(booleans):
		return "boolean"
	case !most(texts):
		return ""
	case s.Format != "":
		return s.Format
	case len(s.Enum) > 0:
		return "enum"
	}
	return ""
}

// fits says whether a value is of a kind. What is not told exactly fits.
func fits(value, kind string) bool {
	switch kind {
	case "integer":
		_, err := strconv.ParseInt(value, 10, 64)
		return err == nil || value != "" && strings.Trim(value, "0123456789,") == ""
	case "number":
		n, err := strconv.ParseFloat(value, 64)
		return err == nil && !math.IsNaN(n)
	case "boolean":
		_, err := strconv.ParseBool(value)
		return err == nil
	case "date", "date-time":
		return strings.Trim(value, "0123456789-:.+TZtz ") == ""
	case "uuid":
		return catalog.Classify([]byte(value)) == catalog.TypeUUID
	case "email":
		return catalog.Classify([]byte(value)) == catalog.TypeEmail
	case "ipv4", "ipv6":
		_, err := netip.ParseAddr(value)
		return err == nil
	}
	return true
}
