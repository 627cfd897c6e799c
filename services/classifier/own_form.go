package classifier

import (
	"bytes"
	"slices"
	"strings"
)

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
