package bank

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/encoding/json"
)

const issuer = "https://id.bank.example"

type claims struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
	Scope   string `json:"scope"`
	Issued  int64  `json:"iat"`
	Expires int64  `json:"exp"`
}

var b64 = base64.RawURLEncoding

func (b *Bank) sign(c claims) string {
	payload, err := json.Marshal(c)
	if err != nil {
		panic(err) // a struct of strings and numbers always encodes
	}
	head := b64.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + b64.EncodeToString(payload)
	return head + "." + b64.EncodeToString(b.mac(head))
}

func (b *Bank) mac(head string) []byte {
	m := hmac.New(sha256.New, b.tokenKey)
	m.Write([]byte(head))
	return m.Sum(nil)
}

func (b *Bank) verify(token string) (claims, bool) {
	i := strings.LastIndexByte(token, '.')
	j := strings.IndexByte(token, '.')
	if i <= j {
		return claims{}, false
	}
	mac, err := b64.DecodeString(token[i+1:])
	if err != nil || !hmac.Equal(mac, b.mac(token[:i])) {
		return claims{}, false
	}
	var c claims
	payload, err := b64.DecodeString(token[j+1 : i])
	if err != nil || json.Unmarshal(payload, &c) != nil || time.Now().Unix() > c.Expires {
		return claims{}, false
	}
	return c, true
}

func (b *Bank) issue(subject, scope string) map[string]any {
	now := time.Now()
	return map[string]any{
		"token_type": "Bearer", "expires_in": int(tokenLife.Seconds()),
		"access_token": b.sign(claims{issuer, subject, scope, now.Unix(), now.Add(tokenLife).Unix()}),
	}
}

// as lets a request in whose token has the scope.
func (b *Bank) as(scope string, next func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		c, valid := b.verify(token)
		switch {
		case !ok || !valid:
			problem(w, 401, "a valid bearer token is needed")
		case c.Scope != scope:
			problem(w, 403, "the token's scope does not allow this")
		default:
			next(w, r, c.Subject)
		}
	}
}

func (b *Bank) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ Username, Password string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&in); err != nil {
		problem(w, 400, "the body must be JSON with username and password")
		return
	}
	c, ok := b.byUsername[in.Username]
	if !ok || c.Password != in.Password {
		problem(w, 401, "wrong username or password")
		return
	}
	reply(w, 200, b.issue(c.ID, "customer"))
}

func (b *Bank) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	for _, p := range b.Partners {
		if r.PostFormValue("client_id") == p.ClientID && r.PostFormValue("client_secret") == p.Secret {
			reply(w, 200, b.issue(p.ClientID, "partner"))
			return
		}
	}
	problem(w, 401, "invalid_client")
}

func (b *Bank) me(w http.ResponseWriter, _ *http.Request, who string) { reply(w, 200, b.byID[who]) }

func (b *Bank) listAccounts(w http.ResponseWriter, _ *http.Request, who string) {
	reply(w, 200, map[string]any{"accounts": b.pick(b.byID[who].Accounts)})
}

func (b *Bank) pick(ids []int) []Account {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := make([]Account, 0, len(ids))
	for _, id := range ids {
		out = append(out, *b.accounts[id])
	}
	return out
}

// find answers 404 itself where there is no such account.
func (b *Bank) find(w http.ResponseWriter, r *http.Request) (Account, bool) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	b.mu.RLock()
	defer b.mu.RUnlock()
	a, ok := b.accounts[id]
	if !ok {
		problem(w, 404, "no such account")
		return Account{}, false
	}
	return *a, true
}

// account does not ask whose account it is. That is the demo's first fault.
func (b *Bank) account(w http.ResponseWriter, r *http.Request, _ string) {
	if a, ok := b.find(w, r); ok {
		reply(w, 200, a)
	}
}

func (b *Bank) listTransfers(w http.ResponseWriter, r *http.Request, who string) {
	a, ok := b.find(w, r)
	if !ok {
		return
	}
	if a.Owner != who {
		problem(w, 403, "not your account")
		return
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	list := b.transfers[a.ID]
	reply(w, 200, map[string]any{"transfers": list[max(0, len(list)-10):]})
}

func (b *Bank) transfer(w http.ResponseWriter, r *http.Request, who string) {
	var t Transfer
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<10)).Decode(&t); err != nil {
		problem(w, 400, "the body must be a transfer")
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.accounts[t.From]
	switch {
	case !ok || a.Owner != who:
		problem(w, 403, "not your account")
		return
	case t.Amount <= 0 || t.ToIBAN == "":
		problem(w, 422, "amount_cents and to_iban are required")
		return
	}
	t.ID = fmt.Sprintf("tr-%06d", b.nextID)
	b.nextID++
	list := append(b.transfers[a.ID], t)
	b.transfers[a.ID] = list[max(0, len(list)-100):]
	reply(w, 201, t)
}

// listCards answers with whole card numbers. That is the demo's second fault.
func (b *Bank) listCards(w http.ResponseWriter, _ *http.Request, who string) {
	cards := []card{}
	for _, id := range b.byID[who].Accounts {
		cards = append(cards, b.cards[id])
	}
	reply(w, 200, map[string]any{"cards": cards})
}

func (b *Bank) partner(id string) Partner {
	for _, p := range b.Partners {
		if p.ClientID == id {
			return p
		}
	}
	return Partner{}
}

func (b *Bank) partnerAccounts(w http.ResponseWriter, _ *http.Request, who string) {
	reply(w, 200, map[string]any{"accounts": b.pick(b.partner(who).Accounts)})
}

func (b *Bank) partnerBalance(w http.ResponseWriter, r *http.Request, who string) {
	a, ok := b.find(w, r)
	if !ok {
		return
	}
	for _, id := range b.partner(who).Accounts {
		if id == a.ID {
			reply(w, 200, map[string]any{"account": a.ID, "balance_cents": a.Balance})
			return
		}
	}
	problem(w, 403, "the account has not consented")
}
