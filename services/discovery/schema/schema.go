// Package schema learns what the fields of an operation look like: their types,
// formats and bounds, whether they are always there, and which values they have
// where these are few.
//
// What is learned is a commutative monoid. Fields joined in any order and any
// pieces are the same, to the byte of their encoding: so partitions learn apart and
// a merger adds them up. Nothing is decided while learning; Bodies and Params
// decide, from counts alone, what to claim.
//
// # Presence
//
// A field is counted once each time the object that holds it is there: an element
// of a list counts as one, not the message. Leaves do not say where an element
// ends. But an object has a key once: where one comes again, the innermost element
// that has it ended. Two elements with no key in common are taken for one, which
// can make an optional field look more frequent, never a required one optional. Empty
// objects and lists are no leaves; Reader looks for them in the text of a JSON body.
// A body that was cut counts for types and values, not for presence.
//
// # Claims
//
//   - required: there in 99.5 % of at least 200, or in all of at least 50;
//   - enum: 2 to 20 values seen, 25 times each on average and 200 times together (so
//     500 times for 20), of which so few were seen once that a new one is no
//     more likely than 1 in 500 (Good and Turing's estimate). That none came in the
//     last third would depend on an order;
//   - format: at least 95 % of the strings that are not empty have it.
//
// Values are kept only where all of a field look like code words, and never under a
// name that says that people stand there.
package schema

import (
	"cmp"
	"strings"
)

// Place is where a field stands. The order is that of the names.
type Place uint8

const (
	Request Place = iota // body of the request
	Cookie
	Header
	Path
	Query
	Response // body of the response
	Places
)

var placeNames = [Places]string{"body", "cookie", "header", "path", "query", "response"}

func (p Place) String() string { return placeNames[p] }

// Classes are the status classes of responses; what is no status is none.
var classNames = [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

// Key names a field of an operation. Path has names that are values in braces:
// "users.{int}.email", "items[].id". The root of a body has the empty path.
type Key struct {
	In    Place
	Class uint8  // of a response: the first digit of its status, or 0
	Media string // of a body
	Path  string
}

func (k *Key) compare(o *Key) int {
	return cmp.Or(int(k.In)-int(o.In), int(k.Class)-int(o.Class), strings.Compare(k.Media, o.Media), strings.Compare(k.Path, o.Path))
}

// rank decides which fields stay when there are too many: those with the
// smallest. Those near the root go first, so that no field stays without what
// holds it; among equals it is a hash (FNV-1a) and not the name, so that invented
// names do not crowd out the real ones by sorting first. Media types that nobody
// registered come last: a client may invent them too.
func (k *Key) rank() uint64 {
	h := uint64(14695981039346656037)
	h = (h ^ (uint64(k.In)<<3 | uint64(k.Class))) * 1099511628211
	for _, s := range [...]string{k.Media, k.Path} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h *= 1099511628211
	}
	h ^= h >> 29 // FNV's high bits move little for short names
	first := uint64(1)
	if k.In == Request || k.In == Response {
		first = uint64(depth(k.Path))
	}
	if !knownMedia(k.Media) {
		first += 64
	}
	return first<<56 | h>>8
}

// depth is how many containers a path goes through.
func depth(path string) int {
	if path == "" {
		return 0
	}
	return min(1+strings.Count(path, ".")+strings.Count(path, "[]"), 63)
}
