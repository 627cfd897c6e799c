package content

import "github.com/miradorhq/mirador/pkg/event"

// ParseRequest takes the request of e apart into doc.
func ParseRequest(e *event.Event, doc *Document, limits Limits) {}

// ParseResponse takes the response of e apart into doc.
func ParseResponse(e *event.Event, doc *Document, limits Limits) {}
