// Package order is what a person says of a path template: which segment is a value,
// which is a name, what is to stay as it is, what a parameter is called.
//
// An order travels as a partial of the kind "discovery" under the key of its host.
// So it stands in one line with the differences of that host: one merger reads it,
// once, and a replay meets it at the same place.
package order

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// Op is what an order wants.
type Op string

const (
	// Merge: the segment is a value, and with the Name All so is every other name there,
	// now and later. Endpoints that differ in it alone become one.
	Merge Op = "merge"
	// Split: what stands at the segment is a name. With a Name that text alone, else
	// all that were seen there.
	Split Op = "split"
	// Pin keeps segments what they are, whatever is learned.
	Pin Op = "pin"
	// Unpin gives segments back to what is learned. With a Name that text at the segment
	// alone, or with All what was said of every name there.
	Unpin Op = "unpin"
	// Rename gives the parameter at the segment the Name; an empty one takes it back.
	Rename Op = "rename"
)

// Ops are all of them, in the order in which a person may look for them.
func Ops() []Op { return []Op{Merge, Split, Pin, Unpin, Rename} }

// Whole as a Segment stands for every segment of a template: for Pin and Unpin.
const Whole = -1

// All as the Name of a Merge stands for every text at the segment.
const All = "*"

// Bounds of what an order may hold, in bytes, and of the segments of its template.
const (
	MaxTemplate = 4096
	MaxName     = 200
	MaxSegments = 256
	maxMethod   = 64
)

// Kind is the kind of the partials that the merger of the catalog reads: the
// differences of detectors, and orders among them.
const Kind = "discovery"

// Group is what decides which merger has a host: the last two labels of a name. So
// one has all hosts of an organisation, and can learn which of them are one API.
// It must not depend on a list that changes, such as that of public suffixes: a
// host would go to another merger, and its counters stay behind.
func Group(host string) string {
	i := strings.LastIndexByte(host, '.')
	if i < 0 || i+1 < len(host) && host[i+1] >= '0' && host[i+1] <= '9' { // an address
		return host
	}
	return host[strings.LastIndexByte(host[:i], '.')+1:]
}

// Order is the wish of one person. It is for every method of the path: segments are
// what they are for all of them. Method and Template name the endpoint that the
// person was looking at.
type Order struct {
	Op       Op
	Method   string // may be empty
	Template string // as the catalog has it
	Segment  int    // from 0, or Whole
	Name     string
	Person   string
	At       time.Time
}

var person = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// Segments are those of the order's path; "/" has none.
func (o *Order) Segments() []string {
	path, _ := catalog.SplitOperation(o.Template)
	if path = strings.TrimPrefix(path, "/"); path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// Validate reports everything that is wrong with o at once. Whether it makes sense
// for its host only the merger knows.
func (o *Order) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("order: "+format, args...)) }
	switch o.Op {
	case Merge, Split, Pin, Unpin, Rename:
	default:
		bad("%q is not one of %v", o.Op, Ops())
	}
	if len(o.Method) > maxMethod || !plain(o.Method) {
		bad("the method has %d bytes, at most %d are taken, and none that cannot be shown", len(o.Method), maxMethod)
	}
	if !strings.HasPrefix(o.Template, "/") || len(o.Template) > MaxTemplate || !utf8.ValidString(o.Template) {
		bad("the template must begin with a slash, be text and have at most %d bytes", MaxTemplate)
	}
	n := len(o.Segments())
	if n > MaxSegments {
		bad("the template has %d segments, at most %d are taken", n, MaxSegments)
	}
	whole := o.Segment == Whole && (o.Op == Pin || o.Op == Unpin)
	if !whole && (o.Segment < 0 || o.Segment >= n) {
		bad("segment %d of a template that has %d", o.Segment+1, n)
	}
	if len(o.Name) > MaxName || !plain(o.Name) || strings.ContainsAny(o.Name, "/{}#") {
		bad("the name must be text of at most %d bytes without slash, braces and #", MaxName)
	}
	named := o.Op == Split || o.Op == Rename || o.Op == Merge && o.Name == All || o.Op == Unpin && o.Segment != Whole
	if o.Name != "" && !named {
		bad("%s takes no name", o.Op)
	}
	if !person.MatchString(o.Person) {
		bad("%q is not a name of letters, digits, '.', '_', '@' and '-', up to 64", o.Person)
	}
	if y := o.At.Year(); y < 2000 || y > 2200 {
		bad("it is of the year %d", y)
	}
	return errors.Join(errs...)
}

// plain says whether s is text that can be shown.
func plain(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
