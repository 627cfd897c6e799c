package scan

import (
	"crypto/sha256"

	"golang.org/x/crypto/sha3"
)

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// coin looks at a word as an address of a cryptocurrency.
func (l *line) coin(start, end int) {
	v := l.text[start:end]
	switch {
	case len(v) == 42 && v[0] == '0' && v[1]|0x20 == 'x':
		if eip55(v[2:]) {
			l.add(l.s.own.ethereum, start, end, scoreFirm)
		}
	case len(v) <= 35 && indexByte("13", v[0]) >= 0:
		if version, ok := base58check(v); ok && (version == 0 || version == 5) {
			l.add(l.s.own.bitcoin, start, end, scoreProven)
		}
	case len(v) <= 36 && indexByte("LMDTtX", v[0]) >= 0:
		if _, ok := base58check(v); ok {
			l.add(l.s.own.coin, start, end, scoreProven)
		}
	}
	if len(v) <= 90 && (v[0] == 'b' && v[1] == 'c' && v[2] == '1' || v[0] == 'l' && v[1] == 't' && v[2] == 'c') && bech32(v) {
		c := l.s.own.bitcoin
		if v[0] == 'l' {
			c = l.s.own.coin
		}
		l.add(c, start, end, scoreProven)
	}
}

// base58check decodes v and compares its four last bytes with the hash of the others.
func base58check(v []byte) (version byte, ok bool) {
	var n [26]byte
	for _, c := range v {
		d := indexByte(base58, c)
		if d < 0 {
			return 0, false
		}
		for i := len(n) - 1; i >= 0; i-- {
			d += int(n[i]) * 58
			n[i] = byte(d)
			d >>= 8
		}
		if d > 0 {
			return 0, false
		}
	}
	// One byte of version is the rule, two are Zcash's.
	for _, from := range [...]int{1, 0} {
		h := sha256.Sum256(n[from:22])
		h = sha256.Sum256(h[:])
		if string(h[:4]) == string(n[22:]) {
			return n[from], true
		}
	}
	return 0, false
}

func bech32(v []byte) bool {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	generator := [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	sum := uint32(1)
	step := func(d byte) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(d)
		for i, g := range generator {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	one := len(v) - 1
	for one > 0 && v[one] != '1' {
		one--
	}
	if one < 1 || len(v)-one < 7 {
		return false
	}
	for _, c := range v[:one] {
		step(c >> 5)
	}
	step(0)
	for _, c := range v[:one] {
		step(c & 31)
	}
	for _, c := range v[one+1:] {
		d := indexByte(alphabet, c)
		if d < 0 {
			return false
		}
		step(byte(d))
	}
	return sum == 1 || sum == 0x2bc830a3 // bech32m
}

// eip55 is an address of 40 hexadecimal digits whose case, where it is mixed, is a
// checksum.
func eip55(v []byte) bool {
	small, capital := false, false
	var low [40]byte
	for i, c := range v {
		if !hexDigit(c) {
			return false
		}
		small, capital = small || c >= 'a', capital || c >= 'A' && c <= 'F'
		low[i] = folded[c]
	}
	if !small || !capital {
		return !uniform(v)
	}
	k := sha3.NewLegacyKeccak256()
	_, _ = k.Write(low[:])
	h := k.Sum(nil)
	for i, c := range v {
		nibble := h[i/2] >> (4 * (1 - i%2)) & 15
		if c >= 'A' && (nibble >= 8) != (c <= 'F') {
			return false
		}
	}
	return true
}
