package agents

import (
	"fmt"
	"math"
	"time"
)

// shopper looks at products, fills a cart, pays, and looks at orders. A visitor does
// the same without an account, up to the checkout.
func shopper(d *day, x *actor) {
	if !x.open {
		d.visit(x, 7)
		x.id = uuidOf(number(x.Name), uint64(d.now))
		if x.Cohort == Shopper && x.r.IntN(3) == 0 && !x.signIn(d) {
			x.left = min(x.left, 3)
		}
		if x.Cohort == Shopper {
			x.secret = hexOf(number(x.Name), uint64(d.now))
		}
		x.wait(3 * time.Second)
		return
	}
	if d.over(x) {
		return
	}
	n := x.r.IntN(20)
	switch {
	case x.r.IntN(30) == 0: // what a browser asks for by itself, and links that are dead
		d.send(x, call{method: "GET", path: dead[x.r.IntN(len(dead))], status: 404, answer: missing})
	case n <= 5:
		page(d, x, int(30*math.Abs(x.r.NormFloat64())))
	case n <= 13:
		product(d, x, x.taste(d))
	case n <= 16:
		d.send(x, call{method: "POST", path: "/v1/carts/" + x.id + "/items", template: "/v1/carts/{uuid}/items", object: x.id, status: 201,
			body: fmt.Sprintf(`{"product_id":%d,"quantity":1}`, x.taste(d)), answer: fmt.Sprintf(`{"cart_id":%q,"items":1}`, x.id)})
	case n == 17 && x.r.IntN(3) == 0:
		gift(d, x, uint64(x.number), x.r.IntN(5) == 0)
	case x.Cohort == Visitor:
		product(d, x, x.taste(d))
	case n == 17:
		x.checkout(d)
	case n == 18 && scatter(uint64(d.now), 9)%3 == 0:
		x.opinion(d)
	default:
		x.orders(d)
	}
	x.wait(12 * time.Second)
}

var dead = [...]string{"/favicon.ico", "/apple-touch-icon.png", "/robots.txt", "/v1/products/summer", "/.well-known/assetlinks.json", "/v1/banners/spring"}

func (x *actor) signIn(d *day) bool {
	c := call{method: "POST", path: "/v1/sessions", template: "/v1/sessions", user: x.Name, anonymous: true, status: 201,
		body: fmt.Sprintf(`{"email":"%s@mail.example","password":"***"}`, x.Name), answer: `{"status":"ok"}`}
	if x.r.IntN(10) == 0 {
		c.status, c.answer = 401, refused
	}
	d.send(x, c)
	return c.status == 201
}

// taste is a product: few are looked at by many. In a sale it is mostly the one.
func (x *actor) taste(d *day) int {
	if d.inSale() && x.r.IntN(3) > 0 {
		return 1777
	}
	return 1 + int(products*math.Pow(x.r.Float64(), 2.5))%products
}

// page is one of the catalogue; some clients say how many products it is to have.
func page(d *day, x *actor, n int) {
	size := 0
	if x.number%3 == 0 {
		size = 20
	}
	pageOf(d, x, n, size)
}

// pageOf is a page of so many products, of as many as the shop likes if 0. The answer
// is cut off where it is recorded.
func pageOf(d *day, x *actor, n, size int) {
	n %= products / 20
	query := fmt.Sprintf("page=%d", n+1)
	if size > 0 {
		query += fmt.Sprintf("&size=%d", size)
	}
	d.send(x, call{method: "GET", path: "/v1/products", query: query, size: min(size, products) * 30, template: "/v1/products", status: 200,
		answer: list("products", 20, func(i int) string { return fmt.Sprintf(`{"id":%d,"price_cents":%d}`, n*20+i+1, 500+i) })})
}

func product(d *day, x *actor, id int) {
	d.send(x, call{method: "GET", path: fmt.Sprintf("/v1/products/%d", id), template: "/v1/products/{int}", object: fmt.Sprint(id), status: 200,
		answer: fmt.Sprintf(`{"id":%d,"name":"A thing","price_cents":%d}`, id, 500+id%9000)})
}

// checkout pays in the order that the shop wants: order, payment, confirmation; a card
// is refused now and then, and a gift card mistyped.
func (x *actor) checkout(d *day) {
	order := orderOf(x.number, x.step%20)
	path := fmt.Sprintf("/v1/orders/%d", order)
	d.send(x, call{method: "POST", path: "/v1/orders", template: "/v1/orders", status: 201, body: fmt.Sprintf(`{"cart_id":%q}`, x.id), answer: fmt.Sprintf(`{"id":%d,"status":"open"}`, order)})
	if x.r.IntN(6) == 0 {
		gift(d, x, uint64(x.number), x.r.IntN(8) == 0)
	}
	paid := pay(d, x, order, x.number, x.r.IntN(25) > 0)
	if paid {
		d.send(x, call{method: "POST", path: path + "/confirm", template: "/v1/orders/{int}/confirm", object: fmt.Sprint(order), status: 200, body: `{}`, answer: fmt.Sprintf(`{"id":%d,"status":"paid"}`, order)})
	}
}

func pay(d *day, x *actor, order, card int, good bool) bool {
	c := call{method: "POST", path: "/v1/payments", template: "/v1/payments", object: fmt.Sprint(card), status: 201,
		body:   fmt.Sprintf(`{"order_id":%d,"card":"4000 00** **** %04d","amount_cents":2999}`, order, card%10000),
		answer: fmt.Sprintf(`{"id":%q,"status":"authorised"}`, uuidOf(uint64(order), uint64(d.now)))}
	if !good {
		c.status, c.answer = 402, `{"status":402,"detail":"declined"}`
	}
	d.send(x, c)
	return good
}

func gift(d *day, x *actor, n uint64, wrong bool) {
	code := codeOf(n)
	c := call{method: "GET", path: "/v1/giftcards/" + code, template: "/v1/giftcards/{code}", object: code, status: 200, answer: `{"balance_cents":2500}`}
	if wrong {
		c.status, c.answer = 404, missing
	}
	d.send(x, c)
}

func (x *actor) orders(d *day) {
	order := orderOf(x.number, x.r.IntN(4))
	switch x.r.IntN(3) {
	case 0:
		d.send(x, call{method: "GET", path: "/v1/orders", template: "/v1/orders", status: 200,
			answer: list("orders", 4, func(i int) string {
				o := orderOf(x.number, i)
				return fmt.Sprintf(`{"id":%d,"invoice_id":%q}`, o, invoiceOf(o))
			})})
	case 1:
		d.send(x, call{method: "GET", path: fmt.Sprintf("/v1/orders/%d", order), template: "/v1/orders/{int}", object: fmt.Sprint(order), status: 200, answer: fmt.Sprintf(`{"id":%d,"invoice_id":%q}`, order, invoiceOf(order))})
	default:
		id := invoiceOf(order)
		d.send(x, call{method: "GET", path: "/v1/invoices/" + id, template: "/v1/invoices/{hex}", object: id, status: 200, size: 60_000, answer: fmt.Sprintf(`{"id":%q}`, id)})
	}
}

// crawler follows what it finds: pages, products, and links that are dead.
func crawler(d *day, x *actor) {
	if !x.open {
		d.visit(x, 15)
	}
	if d.over(x) {
		return
	}
	switch n := x.r.IntN(20); {
	case n == 0:
		d.send(x, call{method: "GET", path: fmt.Sprintf("/v0/catalog/old-page%c", 'a'+x.r.IntN(26)), status: 404, answer: missing})
	case n < 6 && x.number == 0: // compares prices, with the largest pages there are
		pageOf(d, x, x.r.IntN(products/20), 1000)
	case n < 6:
		page(d, x, x.r.IntN(products/20))
	default:
		product(d, x, 1+x.r.IntN(products))
	}
	x.wait(4 * time.Second)
}

// opinion is a review of something bought: most say what everybody says.
func (x *actor) opinion(d *day) {
	n := scatter(uint64(d.now), uint64(x.number))
	text := "Works very well, thanks"
	if n%4 == 0 {
		text = "I have had it since " + hexOf(n)[:9] + " and would say that " + hexOf(n, 2)[:12] + " is what it does best, " + hexOf(n, 3)[:14] + " a little less"
	}
	review(d, x, 1+int(n%products), text)
}

func review(d *day, x *actor, product int, text string) {
	d.send(x, call{method: "POST", path: fmt.Sprintf("/v1/products/%d/reviews", product), template: "/v1/products/{int}/reviews", object: fmt.Sprint(product), status: 201,
		body: fmt.Sprintf(`{"stars":5,"text":%q}`, text), answer: `{"status":"published"}`})
}
