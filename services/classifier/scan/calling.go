package scan

// Country codes of ITU-T E.164: of one digit, and of two. All others are of three.
var oneDigitCode = [10]bool{1: true, 7: true}

var twoDigitCodes = func() (t [100]bool) {
	for _, c := range [...]uint8{20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58,
		60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98} {
		t[c] = true
	}
	return t
}()

// dialled says whether digits, a country code in front, may be called: by the code and by how
// many follow. What a country has given out it does not know; that takes thirty
// microseconds more.
func dialled(digits []byte) bool {
	if len(digits) < 8 || len(digits) > 15 {
		return false
	}
	if digits[0] == '1' {
		return american10(digits[1:])
	}
	if oneDigitCode[digits[0]-'0'] {
		return len(digits) == 11
	}
	two := (digits[0]-'0')*10 + digits[1] - '0'
	if twoDigitCodes[two] {
		return digits[2] != '0' || two == 39
	}
	return digits[0] >= '2' && digits[0] <= '9' && digits[0] != '7' && digits[3] != '0'
}

// Dialled says whether v is a telephone number with a plus and its country code, in one group or with
// a space between each: a Quickened scanner finds it in v, and nothing else.
func Dialled(v []byte) bool {
	if len(v) < 9 || len(v) > 24 || v[0] != '+' || kinds[v[len(v)-1]] != digit {
		return false
	}
	var room [24]byte
	n := 0
	for i, c := range v[1:] {
		switch {
		case kinds[c] == digit:
			room[n] = c
			n++
		case c != ' ' || kinds[v[i]] != digit: // v[i] is the one before
			return false
		}
	}
	return dialled(room[:n])
}

// american10 says whether ten digits are a number of the North American plan.
func american10(d []byte) bool {
	return len(d) == 10 && d[0] >= '2' && d[3] >= '2' && string(d[1:3]) != "11" && string(d[4:6]) != "11"
}

// quickly judges the telephone number in v by its country code and length.
func quickly(v []byte, international bool) (valid bool) {
	var room [24]byte
	d := room[:0]
	for _, c := range v {
		if kinds[c] == digit && len(d) < len(room) {
			d = append(d, c)
		}
	}
	if !international {
		if len(d) == 11 && d[0] == '1' {
			d = d[1:]
		}
		return american10(d)
	}
	if len(d) > 2 && d[0] == '0' && d[1] == '0' {
		d = d[2:]
	}
	return dialled(d)
}
