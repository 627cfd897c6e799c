package classifier

import "bytes"

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
		{name: "birthdate", named: 2.2, unnamed: -4, passTrue: 0.95, passRandom: 0.12, begins: withDigit | digitsAlone, maybe: func(v []byte) bool { return len(v) >= 8 && (len(v) <= 10 || v[10] == 'T') }, check: checkBirth, how: "dates of birth by how far back they lie"},
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
	if n == 0 || n > 4 {
		return failed
	}
	head := namesOfPeople[string(first)]
	tail := head
	if n > 1 {
		tail = namesOfPeople[string(last)]
	}
	if head&given != 0 || tail&surname != 0 || n > 1 && (head&surname != 0 || tail&given != 0) { // "Muster, Johanna"
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
