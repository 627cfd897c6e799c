package transaction

import (
	"strconv"
	"strings"
	"time"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// Values are the values of v, in the order in which the event holds them. A single
// variable has one value always, be it empty. What rules make themselves (TX,
// MATCHED_VARS, RULE, ENV) is the engine's and has none here. The slice is valid
// until the next call that changes the transaction.
func (t *Tx) Values(v seclang.Variable) []Value {
	switch v {
	case seclang.Args:
		return t.args.values
	case seclang.ArgsGet:
		return t.args.values[:t.query]
	case seclang.ArgsPost:
		return t.args.values[t.query:]
	case seclang.ArgsNames:
		return t.args.all()
	case seclang.ArgsGetNames:
		return t.args.all()[:t.query]
	case seclang.ArgsPostNames:
		return t.args.all()[t.query:]
	case seclang.RequestHeaders:
		return t.headers.values
	case seclang.RequestHeadersNames:
		return t.headers.all()
	case seclang.RequestCookies:
		return t.cookies.values
	case seclang.RequestCookiesNames:
		return t.cookies.all()
	case seclang.ResponseHeaders:
		return t.responses.values
	case seclang.ResponseHeadersNames:
		return t.responses.all()
	case seclang.XML, seclang.RequestXML:
		return t.xml
	case seclang.ResponseArgs:
		return t.answers
	case seclang.Files:
		return t.form.files
	case seclang.FilesNames:
		return t.form.fields
	case seclang.FilesSizes:
		return t.form.sizes
	case seclang.MultipartFilename:
		return t.form.filenames
	case seclang.MultipartFilenameCharset:
		return t.form.charsets
	case seclang.MultipartFilenameLanguage:
		return t.form.languages
	case seclang.MultipartName:
		return t.form.names
	case seclang.MultipartPartHeaders:
		return t.form.headers
	case seclang.ArgsCombinedSize:
		t.combine()
	case seclang.UniqueID:
		t.identify()
	}
	if v >= seclang.Time && v <= seclang.TimeYear {
		t.clock()
	}
	if v.Collection() || v.Absent() {
		return nil
	}
	return t.single[v : v+1 : v+1]
}

// Named says whether the value's name is lower, which is in lower case, in the way
// in which collections compare names.
func (v Value) Named(lower string) bool { return named(v.Key, lower) }

func named(name, lower string) bool {
	// Most names are told apart by their first byte, if that is ASCII.
	if name != "" && lower != "" && name[0] < 0x80 && name[0]|0x20 != lower[0]|0x20 {
		return false
	}
	if !ascii(name) {
		return strings.ToLower(name) == lower
	}
	if len(name) != len(lower) {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c-'A' < 26 {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// number lends n in decimal.
func (t *Tx) number(n int) string {
	if n >= 0 && n < 100 {
		return strconv.Itoa(n) // a constant of the runtime, no allocation
	}
	t.arena.reserve(20)
	start := len(t.arena.block)
	t.arena.block = strconv.AppendInt(t.arena.block, int64(n), 10)
	return t.arena.since(start)
}

// combine computes the size of all parameters with their names.
func (t *Tx) combine() {
	n := 0
	for i := range t.args.values {
		n += len(t.args.values[i].Key) + len(t.args.values[i].Text)
	}
	t.set(seclang.ArgsCombinedSize, t.number(n))
}

// identify makes the event's id text.
func (t *Tx) identify() {
	if t.get(seclang.UniqueID) != "" || t.e == nil {
		return
	}
	const digits = "0123456789abcdef"
	t.arena.reserve(36)
	start := len(t.arena.block)
	for i, b := range t.e.ID {
		switch i {
		case 4, 6, 8, 10:
			t.arena.block = append(t.arena.block, '-')
		}
		t.arena.block = append(t.arena.block, digits[b>>4], digits[b&15])
	}
	t.set(seclang.UniqueID, t.arena.since(start))
}

// clock makes the parts of the event's time.
func (t *Tx) clock() {
	if t.get(seclang.TimeEpoch) != "" || t.e == nil {
		return
	}
	at := t.e.Time()
	year, month, day := at.Date()
	t.set(seclang.TimeEpoch, t.number(int(at.Unix())))
	t.arena.reserve(len(time.TimeOnly))
	start := len(t.arena.block)
	t.arena.block = at.AppendFormat(t.arena.block, time.TimeOnly)
	s := t.arena.since(start)
	t.set(seclang.Time, s)
	t.set(seclang.TimeHour, s[0:2])
	t.set(seclang.TimeMin, s[3:5])
	t.set(seclang.TimeSec, s[6:8])
	t.set(seclang.TimeDay, t.number(day))
	t.set(seclang.TimeMon, t.number(int(month)))
	t.set(seclang.TimeYear, t.number(year))
	t.set(seclang.TimeWday, t.number(int(at.Weekday())))
}
