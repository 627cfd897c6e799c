package classifier

import "github.com/miradorhq/mirador/pkg/finding"

// SSNInResponse is a field of a response that carries US social security numbers.
var SSNInResponse = finding.Rule{
	ID: "DATA-03", Title: "US social security number in clear in a response", Detector: "classifier", Severity: finding.High,
	OWASP: []string{"API3"}, CWE: []string{"CWE-359", "CWE-200"}, ATTACK: []string{"T1213"},
	Remediation: "Return the number to nobody who did not just type it in; identify people by an id of your own. Sensitive personal information under CCPA/CPRA 1798.140(ae) and customer information under GLBA 16 CFR 314.4(c).",
}

var ssn = recognizer{
	typ: SSN, name: "ssn", needsName: true, // nine digits without a checksum are anything
	named: 2.2, unnamed: -20,
	passTrue: 0.99, passRandom: 0.6, // .88 by the area rules alone, less for the dashed form
	words:     []string{"ssn", "ssns", "social", "socialsecurity", "socialsecuritynumber", "ssnumber", "taxid", "tin", "itin"},
	how:       "US social security numbers by area rules, under a name that says so",
	mask:      func([]byte) string { return "***-**-****" },
	normalize: digitsOnly,
	rule: func(p place) *finding.Rule {
		if p.direction == response {
			return &SSNInResponse
		}
		return nil
	},
}

// validSSN checks nine digits by the rules of the Social Security Administration:
// no area 000, 666 or 900 to 999, no group 00, no serial 0000, and not a number
// that was withdrawn because advertisements had printed it.
func validSSN(d []byte) bool {
	if len(d) != 9 {
		return false
	}
	area, group, serial := string(d[:3]), string(d[3:5]), string(d[5:])
	return area != "000" && area != "666" && d[0] != '9' && group != "00" && serial != "0000" &&
		string(d) != "078051120" && string(d) != "219099999"
}
