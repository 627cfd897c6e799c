// Package classifier finds the fields of an API that carry sensitive data: payment cards and what
// authorizes them (card, payment.cvv, payment.pin), bank accounts (iban, bic, account-number, us.rtn
// and accounts of other countries), numbers that states and tax offices give in some hundred countries
// (us.ssn, in_.aadhaar, br.cpf, ...), passports and licences, contact data (email, phone), names and
// addresses of people, days of birth, places (geo.coordinates), devices (ip, mac, imei, imsi, meid),
// vehicles (vin), health (medical-record, us.npi, us.mbi, gb.nhs, health.icd10, health.fhir), education
// records, wallets of cryptocurrencies, credentials of some 280 kinds (secret.*), and what a deployment
// adds in files of its own. classes.txt and package scan have them all.
//
// Its rules say where such data should not be: in an answer in clear (DATA-01), in a URL (DATA-02), in
// an answer to nobody in particular (DATA-03; of health DATA-13), a secret in an answer (DATA-04) or a URL
// (DATA-07), a token in a URL (DATA-05) or an answer (DATA-06), answered to a partner (DATA-08), in an error
// (DATA-09), where it was not before (DATA-11), verification values and PINs at all (DATA-12), and over a
// connection in clear (DATA-14). That an answer holds more than its schema says (DATA-10) is found where
// schemas are: discovery's audit compares the fields that are told to it (Statement of dataclass).
//
// It judges a field (endpoint, direction, location, path), never a single value:
// one number in ten passes the Luhn check by chance, but a field whose different
// values all pass holds card numbers. A validator says what a value looks like;
// the log odds over the different values of a field, with the field's name as
// the prior, say what the field is.
//
// There are two stages. The detector scans the values of one partition and sends
// what they add to each field, a difference; the merger owns all fields of an
// endpoint, adds the differences up, and is the only writer of fields and of
// findings about them. Sums, minima and samples of the smallest hashes are all
// that is kept: they do not depend on order or on where differences are cut.
//
// No value leaves the detector: keyed hashes and masked shapes do.
package classifier

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Kind is the kind of partial that the detector sends and the merger reads; its
// dimension is the endpoint's id.
const Kind = "classifier"

// Version is the version of the detection, carried by every finding.
const Version = "classifier/2"

// Config are the settings of both stages. Start from Defaults.
type Config struct {
	// HashKey is a secret of at least 16 bytes that values are hashed with to tell
	// different ones apart: the same in every instance. It is injected; changing it
	// starts the counts of different values anew.
	HashKey string `yaml:"-"`

	CandidateAt     float64 `yaml:"candidate_at" doc:"Probability from which a field is listed."`
	ConfirmAt       float64 `yaml:"confirm_at" doc:"Probability from which a field is confirmed, given enough different values."`
	ConfirmDistinct int     `yaml:"confirm_distinct" doc:"Different values that pass the validator which confirm a field by themselves."`
	ConfirmNamed    int     `yaml:"confirm_named" doc:"Different values that are enough where the validator has a checksum and the field's name agrees."`

	MaxEndpoints int `yaml:"max_endpoints" doc:"Endpoints with candidate fields that a partition remembers. Further ones are counted and left out."`
	MaxFields    int `yaml:"max_fields" doc:"Candidate fields an endpoint. Further ones are counted and left out."`
	MaxSample    int `yaml:"max_sample" doc:"Hashes of different values kept a field and type. Up to here the number of different values is exact, beyond it an estimate from the smallest hashes."`
	MaxClasses   int `yaml:"max_classes" doc:"Classes that one field is asked about at once. Further ones are counted and left out."`
	DismissAfter int `yaml:"dismiss_after" doc:"Different values after which a field is not asked about a class any more that they speak against beyond doubt."`
	MaxHits      int `yaml:"max_hits" doc:"Candidate values looked at in one message. Further ones are counted and left out."`
	MaxValue     int `yaml:"max_value" doc:"Bytes scanned of one value."`

	NewAfter time.Duration `yaml:"new_after" doc:"How long a tenant must have been watched before a response that begins to carry sensitive data is news."`

	Classes       string        `yaml:"classes" doc:"Folder of YAML files with classes of one's own; none if empty."`
	ClassesReload time.Duration `yaml:"classes_reload" doc:"How often that folder is looked at for changes."`

	// Partners are networks whose callers are partners; injected, as discovery has them.
	Partners []netip.Prefix `yaml:"-"`

	// Log and Metrics are injected; both may be nil.
	Log     *slog.Logger          `yaml:"-"`
	Metrics prometheus.Registerer `yaml:"-"`
}

// Defaults are a start for every deployment; HashKey is the caller's to set.
func Defaults() Config {
	return Config{
		CandidateAt: 0.5, ConfirmAt: 0.95, ConfirmDistinct: 8, ConfirmNamed: 3,
		MaxEndpoints: 10_000, MaxFields: 200, MaxSample: 300, MaxClasses: 12, DismissAfter: 24, MaxHits: 500, MaxValue: 64 << 10,
		NewAfter: 24 * time.Hour, ClassesReload: 2 * time.Second,
	}
}

// Validate reports every error of c at once.
func (c Config) Validate() error {
	var errs []error
	between := func(name string, v, low, high int) {
		if v < low || v > high {
			errs = append(errs, fmt.Errorf("classifier.%s is %d: must be between %d and %d", name, v, low, high))
		}
	}
	share := func(name string, v float64) {
		if !(v > 0 && v < 1) {
			errs = append(errs, fmt.Errorf("classifier.%s is %v: must be above 0 and below 1", name, v))
		}
	}
	share("candidate_at", c.CandidateAt)
	share("confirm_at", c.ConfirmAt)
	if c.CandidateAt > c.ConfirmAt {
		errs = append(errs, fmt.Errorf("classifier.candidate_at is %v: must not be above confirm_at, %v", c.CandidateAt, c.ConfirmAt))
	}
	between("confirm_distinct", c.ConfirmDistinct, 1, 1000)
	between("confirm_named", c.ConfirmNamed, 1, 1000)
	between("max_endpoints", c.MaxEndpoints, 1, 10_000_000)
	between("max_fields", c.MaxFields, 1, 100_000)
	between("max_sample", c.MaxSample, 16, 100_000)
	if c.MaxSample < c.ConfirmDistinct || c.MaxSample < c.ConfirmNamed {
		errs = append(errs, fmt.Errorf("classifier.max_sample is %d: no field could be confirmed, it must reach confirm_distinct and confirm_named", c.MaxSample))
	}
	between("max_classes", c.MaxClasses, 1, 200)
	between("dismiss_after", c.DismissAfter, 8, 100_000)
	if c.NewAfter <= 0 {
		errs = append(errs, fmt.Errorf("classifier.new_after is %v: must be positive", c.NewAfter))
	}
	if c.ClassesReload < 10*time.Millisecond {
		errs = append(errs, fmt.Errorf("classifier.classes_reload is %v: must be at least 10ms", c.ClassesReload))
	}
	between("max_hits", c.MaxHits, 1, 1_000_000)
	between("max_value", c.MaxValue, 64, 16<<20)
	return errors.Join(errs...)
}
