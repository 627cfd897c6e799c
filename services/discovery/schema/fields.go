package schema

import (
	"slices"
	"strings"
)

// Limits bound what is kept of an operation.
type Limits struct {
	Fields int // fields of all bodies and parameters together
	Keys   int // names of one object; the others are one field, "{string}"
	Depth  int // containers around a field
	Name   int // bytes of a path
	Words  int // values of a field
}

// Fields are the fields of one operation. The zero value is empty. Of too many
// those of the smallest ranks stay. One that is pushed out can never come back, for
// those that pushed it out stay: so the set, and every count in it, is the same in
// whatever order and pieces the fields came. The same holds for the names of one
// object, but there nothing is lost: what is pushed out becomes part of the field
// "{string}" beside it. (Only where an operation meets both limits at once may
// counts at the margin depend on the order.)
type Fields struct {
	list []*Field // sorted by key
	top  *Field   // of the largest rank; nil is unknown
	wide bool     // some object has as many names as are kept
}

// Len is how many there are.
func (f *Fields) Len() int { return len(f.list) }

// Add joins o into f and says how many of o found no room.
func (f *Fields) Add(o *Fields, l Limits) (dropped int) {
	var c cursor
	for _, from := range o.list {
		if !f.join(from, &c, l) {
			dropped++
		}
	}
	return dropped
}

// Observe adds what a message showed and says how much of it found no room.
func (f *Fields) Observe(m *Message, l Limits) (dropped int) {
	var c cursor
	for i := range m.fields {
		if !f.join(&m.fields[i], &c, l) {
			dropped++
		}
	}
	return dropped
}

// cursor is where the next field is expected: messages repeat their order.
type cursor struct {
	last *Field
	at   int32
}

// join adds one field.
func (f *Fields) join(o *Field, c *cursor, l Limits) bool {
	i := c.at
	if int(i) >= len(f.list) || f.list[i].Key != o.Key {
		found := false
		if i, found = f.find(&o.Key); !found {
			key := o.Key
			if f.wide {
				key.Path = f.place(o.Key, l)
				i, found = f.find(&key)
			}
			if !found {
				if i = f.put(i, key, l); i < 0 {
					return false
				}
			}
		}
		if c.last != nil {
			c.last.next = i
		}
	}
	to := f.list[i]
	to.add(o, l.Words)
	c.last, c.at = to, to.next
	return true
}

func (f *Fields) find(k *Key) (int32, bool) {
	i, found := slices.BinarySearchFunc(f.list, k, func(a *Field, k *Key) int { return a.Key.compare(k) })
	return int32(i), found
}

// put makes a field with the key k at i and returns where it is, or -1 where there
// is no room.
func (f *Fields) put(i int32, k Key, l Limits) int32 {
	made := &Field{Key: k, rank: k.rank()}
	if len(f.list) >= l.Fields {
		last := f.largest()
		if less(last, made) {
			return -1
		}
		j, _ := f.find(&last.Key)
		f.list = slices.Delete(f.list, int(j), int(j)+1)
		if j < i {
			i--
		}
		f.top = nil
	}
	made.Key.Media, made.Key.Path = sharedMedia(k.Media), strings.Clone(k.Path)
	made.next = i + 1
	f.list = slices.Insert(f.list, int(i), made)
	if f.top != nil && less(f.top, made) {
		f.top = made
	}
	if holder, name := parent(k.Path); isPlain(name) && isBody(k.In) {
		if p := f.get(k, holder); p != nil {
			p.names++
			p.last = nil
			f.wide = f.wide || int(p.names) >= l.Keys
		}
	}
	return i
}

func isBody(in Place) bool { return in == Request || in == Response }

func less(a, b *Field) bool { return a.rank < b.rank || a.rank == b.rank && a.Key.compare(&b.Key) < 0 }

func (f *Fields) largest() *Field {
	if f.top == nil {
		f.top = f.list[0]
		for _, x := range f.list {
			if less(f.top, x) {
				f.top = x
			}
		}
	}
	return f.top
}

// sharedMedia is m as one text for all fields, where it is a known type.
func sharedMedia(m string) string {
	if m == "" || m == jsonMedia {
		return m
	}
	if i, found := slices.BinarySearch(media, m); found {
		return media[i]
	}
	return strings.Clone(m)
}
