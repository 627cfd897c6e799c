package classifier

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// ownClasses are the classes that values alone hardly tell: names of fields, dictionaries
// and how values are spread do.
func ownClasses() []*class {
	return []*class{
		{name: "person.name", named: 2.2, unnamed: -5, passTrue: 0.4, passRandom: 0.03, enough: 5, begins: withCapital | withHigh, maybe: fewWords, check: checkName, namedCheck: checkNameForm, namedTrue: 0.95, namedRandom: 0.3, how: "names of people by their first or last word"},
		{name: "person.address", named: 2.2, unnamed: -4, passTrue: 0.8, passRandom: 0.03, begins: withDigit | withCapital | withHigh, maybe: addressed, check: checkAddress, how: "postal addresses by house number and street"},
		{name: "person.postal-code", needsName: true, named: 2.2, passTrue: 0.97, passRandom: 0.2, check: checkPostalCode, how: "postal codes by form, under a name that says so"},
		{name: "geo.coordinates", needsName: true, named: 2.2, passTrue: 0.95, passRandom: 0.2, check: checkCoordinate, how: "coordinates by range and precision, under a name that says so"},
		{name: "payment.cvv", needsName: true, named: 3, passTrue: 0.97, passRandom: 0.1, enough: 2, check: checkCVV, how: "card verification values by length, under a name that says so"},
		{name: "payment.pin", needsName: true, named: 2.2, passTrue: 0.97, passRandom: 0.1, enough: 3, check: checkPIN, how: "personal identification numbers by length, under a name that says so"},
		{name: "health.icd10", named: 2.2, unnamed: -6, passTrue: 0.95, passRandom: 0.05, begins: withCapital | withSmall, maybe: func(v []byte) bool { return len(v) >= 5 && len(v) <= 8 && v[3] == '.' }, check: checkDottedICD, namedCheck: checkICD, how: "ICD-10 codes by form"},
		{name: "health.fhir", needsName: true, named: 3, passTrue: 0.9, passRandom: 1e-3, enough: 1, check: checkFHIR, how: "FHIR resources of patients by their type"},
		{name: "education.record", needsName: true, named: 2.2, passTrue: 0.95, passRandom: 0.1, check: checkGrade, how: "education records by form, under a name that says so"},
		// Not every field of days is one of births: how far back they lie tells.
		{name: "birthdate", named: 2.2, unnamed: -4, passTrue: 0.95, passRandom: 0.12, begins: withDigit, maybe: func(v []byte) bool { return len(v) >= 8 && len(v) < 32 }, check: checkBirth, how: "dates of birth by how far back they lie"},
	}
}

// letters says whether v has a letter, and whether it has a digit.
func letters(v []byte) (letter, digit bool) {
	for _, c := range v {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80:
			letter = true
		case c-'0' <= 9:
			digit = true
		}
	}
	return letter, digit
}

const maxPersonal = 120 // bytes of a name or an address

// fewWords says whether v may be a name of somebody by its length and the words in it.
func fewWords(v []byte) bool { return len(v) <= maxPersonal && bytes.Count(v, space) < 4 }

var space = []byte{' '}

// checkName looks for a first name in front or a surname at the end of one to four words.
func checkName(v []byte, _ int64) verdict {
	if len(v) < 2 || len(v) > maxPersonal {
		return silent
	}
	letter, digit := letters(v)
	if !letter {
		return silent
	}
	if digit {
		return failed
	}
	var room [maxPersonal]byte
	first, last, n := []byte(nil), []byte(nil), 0
	for i := 0; i < len(v); {
		start, to := i, i
		for i < len(v) && v[i] != ' ' && v[i] != ',' {
			c := v[i]
			switch {
			case c|0x20 >= 'a' && c|0x20 <= 'z':
				room[to] = c | 0x20
				to++
			case c >= 0x80:
				room[to] = c
				to++
			case c == '.' || c == '\'':
			case c == '-': // of a double name the first counts
				for i < len(v) && v[i] != ' ' && v[i] != ',' {
					i++
				}
				continue
			default:
				return failed
			}
			i++
		}
		if to > start+1 { // an initial is no word
			if first == nil {
				first = room[start:to]
			}
			last = room[start:to]
			n++
		}
		i++
	}
	switch {
	case n == 0 || n > 4:
		return failed
	case givenNames[string(first)] || surnames[string(last)]:
		return passed
	case n > 1 && (surnames[string(first)] || givenNames[string(last)]): // "Muster, Johanna"
		return passed
	}
	return failed
}

// checkNameForm takes one to five words of letters: what a field that is called a name of
// people may hold, whatever language it is of.
func checkNameForm(v []byte, _ int64) verdict {
	if len(v) == 0 {
		return silent
	}
	words, letters := 1, 0
	for _, c := range v {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= 0x80:
			letters++
		case c == ' ':
			words++
		case c == '.', c == '\'', c == '-', c == ',':
		default:
			return failed
		}
	}
	if letters < 2 || words > 5 || len(v) > maxPersonal {
		return failed
	}
	return passed
}

// addressed says whether v has a space, and none of the signs that lines of programs have.
func addressed(v []byte) bool {
	spaces := 0
	for _, c := range v {
		switch c {
		case ' ':
			spaces++
		case ';', '=', '(', '{', '<', '@', '|':
			return false
		}
	}
	return spaces > 0 && len(v) > 5
}

// checkAddress looks for a house number in front of a name, or beside a word of streets.
func checkAddress(v []byte, _ int64) verdict {
	if len(v) < 5 || len(v) > maxPersonal {
		return silent
	}
	letter, digit := letters(v)
	switch {
	case !letter:
		return silent
	case !digit:
		return failed
	}
	if houseNumber(v) {
		return passed
	}
	var room [maxPersonal]byte
	low := room[:0]
	for _, c := range v {
		if c-'A' <= 25 {
			c |= 0x20
		}
		low = append(low, c)
	}
	if bytes.HasPrefix(low, []byte("po box ")) || bytes.HasPrefix(low, []byte("p.o. box ")) || bytes.HasPrefix(low, []byte("postfach ")) {
		return passed
	}
	words := 0
	for rest := low; len(rest) > 0; {
		var w []byte
		n := bytes.IndexAny(rest, " ,")
		if n < 0 {
			w, rest = rest, nil
		} else {
			w, rest = rest[:n], rest[n+1:]
		}
		w = bytes.TrimRight(w, ".")
		words++
		if streetWords[string(w)] && (words > 1 || len(rest) > 0) {
			return passed
		}
		for _, end := range streetEnds {
			if len(w) > len(end)+2 && bytes.HasSuffix(w, []byte(end)) {
				return passed
			}
		}
	}
	return failed
}

// houseNumber says whether v begins with a number of up to five digits and a word with a
// capital.
func houseNumber(v []byte) bool {
	i := 0
	for i < len(v) && v[i]-'0' <= 9 {
		i++
	}
	if i == 0 || i > 5 || i+4 > len(v) || v[i] != ' ' || v[i+1]-'A' > 25 {
		return false
	}
	for _, c := range v[i+2 : i+4] {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}

func checkPostalCode(v []byte, _ int64) verdict {
	if len(v) == 0 {
		return silent
	}
	_, digit := letters(v)
	if len(v) < 3 || len(v) > 10 || !digit {
		return failed
	}
	for _, c := range v {
		if c-'0' > 9 && (c|0x20 < 'a' || c|0x20 > 'z') && c != ' ' && c != '-' {
			return failed
		}
	}
	return passed
}

// checkCoordinate takes degrees with at least three decimals: one, or two with a comma.
func checkCoordinate(v []byte, _ int64) verdict {
	if len(v) == 0 {
		return silent
	}
	one, other, pair := bytes.Cut(v, []byte{','})
	if degrees(one) && (!pair || degrees(bytes.TrimLeft(other, " "))) {
		return passed
	}
	return failed
}

func degrees(v []byte) bool {
	v = bytes.TrimPrefix(v, []byte{'-'})
	whole, part, _ := bytes.Cut(v, []byte{'.'})
	if len(whole) == 0 || len(whole) > 3 || len(part) < 3 || len(part) > 17 {
		return false
	}
	n := 0
	for _, c := range whole {
		if c-'0' > 9 {
			return false
		}
		n = n*10 + int(c-'0')
	}
	for _, c := range part {
		if c-'0' > 9 {
			return false
		}
	}
	return n <= 180
}

// digitsOf says whether v is from least to most digits and nothing else.
func digitsOf(v []byte, least, most int) verdict {
	if len(v) == 0 {
		return silent
	}
	if len(v) < least || len(v) > most {
		return failed
	}
	for _, c := range v {
		if c-'0' > 9 {
			return failed
		}
	}
	return passed
}

func checkCVV(v []byte, _ int64) verdict { return digitsOf(v, 3, 4) }
func checkPIN(v []byte, _ int64) verdict { return digitsOf(v, 4, 6) }

// checkPassword takes whatever is no stand-in: what people choose has no form.
func checkPassword(v []byte, _ int64) verdict {
	if len(v) == 0 || bytes.HasPrefix(v, []byte("hmac:")) {
		return silent
	}
	if len(v) < 4 || len(v) > 256 || bytes.IndexByte(v, ' ') >= 0 || bytes.Count(v, v[:1]) == len(v) {
		return failed
	}
	switch strings.ToLower(string(v)) {
	case "true", "false", "null", "none", "required", "password":
		return failed
	}
	return passed
}

// checkICD takes a letter, a digit and a sign, and up to four signs behind a dot.
func checkICD(v []byte, _ int64) verdict {
	if len(v) == 0 {
		return silent
	}
	if len(v) < 3 || len(v) > 8 || v[0]&^0x20-'A' > 25 || v[1]-'0' > 9 || !alnum(v[2]) {
		return failed
	}
	rest := v[3:]
	if len(rest) > 0 && rest[0] == '.' {
		rest = rest[1:]
	}
	for _, c := range rest {
		if !alnum(c) {
			return failed
		}
	}
	if len(rest) > 4 {
		return failed
	}
	return passed
}

func alnum(c byte) bool { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'z' }

// checkDottedICD takes those with a dot: without a name, others are too like article numbers.
func checkDottedICD(v []byte, now int64) verdict {
	if len(v) < 5 || v[3] != '.' || v[2]-'0' > 9 {
		return failed
	}
	return checkICD(v, now)
}

var fhirResources = []string{"AllergyIntolerance", "CarePlan", "CareTeam", "Claim", "ClinicalImpression", "Condition", "Consent", "Coverage", "DiagnosticReport", "DocumentReference",
	"Encounter", "EpisodeOfCare", "ExplanationOfBenefit", "FamilyMemberHistory", "Goal", "ImagingStudy", "Immunization", "Medication", "MedicationAdministration", "MedicationDispense",
	"MedicationRequest", "MedicationStatement", "Observation", "Patient", "Person", "Procedure", "QuestionnaireResponse", "RelatedPerson", "RiskAssessment", "ServiceRequest", "Specimen"}

func checkFHIR(v []byte, _ int64) verdict {
	if len(v) == 0 {
		return silent
	}
	if _, ok := slices.BinarySearch(fhirResources, string(v)); ok {
		return passed
	}
	return failed
}

// checkGrade takes a letter grade, an average of grades or a student's number.
func checkGrade(v []byte, _ int64) verdict {
	switch {
	case len(v) == 0:
		return silent
	case len(v) <= 2 && v[0]&^0x20-'A' <= 5 && (len(v) == 1 || v[1] == '+' || v[1] == '-'):
		return passed
	case len(v) >= 3 && len(v) <= 4 && v[0]-'0' <= 9 && v[1] == '.':
		return digitsOf(v[2:], 1, 2)
	}
	if _, digit := letters(v); digit && len(v) >= 5 && len(v) <= 16 && bytes.IndexByte(v, ' ') < 0 {
		return passed
	}
	return failed
}

// Ages that a date of birth gives, in years.
const youngest, oldest = 14, 105

// checkBirth says of a date how far it lies before now.
func checkBirth(v []byte, now int64) verdict {
	year, ok := yearOf(v)
	if !ok {
		return silent
	}
	if age := time.Unix(0, now).UTC().Year() - year; age >= youngest && age <= oldest {
		return passed
	}
	return failed
}

// yearOf reads a day: 1987-03-05, 05.03.1987, 3/5/1987, 19870305, with a time behind it that is
// midnight.
func yearOf(v []byte) (year int, ok bool) {
	if i := bytes.IndexByte(v, 'T'); i == 10 {
		if !bytes.HasPrefix(v[i:], []byte("T00:00")) {
			return 0, false
		}
		v = v[:i]
	}
	if len(v) < 8 || len(v) > 10 {
		return 0, false
	}
	var n [3]int
	var size [3]int
	part := 0
	for i, c := range v {
		switch {
		case c-'0' <= 9:
			n[part], size[part] = n[part]*10+int(c-'0'), size[part]+1
		case (c == '-' || c == '/' || c == '.') && part < 2 && size[part] > 0 && i+1 < len(v):
			part++
		default:
			return 0, false
		}
	}
	switch {
	case part == 0 && len(v) == 8:
		n = [3]int{n[0] / 10000, n[0] / 100 % 100, n[0] % 100}
	case part == 2 && size[0] == 4 && size[1] <= 2 && size[2] <= 2:
	case part == 2 && size[2] == 4 && size[0] <= 2 && size[1] <= 2:
		if n = [3]int{n[2], n[1], n[0]}; n[1] > 12 {
			n[1], n[2] = n[2], n[1]
		}
	default:
		return 0, false
	}
	return n[0], n[0] >= 1900 && n[0] < 2100 && n[1] >= 1 && n[1] <= 12 && n[2] >= 1 && n[2] <= 31
}
