package signature

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
)

// The rules see the variables that Coraza would build, and some bodies make none of
// what a server reads: compressed ones, those that begin with a mark or a guard, UTF-16, attributes and
// CDATA of XML, JSON with single quotes, and whatever lies beyond a limit. Whoever
// knows that sends attacks there. So the second stage has the rules look at what the
// content has of such a body and they had not, each value as a parameter of its name.

// unseen adds to hits what the rules match in values of the body that Coraza has no
// variable for. The score of the core rule set stays as it is.
func (d *detector) unseen(tx *detect.Tx, res *Result) {
	doc := tx.Request()
	if !blind(tx.Event, doc, res) {
		return
	}
	var b forms
	if doc.Format == content.JSON && !coded(tx.Event) && slices.ContainsFunc(doc.Issues, func(i content.Issue) bool { return i.Kind == content.LeafLimit || i.Kind == content.DepthLimit }) {
		b.texts(tx.Event.RequestBody.Data)
	} else {
		b.leaves(doc.Leaves)
	}
	if len(b.bodies) > 0 {
		d.metrics.unseen.Inc()
	}
	for _, body := range b.bodies {
		d.lookAgain(tx.Event, body, res)
	}
	slices.SortStableFunc(res.Hits, func(a, b Hit) int { return cmp.Compare(a.Rule, b.Rule) })
}

// lookAgain has the engine match a form in the place of the body of e.
func (d *detector) lookAgain(e *event.Event, body []byte, res *Result) {
	more, err := d.engine.Match(&event.Event{
		ID: e.ID, Tenant: e.Tenant, RequestTime: e.RequestTime, Method: []byte("POST"), Protocol: []byte("HTTP/1.1"), Path: []byte("/"),
		Authority: []byte("localhost.localdomain"), RequestBody: event.Body{Data: body},
		RequestHeaders: []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/x-www-form-urlencoded")}},
	})
	if err != nil {
		d.metrics.errors.Inc()
	}
	res.Exceeded = res.Exceeded || more.Exceeded
	for _, h := range more.Hits {
		if h.Name == "" || h.Class == Enforcement || h.Location == "request.header" {
			continue
		}
		if h.Location = "request.body"; h.Name == nameless {
			h.Name = ""
		}
		res.Hits = append(res.Hits, h)
	}
}

// blind says whether the rules could not see all that doc has of the body.
func blind(e *event.Event, doc *content.Document, res *Result) bool {
	body := e.RequestBody.Data
	if len(body) == 0 || doc.Format == content.Empty || doc.Format == content.Binary {
		return false
	}
	if res.Clipped || coded(e) {
		return true
	}
	switch doc.Format {
	case content.Form, content.Multipart:
	case content.JSON:
		if c := bytes.TrimLeft(body, " \t\r\n"); len(c) > 0 && c[0] != '{' && c[0] != '[' && c[0] != '"' {
			return true
		}
	default:
		return true
	}
	return slices.ContainsFunc(doc.Issues, func(i content.Issue) bool {
		return i.Location == content.Body && (i.Kind == content.TypeMismatch || i.Kind == content.BadSyntax || i.Kind == content.DepthLimit || i.Kind == content.LeafLimit)
	})
}

// coded says whether the body is as it was sent, and that was compressed.
func coded(e *event.Event) bool {
	return !e.RequestBody.Decoded && len(e.RequestHeader("Content-Encoding")) > 0
}
