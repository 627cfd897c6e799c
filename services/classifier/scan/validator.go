package scan

// Luhn, Mod97 and Verhoeff say whether the digits of v, and for Mod97 its letters, pass; what
// stands between them does not count.
func Luhn(v []byte) bool { return digitsPass(v, luhn) }

// Mod97 is ISO 7064 MOD 97-10, check digits at the end.
func Mod97(v []byte) bool {
	var room [Longest + 1]byte
	c, ok := compact(room[:0], v)
	return ok && len(c) > 2 && modAlnum(c, 97) == 1
}

// Verhoeff is the check of the dihedral group.
func Verhoeff(v []byte) bool { return digitsPass(v, verhoeff) }

func digitsPass(v []byte, check func([]byte) bool) bool {
	var room [Longest]byte
	d := room[:0]
	for _, c := range v {
		if c-'0' <= 9 {
			if len(d) == Longest {
				return false
			}
			d = append(d, c)
		}
	}
	return len(d) > 1 && check(d)
}
