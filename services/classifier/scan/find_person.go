package scan

import "github.com/nyaruka/phonenumbers"

var (
	phoneWords = []string{"phone", "telephone", "tel", "mobile", "cell", "cellphone", "fax", "call", "whatsapp", "phone number", "msisdn", "my number", "reach us", "reach me",
		"ring", "hotline", "contact", "kontakt", "contacto", "telefon", "handy", "mobil", "rufnummer", "rufen", "anrufen", "telefonnummer", "mobilnummer", "téléphone", "tél", "portable", "appelez",
		"telefono", "teléfono", "móvil", "celular", "llámame", "llame", "cellulare", "chiamami", "chiama", "telefoon", "mobiel", "bel", "telefone", "telemóvel", "ligue",
		"zadzwoń", "komórka", "volejte", "puhelin", "soita", "hívjon", "sunați", "sunaţi", "numaradan", "numarası", "телефон", "звоните", "тел", "моб",
		"τηλέφωνο", "κινητό", "電話", "電話番号", "携帯", "电话", "手机", "전화", "휴대폰", "هاتف", "جوال", "फ़ोन", "โทร", "điện thoại"}
	birthWords = []string{"birth", "born", "dob", "birthdate", "birthday", "date of birth", "geboren", "geburtsdatum", "nascimento", "nacimiento", "naissance", "né le", "née le",
		"nascita", "nato", "nata", "geboortedatum", "urodzenia", "urodzony", "född", "født", "syntynyt", "дата рождения", "родился", "生年月日", "出生日期"}
)

// email looks around the @ at i.
func (l *line) email(i int) {
	text := l.text
	start := i
	for start > 0 && i-start < 64 && localByte(text[start-1]) {
		start--
	}
	if start > 0 && wide(text[start-1]) { // of whose bytes the others came along
		start = min(start+2, i)
	}
	for start < i && (text[start] == '.' || text[start] == '-' || text[start] == '\'') {
		start++
	}
	if start == i || text[i-1] == '.' || i+1 < len(text) && text[i+1] == '-' {
		return
	}
	if start > 0 && text[start-1] == ':' && start > 2 && text[start-2] != ' ' && i-start > 0 {
		// user:password@host is no address, mailto: is.
		if start < 7 || string(text[start-7:start]) != "mailto:" {
			for j := start - 2; j > 0 && j > start-80 && text[j] != ' ' && text[j] != '"'; j-- {
				if text[j] == '/' && text[j-1] == '/' {
					return
				}
			}
		}
	}
	end, dot := i+1, -1
	for end < len(text) && end-i < 255 && (kinds[text[end]] != other || text[end] == '-' || text[end] == '.') {
		if text[end] == '.' {
			if end == dot+1 {
				break
			}
			dot = end
		}
		end++
	}
	for end > i && (text[end-1] == '.' || text[end-1] == '-') {
		if dot == end-1 {
			for dot--; dot > i && text[dot] != '.'; dot-- {
			}
		}
		end--
	}
	if dot <= i+1 || end-dot < 3 || kinds[text[dot+1]] == digit {
		return
	}
	l.add(l.s.own.email, start, end, scoreFirm)
	l.done = max(l.done, end)
}

func localByte(c byte) bool {
	return kinds[c] != other || c == '.' || c == '_' || c == '-' || c == '+' || c == '%' || c == '\''
}

// phone looks for a telephone number whose first group of digits begins at start.
func (l *line) phone(start int, near *set) {
	text := l.text
	if start < l.done || kinds[text[start]] != digit {
		return
	}
	plus := start > 0 && text[start-1] == '+'
	open := start > 0 && text[start-1] == '('
	from := start
	if plus || open {
		from--
	}
	if from > 0 && text[from-1] == '+' {
		from, plus = from-1, true
	}
	end, digits, groups, dots := start, 0, 1, 0
	for i := start; i < len(text) && i-start < 28; i++ {
		c := text[i]
		if kinds[c] == digit {
			if end < i {
				groups++
				if text[end] == '.' {
					dots++
				}
			}
			digits++
			end = i + 1
			continue
		}
		if c != ' ' && c != '-' && c != '.' && c != '(' && c != ')' && c != '/' || end < i-1 && text[i-1] == c {
			break
		}
	}
	if digits < 7 || digits > 15 || end < len(text) && (kinds[text[end]] == lower && text[end] != 'x' && text[end] != 'e' || kinds[text[end]] == upper || text[end] == '_') {
		return
	}
	named := near != nil && near.meets(&l.s.phones)
	international := plus || digits > 10 && groups > 1 && text[start] == '0' && text[start+1] == '0'
	// A trunk prefix before an area code, in groups: 0121 234 5678, (030) 123456.
	trunk := !international && digits >= 9 && digits <= 12 && groups > 1 && (dots == 0 || dots == 4) && (text[start] == '0' && text[start+1] != '0' || text[start] == '8' && digits == 11 && text[start+1] == ' ' && text[start+2] == '(')
	american := !international && digits >= 10 && digits <= 11 && groups >= 3 && grouped334(text[start:end], open)
	if !international && !american && !named && (!trunk || l.s.quick) || named && digits < 8 && groups == 1 {
		return
	}
	if near != nil && !named && !plus && near.has(l.s.version) {
		return
	}
	score := float32(scoreShape)
	if l.s.quick {
		switch valid := quickly(text[start:end], international); {
		case valid:
			score = scoreFirm
		case !named:
			return
		}
	} else {
		number := string(text[from:end])
		if international && !plus {
			number = "+" + string(text[start+2:end])
		}
		parsed, err := phonenumbers.Parse(number, "US")
		switch {
		case err == nil && phonenumbers.IsValidNumber(parsed):
			score = scoreFirm
		case trunk && givenOut(number):
		case trunk && !named:
			return
		case plus && !named && (err != nil || !phonenumbers.IsPossibleNumber(parsed)):
			return
		}
	}
	for _, x := range []string{"x", " x", " ext. ", " ext "} { // an extension is of the number
		if end+len(x) < len(text) && string(text[end:end+len(x)]) == x && kinds[text[end+len(x)]] == digit {
			for end += len(x); end < len(text) && kinds[text[end]] == digit; end++ {
			}
			break
		}
	}
	l.add(l.s.own.phone, from, end, score)
	l.done = end
}

// trunked are countries whose numbers begin with a digit that is left out from abroad, and where most
// who write them so are.
var trunked = [...]string{"GB", "DE", "FR", "IT", "NL", "AU", "RU", "SE", "CH", "AT", "BE", "TR", "RO", "JP", "IN", "FI", "ZA", "NZ", "BR", "KR", "UA", "GR", "HU", "ID", "PH", "TH", "EG", "IL"}

// givenOut says whether number, as it is dialled within a country, is one of any of trunked.
func givenOut(number string) bool {
	for _, country := range trunked[:] {
		if parsed, err := phonenumbers.Parse(number, country); err == nil && phonenumbers.IsValidNumberForRegion(parsed, country) {
			return true
		}
	}
	return false
}

// grouped334 says that the last ten digits stand as 3, 3 and 4.
func grouped334(v []byte, open bool) bool {
	var sizes [6]int
	n, in := 0, false
	for _, c := range v {
		if kinds[c] == digit {
			if !in {
				if n == len(sizes) {
					return false
				}
				n++
			}
			sizes[n-1]++
		}
		in = kinds[c] == digit
	}
	return n >= 3 && sizes[n-1] == 4 && sizes[n-2] == 3 && sizes[n-3] == 3 && (n == 3 || n == 4 && (sizes[0] == 1 || sizes[0] == 3 && v[0] == '0') && !open)
}
