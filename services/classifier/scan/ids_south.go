package scan

// Numbers of persons and organisations in Europe, west and south.

const spanish = "TRWAGMYFPDXBNJZSQVHLCKE"

func western() []scheme {
	return []scheme{
		{name: "ad.nrt", shapes: "a1d6a1", words: "nrt", loose: true, check: func(s []byte) bool {
			n := number(s[1:7])
			if none(s[:1], "ACDEFGLOPU") {
				return false
			}
			return (s[0] != 'F' || n <= 699999) && (s[0] != 'A' && s[0] != 'L' || n > 699999 && n < 800000)
		}},
		{name: "es.dni", shapes: "d8a1", words: "dni", check: func(s []byte) bool { return letter(s, spanish, number(s[:8])%23) }},
		{name: "es.nie", shapes: "X1d7a1|Y1d7a1|Z1d7a1", words: "nie", check: nie},
		{name: "es.cif", shapes: "a1d7x1", words: "cif", check: cif},
		{name: "es.nif", shapes: "d8a1|a1d7x1", prefix: "ES", words: "nif|vat", check: func(s []byte) bool {
			switch s[0] {
			case 'X', 'Y', 'Z':
				return s[8] >= 'A' && nie(s)
			case 'K', 'L', 'M':
				return letter(s, spanish, number(s[1:8])%23)
			}
			if s[0] <= '9' {
				return letter(s, spanish, number(s[:8])%23)
			}
			return cif(s)
		}},
		{name: "es.ccc", shapes: "d20", words: "ccc|cuenta", check: func(s []byte) bool {
			digit := func(sum int) int {
				if c := 11 - sum%11; c < 10 {
					return c
				} else {
					return 11 - c
				}
			}
			a := digit(weighted(s[:8], 4, 8, 5, 10, 9, 7, 3, 6))
			b := digit(weighted(s[10:], 1, 2, 4, 8, 5, 10, 9, 7, 3, 6))
			return a == at(s, 8) && b == at(s, 9)
		}},
		{name: "es.cups", shapes: "E1S1d16a2|E1S1d16a2d1a1", words: "cups", firm: true, check: func(s []byte) bool {
			const alphabet = "TRWAGMYFPDXBNJZSQVHLCKE"
			n := number(s[2:18]) % 529
			if s[18] != alphabet[n/23] || s[19] != alphabet[n%23] {
				return false
			}
			return len(s) == 20 || !none(s[21:], "FPRCXYZ")
		}},
		{name: "fr.nif", shapes: "d13", words: "nif|fiscal|spi", check: func(s []byte) bool { return s[0] <= '3' && mod(s[:10], 511) == number(s[10:]) }},
		{name: "fr.nir", shapes: "d15|d5x2d8", words: "nir|insee|securite sociale|sécurité sociale", check: func(s []byte) bool {
			var c [15]byte
			n := copy(c[:], s)
			take := 0
			if n != 15 {
				return false
			}
			switch {
			case c[6] == 'A':
				c[6], take = '0', 1000000
			case c[6] == 'B':
				c[6], take = '0', 2000000
			case c[6] > '9':
				return false
			}
			if none(c[:1], "123478") || c[5] > '9' {
				return false
			}
			return 97-(number(c[:13])-take)%97 == number(c[13:])
		}},
		{name: "fr.siren", shapes: "d9", words: "siren", check: luhn},
		{name: "fr.siret", shapes: "d14", words: "siret", check: func(s []byte) bool { return luhn(s) && luhn(s[:9]) }},
		{name: "fr.tva", shapes: "x2d9", prefix: "FR", words: "tva|vat", check: tva},
		{name: "mc.tva", shapes: "d11", prefix: "FR", words: "tva|vat", check: func(s []byte) bool { return string(s[2:5]) == "000" && tva(s) }},
		{name: "gb.nhs", shapes: "d10", words: "nhs", check: func(s []byte) bool { return (11-falling(s[:9], 10)%11)%11 == last(s) && !uniform(s) }},
		{name: "gb.utr", shapes: "d10", prefix: "K", words: "utr|taxpayer", check: func(s []byte) bool {
			return s[0] == "21987654321"[weighted(s[1:], 6, 7, 8, 9, 10, 5, 4, 3, 2)%11]
		}},
		{name: "gb.vat", shapes: "d9|d12", prefix: "GB", words: "vat", check: func(s []byte) bool {
			c := weighted(s, 8, 7, 6, 5, 4, 3, 2, 10, 1) % 97
			return number(s[:7]) > 0 && (c == 0 || c == 42 || c == 55 && number(s[:7]) >= 1000000)
		}},
		{name: "gb.sedol", shapes: "x6d1", words: "sedol", check: func(s []byte) bool {
			sum := 0
			for i, w := range [...]int{1, 3, 1, 7, 3, 9, 1} {
				sum += w * value36(s[i])
			}
			return none(s, "AEIOU") && sum%10 == 0
		}},
		{name: "gb.nino", shapes: "a2d6a1", words: "nino|national insurance|ni number", loose: true, check: func(s []byte) bool {
			if s[0] == 'Z' && s[1] == 'Z' { // given to nobody, so that specimens bear it
				return s[8] == 'T'
			}
			return none(s[:1], "DFIQUV") && none(s[1:2], "DFIQUVO") && s[8] <= 'D'
		}},
		{name: "gb.upn", shapes: "a1d11x1", words: "upn", check: func(s []byte) bool {
			sum := 0
			for i, c := range s[1:] {
				v := int(c - '0')
				if c > '9' { // of a temporary number
					v = indexByte("ABCDEFGHJKLMNPQRTUVWXYZ", c)
				}
				sum += (i + 2) * v
			}
			return s[0] == "ABCDEFGHJKLMNPQRTUVWXYZ"[(sum%23+23)%23]
		}},
		{name: "ie.pps", shapes: "d7a1-2", words: "pps|ppsn", check: func(s []byte) bool {
			return irish(s) && (len(s) == 8 || !none(s[8:], "ABHWTX"))
		}},
		{name: "ie.vat", shapes: "d7a1-2|d1a1d5a1", prefix: "IE", words: "vat", check: func(s []byte) bool {
			if s[1] > '9' {
				var c [8]byte
				c[0] = '0'
				copy(c[1:], s[2:7])
				c[6], c[7] = s[0], s[7]
				return irish(c[:])
			}
			return irish(s)
		}},
		{name: "it.iva", shapes: "d11", prefix: "IT", words: "iva|partita", check: func(s []byte) bool { return number(s[:7]) > 0 && luhn(s) }},
		{name: "it.codicefiscale", shapes: "a6x2a1x2a1x3a1", words: "codice fiscale|cf", firm: true, check: codice},
		{name: "it.codicefiscale", shapes: "d11", bare: true, check: luhn}, // of an organisation
		{name: "it.aic", shapes: "d9|x6", words: "aic", check: func(s []byte) bool {
			var c [9]byte
			if len(s) == 9 {
				copy(c[:], s)
			} else {
				n := 0
				for _, x := range s {
					v := indexByte("0123456789BCDFGHJKLMNPQRSTUVWXYZ", x)
					if v < 0 {
						return false
					}
					n = n*32 + v
				}
				for i := 8; i >= 0; i-- {
					c[i] = '0' + byte(n%10)
					n /= 10
				}
			}
			sum := 0
			for i := range 8 {
				d := at(c[:], i) * (1 + i%2)
				sum += d/10 + d%10
			}
			return c[0] == '0' && sum%10 == last(c[:])
		}},
		{name: "lu.matricule", shapes: "d13", words: "matricule", firm: true, check: func(s []byte) bool {
			var c [12]byte
			copy(c[copy(c[:], s[:11]):], s[12:])
			return two(s, 0) >= 18 && two(s, 0) <= 20 && day(number(s[:4]), two(s, 4), two(s, 6)) && luhn(s[:12]) && verhoeff(c[:])
		}},
		{name: "lu.tva", shapes: "d8", prefix: "LU", words: "tva|vat", check: func(s []byte) bool { return mod(s[:6], 89) == number(s[6:]) }},
		{name: "mt.vat", shapes: "d8", prefix: "MT", words: "vat", check: func(s []byte) bool { return s[0] != '0' && weighted(s, 3, 4, 6, 7, 8, 9, 10, 1)%37 == 0 }},
		{name: "nl.bsn", shapes: "d8-9", words: "bsn|burgerservicenummer|sofinummer", check: func(s []byte) bool { return dutch(s, 0) }},
		{name: "nl.btw", shapes: "d7-9B1d2", prefix: "NL", words: "btw|vat", firm: true, check: func(s []byte) bool {
			c := append([]byte("2321000000000"), "1100"...) // N, L, nine digits, B, two
			n := len(s) - 3
			copy(c[4+9-n:], s[:n])
			copy(c[15:], s[n+1:])
			return number(s[n+1:]) > 0 && (dutch(c[4:13], 0) || mod(c, 97) == 1)
		}},
		{name: "nl.identiteitskaartnummer", shapes: "a2x6d1", words: "identiteitskaart|document number", loose: true, check: func(s []byte) bool { return none(s, "O") }},
		{name: "nl.onderwijsnummer", shapes: "d9", words: "onderwijsnummer", check: func(s []byte) bool { return s[0] == '1' && s[1] == '0' && dutch(s, 5) }},
		{name: "nl.brin", shapes: "d2a2|d2a2d2", words: "brin", loose: true},
		{name: "pt.cc", shapes: "d9x2d1", words: "cartao de cidadao|cc", check: luhn36ish},
		{name: "pt.nif", shapes: "d9", prefix: "PT", words: "nif|contribuinte|vat", check: func(s []byte) bool { return s[0] != '0' && (11-falling(s[:8], 9)%11)%11%10 == last(s) }},
		{name: "sm.coe", shapes: "d1-6", words: "coe", loose: true, check: func(s []byte) bool { return number(s) > 0 && number(s) < 100000 }},
	}
}
