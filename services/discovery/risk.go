package discovery

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// The most that each observation adds; those of a part sum to 100.
const (
	exposedPublic  = 40 // likelihood, times the share
	exposedPartner = 15
	exposedUnknown = 20
	noCredential   = 40
	serverErrors   = 20 // reached where one answer in ten is one

	writes     = 35 // impact
	objectIDs  = 20
	sensitive  = 35 // whatever says so: a learned format or the classifier
	everything = 10 // what any endpoint may lose
)

// dataClasses are the kinds of personal data that formats show.
func dataClasses(p *params) []string {
	var out []string
	for _, f := range p.Formats() {
		switch f {
		case "email":
			out = append(out, "email")
		case "ipv4", "ipv6":
			if !slices.Contains(out, "ip") {
				out = append(out, "ip")
			}
		}
	}
	return out
}

// risk says how easy e is to reach and what could be lost there, from what was
// observed. It is for ordering; nothing acts on it.
func risk(e *catalog.Endpoint) catalog.Risk {
	var r catalog.Risk
	likelihood, impact := 0.0, float64(everything)
	reason := func(format string, args ...any) { r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...)) }

	for _, n := range [...]struct {
		name, from string
		points     float64
	}{
		{catalog.Public, "public networks", exposedPublic}, {catalog.Partner, "partner networks", exposedPartner},
		{catalog.UnknownNetwork, "callers whose address was not seen", exposedUnknown},
	} {
		if s := share(e.Exposure, n.name); s > 0 {
			likelihood += s * n.points
			reason("%s of what was answered went to %s.", percent(s), n.from)
		}
	}
	if s := share(e.AuthServed, schemeNames[schemeNone]); s > 0 {
		likelihood += s * noCredential
		reason("%s of what was answered was asked without a credential.", percent(s))
	}
	if s := share(e.Statuses, "5xx"); s > 0 {
		likelihood += min(s*10, 1) * serverErrors
		reason("%s of all answers were server errors.", percent(s))
	}
	if slices.Contains([]string{"POST", "PUT", "PATCH", "DELETE"}, e.Method) {
		impact += writes
		reason("%s changes data.", e.Method)
	}
	if strings.Contains(e.Template, "{") {
		impact += objectIDs
		reason("The path names single objects.")
	}
	if len(e.DataClasses) > 0 {
		impact += sensitive
		reason("It carries %s.", strings.Join(e.DataClasses, ", "))
	}
	r.Likelihood, r.Impact = int(math.Round(likelihood)), int(math.Round(impact))
	r.Score = int(math.Round(math.Sqrt(float64(r.Likelihood) * float64(r.Impact))))
	return r
}

// share is how much of all counts is name's.
func share(list []catalog.Tally, name string) float64 {
	all, n := uint64(0), uint64(0)
	for _, t := range list {
		all += t.Count
		if t.Name == name {
			n += t.Count
		}
	}
	if all == 0 {
		return 0
	}
	return float64(n) / float64(all)
}

// percent rounds so that little is not nothing, and not all is not all.
func percent(s float64) string {
	switch {
	case s < .01:
		return "Less than 1 %"
	case s > .99 && s < 1:
		return "More than 99 %"
	}
	return fmt.Sprintf("%.0f %%", s*100)
}
