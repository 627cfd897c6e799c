package content

import (
	"math"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// parseMessage reads a protobuf message. Without a descriptor the names are field
// numbers ("1.2"), the same for a field that repeats and one that does not: one
// message alone cannot tell. With one they are names and lists are "[]".
func (d *Document) parseMessage(b []byte, at int32, as protoreflect.MessageDescriptor, truncated bool) bool {
	d.message(at)
	return d.fields(b, at, as, 0, truncated)
}

// fields reads the fields of one message; false ends the reading.
func (d *Document) fields(b []byte, at int32, as protoreflect.MessageDescriptor, depth int, truncated bool) bool {
	if depth >= d.limits.Depth {
		d.issue(DepthLimit, Body, at)
		return d.leaf(Body, at, b, b, String)
	}
	if len(b) == 0 {
		return d.take(Body, at)
	}
	d.names.rewind(at)
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 || number > protowire.MaxValidNumber {
			return d.damaged(b, at, truncated)
		}
		var ok bool
		node, field := d.field(at, number, as)
		if b, ok = d.fieldValue(b, n, number, wire, node, field, depth, truncated); !ok {
			return false
		}
	}
	return true
}

// damaged ends the reading at what is no field.
func (d *Document) damaged(b []byte, at int32, truncated bool) bool {
	if !truncated {
		d.issue(BadSyntax, Body, at)
		d.rest(Body, at, b)
	}
	return false
}

// field is the node of a field, and its descriptor where there is one.
func (d *Document) field(at int32, number protowire.Number, as protoreflect.MessageDescriptor) (int32, protoreflect.FieldDescriptor) {
	if as != nil {
		if f := as.Fields().ByNumber(number); f != nil {
			at = d.child(at, d.key(string(f.Name())), Body, 0)
			if f.IsList() || f.IsMap() {
				at = d.child(at, []byte("[]"), Body, 0)
			}
			return at, f
		}
	}
	var digits [12]byte
	return d.child(at, strconv.AppendInt(digits[:0], int64(number), 10), Body, 0), nil
}

// key is name as bytes that last until the next call that writes to scratch.
func (d *Document) key(name string) []byte {
	start := len(d.scratch)
	d.scratch = append(d.scratch, name...)
	key := d.scratch[start:]
	d.scratch = d.scratch[:start]
	return key
}

// fieldValue reads the value of one field, whose tag of b's first n bytes is
// read, and returns what comes after.
func (d *Document) fieldValue(b []byte, n int, number protowire.Number, wire protowire.Type, at int32, f protoreflect.FieldDescriptor, depth int, truncated bool) ([]byte, bool) {
	raw := b[n:]
	switch wire {
	case protowire.VarintType:
		v, m := protowire.ConsumeVarint(raw)
		if m < 0 {
			return nil, d.damaged(raw, at, truncated)
		}
		return raw[m:], d.varint(v, raw[:m], at, f)
	case protowire.Fixed32Type:
		v, m := protowire.ConsumeFixed32(raw)
		if m < 0 {
			return nil, d.damaged(raw, at, truncated)
		}
		return raw[m:], d.fixed(uint64(v), 32, raw[:m], at, f)
	case protowire.Fixed64Type:
		v, m := protowire.ConsumeFixed64(raw)
		if m < 0 {
			return nil, d.damaged(raw, at, truncated)
		}
		return raw[m:], d.fixed(v, 64, raw[:m], at, f)
	case protowire.StartGroupType:
		v, m := protowire.ConsumeGroup(number, raw)
		if m < 0 {
			return nil, d.damaged(raw, at, truncated)
		}
		return raw[m:], d.fields(v, at, messageOf(f), depth+1, false)
	case protowire.BytesType:
		v, m := protowire.ConsumeBytes(raw)
		if m >= 0 {
			return raw[m:], d.delimited(v, at, f, depth, false)
		}
		// A length that goes beyond the end: what there is of the value is read.
		length, k := protowire.ConsumeVarint(raw)
		if k < 0 || length > math.MaxInt32 || !truncated {
			return nil, d.damaged(raw, at, truncated)
		}
		d.delimited(raw[k:], at, f, depth, true)
	default:
		return nil, d.damaged(b, at, truncated)
	}
	return nil, false
}

func messageOf(f protoreflect.FieldDescriptor) protoreflect.MessageDescriptor {
	if f == nil {
		return nil
	}
	return f.Message()
}

// delimited reads a value that has a length: a message, text, numbers in a row, or
// bytes that say nothing.
func (d *Document) delimited(v []byte, at int32, f protoreflect.FieldDescriptor, depth int, truncated bool) bool {
	if f != nil {
		switch kind := f.Kind(); {
		case kind == protoreflect.MessageKind || kind == protoreflect.GroupKind:
			return d.fields(v, at, f.Message(), depth+1, truncated)
		case kind == protoreflect.StringKind:
			return d.textLeaf(v, at, truncated)
		case kind == protoreflect.BytesKind:
			return d.leaf(Body, at, v, v, String)
		case f.IsList():
			return d.packed(v, at, f, truncated)
		}
		d.issue(TypeMismatch, Body, at) // of another type than the schema has
	}
	switch {
	case len(v) == 0:
		return d.leaf(Body, at, v, v, String)
	case isMessage(v, truncated):
		return d.fields(v, at, nil, depth+1, truncated)
	}
	return d.leaf(Body, at, v, v, String)
}

// textLeaf adds what a schema calls a string.
func (d *Document) textLeaf(v []byte, at int32, truncated bool) bool {
	if !truncated && !utf8.Valid(v) {
		d.issue(BadUTF8, Body, at)
	}
	return d.leaf(Body, at, v, v, String)
}

// isMessage says whether v, of which nothing else is known, is a message: one field
// after another to its last byte, which random bytes hardly are. Text may be that
// too, now and then, but then all of it can be printed. A message seldom can: the
// tags of its fields 2 and 3 and the lengths of short texts are control characters.
// The exceptions are one that begins with field 1, whose tag is a line's end, and with
// that text does not begin; and one that is nothing but texts, the first of a
// length that is no letter and no digit.
func isMessage(v []byte, truncated bool) bool {
	text := v
	if truncated {
		text = wholeRunes(v)
	}
	texts := v[0] != '\n' && isText(text)
	if texts && (len(v) < 2 || isWordByte(v[1])) {
		return false
	}
	for first := true; len(v) > 0; first = false {
		number, wire, n := protowire.ConsumeTag(v)
		if n < 0 || number > maxNumber || wire == protowire.EndGroupType || texts && wire != protowire.BytesType {
			return false
		}
		m := protowire.ConsumeFieldValue(number, wire, v[n:])
		if m < 0 {
			return truncated && !texts && (!first || wire == protowire.BytesType && number < 16)
		}
		v = v[n+m:]
	}
	return true
}

func isWordByte(c byte) bool {
	return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// maxNumber is the highest number of a field that is believed without a schema.
const maxNumber = 1 << 15
