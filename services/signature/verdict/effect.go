package verdict

import (
	"bytes"
	"time"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
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
