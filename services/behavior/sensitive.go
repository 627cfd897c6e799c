package behavior

import (
	"math/bits"
	"strings"
)

// classes are kinds of sensitive data, by the names of fields. What the classifier
// confirms of a field is in the catalog of the moment, and a replay that met another
// would come to other counts; the names are in the event, masked or not.
type classes uint8

const (
	contacts    classes = 1 << iota // where somebody is reached
	identities                      // who somebody is to an authority
	payments                        // what money is taken from
	incomes                         // what somebody earns and owes
	conditions                      // of health
	credentials                     // what lets in
)

var classNames = [...]string{"contact", "identity", "payment", "income", "health", "credential"}

// maxScanned is how many leaves of an answer are looked at: the first records of a list
// are as the others.
const maxScanned = 64

var sensitiveNames = func() map[string]classes {
	names := map[string]classes{}
	for class, list := range map[classes]string{
		contacts:    "email emailaddress mail phone phonenumber telephone mobile msisdn street streetaddress address addressline1 postaladdress homeaddress zip zipcode postcode postalcode",
		identities:  "birthday birthdate dateofbirth dob ssn socialsecuritynumber taxid taxnumber tin nationalid passport passportnumber idnumber driverslicense licensenumber nino",
		payments:    "iban bic pan card cardnumber cardno accountnumber routingnumber sortcode cvv cvc",
		incomes:     "salary income wage creditscore debt networth",
		conditions:  "diagnosis diagnoses condition medication medications bloodtype allergy allergies patientid insurancenumber treatment disability",
		credentials: "password passwordhash passwd secret apikey accesskey privatekey pin otp recoverycode mfasecret",
	} {
		for name := range strings.FieldsSeq(list) {
			names[name] |= class
		}
	}
	return names
}()

// weight is how many records without any such data one with it is worth.
func (c classes) weight() int { return 1 + min(3, bits.OnesCount8(uint8(c))) }

// String lists them.
func (c classes) String() string {
	var list []string
	for i, name := range classNames {
		if c&(1<<i) != 0 {
			list = append(list, name)
		}
	}
	return strings.Join(list, ", ")
}
