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

// sixfold are the rates of most: from one every two hours, which no rule is expected to
// tell from chance where it counts, in five steps to ten a minute.
var sixfold = [Intensities]float64{0.5, 3, 17, 100, 600}

// Kinds are all ways to attack, in the order of the table that they are shown in.
func Kinds() []*Kind { return kinds }

var kinds = []*Kind{
	{Name: "stuffing", Detection: "CRED-01 CRED-02", Built: true, What: "leaked users tried on the login from one address; one in 100 is right", Rates: sixfold, Most: 600, as: Visitor, act: stuffing},
	{Name: "stuffing-spread", Detection: "CRED-01", Built: true, What: "the same from 1,000 addresses together", Rates: [Intensities]float64{16, 63, 250, 1000, 4000}, Most: 4000, Short: true, as: Visitor, act: stuffing},
	{Name: "scan", Detection: "RECON-01", Built: true, What: "paths that do not exist, from one address", Rates: sixfold, Most: 600, as: Visitor, act: scan},
	{Name: "walk", Detection: "ENUM-01 BOLA-01", Built: true, What: "a customer counts up account numbers; one in seven is refused", Rates: sixfold, Most: 600, as: Phone, act: walk},
	{Name: "objects", Detection: "BOLA-01", Built: true, What: "a customer reads accounts of others, in no order", Rates: [Intensities]float64{0.5, 2, 12, 240, 3600}, Most: 300, as: Phone, act: objects},
	{Name: "spray", Detection: "CRED-02", Built: true, What: "one password on the names of real customers, from one address", Rates: sixfold, Most: 600, as: Visitor, act: spray},
	{Name: "brute", Detection: "CRED-02", Built: true, What: "one customer's password tried from twenty networks", Rates: sixfold, Most: 600, as: Visitor, act: brute},
	{Name: "rotation", Detection: "SLOW-01 BOLA-01", Built: true, What: "one address takes a new token for every fifth account of others", Rates: sixfold, Most: 600, as: Phone, act: rotation},
	{Name: "gift-cards", Detection: "SLOW-01", Built: true, What: "gift card codes guessed from 2,000 addresses together", Rates: [Intensities]float64{4, 16, 63, 250, 1000}, Most: 4000, Short: true, as: Visitor, shop: true, act: guess},
	{Name: "scraping", Detection: "SCRAPE-01", Built: true, What: "the catalogue page by page with all its products, from one address", Rates: [Intensities]float64{5, 20, 80, 300, 1200}, Most: 1500, as: Visitor, shop: true, act: scrape},
	{Name: "carding", Detection: "TXN-01", Built: true, What: "cards tried out on payments of one shopper; four in five are declined", Rates: sixfold, Most: 600, as: Shopper, shop: true, act: carding},
	{Name: "transfers", Detection: "TXN-01", Built: true, What: "a customer's account emptied to a new payee each time", Rates: sixfold, Most: 300, as: Phone, act: empty},
	{Name: "replay", Detection: "TOK-01", Built: true, What: "the token of a customer who is about used from elsewhere with another client", Rates: sixfold, Most: 300, as: Phone, act: replay},
	{Name: "forged", Detection: "JWT-01", Built: true, What: "tokens that no API must accept: not signed, long expired, of another issuer; this one does", Rates: sixfold, Most: 300, as: Phone, act: forged},
	{Name: "takeover", Detection: "ATO-01", Built: true, What: "a customer's password used from elsewhere; mail address and password changed, then the money", Rates: sixfold, Most: 6, as: Phone, act: takeOver},
	{Name: "privilege", Detection: "BFLA-01", Built: true, What: "a customer calls what support staff call", Rates: sixfold, Most: 300, as: Phone, act: privilege},
	{Name: "unguarded", Detection: "AUTH-01", Built: true, What: "an endpoint of customers that answers anybody, called from ten networks", Rates: sixfold, Most: 300, as: Visitor, act: unguarded},
	{Name: "export", Detection: "EXFIL-01", Built: true, What: "a customer's token pages through all customers", Rates: sixfold, Most: 600, as: Phone, act: exfiltrate},
	{Name: "polling", Detection: "RATE-01", Built: true, What: "a customer's script asks for the same list again and again", Rates: [Intensities]float64{2, 8, 30, 120, 480}, Most: 1500, as: Phone, act: polling},
	{Name: "unpaid", Detection: "SEQ-01", Built: true, What: "orders confirmed that nobody paid for", Rates: sixfold, Most: 300, as: Shopper, shop: true, act: unpaid},
	{Name: "tamper", Detection: "FUZZ-01", Built: true, What: "a customer tries other types and broken documents in a transfer", Rates: sixfold, Most: 600, as: Phone, act: tamper},
	{Name: "mass", Detection: "MASS-01", Built: true, What: "a shopper adds properties to orders that are not a shopper's, and one in three takes effect", Rates: sixfold, Most: 300, as: Shopper, shop: true, act: assign},
	{Name: "graphql", Detection: "GQL-01", Built: true, What: "gift cards tried by fifty aliases in a GraphQL mutation", Rates: sixfold, Most: 300, as: Shopper, shop: true, act: aliases},
	{Name: "spam", Detection: "SPAM-01", Built: true, What: "one text with small changes as a review of product after product", Rates: sixfold, Most: 300, as: Shopper, shop: true, act: advertise},
	{Name: "hoard", Detection: "HOARD-01", Built: true, What: "one product put into cart after cart and never bought", Rates: sixfold, Most: 300, as: Visitor, shop: true, act: hoard},
	{Name: "oversized", Detection: "RES-01", Built: true, What: "pages of the catalogue of a hundred thousand products", Rates: sixfold, Most: 300, as: Visitor, shop: true, act: oversize},
	{Name: "listed", Detection: "REP-01", Built: true, What: "looks at products from a network that a list of bad ones names", Rates: sixfold, Most: 300, as: Visitor, shop: true, act: listed},
	{Name: "false-crawler", Detection: "BOT-01", Built: true, What: "looks at products under the name of a crawler, from elsewhere", Rates: sixfold, Most: 300, as: Visitor, shop: true, act: pretend},
	{Name: "fetch", Detection: "SSRF-01", Built: true, What: "a shopper gives addresses inside as pictures to fetch, and the service does", Rates: sixfold, Most: 60, as: Shopper, shop: true, act: fetch},
	{Name: "foothold", Detection: "EW-01", Built: true, What: "a service that was taken over calls others that it never called", Rates: sixfold, Most: 12, as: Visitor, act: foothold},
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
