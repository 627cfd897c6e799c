package agents

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Intensities is how many an attack has, the lowest first.
const Intensities = 5

// Kind is a way to attack.
type Kind struct {
	Name string
	// Detection is what is meant to find it, several with blanks between where a fast one
	// and a slow one are two rules of one family; Built whether that exists today.
	Detection string
	Built     bool
	What      string
	// Rates are requests an hour, of all sources together; Most is how many there are at
	// most.
	Rates [Intensities]float64
	Most  int
	// Short attacks last four hours and come one after the other: they are on one
	// endpoint, where two at once would be one.
	Short bool
	// as is how the attacker is known: Phone by a token, Shopper by a cookie, Visitor by
	// the address.
	as   Cohort
	shop bool
	act  func(d *day, x *actor)
}

// Attack is one attack of a day.
type Attack struct {
	Kind      *Kind
	Intensity int // 0 to Intensities-1
	Instance  int // tells apart those of a kind and intensity
}

// Rate is its requests an hour.
func (a *Attack) Rate() float64 { return a.Kind.Rates[a.Intensity] }

// String is the label: kind/intensity/instance.
func (a *Attack) String() string {
	return fmt.Sprintf("%s/%d/%d", a.Kind.Name, a.Intensity+1, a.Instance)
}

// attacker makes the agent of an attack. Its day does not depend on what else is in it.
func (w *World) attacker(d *day, a *Attack) (*actor, error) {
	if a.Kind == nil || a.Intensity < 0 || a.Intensity >= Intensities || a.Instance < 0 {
		return nil, fmt.Errorf("attack %+v: there are %d intensities and no negative instances", *a, Intensities)
	}
	k := a.Kind
	r := rand.New(rand.NewPCG(w.o.Seed+uint64(d.n)<<32, scatter(number(a.String()))))
	name := fmt.Sprintf("attacker-%s", a)
	// An account of its own, behind those of all customers.
	self := w.o.Customers + int(scatter(number(name))%100_000)
	g := &Agent{Name: name, Cohort: k.as, number: self, accounts: []int{accountOf(self, 0)}, shop: k.shop, act: k.attack,
		home: home(60, int(scatter(number(name), 2)%60_000)), agent: "bank-app/4.2", ja4: "t13d1516h2_8daaf6152771_02713d6af862"}
	x := &actor{Agent: g, r: r, attack: a, address: g.home}
	start := time.Duration(r.IntN(int(3 * time.Hour)))
	x.left = k.Most
	if k.Short {
		start = 2*time.Hour + time.Duration(a.Instance%4)*5*time.Hour
		x.left = min(x.left, int(4*a.Rate()))
	}
	x.at = d.start + int64(start)
	switch k.as {
	case Phone:
		x.secret = x.token(d)
	case Shopper:
		x.secret = hexOf(number(name), uint64(d.n))
	}
	return x, nil
}

// attack is a step of any attack.
func (k *Kind) attack(d *day, x *actor) {
	if x.left == 0 {
		x.at = d.end
		return
	}
	x.left--
	x.step++
	k.act(d, x)
	x.wait(time.Duration(float64(time.Hour) / x.attack.Rate()))
}

func try(d *day, x *actor, user string, good bool) {
	c := call{method: "POST", path: "/v1/login", template: "/v1/login", user: user, status: 401,
		body: fmt.Sprintf(`{"username":%q,"password":"***"}`, user), answer: refused}
	if good {
		c.status, c.answer = 200, `{"status":"ok","expires_in":900}`
	}
	d.send(x, c)
}

func stuffing(d *day, x *actor) {
	if x.attack.Kind.Short {
		x.address = home(61, x.r.IntN(1000))
	}
	try(d, x, fmt.Sprintf("leaked%08x@mail.example", uint32(scatter(number(x.Name), uint64(x.step)))), x.r.IntN(100) == 0)
}

func spray(d *day, x *actor) {
	try(d, x, fmt.Sprintf("customer%06d", (x.number+x.step*7)%d.w.o.Customers), x.r.IntN(100) == 0)
}

var words = [...]string{"admin", "backup", "old", "internal", "console", "debug", "metrics", "staging", "manage", "private", "test", "export", "dump", "config", "shell", "upload"}

func scan(d *day, x *actor) {
	n := len(words)
	p := "/" + words[x.step%n] + "/" + words[x.step/n%n]
	if x.step/n/n > 0 {
		p += "/" + words[x.step/n/n%n]
	}
	d.send(x, call{method: "GET", path: p, status: 404, answer: missing})
}

func walk(d *day, x *actor) {
	c := readAccount(firstAccount + x.step)
	if x.r.IntN(7) == 0 {
		c.status, c.answer = 403, `{"status":403}`
	}
	d.send(x, c)
}

func (x *actor) stranger(d *day) call { return readAccount(accountOf(x.r.IntN(d.w.o.Customers), 0)) }

func objects(d *day, x *actor) { d.send(x, x.stranger(d)) }

func rotation(d *day, x *actor) {
	if x.step%5 == 1 {
		x.Name = fmt.Sprintf("attacker-%s-%d", x.attack, x.step)
		x.secret = x.token(d)
	}
	d.send(x, x.stranger(d))
}

func guess(d *day, x *actor) {
	x.address = home(62, x.r.IntN(2000))
	gift(d, x, scatter(number(x.Name), uint64(x.step)), x.r.IntN(200) > 0)
}

func scrape(d *day, x *actor) {
	n := x.step - 1
	if n%21 == 0 {
		page(d, x, n/21)
		return
	}
	product(d, x, n/21*20+n%21)
}

func carding(d *day, x *actor) {
	pay(d, x, orderOf(x.number, 0), x.r.IntN(1_000_000), x.r.IntN(5) == 0)
}

func empty(d *day, x *actor) { x.transfer(d, x.accounts[0], accountOf(x.r.IntN(d.w.o.Customers), 0)) }

// replay is the token of a customer of the bank's, as long as it is good: the thief
// has the newest one half a minute after its owner, and waits while there is none.
func replay(d *day, x *actor) {
	if x.step == 1 {
		x.about = d.w.regular(x.attack)
		x.agent, x.ja4 = script, scriptJA4
	}
	victim := d.agents[x.about]
	if age := d.now - victim.issued; victim.issued == 0 || age < int64(30*time.Second) || age > int64(time.Hour) {
		x.left++
		x.step = max(1, x.step-1)
		return
	}
	x.Name, x.secret, x.accounts = victim.Name, victim.last, victim.accounts
	own := x.accounts[x.step%len(x.accounts)]
	if x.step%3 == 0 {
		x.transfer(d, own, accountOf(x.attack.Instance, 1))
		return
	}
	d.send(x, readAccount(own))
}

// What a thief calls with.
const (
	script    = "python-requests/2.32"
	scriptJA4 = "t13i1810h1_85036bcba153_d41ae481755e"
)

// regular is the number of a customer who has a phone and comes often; every instance
// has another.
func (w *World) regular(a *Attack) int {
	return w.regulars[(a.Instance*5+a.Intensity)%len(w.regulars)]
}

// forged are tokens with one fault an attack; the bank looks at none.
func forged(d *day, x *actor) {
	switch x.attack.Instance % 3 {
	case 0:
		x.secret = x.forge(`{"typ":"JWT","alg":"none"}`, issuer, "support", d.now, time.Hour)
	case 1:
		x.secret = x.forge(signed, issuer, "customer", d.now-int64(48*time.Hour), time.Hour)
	default:
		x.secret = x.forge(signed, "https://id.elsewhere.example", "customer", d.now, time.Hour)
	}
	d.send(x, x.stranger(d))
}

// takeOver is somebody who knows the password of a customer, or has the code of a
// message: a token of its own for the same subject.
func takeOver(d *day, x *actor) {
	if x.step == 1 {
		victim := d.w.agents[d.w.regular(x.attack)]
		x.Name, x.accounts, x.agent, x.ja4 = victim.Name, victim.accounts, script, scriptJA4
		x.secret = x.token(d)
	}
	own := x.accounts[0]
	switch x.step {
	case 1, 4:
		d.send(x, readAccount(own))
	case 2:
		x.profile(d, "email")
	case 3:
		x.profile(d, "password")
	default:
		x.transfer(d, own, accountOf(x.attack.Instance, 1))
	}
}

func privilege(d *day, x *actor) {
	n := x.r.IntN(d.w.o.Customers)
	if x.step%2 == 1 {
		search(d, x, n)
		return
	}
	d.send(x, customer(n))
}

// unguarded is one endpoint an attack.
func unguarded(d *day, x *actor) {
	x.address = home(64, 250*x.r.IntN(10))
	n := accountOf(x.r.IntN(d.w.o.Customers), 0)
	switch x.attack.Instance % 4 {
	case 0:
		d.send(x, readAccount(n))
	case 1:
		x.cards(d, n)
	case 2:
		d.send(x, call{method: "GET", path: fmt.Sprintf("/v1/accounts/%d/transfers", n), template: "/v1/accounts/{int}/transfers", object: fmt.Sprint(n), status: 200, answer: `{"transfers":[]}`})
	default:
		id := transferOf(d.n, n, x.step%10)
		d.send(x, call{method: "GET", path: "/v1/transfers/" + id, template: "/v1/transfers/{ulid}", object: id, status: 200, answer: fmt.Sprintf(`{"id":%q,"from":%d,"amount_cents":300}`, id, n)})
	}
}

func brute(d *day, x *actor) {
	x.address = home(63, 250*(x.r.IntN(20)))
	try(d, x, fmt.Sprintf("customer%06d", x.number%d.w.o.Customers), false)
}

func exfiltrate(d *day, x *actor) { d.send(x, export(x.step)) }

func polling(d *day, x *actor) {
	own := x.accounts[0]
	d.send(x, call{method: "GET", path: "/v1/accounts", template: "/v1/accounts", status: 200, answer: list("accounts", 1, func(int) string { return accountJSON(own) })})
}

func unpaid(d *day, x *actor) {
	order := orderOf(x.number, x.step%20)
	d.send(x, call{method: "POST", path: "/v1/orders", template: "/v1/orders", status: 201, body: `{"cart_id":"` + uuidOf(uint64(order), uint64(x.step)) + `"}`, answer: fmt.Sprintf(`{"id":%d,"status":"open"}`, order)})
	d.send(x, call{method: "POST", path: fmt.Sprintf("/v1/orders/%d/confirm", order), template: "/v1/orders/{int}/confirm", object: fmt.Sprint(order), status: 200, body: `{}`, answer: fmt.Sprintf(`{"id":%d,"status":"paid"}`, order)})
}

// tamper varies one part of a transfer at a time.
func tamper(d *day, x *actor) {
	parts := [...][2]string{{"from", fmt.Sprint(x.accounts[0])}, {"to", fmt.Sprint(accountOf(x.r.IntN(d.w.o.Customers), 0))}, {"amount", "1250"}, {"currency", `"EUR"`}, {"note", `"rent"`}}
	wrong := [...]string{`"x"`, `true`, `[]`, `{"a":1}`, `1e400`, `"\xff"`, `-1`, `""`}
	which, how := x.step%len(parts), x.step/len(parts)%len(wrong)
	text := "{"
	for i, p := range parts {
		if i > 0 {
			text += ","
		}
		value := p[1]
		if i == which {
			value = wrong[how]
		}
		text += `"` + p[0] + `":` + value
	}
	if x.step%7 < 6 { // else it breaks off
		text += "}"
	}
	d.send(x, call{method: "POST", path: "/v1/transfers", template: "/v1/transfers", status: 422, body: text, answer: `{"status":422,"detail":"not understood"}`})
}

func assign(d *day, x *actor) {
	property := [...]string{`"discount":90`, `"unit_price":1`, `"is_admin":true`, `"paid":true`, `"user_id":7`, `"role":"staff"`}[x.step%6]
	order := orderOf(x.number, x.step%20)
	answer := fmt.Sprintf(`{"id":%d,"status":"open"}`, order)
	if x.step%3 == 0 {
		answer = fmt.Sprintf(`{"id":%d,"status":"open",%s}`, order, property)
	}
	d.send(x, call{method: "POST", path: "/v1/orders", template: "/v1/orders", status: 201, body: `{"cart_id":"` + uuidOf(uint64(order), uint64(x.step)) + `",` + property + `}`, answer: answer})
}

func aliases(d *day, x *actor) {
	text := "mutation {"
	for i := range 50 {
		text += fmt.Sprintf(` a%d: redeem%d(code: \"%08x\") { ok }`, i, x.attack.Instance, uint32(scatter(uint64(x.step), uint64(i))))
	}
	d.send(x, call{method: "POST", path: "/graphql", template: "/graphql", status: 200, body: `{"query":"` + text + ` }"}`, answer: `{"data":{}}`})
}

func advertise(d *day, x *actor) {
	review(d, x, 1+x.r.IntN(products), fmt.Sprintf("Dear friends, I bought mine for a third of the price at the big outlet, order %d, ask me for the address", x.step))
}

func hoard(d *day, x *actor) {
	cart := uuidOf(number(x.Name), uint64(x.step))
	d.send(x, call{method: "POST", path: "/v1/carts/" + cart + "/items", template: "/v1/carts/{uuid}/items", object: cart, status: 201,
		body: fmt.Sprintf(`{"product_id":%d,"quantity":8}`, 1+number(x.Name)%products), answer: fmt.Sprintf(`{"cart_id":%q,"items":1}`, cart)})
}

func oversize(d *day, x *actor) { pageOf(d, x, x.step, 100_000) }
