// Package bank is the demo bank: a small JSON API with customers, accounts,
// transfers and partner access, kept in memory and made from a seed. It is a
// real HTTP server with two real faults, so that there is something to find:
// an account is served to whoever asks for its number (BOLA), and the card list
// carries whole card numbers.
package bank

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/segmentio/encoding/json"
)

// Customer is a person who banks here.
type Customer struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Password string `json:"-"`
	Accounts []int  `json:"-"`
}

// Account belongs to one customer.
type Account struct {
	ID       int    `json:"id"`
	Owner    string `json:"owner"`
	IBAN     string `json:"iban"`
	Currency string `json:"currency"`
	Balance  int64  `json:"balance_cents"`
}

type card struct {
	ID      int    `json:"id"`
	Account int    `json:"account"`
	PAN     string `json:"pan"`
	Expires string `json:"expires"`
}

// Transfer is a payment order.
type Transfer struct {
	ID     string `json:"id"`
	From   int    `json:"from"`
	ToIBAN string `json:"to_iban"`
	Amount int64  `json:"amount_cents"`
	Note   string `json:"note"`
}

// Partner is a company with API access to the accounts of some customers.
type Partner struct {
	ClientID, Secret string
	Accounts         []int
}

// Bank is the whole state. All methods are safe for concurrent use.
type Bank struct {
	Customers []Customer
	Partners  []Partner

	mu         sync.RWMutex
	accounts   map[int]*Account
	cards      map[int]card // by account
	transfers  map[int][]Transfer
	byUsername map[string]*Customer
	byID       map[string]*Customer
	tokenKey   []byte
	nextID     int
}

var firstNames = []string{"Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gül", "Hugo", "Ines", "Jan", "Kaya", "Leo", "Mia", "Nils", "Olga", "Pia"}
var lastNames = []string{"Abel", "Berg", "Costa", "Diaz", "Evers", "Fuchs", "Gray", "Haas", "Ito", "Jung", "Kunz", "Lund", "Moss", "Nagy"}

// New makes a bank of the given number of customers from a seed.
func New(seed uint64, customers int) *Bank {
	r := mathrand.New(mathrand.NewPCG(seed, 7))
	b := &Bank{
		accounts: map[int]*Account{}, cards: map[int]card{}, transfers: map[int][]Transfer{},
		byUsername: map[string]*Customer{}, byID: map[string]*Customer{}, tokenKey: make([]byte, 32), nextID: 1,
	}
	_, _ = rand.Read(b.tokenKey) // never fails; tokens of one run mean nothing to another
	next := 4100200
	b.Customers = make([]Customer, customers)
	for i := range b.Customers {
		first, last := firstNames[r.IntN(len(firstNames))], lastNames[r.IntN(len(lastNames))]
		c := &b.Customers[i]
		*c = Customer{
			ID: fmt.Sprintf("c%05d", i+1), Username: fmt.Sprintf("customer%04d", i+1), Name: first + " " + last,
			Email: fmt.Sprintf("customer%04d@mail.example", i+1), Password: fmt.Sprintf("pw-%08x", r.Uint32()),
		}
		b.byUsername[c.Username], b.byID[c.ID] = c, c
		for range 1 + r.IntN(3) {
			next++
			b.accounts[next] = &Account{ID: next, Owner: c.ID, IBAN: iban(r), Currency: "EUR", Balance: r.Int64N(2_000_000)}
			b.cards[next] = card{ID: next - 4_000_000, Account: next, PAN: pan(r), Expires: fmt.Sprintf("%02d/%d", 1+r.IntN(12), 27+r.IntN(4))}
			c.Accounts = append(c.Accounts, next)
		}
	}
	for i := range 2 {
		p := Partner{ClientID: fmt.Sprintf("partner-%d", i+1), Secret: fmt.Sprintf("sec-%016x", r.Uint64())}
		for j := i; j < customers && len(p.Accounts) < 25; j += 3 {
			p.Accounts = append(p.Accounts, b.Customers[j].Accounts[0])
		}
		b.Partners = append(b.Partners, p)
	}
	return b
}

// iban is a German IBAN with right check digits and a bank code that is not given out.
func iban(r *mathrand.Rand) string {
	bban := fmt.Sprintf("00000000%010d", r.Int64N(10_000_000_000))
	rem := 0
	for _, c := range bban + "131400" { // D=13 E=14, check digits 00
		rem = (rem*10 + int(c-'0')) % 97
	}
	return fmt.Sprintf("DE%02d%s", 98-rem, bban)
}

// pan is a card number with a right Luhn digit in the range 4000 00, used for tests.
func pan(r *mathrand.Rand) string {
	digits := fmt.Sprintf("400000%09d", r.Int64N(1_000_000_000))
	sum := 0
	for i, c := range digits {
		d := int(c - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return fmt.Sprintf("%s%d", digits, (10-sum%10)%10)
}

// Handler serves the API.
func (b *Bank) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, map[string]string{"status": "ok"}) })
	mux.HandleFunc("POST /v1/login", b.login)
	mux.HandleFunc("POST /oauth/token", b.token)
	mux.HandleFunc("GET /v1/customers/me", b.as("customer", b.me))
	mux.HandleFunc("GET /v1/accounts", b.as("customer", b.listAccounts))
	mux.HandleFunc("GET /v1/accounts/{id}", b.as("customer", b.account))
	mux.HandleFunc("GET /v1/accounts/{id}/transfers", b.as("customer", b.listTransfers))
	mux.HandleFunc("POST /v1/transfers", b.as("customer", b.transfer))
	mux.HandleFunc("GET /v1/cards", b.as("customer", b.listCards))
	mux.HandleFunc("GET /partner/v1/accounts", b.as("partner", b.partnerAccounts))
	mux.HandleFunc("GET /partner/v1/accounts/{id}/balance", b.as("partner", b.partnerBalance))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { problem(w, 404, "no such resource") })
	return mux
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone; nobody is left to tell
}

func problem(w http.ResponseWriter, status int, detail string) {
	reply(w, status, map[string]any{"status": status, "detail": detail})
}

// tokenLife is short enough to show refreshed tokens of one subject.
const tokenLife = 10 * time.Minute
