package elsewhere

import (
	"fmt"
	"net/http"
)

// Styles are the APIs there are.
func Styles() []Style {
	refusing := nested
	refusing.Name, refusing.host, refusing.foreign = "refusing", "id.refusing.example", http.StatusForbidden
	hiding := nested
	hiding.Name, hiding.host, hiding.foreign = "hiding", "id.hiding.example", http.StatusNotFound
	return []Style{nested, refusing, hiding, forms, verbs, graph, headers, dark, partners, store}
}

func credentials(path string) func(string, bool) request {
	return func(user string, right bool) request {
		q := request{method: "POST", uri: path, body: fmt.Sprintf(`{"email":%q,"password":"x"}`, user), status: 401, answer: `{"errors":[{"code":"BAD_CREDENTIALS"}]}`}
		if right {
			q.status, q.answer = 200, `{"data":{"token_type":"bearer","expires":3600}}`
		}
		return q
	}
}

// nested has clients with wallets below them in the path, UUIDs, and answers in an
// envelope.
var nested = Style{
	Name: "nested", host: "api.wallets.example", secretHeader: "authorization", secretPrefix: "Bearer ", jwt: true, bodies: true, foreign: 200, id: uuid,
	login: credentials("/identity/v3/authenticate"),
	list: func(s *Style, owner int) request {
		client := s.id("client", owner)
		return request{method: "GET", uri: "/core/v3/clients/" + client + "/wallets", status: 200, answer: fmt.Sprintf(`{"meta":{"requestId":%q},"data":{"client":{"clientId":%q},"items":[%s]}}`,
			uuid("request", owner), client, of(owner, each, func(o int) string { return fmt.Sprintf(`{"walletId":%q,"label":"spare"}`, s.id("wallet", o)) }))}
	},
	read: func(s *Style, owner, object int) request {
		id := s.id("wallet", object)
		return request{method: "GET", uri: "/core/v3/clients/" + s.id("client", owner) + "/wallets/" + id, status: 200,
			answer: fmt.Sprintf(`{"meta":{"requestId":%q},"data":{"wallet":{"walletId":%q,"amount":{"value":12.5,"unit":"EUR"}}}}`, uuid("request", object+7), id)}
	},
	pay: func(s *Style, from, to int) request {
		return request{method: "POST", uri: "/core/v3/payment-orders", status: 201,
			body:   fmt.Sprintf(`{"debtor":{"walletId":%q},"creditorAccount":{"iban":"DE%020d"},"instructedAmount":{"value":"20.00"}}`, s.id("wallet", from), to),
			answer: fmt.Sprintf(`{"data":{"paymentOrderId":%q,"state":"ACCEPTED"}}`, s.id("order", from*31+to))}
	},
	export: func(s *Style, page int) request {
		return request{method: "GET", uri: fmt.Sprintf("/core/v3/clients?cursor=%s&limit=50", digest("cursor", page)), status: 200,
			answer: fmt.Sprintf(`{"data":{"items":[%s]}}`, of(page, 50, func(o int) string {
				return fmt.Sprintf(`{"clientId":%q,"name":"A. Person","birthday":"1980-01-%02d"}`, s.id("client", o), 1+o%28)
			}))}
	},
}

// forms are pages of a portal: a cookie, numbers in the query, forms, and a login whose
// failures are redirections.
var forms = Style{
	Name: "forms", host: "portal.oldbank.example", secretHeader: "cookie", secretPrefix: "lang=en; JSESSIONID=", bodies: true, form: "application/x-www-form-urlencoded", foreign: 200, id: counted,
	login: func(user string, right bool) request {
		q := request{method: "POST", uri: "/portal/login.do", body: "j_username=" + user + "&j_password=x&_csrf=17", status: 302, location: "/portal/login?error=true"}
		if right {
			q.location = "/portal/overview"
		}
		return q
	},
	list: func(s *Style, owner int) request {
		return request{method: "GET", uri: "/portal/overview", status: 200, answer: fmt.Sprintf(`{"holder":"A. Person","depots":[%s]}`, of(owner, each, func(o int) string { return fmt.Sprintf(`{"depotNo":%s,"sum":17}`, s.id("depot", o)) }))}
	},
	read: func(s *Style, _, object int) request {
		id := s.id("depot", object)
		return request{method: "GET", uri: "/portal/depot/view?depotNo=" + id + "&lang=en", status: 200, answer: fmt.Sprintf(`{"depotNo":%s,"positions":[{"isin":"DE0001102309","n":4}]}`, id)}
	},
	pay: func(s *Style, from, to int) request {
		return request{method: "POST", uri: "/portal/remit.do", status: 200, body: fmt.Sprintf("acctFrom=%s&acctTo=%d&amt=20", s.id("depot", from), 70_000_000+to), answer: `{"state":"done"}`}
	},
	export: func(s *Style, page int) request {
		return request{method: "GET", uri: fmt.Sprintf("/portal/search?q=a&p=%d", page), status: 200, answer: fmt.Sprintf(`{"hits":[%s]}`, of(page, 40, func(o int) string { return fmt.Sprintf(`{"depotNo":%s,"holder":"A. Person"}`, s.id("depot", o)) }))}
	},
}

// verbs has an operation in every path, ids with a prefix in bodies, and tokens that say
// nothing; a refused login is answered 200.
var verbs = Style{
	Name: "verbs", host: "rpc.ledger.example", secretHeader: "authorization", secretPrefix: "Bearer ", bodies: true, foreign: 200, id: prefixed, fixed: true,
	login: func(user string, right bool) request {
		q := request{method: "POST", uri: "/v1/sessions.create", body: fmt.Sprintf(`{"login":%q,"secret":"x"}`, user), status: 200, answer: `{"ok":false,"error":"invalid_credentials"}`}
		if right {
			q.answer = `{"ok":true,"expires_in":600}`
		}
		return q
	},
	list: func(s *Style, owner int) request {
		return request{method: "POST", uri: "/v1/ledgers.list", status: 200, body: `{"limit":20}`, answer: fmt.Sprintf(`{"ok":true,"ledgers":[%s]}`, of(owner, each, func(o int) string { return fmt.Sprintf(`{"ledger":%q}`, s.id("ledger", o)) }))}
	},
	read: func(s *Style, _, object int) request {
		id := s.id("ledger", object)
		return request{method: "POST", uri: "/v1/ledgers.info", status: 200, body: fmt.Sprintf(`{"ledger":%q,"with":["balance"]}`, id), answer: fmt.Sprintf(`{"ok":true,"ledger":{"id":%q,"balance":"20.00"}}`, id)}
	},
	pay: func(s *Style, from, to int) request {
		return request{method: "POST", uri: "/v1/funds.send", status: 200, body: fmt.Sprintf(`{"source":%q,"recipient":%q,"amount":"5"}`, s.id("ledger", from), s.id("ledger", to)), answer: fmt.Sprintf(`{"ok":true,"tx":%q}`, s.id("txn", from*31+to))}
	},
}

// graph asks for everything at one path.
var graph = Style{
	Name: "graph", host: "graph.money.example", secretHeader: "authorization", secretPrefix: "Bearer ", jwt: true, bodies: true, foreign: 200, id: digest,
	login: func(user string, right bool) request {
		q := request{method: "POST", uri: "/graphql", status: 200, answer: `{"errors":[{"message":"wrong credentials"}],"data":{"login":null}}`,
			body: fmt.Sprintf(`{"operationName":"Login","query":"mutation Login($email: String!, $password: String!) { login(email: $email, password: $password) { token } }","variables":{"email":%q,"password":"x"}}`, user)}
		if right {
			q.answer = `{"data":{"login":{"token":"***"}}}`
		}
		return q
	},
	list: func(s *Style, owner int) request {
		return request{method: "POST", uri: "/graphql", status: 200, body: `{"operationName":"Mine","query":"query Mine { me { pots { id } } }"}`,
			answer: fmt.Sprintf(`{"data":{"me":{"pots":[%s]}}}`, of(owner, each, func(o int) string { return fmt.Sprintf(`{"id":%q}`, s.id("pot", o)) }))}
	},
	read: func(s *Style, _, object int) request {
		id := s.id("pot", object)
		return request{method: "POST", uri: "/graphql", status: 200, body: fmt.Sprintf(`{"operationName":"Pot","query":"query Pot($id: ID!) { pot(id: $id) { id total } }","variables":{"id":%q}}`, id), answer: fmt.Sprintf(`{"data":{"pot":{"id":%q,"total":20}}}`, id)}
	},
	pay: func(s *Style, from, to int) request {
		return request{method: "POST", uri: "/graphql", status: 200, body: fmt.Sprintf(`{"operationName":"Send","query":"mutation Send($from: ID!, $to: ID!, $amount: Int!) { transfer(from: $from, to: $to, amount: $amount) { id } }","variables":{"from":%q,"to":%q,"amount":20}}`, s.id("pot", from), s.id("pot", to)),
			answer: fmt.Sprintf(`{"data":{"transfer":{"id":%q}}}`, s.id("transfer", from*31+to))}
	},
}

// headers says in a header which account is meant.
var headers = Style{
	Name: "headers", host: "mobile.cards.example", secretHeader: "x-auth-token", bodies: true, foreign: 200, id: counted,
	login: credentials("/m/logon"),
	list: func(s *Style, owner int) request {
		return request{method: "GET", uri: "/m/me", status: 200, answer: fmt.Sprintf(`{"accounts":[%s]}`, of(owner, each, func(o int) string { return fmt.Sprintf(`{"account":{"number":%q}}`, s.id("account", o)) }))}
	},
	read: func(s *Style, _, object int) request {
		id := s.id("account", object)
		return request{method: "GET", uri: "/m/balance", headers: map[string]string{"x-account-id": id}, status: 200, answer: fmt.Sprintf(`{"account":{"number":%q,"balance":20}}`, id)}
	},
	pay: func(s *Style, from, to int) request {
		return request{method: "PUT", uri: "/m/transfer", headers: map[string]string{"x-account-id": s.id("account", from)}, status: 200, body: fmt.Sprintf(`{"beneficiaryAccount":%q,"amountMinor":500}`, s.id("account", to)), answer: `{"result":"OK"}`}
	},
}

// dark is a sensor that records no bodies.
var dark = Style{
	Name: "dark", host: "api.quiet.example", secretHeader: "authorization", secretPrefix: "Bearer ", jwt: true, foreign: 200, id: counted,
	login: credentials("/login"),
	list:  func(*Style, int) request { return request{method: "GET", uri: "/policies", status: 200} },
	read: func(s *Style, _, object int) request {
		return request{method: "GET", uri: "/policies/" + s.id("policy", object) + "/documents", status: 200}
	},
	pay: func(s *Style, from, _ int) request {
		return request{method: "POST", uri: "/policies/" + s.id("policy", from) + "/premiums", status: 202}
	},
}

// partners are a handful of programs.
var partners = Style{
	Name: "partners", host: "b2b.freight.example", secretHeader: "x-api-key", fixed: true, bodies: true, foreign: 200, id: ulid, few: true,
	list: func(s *Style, owner int) request {
		return request{method: "GET", uri: "/b2b/consignments", status: 200, answer: fmt.Sprintf(`{"results":[%s]}`, of(owner, partnerObjects, func(o int) string { return fmt.Sprintf(`{"consignment":{"ref":%q}}`, s.id("consignment", o)) }))}
	},
	read: func(s *Style, _, object int) request {
		id := s.id("consignment", object)
		return request{method: "GET", uri: "/b2b/consignments/" + id + "/status", status: 200, answer: fmt.Sprintf(`{"consignment":{"ref":%q,"state":"moving"}}`, id)}
	},
}

// store is a shop that needs no login until the end.
var store = Style{
	Name: "store", host: "www.store.example", secretHeader: "cookie", secretPrefix: "theme=dark; sessionid=", bodies: true, foreign: 200, id: counted, shop: true,
	login: credentials("/account/sign-in"),
	list: func(s *Style, owner int) request {
		return request{method: "GET", uri: "/account/purchases", status: 200, answer: fmt.Sprintf(`{"purchases":[%s]}`, of(owner, each, func(o int) string { return fmt.Sprintf(`{"purchaseId":%s}`, s.id("purchase", o)) }))}
	},
	read: func(s *Style, _, object int) request {
		id := s.id("purchase", object)
		return request{method: "GET", uri: "/account/purchases/" + id, status: 200, answer: fmt.Sprintf(`{"purchaseId":%s,"total":20,"address":"1 A Street"}`, id)}
	},
}
