package agents

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// What services call, and what an attacker makes them call. Where traffic between them
// is mirrored, the caller is known by name.

// servicesOf are services of the shop and whom each calls all day.
var servicesOf = [...]struct {
	name  string
	calls []string
}{
	{"shop", []string{"stock", "prices", "images", "payments"}}, {"search", []string{"stock", "prices"}}, {"mailer", []string{"templates", "customers"}},
	{"stock", []string{"warehouse"}}, {"payments", []string{"ledger", "fraud"}}, {"reports", []string{"ledger", "warehouse", "customers"}},
	{"images", []string{"objects"}}, {"orders", []string{"stock", "payments", "mailer"}},
}

// Caller is the cohort of services.
const Caller Cohort = "service"

func (w *World) settleServices(r *rand.Rand) {
	for i := range servicesOf {
		w.agents = append(w.agents, &Agent{Name: "service " + servicesOf[i].name, Cohort: Caller, number: i, every: time.Duration(8+r.IntN(8)) * time.Minute,
			home: fmt.Sprintf("10.30.0.%d", 10+i), shop: true, act: calls, agent: "Go-http-client/2.0"})
	}
}

// calls is a round of those that a service calls anyway. One fetches pictures from
// wherever they are, a new host now and then.
func calls(d *day, x *actor) {
	s := &servicesOf[x.number]
	x.address, x.secret = x.home, "certificate of "+s.name
	for _, to := range s.calls {
		d.send(x, inside(s.name, to))
	}
	if s.name == "images" && x.r.IntN(12) == 0 {
		d.send(x, inside(s.name, fmt.Sprintf("cdn%d.pictures.example", x.r.IntN(500))))
	}
	x.at = d.next(x, d.now)
}

// inside is a call of one service to another.
func inside(from, to string) call {
	return call{method: "GET", path: "/internal/state", template: "/internal/state", status: 200, source: from, service: to, namespace: "shop", answer: `{"state":"ok"}`}
}

// fetch gives an address inside as that of a picture; the service that was asked calls
// it within seconds. Which service it is, is another in every attack.
func fetch(d *day, x *actor) {
	s := &servicesOf[(x.attack.Instance+x.attack.Intensity)%len(servicesOf)]
	host := [...]string{"169.254.169.254", "10.30.7.1", "127.0.0.1"}[x.attack.Instance%3]
	d.send(x, call{method: "POST", path: "/v1/pictures", template: "/v1/pictures", status: 201, service: s.name,
		body: fmt.Sprintf(`{"product_id":%d,"url":"http://%s/latest/%d"}`, 1+x.step, host, x.step), answer: `{"status":"stored"}`})
	c := inside(s.name, host)
	c.path, c.template = fmt.Sprintf("/latest/%d", x.step), "/latest/{int}"
	d.sendAs(x, c)
}

// foothold calls one host after the other with a password that was found.
func foothold(d *day, x *actor) {
	s := &servicesOf[(x.attack.Instance+x.attack.Intensity)%len(servicesOf)]
	c := inside(s.name, [...]string{"vault", "ledger-admin", "directory", "backups"}[x.step%4])
	c.namespace = "core"
	d.sendAs(x, c)
}

// sendAs has the service do it that c is from.
func (d *day) sendAs(x *actor, c call) {
	was, address, secret := x.Cohort, x.address, x.secret
	x.Cohort, x.address, x.secret = Caller, "10.30.0.99", "certificate of "+c.source
	d.send(x, c)
	x.Cohort, x.address, x.secret = was, address, secret
}

// Networks that lists and crawlers have, as their operators would publish them.
const (
	// BadNetworks is a list in CSV: one network of attackers, and one that was bad once
	// and is people's now.
	BadNetworks = "ip,expires,category\n100.134.0.0/16,,scanner\n100.114.0.0/16,2026-01-01,proxy\n"
	// CrawlerNetworks are those of the crawler, called CrawlerAgent by itself.
	CrawlerNetworks = "100.104.0.0/16\n"
	CrawlerAgent    = "searchbot"
)

func listed(d *day, x *actor) {
	x.address = home(70, 7+x.attack.Instance)
	product(d, x, 1+x.r.IntN(products))
}

func pretend(d *day, x *actor) {
	x.agent, x.ja4 = "Mozilla/5.0 (compatible; "+CrawlerAgent+"/2.1)", scriptJA4
	product(d, x, 1+x.r.IntN(products))
}
