package schema

import (
	"slices"
	"strings"
)

// The JSON types, in the order of their names.
const (
	tArray = iota
	tBoolean
	tInteger
	tNull
	tNumber
	tObject
	tString
	types
)

var typeNames = [types]string{"array", "boolean", "integer", "null", "number", "object", "string"}

// Field is what is known of one field: counts of what was seen.
type Field struct {
	Key  Key
	rank uint64
	// seen counts how often the field was there, objects how often it was an object,
	// both in messages that were not cut.
	seen, objects uint64
	// messages counts the messages that had it, cut or not.
	messages uint64
	// types and formats count values, of all messages.
	types   [types]uint64
	formats *[formats]uint64 // nil until a string has one: most fields are none
	// empty strings have no format.
	empty uint64
	// low and high bound the numbers, once numbers says that there are any; so do the
	// lengths of texts in characters.
	low, high         float64
	shortest, longest uint32
	numbers, lengths  bool
	// words are the values, sorted, until one is no code word or there are too many:
	// then free is set and they are gone for good.
	free bool
	// names counts the names of an object that are kept; last is the one
	// that is the first to go, nil is unknown.
	names int32
	words []word
	last  *Field
	// next is the index of the field that followed this one last time.
	next int32
}

// word is a value and how often it was seen.
type word struct {
	text  string
	count uint64
}

// add joins o into f. Texts of o that are kept are copied.
func (f *Field) add(o *Field, maxWords int) {
	f.seen += o.seen
	f.objects += o.objects
	f.messages += o.messages
	for i, n := range o.types {
		if n > 0 {
			f.types[i] += n
		}
	}
	if o.numbers {
		f.number(o.low)
		f.number(o.high)
	}
	if o.lengths {
		f.bound(o.shortest)
		f.bound(o.longest)
	}
	if o.free {
		f.release()
	}
	if o.types[tString] == 0 {
		return
	}
	if o.formats != nil {
		for i, n := range o.formats {
			if n > 0 {
				f.vote(i, n)
			}
		}
	}
	f.empty += o.empty
	for i := range o.words {
		if f.free {
			return
		}
		f.word(o.words[i].text, o.words[i].count, maxWords, true)
	}
}

// word counts a value. It copies text where copied is set.
func (f *Field) word(text string, n uint64, limit int, copied bool) {
	i, found := slices.BinarySearchFunc(f.words, text, func(w word, t string) int { return strings.Compare(w.text, t) })
	switch {
	case found:
		f.words[i].count += n
	case len(f.words) >= limit:
		f.release()
	default:
		if copied {
			text = strings.Clone(text)
		}
		f.words = slices.Insert(f.words, i, word{text, n})
	}
}

// release lets any value be: there is no way back, so the order of values does not
// matter.
func (f *Field) release() { f.free, f.words = true, nil }

// drop is release of a field in a message, whose memory is used again.
func (f *Field) drop() { f.free, f.words = true, f.words[:0] }

// number takes a number into the bounds.
func (f *Field) number(v float64) {
	if !f.numbers {
		f.numbers, f.low, f.high = true, v, v
		return
	}
	f.low, f.high = min(f.low, v), max(f.high, v)
}

// vote counts values of a format.
func (f *Field) vote(format int, n uint64) {
	if f.formats == nil {
		f.formats = new([formats]uint64)
	}
	f.formats[format] += n
}

// bound takes the length of a text into the bounds.
func (f *Field) bound(length uint32) {
	if !f.lengths {
		f.lengths, f.shortest, f.longest = true, length, length
		return
	}
	f.shortest, f.longest = min(f.shortest, length), max(f.longest, length)
}
