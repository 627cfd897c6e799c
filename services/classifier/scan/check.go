package scan

// The arithmetic of check digits. All of it takes numbers in compact form: ASCII
// digits and capital letters, no separators.

// weighted is the sum of the digits of s, each times its weight.
func weighted(s []byte, weights ...int) (sum int) {
	for i, w := range weights {
		sum += w * int(s[i]-'0')
	}
	return sum
}

// falling is the sum of the digits of s times from, from-1 and so on.
func falling(s []byte, from int) (sum int) {
	for i, c := range s {
		sum += (from - i) * int(c-'0')
	}
	return sum
}

func at(s []byte, i int) int { return int(s[i] - '0') }

func last(s []byte) int { return int(s[len(s)-1] - '0') }

// mod is the remainder of the number that the digits of s are.
func mod(s []byte, m int) (rest int) {
	if len(s) <= 18 {
		return number(s) % m
	}
	for _, c := range s {
		rest = (rest*10 + int(c-'0')) % m
	}
	return rest
}

// modAlnum is mod for digits and letters, A being 10, as ISO 7064 MOD 97-10 has it.
func modAlnum(s []byte, m int) (rest int) {
	for _, c := range s {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % m
		} else {
			rest = (rest*10 + int(c-'0')) % m
		}
	}
	return rest
}

func number(s []byte) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// luhnSum is the Luhn sum with the last digit undoubled.
func luhnSum(s []byte) (sum int) {
	double := false
	for i := len(s) - 1; i >= 0; i-- {
		d := int(s[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return sum
}

func luhn(s []byte) bool { return luhnSum(s)%10 == 0 && !uniform(s) }

// luhnBase is Luhn over the first n signs of 0-9A-Z.
func luhnBase(s []byte, n int) bool {
	sum, double := 0, false
	for i := len(s) - 1; i >= 0; i-- {
		d := value36(s[i])
		if double {
			d *= 2
			d = d/n + d%n
		}
		sum += d
		double = !double
	}
	return sum%n == 0
}

func value36(c byte) int {
	if c >= 'A' {
		return int(c-'A') + 10
	}
	return int(c - '0')
}

// uniform says that all of s is one character: a filler, which many checks accept.
func uniform(s []byte) bool {
	for _, c := range s {
		if c != s[0] {
			return false
		}
	}
	return true
}

var dihedral = [10][10]uint8{
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
	{5, 9, 8, 7, 6, 0, 4, 3, 2, 1}, {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
}

var permuted = func() (t [8][10]uint8) {
	for i := range t[0] {
		t[0][i] = uint8(i)
	}
	t[1] = [10]uint8{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	for r := 2; r < 8; r++ {
		for i := range t[r] {
			t[r][i] = t[r-1][t[1][i]]
		}
	}
	return t
}()

func verhoeff(s []byte) bool {
	c := uint8(0)
	for i := range s {
		c = dihedral[c][permuted[i%8][s[len(s)-1-i]-'0']]
	}
	return c == 0
}

// mod1110 is ISO 7064 MOD 11,10.
func mod1110(s []byte) bool {
	c := 10
	for _, x := range s[:len(s)-1] {
		c = (c + int(x-'0')) % 10
		if c == 0 {
			c = 10
		}
		c = c * 2 % 11
	}
	return (c+last(s))%10 == 1
}

// mod112 is ISO 7064 MOD 11-2, whose last character may be X.
func mod112(s []byte) bool {
	c := 0
	for _, x := range s[:len(s)-1] {
		c = (c + int(x-'0')) * 2 % 11
	}
	d := last(s)
	if s[len(s)-1] == 'X' {
		d = 10
	}
	return (c+d)%11 == 1
}

// mod3736 is ISO 7064 MOD 37,36.
func mod3736(s []byte) bool {
	c := 36
	for _, x := range s[:len(s)-1] {
		c = (c + value36(x)) % 36
		if c == 0 {
			c = 36
		}
		c = c * 2 % 37
	}
	return (c+value36(s[len(s)-1]))%36 == 1
}

// letter says that the last character of s is the one of alphabet at i.
func letter(s []byte, alphabet string, i int) bool {
	return i >= 0 && i < len(alphabet) && s[len(s)-1] == alphabet[i]
}

var monthDays = [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// day says whether there is such a day.
func day(y, m, d int) bool {
	if m < 1 || m > 12 || d < 1 {
		return false
	}
	n := monthDays[m-1]
	if m == 2 && y%4 == 0 && (y%100 != 0 || y%400 == 0) {
		n = 29
	}
	return d <= n
}

func two(s []byte, i int) int { return at(s, i)*10 + at(s, i+1) }

// yymmdd, ddmmyy: a day that a number begins with at i, of a century that is not told.
// 2000 is a leap year, as 1900 is not, so the more generous one is asked.
func yymmdd(s []byte, i int) bool { return day(2000+two(s, i), two(s, i+2), two(s, i+4)) }
func ddmmyy(s []byte, i int) bool { return day(2000+two(s, i+4), two(s, i+2), two(s, i)) }
