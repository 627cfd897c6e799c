package classifier

import "github.com/miradorhq/mirador/pkg/finding"

var iban = recognizer{
	typ: IBAN, name: "iban", checksum: true,
	named: 2.2, unnamed: -3, // country, length and shape already say much
	passTrue: 0.99, passRandom: 0.0103,
	words:     []string{"iban", "account", "acct", "bank", "bankaccount", "accountnumber", "debtor", "creditor", "beneficiary"},
	how:       "IBANs by country, length and check digits (mod 97)",
	mask:      maskIBAN,
	normalize: compactUpper,
	rule:      func(place) *finding.Rule { return nil }, // account numbers are what a bank's API is for
}

// maskIBAN keeps the country and the last four.
func maskIBAN(v []byte) string {
	c := compactUpper(nil, v)
	for i := 2; i < len(c)-4; i++ {
		c[i] = '*'
	}
	return string(c)
}

func compactUpper(to, v []byte) []byte {
	for _, c := range v {
		switch {
		case c == ' ' || c == '-':
			continue
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// ibanLength is the length of a country's IBANs in characters, 0 for none
// (registry of SWIFT, release 99).
func ibanLength(a, b byte) int {
	const lengths = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18" +
		"FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24" +
		"ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25" +
		"SV28TL23TN24TR26UA29VA22VG24XK20YE30"
	for i := 0; i+4 <= len(lengths); i += 4 {
		if lengths[i] == a && lengths[i+1] == b {
			return int(lengths[i+2]-'0')*10 + int(lengths[i+3]-'0')
		}
	}
	return 0
}

// validIBAN checks a compact, upper-case IBAN: country, length, mod 97.
func validIBAN(c []byte) bool {
	if len(c) < 15 || ibanLength(c[0], c[1]) != len(c) {
		return false
	}
	rest := 0
	for i := range c {
		x := c[(i+4)%len(c)] // the first four go to the end
		switch {
		case x-'0' <= 9:
			rest = (rest*10 + int(x-'0')) % 97
		case x-'A' < 26:
			rest = (rest*100 + int(x-'A') + 10) % 97
		default:
			return false
		}
	}
	// 00, 01 and 99 are no check digits: what passes with them is a coincidence.
	check := int(c[2]-'0')*10 + int(c[3]-'0')
	return rest == 1 && check >= 2 && check <= 98 && nationalCheck(c)
}

// nationalCheck checks the check digits that some countries have of their own
// inside the account number.
func nationalCheck(c []byte) bool {
	account := c[4:]
	mod97 := func(d []byte) int {
		rest := 0
		for _, x := range d {
			rest = (rest*10 + int(x-'0')) % 97
		}
		return rest
	}
	for _, x := range account {
		if x-'0' > 9 {
			return true // the checks below are of countries with digits only
		}
	}
	switch string(c[:2]) {
	case "BA", "ME", "MK", "PT", "RS", "SI":
		return mod97(account) == 1
	case "BE":
		rest := mod97(account[:10])
		return (rest+96)%97+1 == int(account[10]-'0')*10+int(account[11]-'0')
	case "NO":
		sum := 0
		for i, weight := range [...]int{5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1} {
			sum += int(account[i]-'0') * weight
		}
		return sum%11 == 0
	}
	return true
}
