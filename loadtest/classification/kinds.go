package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7"
)

// draw makes values: faker's words and numbers are not those of the classifier's
// dictionaries.
type draw struct {
	*gofakeit.Faker
	r   *rand.Rand
	now time.Time
	seq int
}

func (d *draw) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(d.r.IntN(10))
	}
	return string(b)
}

func (d *draw) from(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[d.r.IntN(len(alphabet))]
	}
	return string(b)
}

func (d *draw) date(from, to int, layout string) string { // years ago
	return d.now.AddDate(-to, 0, 0).Add(time.Duration(d.r.Int64N(int64(to-from)*365*24)) * time.Hour).Format(layout)
}

// until draws until a number passes.
func until(next func() string, ok func(string) bool) string {
	for {
		if s := next(); ok(s) {
			return s
		}
	}
}

func weighted(s string, w ...int) (sum int) {
	for i, x := range w {
		sum += int(s[i]-'0') * x
	}
	return sum
}

func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		n := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

func (d *draw) iban() string {
	body, country := d.digits(18), "DE"
	if d.r.IntN(2) == 0 {
		country, body = "GB", d.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 4)+d.digits(14)
	}
	rest := 0
	for _, c := range body + country + "00" {
		v := int(c - '0')
		if c >= 'A' {
			v = int(c-'A') + 10
			rest = (rest*100 + v) % 97
			continue
		}
		rest = (rest*10 + v) % 97
	}
	return fmt.Sprintf("%s%02d%s", country, 98-rest, body)
}

func (d *draw) cpf() string {
	s := d.digits(9)
	for n := 10; n <= 11; n++ {
		sum := 0
		for i := range len(s) {
			sum += int(s[i]-'0') * (n - i)
		}
		s += fmt.Sprint((11 - sum%11) % 11 % 10)
	}
	return s
}

func (d *draw) jwt() string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"HS256","typ":"JWT"}`) + "." + part(fmt.Sprintf(`{"sub":"%s","iat":%d}`, d.digits(8), d.now.Unix())) + "." + d.from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", 43)
}

func (d *draw) phone() string {
	p := d.Phone()
	for p[0] < '2' || p[3] < '2' || p[1:3] == "11" || p[4:6] == "11" {
		p = fmt.Sprint(2+d.r.IntN(8)) + d.digits(2) + fmt.Sprint(2+d.r.IntN(8)) + d.digits(6)
	}
	return p
}

// sort is a sort of fields: what it holds, what it may be called, and how its values are
// written in one deployment.
type sort struct {
	class  string // "" is nothing sensitive; several that are right have | between them
	weight int    // how many fields of a hundred or so
	names  string // with commas
	styles []func(*draw) string
}

type style = func(*draw) string

const (
	lowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789"
	alnumCase  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

var sorts = []sort{
	{"email", 8, "email,contactEmail,user_email,mail", []style{func(d *draw) string { return d.Email() }}},
	{"phone", 6, "phone,mobileNumber,contact_phone,tel", []style{
		func(d *draw) string { return "+1" + d.phone() },
		func(d *draw) string { p := d.phone(); return "(" + p[:3] + ") " + p[3:6] + "-" + p[6:] },
		func(d *draw) string { p := d.phone(); return p[:3] + "-" + p[3:6] + "-" + p[6:] },
	}},
	{"person.name", 8, "fullName,customer.name,holderName,patient_name", []style{func(d *draw) string { return d.Name() }}},
	{"person.name", 3, "firstName,first_name,givenName", []style{func(d *draw) string { return d.FirstName() }}},
	{"person.name", 3, "lastName,surname,family_name", []style{func(d *draw) string { return d.LastName() }}},
	{"person.address", 6, "address,street,shipping.addressLine1,billing_address", []style{
		func(d *draw) string { return d.Street() },
		func(d *draw) string { return d.Street() + ", " + d.City() + ", " + d.StateAbr() + " " + d.Zip() },
	}},
	{"birthdate", 5, "birthDate,dob,date_of_birth,birthday", []style{
		func(d *draw) string { return d.date(18, 85, "2006-01-02") },
		func(d *draw) string { return d.date(18, 85, "01/02/2006") },
	}},
	{"card", 5, "cardNumber,card.number,pan,credit_card", []style{
		func(d *draw) string {
			return d.CreditCardNumber(&gofakeit.CreditCardOptions{Types: []string{"visa", "mastercard", "american-express", "discover"}})
		},
	}},
	{"iban", 4, "iban,account.iban,debtorAccount", []style{(*draw).iban}},
	{"us.ssn", 4, "ssn,socialSecurityNumber,tax_id", []style{
		func(d *draw) string { s := d.ssn(); return s[:3] + "-" + s[3:5] + "-" + s[5:] },
		func(d *draw) string { s := d.ssn(); return s[:3] + "-" + s[3:5] + "-" + s[5:] },
		(*draw).ssn,
	}},
	{"br.cpf", 2, "cpf,cliente.cpf", []style{(*draw).cpf, func(d *draw) string { s := d.cpf(); return s[:3] + "." + s[3:6] + "." + s[6:9] + "-" + s[9:] }}},
	{"nl.bsn", 1, "bsn", []style{func(d *draw) string {
		return until(func() string { return d.digits(9) }, func(s string) bool {
			return s[0] != '0' && (weighted(s, 9, 8, 7, 6, 5, 4, 3, 2)-int(s[8]-'0'))%11 == 0
		})
	}}},
	{"us.npi", 1, "npi,provider.npi", []style{func(d *draw) string {
		return until(func() string { return "1" + d.digits(9) }, func(s string) bool { return luhn("80840" + s) })
	}}},
	{"us.mbi", 1, "mbi,medicareNumber", []style{func(d *draw) string {
		const l = "ACDEFGHJKMNPQRTUVWXY"
		return fmt.Sprint(1+d.r.IntN(9)) + d.from(l, 1) + d.from(l+"0123456789", 1) + d.digits(1) + d.from(l, 1) + d.from(l+"0123456789", 1) + d.digits(1) + d.from(l, 2) + d.digits(2)
	}}},
	{"us.rtn", 1, "routingNumber,aba_routing", []style{func(d *draw) string {
		return until(func() string { return fmt.Sprintf("%02d", 1+d.r.IntN(12)) + d.digits(7) }, func(s string) bool { return weighted(s, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0 })
	}}},
	{"account-number", 1, "accountNumber,bank_account_number", []style{func(d *draw) string { return d.digits(12) }}},
	{"ip", 4, "ip,clientIp,remote_addr", []style{func(d *draw) string { return d.IPv4Address() }, func(d *draw) string { return d.IPv6Address() }}},
	{"mac", 2, "macAddress,hw_addr", []style{func(d *draw) string { return d.MacAddress() }}},
	{"geo.coordinates", 2, "latitude,location.lat", []style{func(d *draw) string { return fmt.Sprintf("%.6f", d.Latitude()) }}},
	{"vin", 1, "vin,vehicle.vin", []style{(*draw).vin}},
	{"secret.jwt", 3, "accessToken,id_token,jwt", []style{(*draw).jwt}},
	{"secret.aws-access-key-id|secret.stripe-access-token|secret.github-pat", 2, "apiKey,secretKey,key", []style{
		func(d *draw) string { return "AKIA" + d.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16) },
		func(d *draw) string { return "sk_live_" + d.from(alnumCase, 24) },
	}},
	{"secret.password", 1, "password,newPassword", []style{func(d *draw) string { return d.Password(true, true, true, false, false, 12) }}},
	{"payment.cvv", 1, "cvv,card.cvc", []style{func(d *draw) string { return d.CreditCardCvv() }}},
	{"medical-record", 1, "mrn,medical_record_number", []style{func(d *draw) string { return d.digits(8) }}},
	{"health.icd10", 1, "icd10,diagnosisCode", []style{func(d *draw) string { return fmt.Sprintf("%c%02d.%d", 'A'+d.r.IntN(20), d.r.IntN(100), d.r.IntN(10)) }}},
	{"passport", 1, "passportNumber", []style{func(d *draw) string { return d.from("ABCEGHKLMNPRSTXZ", 1) + d.digits(8) }}},

	// Hard negatives.
	{"", 3, "id,orderId,tweet_id,messageId,card_id", []style{func(d *draw) string {
		d.seq++
		return fmt.Sprint(int64(1)<<60 + int64(d.seq)<<34 + d.r.Int64N(1<<22))
	}}},
	{"", 3, "createdAt,updated,ts,timestamp", []style{
		func(d *draw) string { return fmt.Sprint(d.now.UnixMilli() - d.r.Int64N(3e10)) },
		func(d *draw) string { return fmt.Sprint(d.now.Unix() - d.r.Int64N(3e7)) },
		func(d *draw) string { return d.date(0, 3, time.RFC3339) },
	}},
	{"", 2, "date,validUntil,shippedOn,contractStart", []style{func(d *draw) string { return d.date(0, 6, "2006-01-02") }}},
	{"", 4, "id,customerId,invoiceNo,ref,account_id", []style{
		func(d *draw) string { d.seq++; return fmt.Sprint(100000000 + d.seq) },
		func(d *draw) string { d.seq++; return fmt.Sprint(4000000000000000 + int64(d.seq)) },
		func(d *draw) string { d.seq += 1 + d.r.IntN(40); return fmt.Sprint(30000000000 + int64(d.seq)) },
	}},
	{"", 5, "number,ref,code,externalId,card_ref", []style{
		func(d *draw) string { return d.digits(9) }, func(d *draw) string { return d.digits(10) }, func(d *draw) string { return d.digits(11) },
		func(d *draw) string { return d.digits(12) }, func(d *draw) string { return d.digits(14) }, func(d *draw) string { return "4" + d.digits(15) },
	}},
	{"", 3, "hash,etag,checksum,digest", []style{func(d *draw) string { return d.from("0123456789abcdef", 64) }, func(d *draw) string { return d.from("0123456789abcdef", 32) }}},
	{"", 3, "uuid,requestId,traceId,session_id", []style{func(d *draw) string { return d.UUID() }}},
	{"", 3, "productName,name,title,item", []style{func(d *draw) string { return d.ProductName() }, func(d *draw) string { return d.BookTitle() }}},
	{"", 2, "company,merchant,vendor", []style{func(d *draw) string { return d.Company() }}},
	{"", 3, "city,country,region", []style{func(d *draw) string { return d.City() }, func(d *draw) string { return d.Country() }}},
	{"", 3, "description,note,comment", []style{func(d *draw) string { return d.Sentence() }}},
	{"", 2, "version,appVersion,build", []style{func(d *draw) string { return fmt.Sprintf("%d.%d.%d", d.r.IntN(9), d.r.IntN(30), d.r.IntN(400)) }}},
	{"", 3, "price,amount,rate,total", []style{func(d *draw) string { return fmt.Sprintf("%.2f", d.r.Float64()*900) }, func(d *draw) string { return fmt.Sprintf("%.6f", d.r.Float64()*90) }}},
	{"", 2, "ean,gtin,barcode", []style{func(d *draw) string {
		return until(func() string { return d.digits(13) }, func(s string) bool { return weighted(s, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0 })
	}}},
	{"", 2, "url,link,href", []style{func(d *draw) string { return d.URL() }}},
	{"", 3, "status,type,token_type,category,state", []style{func(d *draw) string {
		return d.RandomString([]string{"active", "pending", "CLOSED", "Bearer", "open", "Standard"})
	}}},
	{"", 2, "sku,tracking,orderNumber", []style{func(d *draw) string { return "SKU-" + d.digits(7) }, func(d *draw) string { return "1Z" + strings.ToUpper(d.from(lowerAlnum, 16)) }}},
	{"", 2, "cursor,nextPage,blob", []style{func(d *draw) string { return base64.StdEncoding.EncodeToString([]byte(d.from(alnumCase, 24))) }}},
	{"", 2, "jobTitle,role,department", []style{func(d *draw) string { return d.JobTitle() }}},
	{"", 2, "color,unit,currency", []style{func(d *draw) string { return d.Color() }, func(d *draw) string { return d.CurrencyShort() }}},
	{"", 2, "userAgent,device", []style{func(d *draw) string { return d.UserAgent() }}},
}

func (d *draw) ssn() string {
	return until(func() string { return d.digits(9) }, func(s string) bool {
		return s[:3] != "000" && s[:3] != "666" && s[0] != '9' && s[3:5] != "00" && s[5:] != "0000"
	})
}

func (d *draw) vin() string {
	const letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
	value := func(c byte) int {
		if c <= '9' {
			return int(c - '0')
		}
		return int("12345678012345070923456789"[c-'A'] - '0')
	}
	return until(func() string { return "1HG" + d.from(letters, 9) + d.digits(5) }, func(s string) bool {
		sum := 0
		for i, w := range [...]int{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2} {
			sum += value(s[i]) * w
		}
		return s[8] == "0123456789X"[sum%11]
	})
}
