package agents

import (
	"fmt"
	"math"
	"time"
)

// visit begins a session of x: what it lasts, where it comes from, a new secret.
func (d *day) visit(x *actor, median float64) {
	x.open = true
	x.left = 1 + int(min(200, median*math.Exp(0.8*x.r.NormFloat64())))
	x.step, x.id, x.address = 0, "", x.home
	if x.relay {
		x.address = home(50, x.r.IntN(2000))
	}
}

// over says whether the session ended; then x comes again later.
func (d *day) over(x *actor) bool {
	if x.left > 0 {
		x.left--
		x.step++
		return false
	}
	x.at = d.next(x, d.now)
	x.secret = ""
	x.open = false
	return true
}

func phone(d *day, x *actor) {
	if !x.open {
		d.visit(x, 5)
		if n := x.number % 10; n < 4 { // before anything else, and one app with the token that it has
			if x.secret = ""; n == 2 {
				x.secret = x.last
			}
			d.send(x, call{method: "GET", path: "/v1/branches", template: "/v1/branches", status: 200, answer: `{"branches":[{"city":"Here"}]}`})
		}
		x.secret = x.token(d)
		x.last, x.issued = x.secret, d.now
		d.send(x, call{method: "POST", path: "/v1/oauth/token", template: "/v1/oauth/token", anonymous: true, status: 200,
			body: `{"grant_type":"refresh_token","refresh_token":"***"}`, answer: `{"token_type":"Bearer","expires_in":3600,"access_token":"***"}`})
		if x.r.IntN(6) == 0 { // a new phone, or a token that was too old
			x.login(d)
		}
		x.wait(time.Second)
		return
	}
	if d.over(x) {
		return
	}
	if x.number%10 == 5 && x.step > 2 { // leaves the house: the same token by the mobile network
		x.address = home(13, x.number/behindNAT)
	}
	if x.step == 2 && (x.number+d.n)%9 == 0 {
		x.profile(d, "email")
	}
	x.bank(d)
	x.wait(9 * time.Second)
}

func desk(d *day, x *actor) {
	if !x.open {
		d.visit(x, 8)
	}
	if x.secret == "" {
		if d.over(x) {
			return
		}
		if x.login(d) {
			x.secret = hexOf(number(x.Name), uint64(d.now))
		}
		x.wait(6 * time.Second)
		return
	}
	if d.over(x) {
		return
	}
	x.bank(d)
	x.wait(20 * time.Second)
}

// login tries once: people mistype, and a release may refuse them all.
func (x *actor) login(d *day) bool {
	c := call{method: "POST", path: "/v1/login", template: "/v1/login", user: x.Name, anonymous: true, status: 200,
		body: fmt.Sprintf(`{"username":%q,"password":"***"}`, x.Name), answer: `{"status":"ok","expires_in":900}`}
	forgot := x.number%40 == 18 && x.step < 5 // tries what it may have been
	if d.refusing() || x.r.IntN(8) == 0 || forgot {
		c.status, c.answer = 401, refused
	}
	d.send(x, c)
	return c.status == 200
}

// bank is a step of a customer: lists, and what the lists name; now and then a
// bookmark, which no list of this session named.
func (x *actor) bank(d *day) {
	own := x.accounts[x.r.IntN(len(x.accounts))]
	account := fmt.Sprintf("/v1/accounts/%d", own)
	n := x.r.IntN(20)
	if x.step == 1 && n > 1 {
		n = 2
	}
	switch {
	case x.r.IntN(80) == 0: // too late: the session has run out
		c := readAccount(own)
		c.status, c.answer = 401, `{"status":401,"detail":"expired"}`
		d.send(x, c)
	case n <= 1:
		d.send(x, readAccount(own))
	case n <= 5:
		d.send(x, call{method: "GET", path: "/v1/accounts", template: "/v1/accounts", status: 200,
			answer: list("accounts", len(x.accounts), func(i int) string { return accountJSON(x.accounts[i]) })})
	case n <= 10:
		d.send(x, readAccount(own))
	case n <= 13:
		d.send(x, call{method: "GET", path: account + "/transfers", template: "/v1/accounts/{int}/transfers", object: fmt.Sprint(own), status: 200,
			answer: list("transfers", 10, func(i int) string {
				return fmt.Sprintf(`{"id":%q,"amount_cents":%d}`, transferOf(d.n, own, i), 100+i*37)
			})})
	case n <= 15:
		id := transferOf(d.n, own, x.r.IntN(10))
		d.send(x, call{method: "GET", path: "/v1/transfers/" + id, template: "/v1/transfers/{ulid}", object: id, status: 200, answer: fmt.Sprintf(`{"id":%q,"from":%d,"amount_cents":300}`, id, own)})
	case n == 16:
		x.statement(d, own)
	case n == 17:
		x.cards(d, own)
	default:
		x.transfer(d, own, own+1+x.r.IntN(4)*perCustomer)
	}
}

func readAccount(id int) call {
	return call{method: "GET", path: fmt.Sprintf("/v1/accounts/%d", id), template: "/v1/accounts/{int}", object: fmt.Sprint(id), status: 200, answer: accountJSON(id)}
}

func (x *actor) statement(d *day, own int) {
	if x.r.IntN(2) == 0 {
		d.send(x, call{method: "GET", path: "/v1/statements", query: fmt.Sprintf("account_id=%d", own), template: "/v1/statements", status: 200,
			answer: list("statements", 12, func(i int) string { return fmt.Sprintf(`{"id":%q,"month":%d}`, statementOf(own, i), i+1) })})
		return
	}
	id := statementOf(own, x.r.IntN(12))
	// Some apps show it as a page, with the browser of the phone.
	d.send(x, call{page: x.Cohort == Phone && x.number%5 < 2, method: "GET", path: "/v1/statements/" + id, template: "/v1/statements/{uuid}", object: id, status: 200, size: 180_000, answer: fmt.Sprintf(`{"id":%q,"pages":4}`, id)})
}

// cards moved to another path with the deploy; an old app asks for what is gone.
func (x *actor) cards(d *day, own int) {
	c := call{method: "GET", path: "/v1/cards", template: "/v1/cards", status: 200, answer: fmt.Sprintf(`{"cards":[{"id":"%x","account":%d,"last4":"%04d"}]}`, scatter(uint64(own), 2), own, own%10000)}
	if d.newAPI() && x.old {
		c.status, c.template, c.answer = 410, "", missing
	} else if d.newAPI() {
		c.path, c.template = "/v2/wallet/cards", "/v2/wallet/cards"
	}
	d.send(x, c)
}

func (x *actor) transfer(d *day, from, to int) {
	id := transferOf(d.n, from, 100+x.step)
	d.send(x, call{method: "POST", path: "/v1/transfers", template: "/v1/transfers", status: 201, object: fmt.Sprint(to),
		body:   fmt.Sprintf(`{"from":%d,"to":%d,"amount_cents":%d,"note":"rent"}`, from, to, 100+x.r.IntN(90000)),
		answer: fmt.Sprintf(`{"id":%q,"from":%d,"status":"booked"}`, id, from)})
}

// profile changes what the bank holds of a customer.
func (x *actor) profile(d *day, what string) {
	d.send(x, call{method: "PUT", path: "/v1/profile/" + what, template: "/v1/profile/" + what, status: 200,
		body: fmt.Sprintf(`{%q:"***"}`, what), answer: `{"status":"ok"}`})
}

// partner syncs: the list, then every account that it is for. Some know the ids
// themselves and ask for no list.
func partner(d *day, x *actor) {
	if !x.open {
		d.visit(x, 1)
		x.secret, x.left = "key of "+x.Name, len(x.accounts)
		if x.number%2 == 0 {
			d.send(x, call{method: "GET", path: "/partner/v1/accounts", template: "/partner/v1/accounts", status: 200,
				answer: list("accounts", len(x.accounts), func(i int) string { return fmt.Sprintf(`{"id":%d}`, x.accounts[i]) })})
		}
		x.wait(time.Second)
		return
	}
	if d.over(x) {
		return
	}
	id := x.accounts[x.left]
	c := call{method: "GET", path: fmt.Sprintf("/partner/v1/accounts/%d/balance", id), template: "/partner/v1/accounts/{int}/balance", object: fmt.Sprint(id), status: 200,
		answer: fmt.Sprintf(`{"account":%d,"balance_cents":%d}`, id, scatter(uint64(id))%900000)}
	if id%31 == 0 { // closed since, which the partner was not told
		c.status, c.answer = 404, missing
	}
	d.send(x, c)
	x.wait(400 * time.Millisecond)
}

// batch reads the ledger at night: ids from a file of its own.
func batch(d *day, x *actor) {
	if !x.open {
		d.visit(x, 1)
		x.left = len(x.accounts)
	}
	if x.step%500 == 0 {
		x.secret = x.token(d)
	}
	if d.over(x) {
		return
	}
	if x.step%50 == 0 {
		d.send(x, export(x.step/50))
	} else {
		d.send(x, readAccount(x.accounts[x.left]))
	}
	x.wait(time.Second)
}

// export is a page of all customers.
func export(page int) call {
	return call{method: "GET", path: "/v1/customers", query: fmt.Sprintf("page=%d&size=100", page), template: "/v1/customers", status: 200, size: 90_000,
		answer: list("customers", 20, func(i int) string { return fmt.Sprintf(`{"id":%q,"name":"A. Person"}`, customerOf(page*100+i)) })}
}

// support takes up one customer a visit: found by a search, or by an account number
// that was read out on the telephone.
func support(d *day, x *actor) {
	if !x.open {
		d.visit(x, 6)
		x.secret = x.token(d)
		x.about = x.r.IntN(d.w.o.Customers)
	}
	if d.over(x) {
		return
	}
	n := x.about
	switch {
	case x.step == 1 && x.r.IntN(4) > 0:
		search(d, x, n)
	case x.r.IntN(3) == 0:
		d.send(x, customer(n))
	default:
		d.send(x, readAccount(accountOf(n, 0)))
	}
	x.wait(25 * time.Second)
}

func search(d *day, x *actor, n int) {
	d.send(x, call{method: "GET", path: "/v1/customers/search", query: fmt.Sprintf("name=customer%06d", n), template: "/v1/customers/search", status: 200,
		answer: fmt.Sprintf(`{"customers":[{"id":%q,"accounts":[{"id":%d},{"id":%d}]}]}`, customerOf(n), accountOf(n, 0), accountOf(n, 1))})
}

func customer(n int) call {
	id := customerOf(n)
	return call{method: "GET", path: "/v1/customers/" + id, template: "/v1/customers/{uuid}", object: id, status: 200, answer: fmt.Sprintf(`{"id":%q,"name":"A. Person"}`, id)}
}
