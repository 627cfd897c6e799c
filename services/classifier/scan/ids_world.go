package scan

// Numbers of persons and organisations in Africa, Asia and Oceania.

func asian() []scheme {
	return []scheme{
		{name: "au.abn", shapes: "d11", words: "abn", check: func(s []byte) bool {
			return s[0] != '0' && (weighted(s, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)-10)%89 == 0
		}},
		{name: "au.acn", shapes: "d9", words: "acn", check: func(s []byte) bool { return (10-falling(s[:8], 8)%10)%10 == last(s) && !uniform(s) }},
		{name: "au.medicare", shapes: "d10-11", words: "medicare|medicare card", check: func(s []byte) bool {
			return s[0] >= '2' && s[0] <= '6' && weighted(s, 1, 3, 7, 9, 1, 3, 7, 9)%10 == at(s, 8) && s[9] != '0'
		}},
		{name: "au.tfn", shapes: "d8-9", words: "tfn|tax file", check: func(s []byte) bool {
			return weighted(s, []int{1, 4, 3, 7, 5, 8, 6, 9, 10}[:len(s)]...)%11 == 0 && !uniform(s)
		}},
		{name: "cn.ric", shapes: "d17x1", words: "身份证|resident identity|id card", firm: true, check: func(s []byte) bool {
			return s[0] >= '1' && s[0] <= '8' && two(s, 6) >= 18 && two(s, 6) <= 20 && day(number(s[6:10]), two(s, 10), two(s, 12)) && (s[17] <= '9' || s[17] == 'X') && mod112(s)
		}},
		{name: "cn.uscc", shapes: "x2d6x10", words: "统一社会信用代码|uscc", check: func(s []byte) bool {
			sum, w := 0, 1
			for i, c := range s {
				v := indexByte("0123456789ABCDEFGHJKLMNPQRTUWXY", c)
				if v < 0 {
					return false
				}
				if i == 17 {
					return (31-sum%31)%31 == v
				}
				sum += v * w
				w = w * 3 % 31
			}
			return false
		}},
		{name: "eg.tn", shapes: "d9", words: "الرقم الضريبي|tax registration", loose: true},
		{name: "gn.nifp", shapes: "d9", words: "nifp", check: luhn},
		{name: "gh.tin", shapes: "a1d9x1", words: "tin", firm: true, check: func(s []byte) bool {
			sum := 0
			for i := range 9 {
				sum += (i + 1) * at(s, i+1)
			}
			return !none(s[:1], "PCGQV") && string(s[1:3]) == "00" && letter(s, "0123456789X", sum%11)
		}},
		{name: "id.nik", shapes: "d16", words: "nik|ktp", check: func(s []byte) bool {
			d := two(s, 6)
			if d > 40 {
				d -= 40
			}
			return province(two(s, 0)) && two(s, 2) > 0 && day(2000+two(s, 10), two(s, 8), d)
		}},
		{name: "id.npwp", shapes: "d15", words: "npwp", check: func(s []byte) bool { return luhn(s[:9]) }},
		{name: "il.hp", shapes: "d9", words: "hp|company number", check: func(s []byte) bool { return s[0] == '5' && luhn(s) }},
		{name: "il.idnr", shapes: "d8-9", words: "teudat zehut|mispar zehut|israeli id", check: luhn},
		{name: "in_.aadhaar", shapes: "d12", words: "aadhaar|aadhar|uidai", check: func(s []byte) bool { return s[0] >= '2' && !palindrome(s) && verhoeff(s) }},
		{name: "in_.vid", shapes: "d16", words: "vid|virtual id", check: func(s []byte) bool { return s[0] >= '2' && !palindrome(s) && verhoeff(s) }},
		{name: "in_.epic", shapes: "a3d7", words: "epic|voter", check: func(s []byte) bool { return luhn(s[3:]) }},
		{name: "in_.pan", shapes: "a5d4a1", words: "pan|permanent account", loose: true, check: func(s []byte) bool { return !none(s[3:4], "ABCFGHJLPTK") && string(s[5:9]) != "0000" }},
		{name: "in_.gstin", shapes: "d2a5d4a1x1Z1x1", words: "gstin|gst", firm: true, check: func(s []byte) bool { return two(s, 0) > 0 && two(s, 0) < 39 && luhnBase(s, 36) }},
		{name: "jp.cn", shapes: "d13", words: "法人番号|corporate number", check: func(s []byte) bool {
			sum := 0
			for i := range 12 {
				sum += at(s, 12-i) * (1 + i%2)
			}
			return 9-sum%9 == at(s, 0)
		}},
		{name: "jp.in_", shapes: "d12", words: "マイナンバー|my number|個人番号", check: func(s []byte) bool {
			c := 11 - weighted(s, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11
			if c > 9 {
				c = 0
			}
			return c == last(s) && !uniform(s)
		}},
		{name: "kr.brn", shapes: "d10", words: "사업자등록번호|business registration", check: func(s []byte) bool {
			return number(s[:3]) > 100 && (weighted(s, 1, 3, 7, 1, 3, 7, 1, 3, 5)+at(s, 8)*5/10+last(s))%10 == 0
		}},
		{name: "kr.rrn", shapes: "d13", words: "주민등록번호|rrn|resident registration", check: func(s []byte) bool {
			return yymmdd(s, 0) && (11-weighted(s, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)%11)%10 == last(s)
		}},
		{name: "ma.ice", shapes: "d15", words: "ice", check: func(s []byte) bool { return number(s) > 0 && mod(s, 97) == 0 }},
		{name: "my.nric", shapes: "d12", words: "nric|mykad", loose: true, check: func(s []byte) bool { return yymmdd(s, 0) && birthplace(two(s, 6)) }},
		{name: "nz.ird", shapes: "d8-9", prefix: "NZ", words: "ird", check: func(s []byte) bool {
			var c [9]byte
			c[0] = '0'
			copy(c[9-len(s):], s)
			if n := number(c[:]); n < 10000000 || n > 150000000 {
				return false
			}
			d := (11 - weighted(c[:], 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11
			if d == 10 {
				d = (11 - weighted(c[:], 7, 4, 3, 2, 5, 2, 7, 6)%11) % 11
			}
			return d == last(c[:])
		}},
		{name: "nz.nhi", shapes: "a3d4", words: "nhi", check: func(s []byte) bool {
			const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ"
			sum := weighted(s[3:], 4, 3, 2)
			for i, c := range s[:3] {
				n := indexByte(alphabet, c)
				if n < 0 {
					return false
				}
				sum += (n + 1) * (7 - i)
			}
			return sum%11 != 0 && (11-sum%11)%10 == last(s)
		}},
		{name: "nz.bankaccount", shapes: "d15-16", words: "bank account|account", check: zealand},
		{name: "pk.cnic", shapes: "d13", words: "cnic", loose: true, check: func(s []byte) bool { return s[0] >= '1' && s[0] <= '7' && last(s) > 0 }},
		{name: "sg.nric", shapes: "a1d7a1", words: "nric|fin", check: func(s []byte) bool {
			sum := weighted(s[1:], 2, 7, 6, 5, 4, 3, 2)
			switch s[0] {
			case 'S':
				return letter(s, "JZIHGFEDCBA", sum%11)
			case 'T':
				return letter(s, "JZIHGFEDCBA", (sum+4)%11)
			case 'F':
				return letter(s, "XWUTRQPNMLK", sum%11)
			case 'G':
				return letter(s, "XWUTRQPNMLK", (sum+4)%11)
			}
			return false
		}},
		{name: "sg.uen", shapes: "d8a1|d9a1|R1d2a2d4a1|S1d2a2d4a1|T1d2a2d4a1", words: "uen", check: uen},
		{name: "sn.ninea", shapes: "d7|d9|d7d1a1d1|d9d1a1d1", words: "ninea", check: func(s []byte) bool {
			n := len(s)
			if s[n-2] > '9' {
				if s[n-3] > '2' || none(s[n-2:n-1], "ABCDEFGHJKLMNPQRSTUVWZ") {
					return false
				}
				n -= 3
			}
			var c [9]byte
			for i := range c {
				c[i] = '0'
			}
			copy(c[9-n:], s[:n])
			return weighted(c[:], 1, 2, 1, 2, 1, 2, 1, 2, 1)%10 == 0
		}},
		{name: "th.pin", shapes: "d13", words: "บัตรประชาชน|thai id", check: func(s []byte) bool { return s[0] >= '1' && s[0] <= '8' && thai(s) }},
		{name: "th.moa", shapes: "d13", words: "เลขทะเบียนนิติบุคคล|moa", check: func(s []byte) bool { return s[0] == '0' && thai(s) }},
		{name: "th.tin", shapes: "d13", words: "tin|เลขประจำตัวผู้เสียภาษี", check: func(s []byte) bool { return s[0] != '9' && thai(s) }},
		{name: "tw.ubn", shapes: "d8", words: "統一編號|ubn", check: func(s []byte) bool {
			sum := 0
			for i, w := range [...]int{1, 2, 1, 2, 1, 2, 4, 1} {
				d := at(s, i) * w
				sum += d/10 + d%10
			}
			return sum%5 == 0 || s[6] == '7' && (sum+1)%5 == 0
		}},
		{name: "vn.cccd", shapes: "d12", words: "cccd|căn cước|can cuoc", loose: true, check: func(s []byte) bool { return number(s[:3]) > 0 && number(s[:3]) <= 96 && s[3] <= '3' }},
		{name: "vn.mst", shapes: "d10|d13", words: "mst|mã số thuế", check: func(s []byte) bool {
			return 10-weighted(s, 31, 29, 23, 19, 17, 13, 7, 5, 3)%11 == at(s, 9)
		}},
		{name: "za.idnr", shapes: "d13", words: "south african id|id number|rsa id", check: func(s []byte) bool { return yymmdd(s, 0) && s[10] < '3' && luhn(s) }},
		{name: "za.tin", shapes: "d10", words: "tax reference|tin", check: func(s []byte) bool { return !none(s[:1], "01239") && luhn(s) }},
	}
}

func palindrome(s []byte) bool {
	for i := range s {
		if s[i] != s[len(s)-1-i] {
			return false
		}
	}
	return true
}

func thai(s []byte) bool { return (11-falling(s[:12], 13)%11)%10 == last(s) }

// zealand is bank, branch, account and suffix. Which weights hold depends on the bank
// and, of most banks, on whether the account is above 989,999.
func zealand(s []byte) bool {
	var c [18]byte // bank 2, branch 4, account 8, suffix 4
	for i := range c {
		c[i] = '0'
	}
	copy(c[:6], s[:6])
	copy(c[7:14], s[6:13])
	copy(c[18-(len(s)-13):], s[13:])
	bank := number(c[:2])
	w, m := []int{0, 0, 6, 3, 7, 9, 0, 0, 10, 5, 8, 4, 2, 1, 0, 0, 0, 0}, 11
	switch {
	case bank == 8:
		w = []int{0, 0, 0, 0, 0, 0, 0, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0}
	case bank == 9:
		w = []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 4, 3, 2, 0, 0, 0, 1}
	case bank == 25 || bank == 33:
		w, m = []int{0, 0, 0, 0, 0, 0, 0, 1, 7, 3, 1, 7, 3, 1, 0, 0, 0, 0}, 10
	case bank == 26 || bank == 28 || bank == 29:
		w, m = []int{0, 0, 0, 0, 0, 0, 0, 1, 3, 7, 1, 3, 7, 1, 0, 3, 7, 1}, 10
	case bank == 0 || bank > 38 || bank == 5 || bank == 7:
		return false
	case number(c[6:14]) >= 990000:
		w = []int{0, 0, 0, 0, 0, 0, 0, 0, 10, 5, 8, 4, 2, 1, 0, 0, 0, 0}
	}
	sum := 0
	for i, x := range w {
		p := x * at(c[:], i)
		if bank == 9 || bank == 26 || bank == 28 || bank == 29 {
			for p > 9 {
				p = p/10 + p%10
			}
		}
		sum += p
	}
	return sum%m == 0
}

// province says whether Indonesia has one of that number.
func province(n int) bool {
	return n >= 11 && n <= 19 || n == 21 || n >= 31 && n <= 36 || n >= 51 && n <= 53 || n >= 61 && n <= 65 || n >= 71 && n <= 76 || n == 81 || n == 82 || n >= 91 && n <= 97
}

// birthplace says whether Malaysia gives out the code.
func birthplace(n int) bool {
	return n > 0 && n != 17 && n != 18 && n != 19 && n != 20 && n != 69 && n != 70 && n != 73 && n != 80 && n != 81 && (n < 94 || n > 97)
}

// uen is of a business, of a company with its year, or of another entity with its kind.
func uen(s []byte) bool {
	switch {
	case len(s) == 9:
		return letter(s, "XMKECAWLJDB", weighted(s, 10, 4, 9, 3, 8, 2, 7, 1)%11)
	case s[0] <= '9':
		return number(s[:4]) <= 2100 && letter(s, "ZKCMDNERGWH", weighted(s, 10, 8, 6, 4, 9, 7, 5, 3, 1)%11)
	}
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWX0123456789"
	sum := 0
	for i, w := range [...]int{4, 3, 5, 3, 10, 2, 2, 5, 7} {
		n := indexByte(alphabet, s[i])
		if n < 0 {
			return false
		}
		sum += w * n
	}
	return letter(s, alphabet, (sum+6)%11)
}
