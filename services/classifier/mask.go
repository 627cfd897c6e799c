package classifier

import (
	"bytes"

	"github.com/miradorhq/mirador/services/classifier/scan"
)

// mask shows v without what identifies anybody.
func (t *Tables) mask(c *class, v []byte) string {
	switch {
	case c.name == "card", c.name == "iban":
		v = scan.Digits(nil, v)
		return string(t.scanner.Mask(nil, scan.Class(t.byName[c.name]), v))
	case c.name == "email": // a first letter and a company's domain already name somebody
		return "***@***" + string(v[bytes.LastIndexByte(v, '.'):])
	case c.name == "secret.jwt":
		return maskJWT(v)
	case c.secret() && len(v) >= 20 && int(t.byName[c.name]) < t.scanned && c.name != "secret.connection-string" && c.name != "secret.user-password" && c.name != "secret.generic":
		return string(v[:4]) + "***" // by which its kind is known
	case c.secret():
		return "***"
	}
	return maskAll(v)
}

// maskAll keeps no sign but those between groups.
func maskAll(v []byte) string {
	b := make([]byte, 0, len(v))
	for _, c := range v[:min(len(v), 40)] {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c-'0' <= 9, c >= 0xc0:
			b = append(b, '*')
		case c < 0x80:
			b = append(b, c)
		}
	}
	return string(b)
}
