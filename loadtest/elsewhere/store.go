package elsewhere

import (
	"fmt"
	"math"
	"strings"
	"time"
)

const wares = 900

// slug is a product as shops name them for people.
func slug(n int) string {
	a := [...]string{"blue", "small", "warm", "round", "plain", "old", "light", "soft", "green", "long"}
	b := [...]string{"lamp", "chair", "shirt", "cup", "bag", "clock", "shelf", "scarf", "table"}
	return fmt.Sprintf("%s-%s-%d", a[n%10], b[n/10%9], 2000+n)
}

func shelf(page int) request {
	var items []string
	for i := range 24 {
		items = append(items, fmt.Sprintf(`{"slug":%q,"price":"9.90"}`, slug((page*24+i)%wares)))
	}
	return request{method: "GET", uri: fmt.Sprintf("/catalog?category=all&offset=%d", page*24), status: 200, answer: `{"items":[` + strings.Join(items, ",") + `]}`}
}

func ware(n int) request {
	return request{method: "GET", uri: "/p/" + slug(n), status: 200, answer: fmt.Sprintf(`{"slug":%q,"price":"9.90","text":"a thing"}`, slug(n))}
}

func (p *person) put(n int) {
	p.send(request{method: "POST", uri: "/basket/lines", body: fmt.Sprintf(`{"slug":%q,"qty":1}`, slug(n)), status: 201, answer: `{"lines":1}`})
}

func address() request {
	return request{method: "POST", uri: "/checkout/address", body: `{"street":"1 A Street","zip":"10115"}`, status: 200, answer: `{"next":"payment"}`}
}

func payCard(n int) request {
	return request{method: "POST", uri: "/checkout/payment", body: fmt.Sprintf(`{"method":"card","token":"tok_%d"}`, n), status: 200, answer: `{"next":"place"}`}
}

func place(s *Style, n int) request {
	return request{method: "POST", uri: "/checkout/place", body: `{"terms":true}`, status: 201, answer: fmt.Sprintf(`{"purchaseId":%s}`, s.id("purchase", n))}
}

// browse is a visit to the store: shelves, wares, and for some the way to the end.
func (s *Style) browse(p *person) {
	for range 3 + p.r.IntN(12) {
		p.pause(12 * time.Second)
		if p.r.IntN(3) == 0 {
			p.send(shelf(int(4 * math.Abs(p.r.NormFloat64()))))
			continue
		}
		p.send(ware(int(wares*math.Pow(p.r.Float64(), 2)) % wares))
	}
	if p.n%2 == 1 || !s.enter(p) {
		return
	}
	p.pause(9 * time.Second)
	p.send(s.list(s, p.n))
	p.pause(9 * time.Second)
	p.send(s.read(s, p.n, p.n*each+p.r.IntN(each)))
	if p.r.IntN(2) == 0 {
		return
	}
	for range 1 + p.r.IntN(3) {
		p.pause(10 * time.Second)
		p.put(p.r.IntN(wares))
	}
	for _, q := range []request{address(), payCard(p.n), place(s, p.n*each)} {
		p.pause(15 * time.Second)
		p.send(q)
	}
}
