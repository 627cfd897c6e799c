package scan

// Numbers of persons and organisations in the Americas.

func american() []scheme {
	return []scheme{
		{name: "us.ssn", shapes: "d9", words: "ssn|social security|social", check: ssn, loose: true, form: formSSN},
		{name: "us.itin", shapes: "d9", words: "itin", loose: true, check: func(s []byte) bool {
			g := two(s, 3)
			return s[0] == '9' && (g >= 50 && g <= 65 || g >= 70 && g <= 88 || g >= 90 && g <= 92 || g >= 94)
		}},
		{name: "us.ein", shapes: "d9", words: "ein|employer identification", loose: true, check: func(s []byte) bool {
			p := two(s, 0)
			return p > 0 && none([]byte{byte(p)}, "\x07\x08\x09\x11\x12\x13\x1c\x1d\x31\x45\x46\x4e\x4f\x59\x60\x61")
		}},
		{name: "us.rtn", shapes: "d9", words: "routing|aba|rtn", check: rtn},
		{name: "us.npi", shapes: "d10|d15", words: "npi|provider", check: func(s []byte) bool {
			if len(s) == 15 {
				return string(s[:5]) == "80840" && luhn(s)
			}
			return (s[0] == '1' || s[0] == '2') && (luhnSum(s)+24)%10 == 0
		}},
		{name: "us.mbi", shapes: "d1a1x1d1a1x1d1a2d2", words: "mbi|medicare", firm: true, check: func(s []byte) bool { return s[0] != '0' && none(s, "SLOIBZ") }},
		{name: "us.dea", shapes: "a2d7", words: "dea", check: func(s []byte) bool {
			return !none(s[:1], "ABCDEFGHJKLMPRSTUX") && (at(s, 2)+at(s, 4)+at(s, 6)+2*(at(s, 3)+at(s, 5)+at(s, 7)))%10 == last(s)
		}},
		{name: "ar.cbu", shapes: "d22", words: "cbu", check: func(s []byte) bool { return cbu(s[:8]) && cbu(s[8:]) && number(s[:3]) > 0 }},
		{name: "ar.cuit", shapes: "d11", words: "cuit|cuil", check: func(s []byte) bool {
			switch two(s, 0) {
			case 20, 23, 24, 25, 26, 27, 30, 33, 34, 50, 51, 55:
				return s[10] == "012345678990"[11-weighted(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11]
			}
			return false
		}},
		{name: "ar.dni", shapes: "d7-8", words: "dni", loose: true},
		{name: "br.cpf", shapes: "d11", words: "cpf", check: func(s []byte) bool {
			a := (11 - falling(s[:9], 10)%11) % 11 % 10
			b := (11 - falling(s[:10], 11)%11) % 11 % 10
			return a == at(s, 9) && b == at(s, 10) && !uniform(s)
		}},
		{name: "br.cnpj", shapes: "x12d2", words: "cnpj", check: func(s []byte) bool {
			digit := func(n int) int {
				sum := 0
				for i := range n {
					sum += int(s[i]-'0') * ((n-1-i)%8 + 2)
				}
				return (11 - sum%11) % 11 % 10
			}
			return digit(12) == at(s, 12) && digit(13) == at(s, 13) && !uniform(s)
		}},
		{name: "ca.sin", shapes: "d9", words: "sin|social insurance", check: func(s []byte) bool { return s[0] != '0' && s[0] != '8' && luhn(s) }},
		{name: "ca.bn", shapes: "d9|d9R1a1d4", words: "bn|business number", check: func(s []byte) bool {
			return luhn(s[:9]) && (len(s) == 9 || !none(s[10:11], "CMPT"))
		}},
		{name: "ca.bc_phn", shapes: "d10", words: "phn|personal health", check: func(s []byte) bool {
			return s[0] == '9' && (11-weighted(s[1:], 2, 4, 8, 5, 10, 9, 7, 3)%11)%11 == last(s)
		}},
		{name: "cl.rut", shapes: "d7-8x1", prefix: "CL", words: "rut|run", check: func(s []byte) bool {
			sum, n := 0, len(s)-1
			for i := range n {
				sum += at(s, n-1-i) * (i%6 + 2)
			}
			return letter(s, "0123456789K", (11-sum%11)%11)
		}},
		{name: "co.nit", shapes: "d8-16", words: "nit", check: func(s []byte) bool {
			sum, n, w := 0, len(s)-1, [...]int{3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71}
			for i := range n {
				sum += at(s, n-1-i) * w[i]
			}
			return s[n] == "01987654321"[sum%11]
		}},
		{name: "cr.cpf", shapes: "d7-10", words: "cedula|cédula", loose: true, form: formCosta},
		{name: "cr.cpj", shapes: "d10", words: "cedula juridica|cédula jurídica", loose: true, check: func(s []byte) bool {
			n := number(s[1:4])
			switch s[0] {
			case '2':
				return n == 100 || n == 200 || n == 300 || n == 400
			case '3':
				return n >= 2 && n <= 14 || n >= 101 && n <= 110
			case '4':
				return n == 0
			}
			return s[0] == '5' && n == 1
		}},
		{name: "cr.cr", shapes: "d11-12", words: "dimex", loose: true, check: func(s []byte) bool { return s[0] == '1' }},
		{name: "cu.ni", shapes: "d11", words: "carnet", loose: true, check: func(s []byte) bool { return yymmdd(s, 0) }},
		{name: "do.cedula", shapes: "d11", words: "cedula|cédula", check: luhn},
		{name: "do.rnc", shapes: "d9", words: "rnc", check: func(s []byte) bool {
			return (10-weighted(s, 7, 9, 8, 6, 5, 4, 3, 2)%11+9)%9+1 == last(s)
		}},
		{name: "do.ncf", shapes: "a1d10|a1d18|E1d12", words: "ncf|comprobante fiscal", loose: true, check: func(s []byte) bool { return !none(s[:1], "ABE") }},
		{name: "ec.ci", shapes: "d10", words: "cedula|cédula|ci", check: ecuador},
		{name: "ec.ruc", shapes: "d13", words: "ruc", check: func(s []byte) bool {
			p := two(s, 0)
			if p < 1 || p > 24 && p != 30 && p != 50 {
				return false
			}
			switch {
			case s[2] > '6' && s[2] < '9':
				return false
			case s[2] >= '6' && weighted(s, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 && number(s[9:]) > 0: // of the state
				return true
			case s[2] == '9':
				return weighted(s, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 && number(s[10:]) > 0
			}
			return ecuador(s[:10]) && number(s[10:]) > 0
		}},
		{name: "gt.nit", shapes: "d1-11x1", words: "nit", check: func(s []byte) bool {
			sum, n := 0, len(s)-1
			for i := range n {
				sum += at(s, n-1-i) * (i + 2)
			}
			return letter(s, "0123456789K", (11-sum%11)%11)
		}},
		{name: "gt.cui", shapes: "d13", words: "cui|dpi", check: func(s []byte) bool {
			return two(s, 9) > 0 && two(s, 9) < 23 && two(s, 11) > 0 && weighted(s, 2, 3, 4, 5, 6, 7, 8, 9)%11 == at(s, 8)
		}},
		{name: "mx.curp", shapes: "a4d6a6x1d1", words: "curp", firm: true, check: func(s []byte) bool {
			const alphabet = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ"
			sum := 0
			for i, c := range s[:17] {
				sum += (18 - i) * indexByte(alphabet, c)
			}
			return (s[10] == 'H' || s[10] == 'M' || s[10] == 'X') && yymmdd(s, 4) && (10-sum%10)%10 == last(s)
		}},
		{name: "mx.rfc", shapes: "a4d6x3|a3d6x3", words: "rfc", check: func(s []byte) bool {
			const alphabet = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
			sum, from := 0, 13
			if len(s) == 12 {
				sum, from = 13*37, 12
			}
			for i, c := range s[:len(s)-1] {
				sum += (from - i) * indexByte(alphabet, c)
			}
			return yymmdd(s, len(s)-9) && letter(s, "0123456789A", (11-sum%11)%11)
		}},
		{name: "mx.rfc", shapes: "a4d6", bare: true, check: func(s []byte) bool { return yymmdd(s, 4) }},
		{name: "pe.cui", shapes: "d8x1", words: "dni|cui", check: func(s []byte) bool {
			c := weighted(s, 3, 2, 7, 6, 5, 4, 3, 2) % 11
			return letter(s, "65432110987", c) || letter(s, "KJIHGFEDCBA", c)
		}},
		{name: "pe.cui", shapes: "d8", bare: true},
		{name: "pe.ruc", shapes: "d11", words: "ruc", check: func(s []byte) bool {
			switch two(s, 0) {
			case 10, 15, 17, 20:
				return (11-weighted(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%10 == last(s)
			}
			return false
		}},
		{name: "py.ruc", shapes: "d5-9", words: "ruc", check: func(s []byte) bool {
			sum, n := 0, len(s)-1
			for i := range n {
				sum += at(s, n-1-i) * (i + 2)
			}
			return (11-sum%11)%11%10 == last(s)
		}},
		{name: "sv.dui", shapes: "d9", words: "dui", check: func(s []byte) bool { return (10-falling(s[:8], 9)%10)%10 == last(s) }},
		{name: "sv.nit", shapes: "d14", prefix: "SV", words: "nit", check: func(s []byte) bool {
			if s[0] != '0' && s[0] != '1' && s[0] != '9' {
				return false
			}
			if number(s[10:13]) <= 100 { // as numbers were made at first
				return falling(s[:13], 14)%11%10 == last(s)
			}
			return (11-weighted(s, 2, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11%10 == last(s)
		}},
		{name: "uy.ci", shapes: "d7-8", words: "cedula|cédula|ci", check: func(s []byte) bool {
			w := [...]int{2, 9, 8, 7, 6, 3, 4}
			return (10-weighted(s, w[8-len(s):]...)%10)%10 == last(s)
		}},
		{name: "us.ptin", shapes: "P1d8", words: "ptin", loose: true},
		{name: "us.atin", shapes: "d9", words: "atin", loose: true, form: formSSN, check: func(s []byte) bool { return s[0] == '9' && two(s, 3) == 93 }},
		{name: "us.tin", shapes: "d9", bare: true},
		{name: "uy.rut", shapes: "d12", prefix: "UY", words: "rut", check: func(s []byte) bool {
			return two(s, 0) >= 1 && two(s, 0) <= 22 && number(s[2:8]) > 0 && string(s[8:11]) == "001" && (11-weighted(s, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11 == last(s)
		}},
		{name: "ve.rif", shapes: "a1d9", words: "rif", check: func(s []byte) bool {
			v := indexByte("VEJPG", s[0])
			if v < 0 {
				return false
			}
			return s[9] == "00987654321"[([...]int{4, 8, 12, 16, 20}[v]+weighted(s[1:], 3, 2, 7, 6, 5, 4, 3, 2))%11]
		}},
	}
}

// ssn refuses what was never given out, and two that were in advertisements.
func ssn(s []byte) bool {
	area := number(s[:3])
	return area > 0 && area != 666 && area < 900 && two(s, 3) > 0 && number(s[5:]) > 0 && string(s) != "078051120" && string(s) != "457555462" && string(s) != "219099999" && !uniform(s)
}

func rtn(s []byte) bool {
	p := two(s, 0)
	return (p > 0 && p <= 12 || p >= 21 && p <= 32 || p >= 61 && p <= 72 || p == 80) && weighted(s, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0
}

func cbu(s []byte) bool {
	sum, w := 0, [...]int{3, 1, 7, 9}
	for i := range len(s) - 1 {
		sum += at(s, len(s)-2-i) * w[i%4]
	}
	return (10-sum%10)%10 == last(s)
}

func ecuador(s []byte) bool {
	p := two(s, 0)
	return (p >= 1 && p <= 24 || p == 30 || p == 50) && s[2] <= '6' && luhn(s)
}

// formSSN is three, two and four digits, or nine in one.
func formSSN(v []byte) bool {
	return len(v) == 9 || len(v) == 11 && kinds[v[3]] == other && v[3] == v[6]
}

// formCosta is 01-0913-0259, the zeros before each group often left out; ten digits, or nine without
// the first zero.
func formCosta(v []byte) bool {
	dashes, group := 0, 0
	for _, c := range v {
		switch {
		case c == '-':
			if group == 0 {
				return false
			}
			dashes, group = dashes+1, 0
		case c-'0' <= 9:
			if group++; dashes > 0 && group > 4 {
				return false
			}
		default:
			return false
		}
	}
	return dashes == 2 && group > 0 && (v[0] == '0' || v[1] == '-') || dashes == 0 && (len(v) == 9 || len(v) == 10 && v[0] == '0')
}
