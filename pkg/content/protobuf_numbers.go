package content

import (
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// number adds a number that stands in scratch from start on.
func (d *Document) number(start int, raw []byte, at int32, t Type) bool {
	return d.leaf(Body, at, d.scratch[start:len(d.scratch):len(d.scratch)], raw, t)
}

// varint reads v as the schema has it. Without one a value above 2^63 is a negative
// number, which every int32 and int64 below zero is on the wire.
func (d *Document) varint(v uint64, raw []byte, at int32, f protoreflect.FieldDescriptor) bool {
	start := len(d.scratch)
	if f == nil {
		d.scratch = strconv.AppendInt(d.scratch, int64(v), 10)
		return d.number(start, raw, at, Integer)
	}
	switch f.Kind() {
	case protoreflect.BoolKind:
		d.scratch = strconv.AppendBool(d.scratch, v != 0)
		return d.number(start, raw, at, Boolean)
	case protoreflect.EnumKind:
		if e := f.Enum().Values().ByNumber(protoreflect.EnumNumber(int32(v))); e != nil {
			d.scratch = append(d.scratch, e.Name()...)
			return d.number(start, raw, at, String)
		}
		d.scratch = strconv.AppendInt(d.scratch, int64(int32(v)), 10)
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		d.scratch = strconv.AppendInt(d.scratch, protowire.DecodeZigZag(v), 10)
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		d.scratch = strconv.AppendUint(d.scratch, v, 10)
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		d.scratch = strconv.AppendInt(d.scratch, int64(v), 10)
	default:
		d.issue(TypeMismatch, Body, at)
		d.scratch = strconv.AppendInt(d.scratch, int64(v), 10)
	}
	return d.number(start, raw, at, Integer)
}

// fixed reads a value of 32 or 64 bits: as the schema has it, else as a floating
// point number where that is one that people write, else as an integer.
func (d *Document) fixed(v uint64, bits int, raw []byte, at int32, f protoreflect.FieldDescriptor) bool {
	start := len(d.scratch)
	float, integer := math.Float64frombits(v), int64(v)
	if bits == 32 {
		float, integer = float64(math.Float32frombits(uint32(v))), int64(int32(v))
	}
	abs := math.Abs(float)
	isFloat := abs >= 1e-9 && abs <= 1e15
	if f != nil {
		switch kind := f.Kind(); kind {
		case protoreflect.FloatKind, protoreflect.DoubleKind:
			isFloat = true
		case protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
			d.scratch = strconv.AppendUint(d.scratch, v, 10)
			return d.number(start, raw, at, Integer)
		case protoreflect.Sfixed32Kind, protoreflect.Sfixed64Kind:
			isFloat = false
		default:
			d.issue(TypeMismatch, Body, at)
		}
	}
	if isFloat {
		d.scratch = strconv.AppendFloat(d.scratch, float, 'g', -1, bits)
		return d.number(start, raw, at, Number)
	}
	d.scratch = strconv.AppendInt(d.scratch, integer, 10)
	return d.number(start, raw, at, Integer)
}

// packed reads numbers in a row, as a schema says that they are.
func (d *Document) packed(v []byte, at int32, f protoreflect.FieldDescriptor, truncated bool) bool {
	for len(v) > 0 {
		var n int
		var x uint64
		ok := true
		switch f.Kind() {
		case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
			var y uint32
			if y, n = protowire.ConsumeFixed32(v); n >= 0 {
				ok = d.fixed(uint64(y), 32, v[:n], at, f)
			}
		case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
			if x, n = protowire.ConsumeFixed64(v); n >= 0 {
				ok = d.fixed(x, 64, v[:n], at, f)
			}
		default:
			if x, n = protowire.ConsumeVarint(v); n >= 0 {
				ok = d.varint(x, v[:n], at, f)
			}
		}
		if n < 0 {
			return d.damaged(v, at, truncated)
		}
		if !ok {
			return false
		}
		v = v[n:]
	}
	return true
}
