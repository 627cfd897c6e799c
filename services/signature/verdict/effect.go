package verdict

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/pack"
)

// answered begins the names of terms of rules about answers: what they match shows
// that an attack worked.
const answered = "answer.response-"

// slow is how long an answer takes that waited for something: payloads that measure
// by time ask for five seconds or more.
const slow = 4 * time.Second

// Bounds of what is looked for in an answer.
const (
	minReflected = 8
	maxReflected = 200
)

// answer are the terms of what the response shows.
func answer(e *event.Event, hits []pack.Hit, text string, add func(string, float64)) {
	seen := map[string]bool{}
	for i := range hits {
		if id := hits[i].Rule.ID; !seen[id] {
			seen[id] = true
			add("answer."+id, 1)
		}
	}
	if e.Status >= 500 {
		add("answer.failed", 1)
	}
	if e.Duration() >= slow {
		add("answer.slow", 1)
	}
	if n := len(text); n >= minReflected && len(e.ResponseBody.Data) > 0 && bytes.Contains(e.ResponseBody.Data, []byte(text[:min(n, maxReflected)])) {
		add("answer.reflects", 1)
	}
}

// entrance says whether all that is known of a request is that it asks for a product
// that scanners ask for, and so do the people who use it.
func (p *place) entrance() bool {
	return len(p.pack) > 0 && len(p.crs) == 0 && !slices.ContainsFunc(p.pack, func(h *pack.Hit) bool { return h.Rule.Class != signature.Probe || h.Rule.Strength > pack.Hint })
}

// browsed are headers of which a browser that goes about a site, or a program that has
// an account there, sends one at least.
var browsed = [...]string{"Referer", "Cookie", "Authorization", "Origin", "X-Requested-With", "Sec-Fetch-Mode"}

// bare says whether a request has nothing of that.
func bare(e *event.Event) bool {
	if who := string(e.Identity.Scheme); who != "" && who != "none" || logged(e) {
		return false
	}
	for _, name := range browsed {
		if len(e.RequestHeader(name)) > 0 {
			return false
		}
	}
	// People have a language and a region or a second choice; programs that send one say "en".
	return !bytes.ContainsAny(e.RequestHeader("Accept-Language"), ",-")
}

// logged says whether e was read from an access log, which says nothing of headers that
// it leaves out.
func logged(e *event.Event) bool {
	return e.Status != 0 && !slices.ContainsFunc(e.RequestHeaders, func(h event.Header) bool {
		switch strings.ToLower(string(h.Name)) {
		case "host", "user-agent", "referer", "x-forwarded-for":
			return false
		}
		return true
	})
}

// oddities are the terms of what parsers would read in different ways.
func oddities(doc *content.Document, add func(string, float64)) {
	var seen [4]bool
	for i := range doc.Issues {
		switch doc.Issues[i].Kind {
		case content.DuplicateKey:
			seen[0] = true
		case content.TypeMismatch:
			seen[1] = true
		case content.BadUTF8:
			seen[2] = true
		case content.BadEncoding, content.BadSyntax:
			seen[3] = true
		}
	}
	for i, name := range [...]string{"odd.duplicate", "odd.type", "odd.utf8", "odd.syntax"} {
		if seen[i] {
			add(name, 1)
		}
	}
}
