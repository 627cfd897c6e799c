package classifier

import "github.com/miradorhq/mirador/pkg/finding"

// CardInResponse is a field of a response that carries whole card numbers.
var CardInResponse = finding.Rule{
	ID: "DATA-01", Title: "Card number in clear in a response", Detector: "classifier", Severity: finding.High,
	OWASP: []string{"API3"}, CWE: []string{"CWE-359", "CWE-200"}, ATTACK: []string{"T1213"},
	Remediation: "Return a token or at most the first six and last four digits. Whole numbers are in scope of PCI DSS 4.0.1, 3.4.1 (masked when displayed) and 3.5.1 (unreadable wherever stored).",
}

// CardInURL is a path segment or query parameter that carries card numbers.
var CardInURL = finding.Rule{
	ID: "DATA-02", Title: "Card number in a URL", Detector: "classifier", Severity: finding.High,
	OWASP: []string{"API3"}, CWE: []string{"CWE-598", "CWE-359"}, ATTACK: []string{"T1552"},
	Remediation: "Send the number in the body or, better, a token: URLs are kept in logs, histories and referrers, where PCI DSS 4.0.1, 3.5.1 and 4.2.1 forbid it.",
}

var pan = recognizer{
	typ: PAN, name: "pan", checksum: true,
	named: 0, unnamed: -6.9, // one in a thousand fields of such digits, where the name is silent
	passTrue: 0.99, passRandom: 0.023, // Luhn .10, and an issuer's range of that length
	words:     []string{"pan", "card", "cards", "cc", "ccn", "ccnum", "cardnumber", "cardnum", "cardno", "creditcard", "debitcard", "ccnumber", "primaryaccountnumber", "credit", "debit"},
	how:       "card numbers by Luhn check, issuer range and length",
	mask:      maskCard,
	normalize: digitsOnly,
	rule: func(p place) *finding.Rule {
		switch {
		case p.direction == response:
			return &CardInResponse
		case p.inURL():
			return &CardInURL
		}
		return nil // a card number in the body of a payment belongs there
	},
}

// maskCard keeps the issuer's six digits and the last four.
func maskCard(v []byte) string {
	d := digitsOnly(nil, v)
	for i := 6; i < len(d)-4; i++ {
		d[i] = '*'
	}
	return string(d)
}

func digitsOnly(to, v []byte) []byte {
	for _, c := range v {
		if c-'0' <= 9 {
			to = append(to, c)
		}
	}
	return to
}

// luhn says whether the digits (ASCII, at least one) pass the Luhn check.
func luhn(digits []byte) bool {
	sum, double := 0, false
	for i := len(digits) - 1; i >= 0; i-- {
		d := int(digits[i] - '0')
		if d > 9 || d < 0 {
			return false
		}
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return len(digits) > 0 && sum%10 == 0
}

// issuers are the ranges of issuer identification numbers by the first four
// digits, with the lengths that the issuer gives out.
var issuers = [...]struct {
	low, high int
	lengths   uint32 // bit n: n digits
}{
	{4000, 4999, 1<<13 | 1<<16 | 1<<19}, // Visa
	{2221, 2720, 1 << 16},               // Mastercard
	{5100, 5599, 1 << 16},
	{3400, 3499, 1 << 15}, // American Express
	{3700, 3799, 1 << 15},
	{6011, 6011, 1<<16 | 1<<19}, // Discover
	{6440, 6599, 1<<16 | 1<<19},
	{3528, 3589, 1<<16 | 1<<17 | 1<<18 | 1<<19}, // JCB
	{6200, 6299, 1<<16 | 1<<17 | 1<<18 | 1<<19}, // UnionPay
	{3000, 3059, 1<<14 | 1<<16 | 1<<19},         // Diners Club
	{3095, 3095, 1<<14 | 1<<16 | 1<<19},
	{3600, 3699, 1<<14 | 1<<16 | 1<<19},
	{3800, 3999, 1<<14 | 1<<16 | 1<<19},
	{5018, 5018, 0xff << 12}, // Maestro
	{5020, 5020, 0xff << 12},
	{5038, 5038, 0xff << 12},
	{5600, 5899, 0xff << 12},
	{6304, 6304, 0xff << 12},
	{6759, 6763, 0xff << 12},
	{2200, 2204, 1 << 16}, // Mir
}

// issued says whether an issuer gives out numbers that start and are as long so.
func issued(digits []byte) bool {
	if len(digits) < 13 || len(digits) > 19 {
		return false
	}
	head := int(digits[0]-'0')*1000 + int(digits[1]-'0')*100 + int(digits[2]-'0')*10 + int(digits[3]-'0')
	for i := range issuers {
		r := &issuers[i]
		if r.low <= head && head <= r.high {
			return r.lengths&(1<<len(digits)) != 0
		}
	}
	return false
}

// validPAN says whether digits are a card number as far as can be told. Numbers
// of one digit repeated are fillers.
func validPAN(digits []byte) bool {
	if !issued(digits) || !luhn(digits) {
		return false
	}
	for _, d := range digits[1:] {
		if d != digits[0] {
			return true
		}
	}
	return false
}
