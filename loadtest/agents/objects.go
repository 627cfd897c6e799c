package agents

import (
	"fmt"
	"strings"
)

// Ids are what an API would issue, of several shapes. They follow from what they name,
// so that nothing has to be kept.

// scatter mixes numbers to 64 bits (splitmix64).
func scatter(ns ...uint64) uint64 {
	x := uint64(0x9e3779b97f4a7c15)
	for _, n := range ns {
		x += n + 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return x
}

// uuidOf is a random-looking UUID, as of statements and carts.
func uuidOf(ns ...uint64) string {
	a, b := scatter(ns...), scatter(append(ns, 1)...)
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a>>32), uint16(a>>16), a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}

// hexOf is 32 digits, as of invoices and of hashes that a sensor makes.
func hexOf(ns ...uint64) string {
	return fmt.Sprintf("%016x%016x", scatter(ns...), scatter(append(ns, 1)...))
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// ulidOf is a ULID, as of transfers: those of a day have a beginning in common.
func ulidOf(day int, ns ...uint64) string {
	var b [26]byte
	t := uint64(1_772_000_000_000) + uint64(day)*86_400_000
	for i := 9; i >= 0; i-- {
		b[i], t = crockford[t&31], t>>5
	}
	x, y := scatter(ns...), scatter(append(ns, 1)...)
	for i := 10; i < 18; i++ {
		b[i], x = crockford[x&31], x>>5
	}
	for i := 18; i < 26; i++ {
		b[i], y = crockford[y&31], y>>5
	}
	return string(b[:])
}

// codeOf is a gift card: twelve letters and digits.
func codeOf(n uint64) string {
	x := scatter(n, 77)
	var b strings.Builder
	for range 12 {
		b.WriteByte(crockford[x&31])
		x >>= 5
	}
	return "GC-" + b.String()
}

func number(s string) (n uint64) { // FNV-1a
	n = 14695981039346656037
	for i := range len(s) {
		n = (n ^ uint64(s[i])) * 1099511628211
	}
	return n
}

func transferOf(day, account, k int) string { return ulidOf(day, uint64(account), uint64(k), 3) }
func statementOf(account, month int) string { return uuidOf(uint64(account), uint64(month), 4) }
func orderOf(customer, k int) int           { return 900_000_000 + customer*20 + k }
func invoiceOf(order int) string            { return hexOf(uint64(order), 5) }
func customerOf(n int) string               { return uuidOf(uint64(n), 6) }

func ticketOf(customer, day int) string { return uuidOf(uint64(customer), uint64(day), 7) }

func accountJSON(id int) string {
	return fmt.Sprintf(`{"id":%d,"currency":"EUR","balance_cents":%d,"holder":"A. Person"}`, id, scatter(uint64(id))%900000)
}

func list(name string, n int, one func(i int) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"%s":[`, name)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(one(i))
	}
	b.WriteString("]}")
	return b.String()
}
