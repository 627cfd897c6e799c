package agents

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
