package scan

// Numbers of persons and organisations in Europe, east, and the Caucasus.

func eastern() []scheme {
	return []scheme{
		{name: "al.nipt", shapes: "a1d8a1", prefix: "AL", words: "nipt|nuis", loose: true, check: func(s []byte) bool { return !none(s[:1], "ABCDEFGHIJKLM") }},
		{name: "az.voen", shapes: "d9-10", words: "voen|vöen", check: func(s []byte) bool {
			var c [10]byte
			c[0] = '0'
			copy(c[10-len(s):], s)
			return (c[9] == '1' || c[9] == '2') && weighted(c[:], 4, 1, 8, 6, 2, 7, 5, 3)%11 == at(c[:], 8)
		}},
		{name: "bg.egn", shapes: "d10", words: "egn|егн", check: egn},
		{name: "bg.pnf", shapes: "d10", words: "lnch|pnf", check: pnf},
		{name: "bg.vat", shapes: "d9-10", prefix: "BG", words: "eik|bulstat|vat", check: func(s []byte) bool {
			if len(s) == 9 {
				return last(s) == bulstat(s[:8])
			}
			return egn(s) || pnf(s) || (11-weighted(s, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11 == last(s)
		}},
		{name: "by.unp", shapes: "d9|a2d7", prefix: "UNP", words: "unp|унп", check: func(s []byte) bool {
			first, second := value36(s[0]), int(s[1])-'0'
			if first > 9 {
				second = indexByte("ABCEHKMOPT", s[1])
			}
			if second < 0 || indexByte("1234567ABCEHKM", s[0]) < 0 {
				return false
			}
			return (first*29+second*23+weighted(s[2:], 19, 17, 13, 7, 5, 3))%11 == last(s)
		}},
		{name: "by.pn", shapes: "d7a1d3a2d1", words: "идентификационный номер|personal number", check: func(s []byte) bool {
			sum := 0
			for i, c := range s[:13] {
				sum += value36(c) * [...]int{7, 3, 1}[i%3]
			}
			return ddmmyy(s, 1) && !none(s[7:8], "ABCHKEM") && sum%10 == last(s)
		}},
		{name: "cy.vat", shapes: "d8a1", prefix: "CY", words: "vat|tic", check: func(s []byte) bool {
			sum := 0
			for i := range 8 {
				if i%2 == 0 {
					sum += odd[at(s, i)]
				} else {
					sum += at(s, i)
				}
			}
			return string(s[:2]) != "12" && int(s[8]-'A') == sum%26
		}},
		{name: "cz.rc", shapes: "d9-10", words: "rodne cislo|rodné číslo|rc", check: czech},
		{name: "cz.dic", shapes: "d8-10", prefix: "CZ", words: "dic|ico|dič|ičo", check: func(s []byte) bool {
			if len(s) > 8 {
				if len(s) == 9 && s[0] == '6' {
					c := (11 - falling(s[1:8], 8)%11) % 11
					return c < 10 && (8-c+10)%10 == last(s) || czech(s)
				}
				return czech(s)
			}
			c := (11 - falling(s[:7], 8)%11) % 11
			if c == 0 {
				c = 1
			}
			return s[0] != '9' && c%10 == last(s)
		}},
		{name: "sk.rc", shapes: "d9-10", words: "rodne cislo|rodné číslo|rc", check: czech},
		{name: "sk.dph", shapes: "d10", prefix: "SK", words: "dph|dic", check: func(s []byte) bool {
			return czech(s) || s[0] != '0' && !none(s[2:3], "234789") && number(s)%11 == 0
		}},
		{name: "gr.vat", shapes: "d9", prefix: "EL", words: "afm|αφμ|vat", check: greek},
		{name: "gr.amka", shapes: "d11", words: "amka|αμκα", check: func(s []byte) bool { return ddmmyy(s, 0) && luhn(s) }},
		{name: "hr.oib", shapes: "d11", prefix: "HR", words: "oib", check: mod1110},
		{name: "hu.anum", shapes: "d8", prefix: "HU", words: "adoszam|adószám|anum|vat", check: func(s []byte) bool { return weighted(s, 9, 7, 3, 1, 9, 7, 3, 1)%10 == 0 && !uniform(s) }},
		{name: "hu.taj", shapes: "d9", words: "taj|taj szám", check: func(s []byte) bool { return weighted(s, 3, 7, 3, 7, 3, 7, 3, 7)%10 == last(s) && !uniform(s) }},
		{name: "hu.adoazonosito", shapes: "d10", words: "adóazonosító|adoazonosito", check: func(s []byte) bool {
			return s[0] == '8' && weighted(s, 1, 2, 3, 4, 5, 6, 7, 8, 9)%11 == last(s)
		}},
		{name: "hu.szemelyi", shapes: "d11", words: "személyi szám|személyi azonosító|szemelyi|taj szám", check: func(s []byte) bool {
			return s[0] != '0' && yymmdd(s, 1) && (weighted(s, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)%11 == last(s) || falling(s[:10], 10)%11 == last(s))
		}},
		{name: "md.idno", shapes: "d13", words: "idno|idnp", check: func(s []byte) bool {
			return weighted(s, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)%10 == last(s)
		}},
		{name: "me.pib", shapes: "d8", words: "pib", check: func(s []byte) bool { return (11-falling(s[:7], 8)%11)%11%10 == last(s) }},
		{name: "mk.edb", shapes: "d13", prefix: "MK", words: "edb", check: func(s []byte) bool {
			return (11-weighted(s, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11%10 == last(s)
		}},
		{name: "pl.id", shapes: "a3d6", words: "dowod osobisty|dowód osobisty|id card", check: func(s []byte) bool {
			sum := weighted(s[3:], 9, 7, 3, 1, 7, 3)
			for i, c := range s[:3] {
				sum += value36(c) * [...]int{7, 3, 1}[i]
			}
			return sum%10 == 0
		}},
		{name: "pl.nip", shapes: "d10", prefix: "PL", words: "nip|vat", check: func(s []byte) bool { return weighted(s, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == last(s) && !uniform(s) }},
		{name: "pl.pesel", shapes: "d11", words: "pesel", check: func(s []byte) bool {
			m := two(s, 2) % 20
			return day(2000+two(s, 0), m, two(s, 4)) && weighted(s, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
		}},
		{name: "pl.regon", shapes: "d9|d14", words: "regon", check: func(s []byte) bool {
			if weighted(s, 8, 9, 2, 3, 4, 5, 6, 7)%11%10 != at(s, 8) {
				return false
			}
			return len(s) == 9 || weighted(s, 2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8)%11%10 == last(s)
		}},
		{name: "ro.cnp", shapes: "d13", words: "cnp", check: func(s []byte) bool {
			if none(s[:1], "123456789") || !yymmdd(s, 1) || !romanianCounty(two(s, 7)) {
				return false
			}
			c := weighted(s, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11
			return c == last(s) || c == 10 && last(s) == 1
		}},
		{name: "ro.cf", shapes: "d2-10", prefix: "RO", bare: true, check: cui},
		{name: "ro.cui", shapes: "d2-10", prefix: "RO", words: "cui|cif", check: cui},
		{name: "ro.onrc", shapes: "J1d6-15|F1d6-15|C1d6-15", words: "onrc|registrul", loose: true, form: formONRC},
		{name: "rs.pib", shapes: "d9", words: "pib", check: mod1110},
		{name: "ru.inn", shapes: "d10|d12", words: "inn|инн", check: func(s []byte) bool {
			if len(s) == 10 {
				return weighted(s, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == last(s) && !uniform(s)
			}
			return weighted(s, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == at(s, 10) && weighted(s, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == last(s) && !uniform(s)
		}},
		{name: "ru.ogrn", shapes: "d13|d15", words: "ogrn|огрн", check: func(s []byte) bool {
			n := len(s) - 1
			return s[0] != '0' && mod(s[:n], n-1)%10 == last(s)
		}},
		{name: "ru.snils", shapes: "d11", words: "snils|снилс", check: func(s []byte) bool {
			return falling(s[:9], 9)%101%100 == number(s[9:]) && number(s[:9]) > 1001998
		}},
		{name: "si.ddv", shapes: "d8", prefix: "SI", words: "ddv|davčna|vat", check: func(s []byte) bool {
			c := 11 - falling(s[:7], 8)%11
			return s[0] != '0' && c != 11 && c%10 == last(s)
		}},
		{name: "si.maticna", shapes: "d7|d7x1d2", words: "maticna|matična", check: func(s []byte) bool {
			c := falling(s[:6], 7) % 11
			return c != 0 && (11-c)%10 == at(s, 6)
		}},
		{name: "si.emso", shapes: "d13", words: "emso|emšo|jmbg|embg|матични број|матичен број", check: func(s []byte) bool {
			return day(2000+number(s[4:7]), two(s, 2), two(s, 0)) && (11-weighted(s, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11%10 == last(s)
		}},
		{name: "tr.tckimlik", shapes: "d11", words: "tckimlik|tc kimlik|kimlik", check: func(s []byte) bool {
			odds := at(s, 0) + at(s, 2) + at(s, 4) + at(s, 6) + at(s, 8)
			evens := at(s, 1) + at(s, 3) + at(s, 5) + at(s, 7)
			return s[0] != '0' && ((odds*7-evens)%10+10)%10 == at(s, 9) && (odds+evens+at(s, 9))%10 == last(s)
		}},
		{name: "tr.vkn", shapes: "d10", words: "vkn|vergi", check: func(s []byte) bool {
			sum := 0
			for i := range 9 {
				c := (at(s, i) + 9 - i) % 10
				if c == 0 {
					continue
				}
				if c = c * (1 << (9 - i)) % 9; c == 0 {
					c = 9
				}
				sum += c
			}
			return (10-sum%10)%10 == last(s)
		}},
		{name: "ua.edrpou", shapes: "d8", words: "edrpou|єдрпоу", check: func(s []byte) bool {
			a, b := [...]int{1, 2, 3, 4, 5, 6, 7}, [...]int{3, 4, 5, 6, 7, 8, 9}
			if s[0] >= '3' && s[0] <= '5' {
				a, b = [...]int{7, 1, 2, 3, 4, 5, 6}, [...]int{9, 3, 4, 5, 6, 7, 8}
			}
			c := weighted(s, a[:]...) % 11
			if c == 10 {
				c = weighted(s, b[:]...) % 11 % 10
			}
			return c == last(s)
		}},
		{name: "ua.rntrc", shapes: "d10", words: "rntrc|ипн|рнокпп", check: func(s []byte) bool {
			return ((weighted(s, -1, 5, 7, 9, 4, 6, 10, 5, 7)%11)+11)%11%10 == last(s)
		}},
	}
}
