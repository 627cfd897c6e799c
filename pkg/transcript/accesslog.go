package transcript

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
)

// accessLog reads the common and the combined log format, with a virtual host in
// front or fields behind, as nginx and Apache write them:
//
//	[host[:port]] address ident user [time] "request" status bytes ["referer" "agent"] [more...]
//
// Of what follows, a quoted list of addresses is taken for X-Forwarded-For; the
// rest is ignored.
type accessLog struct{ lines lineReader }

const logTime = "02/Jan/2006:15:04:05 -0700"

func (a *accessLog) next() (*capture.Raw, Meta, []byte, error) {
	line, err := a.lines.next()
	meta := Meta{Line: a.lines.Number()}
	if err != nil {
		return nil, meta, nil, err
	}
	raw, err := parseLog(line)
	if err != nil {
		return nil, meta, nil, &LineError{Line: meta.Line, Err: err}
	}
	return raw, meta, line, nil
}

// word cuts the next field that a space ends.
func word(line []byte) (field, rest []byte) {
	line = bytes.TrimLeft(line, " ")
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		return line[:i], line[i+1:]
	}
	return line, nil
}

// quoted cuts the next "..." and undoes its escapes (\", \\, \xHH, \n, \t).
func quoted(line []byte) (text, rest []byte, ok bool) {
	line = bytes.TrimLeft(line, " ")
	if len(line) < 2 || line[0] != '"' {
		return nil, line, false
	}
	for i := 1; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			return text, line[i+1:], true
		case c != '\\' || i+1 >= len(line):
			text = append(text, c)
		case line[i+1] == 'x' && i+3 < len(line):
			n, err := strconv.ParseUint(string(line[i+2:i+4]), 16, 8)
			if err != nil {
				text = append(text, c)
				continue
			}
			text = append(text, byte(n))
			i += 3
		default:
			i++
			switch line[i] {
			case 'n':
				text = append(text, '\n')
			case 't':
				text = append(text, '\t')
			case 'r':
				text = append(text, '\r')
			default:
				text = append(text, line[i])
			}
		}
	}
	return nil, line, false
}

func parseLog(line []byte) (*capture.Raw, error) {
	raw := &capture.Raw{}
	e := &raw.Event
	e.Scheme = []byte("http")
	open := bytes.IndexByte(line, '[')
	end := -1
	if open >= 0 {
		end = bytes.IndexByte(line[open:], ']')
	}
	if open < 0 || end < 0 {
		return nil, fmt.Errorf("%w: no [time], so this is no access log line: %q", ErrMalformed, clip(string(line)))
	}
	stamp := line[open+1 : open+end]
	if err := logClient(raw, line[:open]); err != nil {
		return nil, err
	}
	t, err := time.Parse(logTime, string(stamp))
	if err != nil {
		if t, err = time.Parse(time.RFC3339Nano, string(stamp)); err != nil {
			return nil, fmt.Errorf("%w: time %q", ErrMalformed, clip(string(stamp)))
		}
	}
	if t.Year() < 1970 || t.Year() > 2261 {
		return nil, fmt.Errorf("%w: time %q", ErrMalformed, clip(string(stamp)))
	}
	e.RequestTime = t.UnixNano()
	request, rest, ok := quoted(line[open+end+1:])
	if !ok {
		return nil, fmt.Errorf("%w: no quoted request behind the time", ErrMalformed)
	}
	logRequest(e, request)
	field, rest := word(rest)
	if e.Status, err = parseStatus(string(field)); err != nil {
		return nil, err
	}
	field, rest = word(rest)
	if n, err := strconv.ParseUint(string(field), 10, 63); err == nil {
		e.ResponseBody.WireLength = n
		e.ResponseBody.Truncated = n > 0 // a log holds no body
	} else if len(field) > 0 && string(field) != "-" {
		return nil, fmt.Errorf("%w: bytes %q", ErrMalformed, clip(string(field)))
	}
	logTail(e, rest)
	return raw, nil
}

// logClient reads what stands before the time: [host] address ident user.
func logClient(raw *capture.Raw, head []byte) error {
	e := &raw.Event
	fields := bytes.Fields(head)
	at := -1
	for i := 0; i < len(fields) && i < 2; i++ {
		if a, err := netip.ParseAddr(string(fields[i])); err == nil {
			e.Client.Address, e.Client.AddressSource = []byte(a.Unmap().WithZone("").String()), []byte("file")
			at = i
			break
		}
	}
	if at < 0 {
		if len(fields) < 3 {
			return fmt.Errorf("%w: no client address before the time", ErrMalformed)
		}
		// Apache with HostnameLookups: a name is no address, and is not guessed to be one.
		at = len(fields) - 3
	}
	if at == 1 {
		e.Authority = bytes.Clone(fields[0])
	}
	if len(fields) > at+2 {
		// A user name may hold spaces: it is all that follows ident.
		if user := bytes.Join(fields[at+2:], []byte{' '}); string(user) != "-" && string(user) != `""` {
			raw.User = user
		}
	}
	return nil
}

// logRequest splits METHOD target [protocol]. What is no HTTP (a TLS hello sent
// to a plain port) stays whole, as the path: scanners do that.
func logRequest(e *event.Event, request []byte) {
	method, rest, ok := bytes.Cut(request, []byte{' '})
	if !ok || len(method) == 0 || len(method) > 32 || bytes.ContainsFunc(method, func(r rune) bool { return r <= ' ' || r > '~' }) {
		e.Path = request
		return
	}
	e.Method = method
	if i := bytes.LastIndexByte(rest, ' '); i >= 0 && bytes.HasPrefix(rest[i+1:], []byte("HTTP/")) {
		e.Protocol, rest = rest[i+1:], rest[:i]
	}
	authority := e.Authority
	setURI(e, string(rest))
	if len(e.Authority) == 0 {
		e.Authority = authority
	}
}

// logTail reads what follows the bytes.
func logTail(e *event.Event, rest []byte) {
	add := func(name string, v []byte) {
		if len(v) > 0 && string(v) != "-" {
			e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(name), Value: v})
		}
	}
	if len(e.Authority) > 0 {
		add("Host", e.Authority)
	}
	for n := 0; n < 16; {
		q := bytes.IndexByte(rest, '"')
		if q < 0 {
			return
		}
		text, after, ok := quoted(rest[q:])
		if !ok {
			return
		}
		rest = after
		switch n++; {
		case n == 1:
			add("Referer", text)
		case n == 2:
			add("User-Agent", text)
		case addresses(text):
			add("X-Forwarded-For", text)
		}
	}
}

func addresses(list []byte) bool {
	if len(list) == 0 {
		return false
	}
	for part := range bytes.SplitSeq(list, []byte{','}) {
		if _, err := netip.ParseAddr(string(bytes.TrimSpace(part))); err != nil {
			return false
		}
	}
	return true
}
