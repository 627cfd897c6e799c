package behavior

import "strings"

// intent is what a write is for, by the words of its path.
type intent uint8

const (
	pays  intent = 1 << iota // moves money
	holds                    // takes stock, a seat, a slot for a while
	done                     // buys what was held
)

// changes says whether the method changes something.
func changes(method []byte) bool {
	switch string(method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// intentOf reads the words of a path.
func intentOf(path []byte) (is intent) {
	start := 0
	for i := 0; i <= len(path) && i < 512; i++ {
		if i < len(path) && letter(path[i]) {
			continue
		}
		if i-start >= 3 && i-start <= 13 {
			is |= intentWord(path[start:i])
		}
		start = i + 1
	}
	return is
}

func intentWord(w []byte) intent {
	var b [13]byte
	for i, c := range w {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		b[i] = c
	}
	switch string(b[:len(w)]) {
	case "transfer", "transfers", "payout", "payouts", "withdraw", "withdrawal", "withdrawals", "remittance", "remittances", "wire", "wires", "sendmoney":
		return pays
	case "payment", "payments", "pay", "charge", "charges", "donation", "donations", "donate", "topup", "purchase", "purchases":
		return pays | done
	case "cart", "carts", "basket", "baskets", "reservation", "reservations", "reserve", "hold", "holds", "booking", "bookings", "seats", "slots", "appointments":
		return holds
	case "checkout", "confirm", "confirmation", "order", "orders", "capture":
		return done
	}
	return 0
}

// Names of members of a body, in lower case and without "_" and "-".

func bare(name string) string {
	var b [24]byte
	n := 0
	for i := range len(name) {
		c := name[i]
		if c == '_' || c == '-' {
			continue
		}
		if n == len(b) {
			return ""
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		b[n] = c
		n++
	}
	return string(b[:n])
}

// party is whose a member of a payment is.
type party uint8

const (
	nobody party = iota
	payeeOf
	payerOf
)

// partyOf reads the last two names of a path: creditorAccount.iban is the payee's.
func partyOf(path string) party {
	rest, last := "", path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		rest, last = path[:i], path[i+1:]
	}
	if rest != "" {
		rest = strings.TrimSuffix(rest[strings.LastIndexByte(rest, '.')+1:], "[]")
		if p := partyName(bare(rest)); p != nobody {
			return p
		}
	}
	return partyName(bare(strings.TrimPrefix(last, "@")))
}

// partyName is that of a bare name.
func partyName(n string) party {
	switch {
	case n == "":
		return nobody
	case n == "to", n == "target", n == "wallet", n == "iban", prefixOf(n, "payee", "recipient", "beneficiary", "creditor", "receiver", "destination", "counterparty", "targetaccount"):
		return payeeOf
	case n == "from", n == "source", prefixOf(n, "debtor", "payer", "sourceaccount", "sender", "origin"):
		return payerOf
	}
	for _, p := range [...]struct {
		word string
		is   party
	}{{"to", payeeOf}, {"from", payerOf}} {
		before, ends := strings.CutSuffix(n, p.word)
		after, begins := strings.CutPrefix(n, p.word)
		if ends && accountish(before) || begins && accountish(after) {
			return p.is
		}
	}
	return nobody
}

// accountish says whether a bare name is of what money is on.
func accountish(n string) bool {
	return n == "id" || prefixOf(n, "acc", "acct", "account", "iban", "wallet", "depot", "pot", "customer", "user", "client")
}

func prefixOf(n string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(n, p) {
			return true
		}
	}
	return false
}

// amountOf says whether a path is of how much is paid.
func amountOf(path, name string) bool {
	switch n := bare(strings.TrimPrefix(name, "@")); n {
	case "value", "sum", "total", "amt":
		return true
	default:
		return prefixOf(n, "amount", "instructedamount", "transferamount") || n == "cents" && strings.Contains(path, "mount")
	}
}

func cardName(name string) bool {
	switch bare(name) {
	case "card", "cardnumber", "pan", "cardno", "ccnumber", "creditcard", "paymentmethod", "paymenttoken", "cardtoken":
		return true
	}
	return false
}
