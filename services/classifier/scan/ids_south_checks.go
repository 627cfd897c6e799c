package scan

// Checks of the numbers in ids_south.go that are more than a line or two.

func nie(s []byte) bool { return letter(s, spanish, (int(s[0]-'X')*10000000+number(s[1:8]))%23) }

func cif(s []byte) bool {
	if none(s[:1], "ABCDEFGHJNPQRSUVW") {
		return false
	}
	sum := 0
	for i, c := range s[1:8] {
		d := int(c - '0')
		if i%2 == 0 {
			d *= 2
			d = d/10 + d%10
		}
		sum += d
	}
	c := (10 - sum%10) % 10
	return s[8] <= '9' && last(s) == c || letter(s, "JABCDEFGHI", c)
}

func tva(s []byte) bool {
	if s[0] <= '9' && s[1] <= '9' {
		if string(s[2:5]) != "000" && !luhn(s[2:]) {
			return false
		}
		return (number(s[2:])*100+12)%97 == number(s[:2])
	}
	const alphabet = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	a, b := indexByte(alphabet, s[0]), indexByte(alphabet, s[1])
	if a < 0 || b < 0 {
		return false
	}
	c := a*34 + b - 100
	if s[0] <= '9' {
		c = a*24 + b - 10
	}
	return (number(s[2:])+1+c/11)%11 == c%11 && luhn(s[2:])
}

func irish(s []byte) bool {
	sum := falling(s[:7], 8)
	if len(s) == 9 && s[8] != 'W' && s[8] != 'T' && s[8] != 'X' {
		sum += 9 * int(s[8]-'A'+1)
	}
	return s[7] == "WABCDEFGHIJKLMNOPQRSTUV"[sum%23]
}

func dutch(s []byte, rest int) bool {
	n := len(s) - 1
	return number(s) > 0 && ((falling(s[:n], len(s))-last(s))%11+11)%11 == rest && len(s)*9 > 71
}

var odd = [...]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}

func codice(s []byte) bool {
	for _, i := range [...]int{6, 7, 9, 10, 12, 13, 14} {
		if s[i] > '9' && none(s[i:i+1], "LMNPQRSTUV") {
			return false
		}
	}
	if none(s[8:9], "ABCDEHLMPRST") {
		return false
	}
	sum := 0
	for i, c := range s[:15] {
		v := int(c - '0')
		if c >= 'A' {
			v = int(c - 'A')
		}
		if i%2 == 0 {
			v = odd[v]
		}
		sum += v
	}
	return int(s[15]-'A') == sum%26
}

// luhn36ish is the check of a Portuguese citizen's card: Luhn with the values of
// letters from 10 on, doubled less nine.
func luhn36ish(s []byte) bool {
	sum := 0
	for i, c := range s {
		v := value36(c)
		if i%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

func indexByte(s string, c byte) int {
	for i := range len(s) {
		if s[i] == c {
			return i
		}
	}
	return -1
}
