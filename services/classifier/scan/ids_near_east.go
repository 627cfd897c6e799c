package scan

// Numbers of persons and organisations between the Nile and the Altai, in Hong Kong and Taiwan, and
// what Africa has beside ids_world.go.

func nearEastern() []scheme {
	return []scheme{
		{name: "ae.eid", shapes: "d15", words: "emirates id|eid", firm: true, check: func(s []byte) bool {
			return string(s[:3]) == "784" && (two(s, 3) == 19 || two(s, 3) == 20) && luhn(s)
		}},
		{name: "sa.id", shapes: "d10", words: "iqama|saudi id|الهوية", check: func(s []byte) bool { return (s[0] == '1' || s[0] == '2') && luhn(s) }},
		{name: "kw.civil", shapes: "d12", words: "civil id|الرقم المدني", check: func(s []byte) bool {
			return s[0] >= '1' && s[0] <= '3' && yymmdd(s, 1) && 11-weighted(s, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)%11 == last(s)
		}},
		{name: "ir.nid", shapes: "d10", words: "کد ملی|melli|national code", check: func(s []byte) bool {
			c := falling(s[:9], 10) % 11
			return !uniform(s) && (c < 2 && c == last(s) || c >= 2 && 11-c == last(s))
		}},
		{name: "eg.nid", shapes: "d14", words: "الرقم القومي|egyptian id", loose: true, check: func(s []byte) bool {
			p := two(s, 7)
			return (s[0] == '2' || s[0] == '3') && yymmdd(s, 1) && (p > 0 && p < 36 || p == 88)
		}},
		{name: "kz.iin", shapes: "d12", words: "iin|жсн|иин|bin|бин", check: func(s []byte) bool {
			c := weighted(s, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) % 11
			if c == 10 {
				c = weighted(s, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2) % 11
			}
			return c == last(s) && s[2] <= '1' && two(s, 2) > 0 && two(s, 2) < 13 && (s[4] >= '4' || yymmdd(s, 0) && s[6] <= '6')
		}},
		{name: "uz.pinfl", shapes: "d14", words: "pinfl|jshshir|пинфл", check: func(s []byte) bool {
			return s[0] >= '1' && s[0] <= '6' && ddmmyy(s, 1) && weighted(s, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7)%10 == last(s)
		}},
		{name: "lk.nic", shapes: "d9V1|d9X1|d12", words: "nic|sri lanka", loose: true, check: func(s []byte) bool {
			from := 2
			if len(s) == 12 {
				if two(s, 0) != 19 && two(s, 0) != 20 {
					return false
				}
				from = 4
			}
			d := number(s[from : from+3])
			return d >= 1 && d <= 366 || d >= 501 && d <= 866
		}},
		{name: "hk.hkid", shapes: "a1-2d6x1", words: "hkid|hong kong id|香港身份證", check: func(s []byte) bool {
			sum, from := 9*36, len(s) // what is before a lone letter counts as a space
			if len(s) == 9 {
				sum = 0
			}
			for i, c := range s[:len(s)-1] {
				sum += (from - i) * value36(c)
			}
			c := s[len(s)-1]
			return (c <= '9' || c == 'A') && (sum+value36(c))%11 == 0
		}},
		{name: "tw.id", shapes: "a1d9|a2d8", words: "身分證|身份證字號|taiwan id", check: func(s []byte) bool {
			if s[1] > '9' && none(s[1:2], "ABCD") || s[1] <= '9' && none(s[1:2], "1289") {
				return false
			}
			const order = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
			n := indexByte(order, s[0]) + 10
			sum := n/10 + n%10*9
			second := int(s[1] - '0')
			if s[1] > '9' { // of a resident, before 2021
				second = indexByte(order, s[1]) % 10
			}
			return (sum+second*8+weighted(s[2:], 7, 6, 5, 4, 3, 2, 1, 1))%10 == 0
		}},
		{name: "ke.pin", shapes: "A1d9a1|P1d9a1", words: "kra|kra pin", loose: true},
		{name: "dz.nif", shapes: "d15|d20", words: "nif", loose: true},
		{name: "mu.nid", shapes: "a1d12x1", words: "nid|mauritius", check: func(s []byte) bool {
			sum := 0
			for i, c := range s[:13] {
				sum += (14 - i) * value36(c)
			}
			return ddmmyy(s, 1) && letter(s, "0123456789ABCDEFG", (17-sum%17)%17)
		}},
		{name: "mz.nuit", shapes: "d9", words: "nuit", check: func(s []byte) bool {
			return last(s) == int("01234567891"[weighted(s, 8, 9, 4, 5, 6, 7, 8, 9)%11]-'0')
		}},
		{name: "ng.nin", shapes: "d11", words: "nin|national identification number", loose: true},
		{name: "tn.mf", shapes: "d1-7a1|d7a3d3", words: "matricule fiscal", loose: true, check: func(s []byte) bool {
			i := len(s) - 1
			if s[i] <= '9' {
				i -= 5
				if indexByte("APBDN", s[i+1]) < 0 || indexByte("MPCNE", s[i+2]) < 0 || s[i+2] != 'E' && number(s[i+3:]) > 0 {
					return false
				}
			}
			return none(s[i:i+1], "IOU")
		}},
	}
}
