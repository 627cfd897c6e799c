package parity

import (
	"fmt"
	"math/rand"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
)

// Ordinary traffic of a shop's API, the same at every run: the kinds that the figures
// of the engines are taken on. The generator is math/rand's first one, because those
// figures were.

func browser() []event.Header {
	return headers("Host", "api.shop.example.com",
		"User-Agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"Accept", "application/json, text/plain, */*",
		"Accept-Language", "en-US,en;q=0.9,tr;q=0.8",
		"Accept-Encoding", "gzip, deflate, br",
		"Authorization", "Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjEyMyJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyLCJleHAiOjE1MTYyNDI2MjIsInNjb3BlIjoib3JkZXJzOnJlYWQgb3JkZXJzOndyaXRlIn0.VKLTd_kLR2oQ5gO6F5a4xkD9bPzO3h3r7v7nJ0vG9mU6w1Jc",
		"X-Request-Id", "7b1c9f5e-4a63-4d2e-9a0b-2c9b1f8f6d11",
		"Origin", "https://www.shop.example.com",
		"Referer", "https://www.shop.example.com/checkout/cart",
		"Cookie", "session=2f9d1c6b8e7a4f3d9c0b; locale=en-US; theme=dark; _ga=GA1.2.1234567890.1700000000",
		"X-Forwarded-For", "203.0.113.25")
}

func served() []event.Header {
	return headers("Content-Type", "application/json; charset=utf-8",
		"Cache-Control", "no-store",
		"X-Request-Id", "7b1c9f5e-4a63-4d2e-9a0b-2c9b1f8f6d11",
		"Strict-Transport-Security", "max-age=31536000",
		"Vary", "Accept-Encoding, Origin",
		"Server", "envoy",
		"X-RateLimit-Remaining", "97",
		"Date", "Sun, 22 Nov 2026 03:00:00 GMT")
}

func headers(pairs ...string) (hs []event.Header) {
	for i := 0; i < len(pairs); i += 2 {
		hs = append(hs, event.Header{Name: []byte(pairs[i]), Value: []byte(pairs[i+1])})
	}
	return hs
}

// exchange is a request of the browser and its answer.
func exchange(name, method, uri, contentType string, body []byte, status uint16, response []byte) Case {
	r := request{method: method, uri: uri, version: "HTTP/1.1", headers: browser(), body: body}
	if contentType != "" {
		r.add("Content-Type", contentType)
		r.add("Content-Length", strconv.Itoa(len(body)))
	}
	e := r.event()
	e.Status, e.ResponseHeaders, e.ResponseBody.Data = status, served(), response
	return Case{Name: name, Event: e}
}

const (
	jsonType = "application/json"
	union    = "x' UNION ALL SELECT username,password FROM users WHERE '1'='1' -- "
)

// Kinds are the four plain events: an order of 1 KB, a query with three arguments, an
// order of 8 KB, and the first with an injection in a field.
func Kinds() []Case {
	r := rand.New(rand.NewSource(7))
	const note = "Please leave the package at the front door."
	small := order(r, 1024, note)
	answer := order(r, 1024, "ok")
	large := order(r, 8192, note)
	injected := order(r, 1024, union)
	return []Case{
		exchange("a JSON 1 KB", "POST", "/api/v1/orders", jsonType, small, 201, answer),
		exchange("b GET", "GET", "/api/v1/products?category=keyboards&page=2&sort=price_asc", "", nil, 200, answer),
		exchange("c JSON 8 KB", "POST", "/api/v1/orders/bulk", jsonType, large, 201, answer),
		exchange("d SQLi in JSON", "POST", "/api/v1/orders", jsonType, injected, 201, answer),
	}
}

// Mixed are 38 ordinary events of various shapes and two attacks.
func Mixed() (cases []Case) {
	r := rand.New(rand.NewSource(99))
	notes := []string{"Please leave the package at the front door.", "Gift wrap; don't include the invoice", "Call me when you arrive (after 5pm)", "Size: L, colour = navy & white", "", "Müşteri notu: kapıya bırakın", "https://example.com/tracking/abc?x=1", "select the union jack mug from the set"}
	paths := []string{"/api/v1/users/%d", "/api/v1/orders/%d/items?limit=50&offset=100&expand=prices", "/api/v2/search?q=running+shoes&brand=acme&min=10", "/graphql", "/api/v1/cart/%d", "/healthz", "/api/v1/products/%d/reviews?page=3&sort=recent&lang=en"}
	for i := range 38 {
		name := fmt.Sprintf("e %d", i)
		switch i % 5 {
		case 0, 1, 2:
			p := paths[r.Intn(len(paths))]
			if strings.Contains(p, "%d") {
				p = fmt.Sprintf(p, r.Intn(1e6))
			}
			cases = append(cases, exchange(name+" get", "GET", p, "", nil, 200, order(r, 300+r.Intn(2500), "ok")))
		case 3:
			b := order(r, 300+r.Intn(1500), notes[r.Intn(len(notes))])
			cases = append(cases, exchange(name+" post", "POST", "/api/v1/orders", jsonType, b, 201, order(r, 300+r.Intn(1000), "ok")))
		case 4:
			b := fmt.Appendf(nil, "grant_type=password&username=maria%d&password=Tr0ub4dor&client_id=web&scope=orders", i)
			cases = append(cases, exchange(name+" form", "POST", "/oauth/token", "application/x-www-form-urlencoded", b, 200, []byte(`{"access_token":"abc","expires_in":3600,"token_type":"Bearer"}`)))
		}
	}
	return append(cases,
		exchange("e attack, SQL error", "POST", "/api/v1/orders", jsonType, order(r, 1024, union), 500,
			[]byte(`{"error":"You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version"}`)),
		exchange("e attack, path", "GET", "/api/v1/files?name=..%2f..%2f..%2fetc%2fpasswd&cb=%3Cscript%3Ealert(1)%3C/script%3E", "", nil, 200, []byte(`{"ok":true}`)))
}

func goods() []string {
	return strings.Fields(`wireless keyboard compact black medium cotton shirt running shoes kitchen blender stainless steel bottle insulated travel mug notebook paper lined pen gel blue desk lamp adjustable led warm white office chair ergonomic mesh back support garden hose reel wall mounted outdoor solar light waterproof phone case slim clear protective screen`)
}

func item(r *rand.Rand, words []string) string {
	return fmt.Sprintf(`{"sku":"SKU-%06d","name":"%s %s %s","quantity":%d,"unit_price":%d.%02d,"currency":"USD","in_stock":%v,"tags":["%s","%s"]}`,
		r.Intn(1e6), words[r.Intn(len(words))], words[r.Intn(len(words))], words[r.Intn(len(words))], 1+r.Intn(5), r.Intn(200), r.Intn(100), r.Intn(2) == 0, words[r.Intn(len(words))], words[r.Intn(len(words))])
}

// order is an order of about size bytes.
func order(r *rand.Rand, size int, note string) []byte {
	words := goods()
	var b strings.Builder
	fmt.Fprintf(&b, `{"order_id":"ord_%08x","customer":{"id":%d,"first_name":"Maria","last_name":"Jensen","email":"maria.jensen%d@example.com","phone":"+1-202-555-%04d"},"shipping":{"line1":"%d Maple Street","city":"Springfield","state":"IL","postal_code":"%05d","country":"US"},"note":%q,"items":[`,
		r.Uint32(), r.Intn(1e7), r.Intn(1000), r.Intn(10000), r.Intn(999), r.Intn(99999), note)
	b.WriteString(item(r, words))
	for b.Len() < size-30 {
		b.WriteByte(',')
		b.WriteString(item(r, words))
	}
	b.WriteString(`],"total":123.45}`)
	return []byte(b.String())
}
