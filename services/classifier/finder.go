package classifier

import (
	"time"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/services/classifier/scan"
)

// sure is the least score of the scanner at which a single value is masked. What lies
// below is a number that some scheme accepts and nothing names.
const sure = 0.6

// maxNamed bounds the values that a name alone makes sensitive, in bytes: longer ones
// are texts, which are looked through.
const maxNamed = 256

// Find implements capture.Finder: what of a single value is to be masked. Without a name
// it is what the scanner finds in the value. A name adds numbers of one scheme, and
// classes that hardly anything but a name tells: names of people, addresses, days of
// birth. Addresses of pages are no span of their own: what stands in them is masked as
// it would be in a path, so that links still lead there.
func (t *Tables) Find(to []capture.Span, name string, value []byte) []capture.Span {
	room, _ := t.rooms.Get().(*[]scan.Match)
	if room == nil {
		room = new([]scan.Match)
	}
	defer t.rooms.Put(room)
	if name == "" {
		*room = t.scanner.Text(value, (*room)[:0])
	} else {
		*room = t.scanner.Value(value, name, (*room)[:0])
	}
	for _, m := range *room {
		c := t.classes[m.Class]
		if m.Score >= sure && !c.quiet() && c.name != "url" {
			to = append(to, capture.Span{Class: c.name, Start: m.Start, End: m.End, Score: m.Score})
		}
	}
	if name == "" || len(value) > maxNamed {
		return to
	}
	for _, i := range t.words.names(name) {
		if int(i) < t.scanned {
			continue
		}
		c := t.classes[i]
		// The type of a FHIR resource tells what the message is and nothing of anybody.
		if c.check != nil && c.name != "health.fhir" && c.judge(value, true, time.Now().UnixNano()) == passed {
			to = append(to, capture.Span{Class: c.name, End: len(value), Score: sure})
		}
	}
	return to
}
