package content

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// narrow is text of UTF-16 in UTF-8, other data as it is. JSON and XML parsers of most
// platforms take either and say nothing of it, so an attack is the same to them. Text
// without a mark is known by its first byte, which both formats begin with.
func (d *Document) narrow(data []byte, declared Format) []byte {
	big := false
	switch declared {
	case Protobuf, GRPC, GRPCWeb, WebSocket, Binary, Multipart:
		return data
	}
	switch {
	case len(data) < 4:
		return data
	case data[0] == 0xff && data[1] == 0xfe && data[2]|data[3] != 0: // else it is UTF-32
		data = data[2:]
	case data[0] == 0xfe && data[1] == 0xff:
		data, big = data[2:], true
	case data[1] == 0 && data[3] == 0 && bytes.IndexByte([]byte("{[<\""), data[0]) >= 0:
	case data[0] == 0 && data[2] == 0 && bytes.IndexByte([]byte("{[<\""), data[1]) >= 0:
		big = true
	default:
		return data
	}
	unit := func(i int) rune {
		if big {
			return rune(data[i])<<8 | rune(data[i+1])
		}
		return rune(data[i+1])<<8 | rune(data[i])
	}
	d.issue(TypeMismatch, Body, d.root(Body)) // both formats are UTF-8 between systems
	start := len(d.scratch)
	for i := 0; i+1 < len(data) && len(d.scratch)-start < d.limits.DecodedBytes; i += 2 {
		r := unit(i)
		if utf16.IsSurrogate(r) && i+3 < len(data) {
			if pair := utf16.DecodeRune(r, unit(i+2)); pair != utf8.RuneError {
				r = pair
				i += 2
			}
		}
		d.scratch = utf8.AppendRune(d.scratch, r)
	}
	return d.scratch[start:len(d.scratch):len(d.scratch)]
}
