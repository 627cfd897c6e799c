package behavior

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

func payeeName(name string) bool {
	switch bare(name) {
	case "to", "payee", "payeeid", "recipient", "recipientid", "beneficiary", "beneficiaryid", "creditor", "creditoraccount", "toaccount", "toaccountid", "destination",
		"destinationaccount", "iban", "creditoriban", "toiban", "counterparty", "target", "targetaccount", "wallet", "towallet", "receiver":
		return true
	}
	return false
}

func payerName(name string) bool {
	switch bare(name) {
	case "from", "source", "fromaccount", "fromaccountid", "sourceaccount", "debtor", "debtoraccount", "debtoriban", "fromiban", "payer", "fromwallet":
		return true
	}
	return false
}

func amountName(name string) bool {
	switch bare(name) {
	case "amount", "amountcents", "amountminor", "value", "sum", "total", "instructedamount":
		return true
	}
	return false
}

func cardName(name string) bool {
	switch bare(name) {
	case "card", "cardnumber", "pan", "cardno", "ccnumber", "creditcard", "paymentmethod", "paymenttoken", "cardtoken":
		return true
	}
	return false
}
