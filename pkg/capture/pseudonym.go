package capture

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"unicode"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/capture/redact"
)

// pseudonyms puts keyed pseudonyms in the place of values (GDPR article 4(5)). One is
// a function of the key and of the value's letters and digits alone, so a value is the
// same pseudonym in a path, a query and a body, however it is spaced. It keeps what
// readers downstream go by: length, separators, digits, letters and their case, a
// leading zero; a card keeps its issuer and passes the Luhn check, an IBAN its country
// and passes mod 97, an address of mail has a domain, a date is one.
//
// Different values may get one pseudonym: of n numbers of d digits about n²/(2·10^d)
// pairs do.
type pseudonyms struct{ key Key }

// append appends the pseudonym of v, which is of a class, to dst.
func (p pseudonyms) append(dst []byte, class string, v []byte) []byte {
	switch class {
	case "card":
		return p.card(dst, v)
	case "iban":
		return p.iban(dst, v)
	case "email":
		return p.email(dst, v)
	case "ip":
		return p.address(dst, v)
	case "geo.coordinates":
		return p.place(dst, v)
	case "date", "birthdate":
		return p.date(dst, v)
	}
	return p.like(dst, v, 0)
}

// stream are pseudorandom bytes that belong to a value: HMAC-SHA256 in counter mode.
type stream struct {
	key   Key
	of    []byte
	block []byte
	n     uint32
}

var pseudonymDomain = []byte("pseudonym\x00")

func (p pseudonyms) stream(v []byte) stream {
	of := make([]byte, 0, len(v))
	for _, c := range v {
		if word(c) {
			of = append(of, c)
		}
	}
	return stream{key: p.key, of: of}
}

// below gives a number below n, which is small.
func (s *stream) below(n int) int {
	if len(s.block) < 2 {
		var counter [4]byte
		binary.BigEndian.PutUint32(counter[:], s.n)
		s.n++
		s.block = s.key.appendSum(s.block[:0], pseudonymDomain, counter[:], s.of)
	}
	r := binary.BigEndian.Uint16(s.block)
	s.block = s.block[2:]
	return int(r) % n
}

func word(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// like replaces letters and digits but for the first keep of them.
func (p pseudonyms) like(dst, v []byte, keep int) []byte {
	s := p.stream(v)
	return s.spell(dst, v, keep)
}

// spell writes the stream in the form of v.
func (s *stream) spell(dst, v []byte, keep int) []byte {
	letters := 26
	if hexLike(v) {
		letters = 6
	}
	first := true
	for i := 0; i < len(v); {
		c := v[i]
		size := 1
		switch {
		case !word(c):
			dst = append(dst, c)
			i++
			continue
		case keep > 0:
			keep--
			dst = append(dst, c)
		case uuidFixed(v, i):
			dst = append(dst, c)
		case c >= '1' && c <= '9' && first:
			dst = append(dst, byte('1'+s.below(9)))
		case c == '0' && first:
			dst = append(dst, c)
		case c >= '0' && c <= '9':
			dst = append(dst, byte('0'+s.below(10)))
		case c >= 'a' && c <= 'z':
			dst = append(dst, byte('a'+s.below(letters)))
		case c >= 'A' && c <= 'Z':
			dst = append(dst, byte('A'+s.below(letters)))
		default:
			var r rune
			r, size = utf8.DecodeRune(v[i:])
			letter := byte('a' + s.below(26))
			if unicode.IsUpper(r) {
				letter -= 0x20
			}
			dst = append(dst, letter)
		}
		first = false
		i += size
	}
	return dst
}

// hexLike says whether v is a number in hexadecimal or a UUID.
func hexLike(v []byte) bool {
	n, letters := 0, 0
	for _, c := range v {
		switch {
		case c >= '0' && c <= '9':
			n++
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n++
			letters++
		case c != '-':
			return false
		}
	}
	return n >= 8 && letters > 0
}

// uuidFixed says whether v[i] is the version or the variant of a UUID.
func uuidFixed(v []byte, i int) bool {
	return (i == 14 || i == 19) && len(v) == 36 && v[8] == '-' && v[13] == '-' && v[18] == '-' && v[23] == '-'
}

// card keeps the issuer's six digits and makes the last the check digit.
func (p pseudonyms) card(dst, v []byte) []byte {
	at := len(dst)
	dst = p.like(dst, v, 6)
	sum, last, double := 0, -1, false
	for i := len(dst) - 1; i >= at; i-- {
		if dst[i] < '0' || dst[i] > '9' {
			continue
		}
		if last < 0 {
			last, double = i, true
			continue
		}
		d := int(dst[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	if last >= 0 {
		dst[last] = byte('0' + (10-sum%10)%10)
	}
	return dst
}

// iban keeps the country and makes the check digits of ISO 13616.
func (p pseudonyms) iban(dst, v []byte) []byte {
	at := len(dst)
	dst = p.like(dst, v, 4)
	out := dst[at:]
	rest := 0
	add := func(c byte) {
		if c >= '0' && c <= '9' {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c|0x20-'a') + 10) % 97
		}
	}
	seen := 0
	for _, c := range out {
		if word(c) && c < 0x80 {
			if seen++; seen > 4 {
				add(c)
			}
		}
	}
	seen = 0
	check := -1
	for i, c := range out {
		if !word(c) || c >= 0x80 {
			continue
		}
		switch seen++; seen {
		case 1, 2:
			add(c)
		case 3:
			check = i
		case 4:
			add('0')
			add('0')
			digits := 98 - rest
			out[check], out[i] = byte('0'+digits/10), byte('0'+digits%10)
			return dst
		}
	}
	return dst
}

// email goes part by part, so that addresses of one domain stay of one domain. The
// last label stays.
func (p pseudonyms) email(dst, v []byte) []byte {
	v = bytes.ToLower(v)
	at := bytes.LastIndexByte(v, '@')
	if at < 0 {
		return p.like(dst, v, 0)
	}
	s := p.stream(v)
	dst = s.spell(dst, v[:at], 0)
	dot := bytes.LastIndexByte(v, '.')
	if dot < at {
		dot = len(v)
	}
	return append(p.like(dst, v[at:dot], 0), v[dot:]...)
}

// address keeps the network: /16, or /48 of IPv6.
func (p pseudonyms) address(dst, v []byte) []byte {
	a, err := netip.ParseAddr(string(v))
	if err != nil {
		return p.like(dst, v, 0)
	}
	s := p.stream(v)
	if a.Is4() {
		b := a.As4()
		b[2], b[3] = byte(s.below(256)), byte(s.below(256))
		return netip.AddrFrom4(b).AppendTo(dst)
	}
	b := a.As16()
	for i := 6; i < 16; i++ {
		b[i] = byte(s.below(256))
	}
	return netip.AddrFrom16(b).AppendTo(dst)
}

// place keeps whole degrees, so that it lies on the globe.
func (p pseudonyms) place(dst, v []byte) []byte {
	s := p.stream(v)
	fraction := false
	for _, c := range v {
		switch {
		case c == '.':
			fraction = true
		case c < '0' || c > '9':
			fraction = false
		case fraction:
			c = byte('0' + s.below(10))
		}
		dst = append(dst, c)
	}
	return dst
}

// date keeps the year and the time of day. Month and day become 01 to 12 both, which
// is right in either order; a month that is written out stays.
func (p pseudonyms) date(dst, v []byte) []byte {
	if t := bytes.IndexByte(v, 'T'); t >= 8 && v[t-1] >= '0' && v[t-1] <= '9' {
		return append(p.date(dst, v[:t]), v[t:]...)
	}
	s := p.stream(v)
	for i := 0; i < len(v); {
		end := i
		for end < len(v) && v[end] >= '0' && v[end] <= '9' {
			end++
		}
		switch group := v[i:end]; len(group) {
		case 0:
			end = i + 1
			dst = append(dst, v[i])
		case 1:
			dst = append(dst, byte('1'+s.below(9)))
		case 2:
			dst = s.month(dst)
		case 4:
			dst = append(dst, group...)
		case 8: // the year stands in front or behind
			front := string(group[:2]) == "19" || string(group[:2]) == "20"
			if front {
				dst = append(dst, group[:4]...)
			}
			if dst = s.month(s.month(dst)); !front {
				dst = append(dst, group[4:]...)
			}
		default:
			dst = s.spell(dst, group, 0)
		}
		i = end
	}
	return dst
}

func (s *stream) month(dst []byte) []byte {
	m := 1 + s.below(12)
	return append(dst, byte('0'+m/10), byte('0'+m%10))
}

// shape keeps of v what kinds of characters it has and how many: digits become 0, a
// leading one 1, letters x. What looks like an attack keeps its syntax.
func shape(dst, v []byte) []byte {
	if redact.Suspicious(v) {
		return redact.Shape(dst, v)
	}
	first := true
	for i := 0; i < len(v); {
		c, size := v[i], 1
		switch {
		case c >= '1' && c <= '9' && first:
			dst = append(dst, '1')
		case c >= '0' && c <= '9':
			dst = append(dst, '0')
		case c >= 'A' && c <= 'Z':
			dst = append(dst, 'X')
		case c >= 'a' && c <= 'z':
			dst = append(dst, 'x')
		case c >= 0x80:
			_, size = utf8.DecodeRune(v[i:])
			dst = append(dst, 'x')
		default:
			dst = append(dst, c)
			i++
			continue
		}
		first = false
		i += size
	}
	return dst
}
