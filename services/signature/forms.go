package signature

import (
	"bytes"
	"cmp"
	"net/url"
	"slices"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/segmentio/encoding/json"
)

// Bounds of what is looked at again: bytes in all, of a piece of a value that is taken
// apart, and of values and bytes that the engine sees at a time. The first is twice what
// sensors keep of a body unless told otherwise; perValue is what a value costs beside its text.
const (
	unseenBytes  = 64 << 10
	unseenPiece  = 4 << 10
	unseenValues = 900
	unseenForm   = 120 << 10
	perValue     = 8
)

// nameless stands for the name of a body that is one text; those of texts that have
// no leaf begin with it.
const nameless = "rest"

// forms are bodies of parameters in the making.
type forms struct {
	bodies [][]byte
	values int // of the last
	bytes  int
}

// value is a text of a body with the name of its leaf.
type value struct {
	name string
	text []byte
}

// fill takes what there is room for, the last first. Where that is not all, half of the
// room is for what looks most like code, wherever in the body it stands: an attacker
// chooses what follows it.
func (f *forms) fill(all []value) {
	all = slices.DeleteFunc(all, func(v value) bool { return plain(v.text) })
	size := 0
	for i := range all {
		size += len(all[i].text) + perValue
	}
	slices.Reverse(all)
	if size > unseenBytes {
		all = foremost(all)
	}
	for _, v := range all {
		if !f.add(v.name, v.text) {
			return
		}
	}
}

// foremost puts those of the values that have most signs before the others, up to half
// of the room.
func foremost(all []value) []value {
	var cut []value
	for _, v := range all {
		for len(v.text) > unseenPiece { // what stands before it is looked at by itself
			n := len(v.text) - unseenPiece
			cut = append(cut, value{v.name, v.text[n:]})
			v.text = v.text[:n]
		}
		cut = append(cut, v)
	}
	type ranked struct{ at, signs int }
	order := make([]ranked, len(cut))
	for i, v := range cut {
		order[i] = ranked{i, signs(v.text)}
	}
	slices.SortStableFunc(order, func(a, b ranked) int { return cmp.Compare(b.signs, a.signs) })
	out, room, first := make([]value, 0, len(cut)), unseenBytes/2, make([]bool, len(cut))
	for _, o := range order {
		if room -= len(cut[o.at].text) + perValue; room < 0 || o.signs == 0 {
			break
		}
		out, first[o.at] = append(out, cut[o.at]), true
	}
	for i, v := range cut {
		if !first[i] {
			out = append(out, v)
		}
	}
	return out
}

// signs says how much of v is what attacks are written with, in a thousand.
func signs(v []byte) int {
	n := 0
	for i, c := range v {
		switch c {
		case '\'', '"', '<', '>', ';', '|', '&', '`', '$', '(', '{', '\\', '%', '*', '#', '=':
			n++
		case '-', '.', '/':
			if i > 0 && v[i-1] == c {
				n++
			}
		}
	}
	return 1000 * n / max(1, len(v))
}

// add says whether there is room for more.
func (f *forms) add(name string, value []byte) bool {
	if f.bytes += len(value) + perValue; f.bytes > unseenBytes {
		return false
	}
	name, text := url.QueryEscape(name), url.QueryEscape(string(value))
	last := len(f.bodies) - 1
	if last < 0 || f.values >= unseenValues || len(f.bodies[last])+len(name)+len(text) > unseenForm {
		f.bodies, f.values = append(f.bodies, nil), 0
		last++
	}
	f.values++
	f.bodies[last] = append(append(append(append(f.bodies[last], name...), '='), text...), '&')
	return true
}

// leaves adds the texts of a body.
func (f *forms) leaves(leaves []content.Leaf) {
	var all []value
	for i := range leaves {
		if l := &leaves[i]; l.Location == content.Body && l.Type == content.String {
			all = append(all, value{cmp.Or(l.Path, nameless), l.Value})
		}
	}
	f.fill(all)
}

// plain says whether nothing could match v, which most values of large bodies are: no
// command or statement that would get anywhere is so short and without any sign.
func plain(v []byte) bool {
	if len(v) > 24 {
		return false
	}
	for _, c := range v {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != ' ' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// texts adds the texts of a JSON body that are no names, without understanding the
// JSON: what lies too deep or too far for that.
func (f *forms) texts(body []byte) {
	var all []value
	for {
		start := bytes.IndexByte(body, '"')
		if start < 0 {
			break
		}
		end := start + 1
		for end < len(body) && body[end] != '"' {
			if body[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(body) {
			break
		}
		text, rest := body[start:end+1], bytes.TrimLeft(body[end+1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != ':' {
			all = append(all, value{nameless + "." + letters(len(all)), unquoted(text)})
		}
		body = rest
	}
	f.fill(all)
}

// unquoted is what a JSON text means, or as it stands where it means nothing.
func unquoted(text []byte) []byte {
	inside := text[1 : len(text)-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return inside
	}
	var s string
	if json.Unmarshal(text, &s) != nil {
		return inside
	}
	return []byte(s)
}

// letters is a number without digits, which name list elements.
func letters(n int) string {
	s := ""
	for ; n > 0 || s == ""; n /= 26 {
		s = string(rune('a'+n%26)) + s
	}
	return s
}
