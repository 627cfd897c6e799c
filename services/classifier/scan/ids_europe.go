package scan

// Numbers of persons and organisations in Europe, north and west.

func nordic() []scheme {
	return []scheme{
		{name: "at.tin", shapes: "d9", words: "steuernummer|abgabenkontonummer", check: luhn},
		{name: "at.uid", shapes: "U1d8", prefix: "AT", words: "uid|ust|vat|mwst", check: func(s []byte) bool {
			sum := 4
			for i := range 7 {
				d := at(s, i+1) * (1 + i%2)
				sum += d/10 + d%10
			}
			return (10-sum%10)%10 == last(s)
		}},
		{name: "at.vnr", shapes: "d10", words: "svnr|sozialversicherung|versicherungsnummer", check: func(s []byte) bool {
			return s[0] != '0' && weighted(s, 3, 7, 9, 0, 5, 8, 4, 2, 1, 6)%11 == at(s, 3) && two(s, 4) > 0 && two(s, 4) < 32 && two(s, 6) < 16
		}},
		{name: "at.businessid", shapes: "d1-6a1", prefix: "FN", words: "firmenbuch|fn", loose: true},
		{name: "be.nn", shapes: "d11", words: "rijksregister|insz|niss|national", check: func(s []byte) bool { return two(s, 2) <= 12 && belgian(s) }},
		{name: "be.bis", shapes: "d11", words: "bis|insz|niss", check: func(s []byte) bool {
			m := two(s, 2)
			return (m >= 20 && m <= 32 || m >= 40 && m <= 52) && belgian(s)
		}},
		{name: "be.ssn", shapes: "d11", bare: true, check: belgian},
		{name: "be.vat", shapes: "d9-10", prefix: "BE", words: "btw|tva|vat|onderneming", check: func(s []byte) bool {
			if len(s) == 10 && s[0] > '1' {
				return false
			}
			n := len(s) - 2
			return number(s[:n]) > 0 && (number(s[:n])+number(s[n:]))%97 == 0
		}},
		{name: "be.ogm_vcs", shapes: "d12", words: "mededeling|ogm|vcs|communication", check: reference97},
		{name: "be.eid", shapes: "d12", words: "eid|identiteitskaart", check: reference97},
		{name: "ch.ssn", shapes: "d13", words: "ahv|avs", firm: true, check: func(s []byte) bool { return number(s[:3]) == 756 && ean(s) }},
		{name: "ch.uid", shapes: "d9", prefix: "CHE", words: "uid|ide", check: swiss},
		{name: "ch.vat", shapes: "C1H1E1d9a3-4", words: "mwst|tva|iva", firm: true, check: func(s []byte) bool {
			switch string(s[12:]) {
			case "MWST", "TVA", "IVA", "TPV":
				return swiss(s[3:12])
			}
			return false
		}},
		{name: "ch.esr", shapes: "d5-27", words: "esr|referenz|bvr", check: recursive10},
		{name: "li.peid", shapes: "d4-12", words: "peid", loose: true, form: func(v []byte) bool {
			for len(v) > 0 && v[0] == '0' {
				v = v[1:]
			}
			return len(v) >= 4 && indexByte(string(v), '-') < 0
		}},
		{name: "de.idnr", shapes: "d11", words: "steuer|idnr|steueridentifikationsnummer|tin", check: func(s []byte) bool {
			var seen [10]int
			for _, c := range s[:10] {
				seen[c-'0']++
			}
			twice, thrice := 0, 0
			for _, n := range seen {
				switch {
				case n == 2:
					twice++
				case n == 3:
					thrice++
				case n > 3:
					return false
				}
			}
			return s[0] != '0' && twice+thrice == 1 && mod1110(s)
		}},
		{name: "de.stnr", shapes: "d10-11|d13", words: "steuernummer|stnr|st.-nr", loose: true, check: func(s []byte) bool {
			if len(s) != 13 {
				return true
			}
			switch two(s, 0) {
			case 10, 11, 21, 22, 23, 24, 26, 27, 28, 30, 31, 32, 40, 41:
				return s[4] == '0'
			}
			return (s[0] == '9' || s[0] == '5') && s[4] == '0'
		}},
		{name: "de.rvnr", shapes: "d8a1d3", words: "rentenversicherung|sozialversicherungsnummer|rvnr", check: func(s []byte) bool {
			sum, n := 0, int(s[8]-'A')+1
			for i, w := range [...]int{2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1} {
				d := 0
				switch {
				case i < 8:
					d = at(s, i)
				case i == 8:
					d = n / 10
				case i == 9:
					d = n % 10
				default:
					d = at(s, i-1)
				}
				d *= w
				sum += d/10 + d%10
			}
			return two(s, 4) < 13 && sum%10 == last(s)
		}},
		{name: "de.vat", shapes: "d9", prefix: "DE", words: "ust|umsatzsteuer|vat|mwst", check: func(s []byte) bool { return s[0] != '0' && mod1110(s) }},
		{name: "de.wkn", shapes: "x6", words: "wkn", loose: true, check: func(s []byte) bool { return none(s, "IO") }},
		{name: "dk.cpr", shapes: "d10", words: "cpr|personnummer", check: func(s []byte) bool { return ddmmyy(s, 0) }}, // no check digit since 2007
		{name: "dk.cvr", shapes: "d8", prefix: "DK", words: "cvr|moms|vat", check: func(s []byte) bool {
			return s[0] != '0' && weighted(s, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
		}},
		{name: "ee.ik", shapes: "d11", words: "isikukood", check: baltic},
		{name: "ee.kmkr", shapes: "d9", prefix: "EE", words: "kmkr|vat", check: func(s []byte) bool { return weighted(s, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0 }},
		{name: "ee.registrikood", shapes: "d8", words: "registrikood", check: func(s []byte) bool {
			return (s[0] == '1' || s[0] == '7' || s[0] == '8' || s[0] == '9') && last(s) == twice11(s[:7])
		}},
		{name: "lt.asmens", shapes: "d11", words: "asmens", check: baltic},
		{name: "lt.pvm", shapes: "d9|d12", prefix: "LT", words: "pvm|vat", check: func(s []byte) bool {
			return s[len(s)-2] == '1' && last(s) == twice11(s[:len(s)-1])
		}},
		{name: "lv.pvn", shapes: "d11", prefix: "LV", words: "pvn|personas kods|vat", check: func(s []byte) bool {
			if s[0] > '3' {
				return weighted(s, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1)%11 == 3
			}
			return (s[0] == '3' && s[1] == '2' || ddmmyy(s, 0)) && (1+weighted(s, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9))%11%10 == last(s)
		}},
		{name: "fi.hetu", shapes: "d6a1d3x1|d9x1", words: "hetu|henkilotunnus|henkilötunnus", check: func(s []byte) bool {
			var c [9]byte
			copy(c[copy(c[:], s[:6]):], s[len(s)-4:len(s)-1])
			return (len(s) == 10 || !none(s[6:7], "ABCDEFUVWXY")) && ddmmyy(s, 0) && letter(s, "0123456789ABCDEFHJKLMNPRSTUVWXY", number(c[:])%31)
		}},
		{name: "fi.alv", shapes: "d8", prefix: "FI", words: "alv|vat", check: finnish},
		{name: "fi.ytunnus", shapes: "d8", words: "y-tunnus|ytunnus", check: finnish},
		{name: "fi.veronumero", shapes: "d12", words: "veronumero", loose: true},
		{name: "fi.associationid", shapes: "d1-6", words: "rekisterinumero", loose: true},
		{name: "fo.vn", shapes: "d6", prefix: "FO", words: "vinnutal|mvg", loose: true},
		{name: "is_.kennitala", shapes: "d10", words: "kennitala", check: func(s []byte) bool {
			d := two(s, 0)
			if d > 40 {
				d -= 40
			}
			return day(2000+two(s, 4), two(s, 2), d) && (s[9] == '9' || s[9] == '0') && weighted(s, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
		}},
		{name: "is_.vsk", shapes: "d5-6", prefix: "IS", words: "vsk", loose: true},
		{name: "no.fodselsnummer", shapes: "d11", words: "fodselsnummer|fødselsnummer|personnummer", check: func(s []byte) bool {
			d, m := two(s, 0), two(s, 2)
			if d > 40 {
				d -= 40
			}
			if m >= 80 {
				m -= 80
			} else if m >= 40 {
				m -= 40
			}
			return day(2000+two(s, 4), m, d) && weighted(s, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)%11 == 0 && weighted(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
		}},
		{name: "no.kontonr", shapes: "d11", words: "kontonr|kontonummer|konto", check: func(s []byte) bool {
			return weighted(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 || string(s[:4]) == "0000" && luhn(s[4:])
		}},
		{name: "no.orgnr", shapes: "d9", words: "orgnr|organisasjonsnummer", check: norwegian},
		{name: "no.mva", shapes: "d9M1V1A1", prefix: "NO", words: "mva", firm: true, check: func(s []byte) bool { return norwegian(s[:9]) }},
		{name: "se.personnummer", shapes: "d10|d12", words: "personnummer", check: func(s []byte) bool {
			if len(s) == 12 {
				if c := two(s, 0); c < 18 || c > 20 {
					return false
				}
				s = s[2:]
			}
			d := two(s, 4)
			if d > 60 {
				d -= 60
			}
			return day(2000+two(s, 0), two(s, 2), d) && luhn(s)
		}},
		{name: "se.orgnr", shapes: "d10", words: "orgnr|organisationsnummer", check: luhn},
		{name: "se.vat", shapes: "d12", prefix: "SE", words: "moms|vat", check: func(s []byte) bool { return s[10] == '0' && s[11] == '1' && luhn(s[:10]) }},
		{name: "se.postnummer", shapes: "d5", prefix: "SE", words: "postnummer", loose: true, check: func(s []byte) bool { return s[0] != '0' }},
	}
}

func belgian(s []byte) bool {
	c := number(s[9:])
	return c == 97-mod(s[:9], 97) || c == 97-(2000000000+number(s[:9]))%97
}

// reference97 has the remainder by 97, or 97 for none, in its last two digits.
func reference97(s []byte) bool {
	r := mod(s[:10], 97)
	if r == 0 {
		r = 97
	}
	return r == number(s[10:])
}

func swiss(s []byte) bool { return (11-weighted(s, 5, 4, 3, 2, 7, 6, 5, 4)%11)%11 == last(s) }

func recursive10(s []byte) bool {
	table, c := [...]int{0, 9, 4, 6, 8, 2, 7, 1, 3, 5}, 0
	for _, x := range s[:len(s)-1] {
		c = table[(int(x-'0')+c)%10]
	}
	return (10-c)%10 == last(s)
}

// twice11 is a digit by weights from 1 on modulo 11, and where that is ten by weights
// from 3 on.
func twice11(s []byte) int {
	for _, from := range [...]int{0, 2} {
		sum := 0
		for i, c := range s {
			sum += ((i+from)%9 + 1) * int(c-'0')
		}
		if sum%11 < 10 {
			return sum % 11
		}
	}
	return 0
}

func baltic(s []byte) bool {
	if s[0] == '9' { // born before papers told the day
		return last(s) == twice11(s[:10])
	}
	return s[0] > '0' && s[0] < '9' && yymmdd(s, 1) && last(s) == twice11(s[:10])
}

func finnish(s []byte) bool { return weighted(s, 7, 9, 10, 5, 8, 4, 2, 1)%11 == 0 }

func norwegian(s []byte) bool { return weighted(s, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 }

func none(s []byte, of string) bool {
	for _, c := range s {
		for i := range len(of) {
			if of[i] == c {
				return false
			}
		}
	}
	return true
}
