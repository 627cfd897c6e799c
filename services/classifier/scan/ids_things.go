package scan

// Numbers of things, places and accounts, of one country or of all: they explain values away.

func things() []scheme {
	return []scheme{
		{name: "iso9362", shapes: "a6x2|a6x5", bare: true, check: func(s []byte) bool { return country(s[4], s[5]) }},
		{name: "imsi", shapes: "d14-15", words: "imsi", loose: true, check: func(s []byte) bool { return s[0] >= '2' && s[0] <= '7' && number(s[:3]) >= 202 }},
		{name: "isan", shapes: "x16-17|x24|x26", words: "isan", check: isan},
		{name: "iso6346", shapes: "a4d7", words: "container|iso6346", check: func(s []byte) bool {
			sum := 0
			for i, c := range s[:10] {
				v := int(c - '0')
				if c >= 'A' { // letters count from 10 on, without the multiples of eleven
					v = int(c-'A') + 10
					v += (v - 1) / 10
				}
				sum += v << i
			}
			return indexByte("UJZR", s[3]) >= 0 && sum%11%10 == last(s)
		}},
		{name: "isrc", shapes: "a2x3d7", words: "isrc", loose: true, check: func(s []byte) bool { return country(s[0], s[1]) || indexByte("QZUXY", s[0]) >= 0 }},
		{name: "cfi", shapes: "a6", words: "cfi", loose: true, check: cfi},
		{name: "eu.banknote", shapes: "a1x1d10", words: "banknote", check: func(s []byte) bool {
			sum := 0
			for _, c := range s {
				if sum += int(c - '0'); c >= 'A' {
					sum += '0'
				}
			}
			return none(s[:1], "AIKOQ") && sum%9 == 0
		}},
		{name: "eu.ecnumber", shapes: "d7", words: "einecs|ec number", form: formGroups("000-000-0", "0000000"), check: func(s []byte) bool {
			return weighted(s, 1, 2, 3, 4, 5, 6)%11%10 == last(s)
		}},
		{name: "eu.eic", shapes: "x4-16", words: "eic", form: formEIC},
		{name: "eu.excise", shapes: "a2x3-11", words: "excise|seed", loose: true, check: func(s []byte) bool { return memberState(s) && s[len(s)-1] >= 'A' || memberState(s) && len(s) == 13 }},
		{name: "eu.oss", shapes: "E1U1d9|I1M1d10", words: "oss|ioss|moss", loose: true, check: func(s []byte) bool {
			switch number(s[2:5]) {
			case 40, 56, 100, 191, 196, 203, 208, 233, 246, 250, 276, 300, 348, 372, 380, 428, 440, 442, 470, 528, 616, 620, 642, 703, 705, 724, 752, 900:
				return true
			}
			return false
		}},
		{name: "at.postleitzahl", shapes: "d4", words: "postleitzahl", loose: true, check: func(s []byte) bool { return s[0] != '0' }},
		{name: "es.postal_code", shapes: "d5", words: "codigo postal", loose: true, check: func(s []byte) bool { return two(s, 0) > 0 && two(s, 0) < 53 }},
		{name: "nl.postcode", shapes: "d4a2", prefix: "NL", words: "postcode", loose: true, check: func(s []byte) bool {
			return s[0] != '0' && none(s[4:5], "FIOQUY") && (s[4] != 'S' || none(s[5:], "ADS"))
		}},
		{name: "es.cae", shapes: "E1S1d3x2x2d3a1", words: "cae", loose: true, check: func(s []byte) bool { return string(s[2:5]) == "000" && s[5] <= '9' || s[5] == 'V' }},
		{name: "es.referenciacatastral", shapes: "x18a2", words: "catastral|referencia catastral", check: func(s []byte) bool {
			return cadastral(s[:7], s[14:18]) == s[18] && cadastral(s[7:14], s[14:18]) == s[19]
		}},
		{name: "fr.accise", shapes: "F1R1d6a1d4|F1R1d6a1d3x1", words: "accise", loose: true, check: func(s []byte) bool { return s[2] == '0' && !none(s[8:9], "ENCB") }},
		{name: "de.leitweg", shapes: "x5-36", words: "leitweg", form: formLeitweg, check: func(s []byte) bool { return modAlnum(s, 97) == 1 }},
		{name: "cz.bankaccount", shapes: "d6-20", words: "cislo uctu|bankovni ucet|ucet", form: formCzechAccount},
	}
}

// isan is an audiovisual work: sixteen hexadecimal digits, eight more of a version, each with a
// check character or without.
func isan(s []byte) bool {
	var c [25]byte
	n := copy(c[:], s[:16])
	rest := s[16:]
	if !none(s[:16], "GHIJKLMNOPQRSTUVWXYZ") {
		return false
	}
	if len(rest) == 1 || len(rest) == 10 {
		c[n] = rest[0]
		if !mod3736(c[:n+1]) {
			return false
		}
		rest = rest[1:]
	}
	if len(rest) < 8 {
		return true
	}
	n += copy(c[n:], rest)
	return none(rest[:8], "GHIJKLMNOPQRSTUVWXYZ") && (len(rest) == 8 || mod3736(c[:n]))
}

// cfi is a classification of financial instruments by ISO 10962: a category, a group of it, and
// four attributes.
func cfi(s []byte) bool {
	groups := map[byte]string{'E': "SPCFLDYM", 'C': "IHBESFPM", 'D': "BCWTSEGANDYM", 'R': "ASPWFDM", 'O': "CPM", 'F': "FC", 'S': "RTECFM",
		'H': "RTECFM", 'I': "FT", 'J': "EFCRT", 'K': "RTECFYM", 'L': "LRS", 'T': "CTRIBDM", 'M': "CM"}[s[0]]
	return indexByte(groups, s[1]) >= 0
}

func memberState(s []byte) bool {
	const states = "ATBEBGCYCZDEDKEEELESFIFRHRHUIEITLTLULVMTNLPLPTROSESISK"
	for i := 0; i < len(states); i += 2 {
		if states[i] == s[0] && states[i+1] == s[1] {
			return true
		}
	}
	return false
}

// cadastral is the check letter of seven signs of a parcel, or of its sheet, and the four of the
// building.
func cadastral(half, building []byte) byte {
	sum := 0
	value := func(c byte) int {
		switch {
		case c <= '9':
			return int(c - '0')
		case c <= 'N':
			return int(c-'A') + 1
		}
		return int(c-'A') + 2 // behind the Ñ
	}
	for i, w := range [...]int{13, 15, 12, 5, 4, 17, 9} {
		sum += w * value(half[i])
	}
	for i, w := range [...]int{21, 3, 7, 1} {
		sum += w * value(building[i])
	}
	return "MQWERTYUIOPASDFGHJKLBZX"[sum%23]
}

// formGroups says that a number is written in one of the forms, in which 0 is any digit.
func formGroups(forms ...string) func(v []byte) bool {
	return func(v []byte) bool {
		for _, f := range forms {
			if written(v, f) {
				return true
			}
		}
		return false
	}
}

func written(v []byte, form string) bool {
	if len(form) != len(v) {
		return false
	}
	for i := range v {
		if form[i] == '0' && kinds[v[i]] != digit || form[i] != '0' && form[i] != v[i] {
			return false
		}
	}
	return true
}

// formEIC is a code of the energy market: fifteen signs, the dash one of them, and one that makes
// their sum right.
func formEIC(v []byte) bool {
	if len(v) != 16 || v[15] == '-' {
		return false
	}
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
	sum := 0
	for i, c := range v[:15] {
		n := indexByte(alphabet, c)
		if n < 0 {
			return false
		}
		sum += (16 - i) * n
	}
	return v[15] == alphabet[36-(sum+36)%37]
}

// formLeitweg is where a German office wants its bills: an authority, a part of it, two check
// digits, with dashes between them.
func formLeitweg(v []byte) bool {
	first := 0
	for first < len(v) && kinds[v[first]] == digit {
		first++
	}
	n := len(v)
	if first < 2 || first > 12 || n < first+3 || v[first] != '-' || v[n-3] != '-' || kinds[v[n-1]] != digit || kinds[v[n-2]] != digit {
		return false
	}
	for i := first + 1; i < n-3; i++ {
		if kinds[v[i]] == other {
			return false
		}
	}
	state := two(v, 0)
	return state > 0 && state <= 16 || state == 99
}

// formCzechAccount is a prefix, where there is one, an account and a bank: 19-2000145399/0800.
func formCzechAccount(v []byte) bool {
	slash := len(v) - 5
	if slash < 2 || v[slash] != '/' {
		return false
	}
	sum := func(part []byte) bool {
		if len(part) > 10 {
			return false
		}
		total, weights := 0, [...]int{1, 2, 4, 8, 5, 10, 9, 7, 3, 6}
		for i := range part {
			c := part[len(part)-1-i]
			if kinds[c] != digit {
				return false
			}
			total += weights[i] * int(c-'0')
		}
		return total%11 == 0
	}
	account := v[:slash]
	if dash := indexByte(string(account), '-'); dash >= 0 {
		if dash > 6 || !sum(account[:dash]) {
			return false
		}
		account = account[dash+1:]
	}
	return len(account) > 1 && sum(account) && kinds[v[slash+1]] == digit
}
