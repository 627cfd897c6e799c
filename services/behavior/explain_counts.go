package behavior

import (
	"math"
	"strings"
)

// countFormulas are those of rules that count or compare.
func countFormulas() map[string]formula {
	return map[string]formula{
		cred02.ID: explainSpray, cred02.ID + " refusals": explainAccount,
		tok01.ID: explainToken, jwt01.ID: explainJWT, rep01.ID: explainListed, bot01.ID: explainClaimed,
		auth01.ID: explainOpen, ato01.ID: explainTakeover, bfla01.ID: explainRole,
		rate01.ID: explainRate, exfil01.ID: explainExfil,
		txn01.ID: explainPayees, txn01.ID + " cards": explainCards, txn01.ID + " items": explainSpread,
		seq01.ID: explainSequence, scrape01.ID: explainScrape,
		slow01.ID: explainGuesses, slow01.ID + " items": explainSpread,
		spam01.ID: explainText, spam01.ID + " items": explainSpread,
		hoard01.ID: explainHoard, res01.ID: explainSize,
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// atMost says a comparison that must stay below.
func atMost(say func(string, ...any), name string, v, limit float64) bool {
	word := "above"
	if v <= limit {
		word = "at or below"
	}
	say("%-24s %.6g is %s %.6g", name, v, word, limit)
	return v <= limit
}

func explainSpray(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	many := atLeast(say, "users_refused", v("users_refused"), n("users_refused"))
	share := v("users_refused") / v("users")
	most := atLeast(say, "share", share, n("share"))
	part := min(1, v("users_refused")/(4*n("users_refused")))
	say("confidence = 0.7 + 0.15 × share of its users %.3f + 0.1 × users of four times the limit %.3f", share, part)
	return many && most, min(0.97, 0.7+0.15*share+0.1*part)
}

func explainAccount(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	high := atLeast(say, "level", v("level"), n("tries"))
	wide := atLeast(say, "networks", v("networks"), n("networks"))
	spread := atLeast(say, "level", v("level"), n("tries_spread"))
	if v("told_before") > 0 {
		say("%-24s it had reached that before, and goes on", "told_before")
	}
	part, networks := min(1, v("level")/(2*n("tries"))), min(1, v("networks")/10)
	say("confidence = 0.65 + 0.15 × level of twice the limit %.3f + 0.15 × networks of 10 %.3f", part, networks)
	return high || wide && spread || v("told_before") > 0, min(0.95, 0.65+0.15*part+0.15*networks)
}

func explainToken(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	differs := atLeast(say, "dimensions", v("dimensions"), n("dimensions"))
	many := atLeast(say, "foreign_requests", v("foreign_requests"), n("requests"))
	lately := atMost(say, "since_own_client_s", v("since_own_client_s"), n("window_s"))
	part := min(1, v("foreign_requests")/20)
	say("confidence = 0.75 + 0.1 × dimensions beyond two %.0f + 0.1 × requests of 20 %.3f", v("dimensions")-2, part)
	return differs && many && lately, min(0.98, 0.75+0.1*(v("dimensions")-2)+0.1*part)
}

func explainJWT(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	answered := atLeast(say, "answered", v("answered"), 1)
	foreign := 0.7
	if n("issuers") > 0 {
		foreign = 0.95
	}
	for i, fault := range [...]struct {
		sure  float64
		timed bool
	}{{0.97, false}, {0.9, true}, {foreign, false}, {0.85, true}} {
		if v(strings.ReplaceAll(jwtFaults[i], " ", "_")) == 0 {
			continue
		}
		say("confidence = %.2f, for the fault of the token: %s", fault.sure, jwtFaults[i])
		return answered && (!fault.timed || atLeast(say, "beyond_s", v("beyond_s"), n("skew_s"))), fault.sure
	}
	return false, 0
}

func explainListed(v, _ func(string) float64, say func(string, ...any)) (bool, float64) {
	alerts := atLeast(say, "answered", v("answered"), 1)
	say("confidence = 0.5, for a list of /%.0f says so and nothing else", v("prefix_bits"))
	return alerts, 0.5
}

func explainClaimed(v, _ func(string) float64, say func(string, ...any)) (bool, float64) {
	alerts := atLeast(say, "requests", v("requests"), 1)
	say("confidence = 0.9, for the address is in none of the crawler's networks")
	return alerts, 0.9
}

func explainOpen(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	protected := atLeast(say, "protected_low", v("protected_low"), n("protected"))
	open := atLeast(say, "open_low", v("open_low"), n("open"))
	networks := atLeast(say, "networks", v("networks"), n("networks"))
	answers := atLeast(say, "answers", v("answers"), n("answers"))
	if v("sensitive_path") > 0 {
		say("%-24s its path alone says that it is not for everybody", "sensitive_path")
	}
	say("confidence = 0.5 + 0.3 × least share of known principals %.3f + 0.15 × least share of anonymous ones let in %.3f", v("protected_low"), v("open_low"))
	return (protected || v("sensitive_path") > 0) && open && networks && answers, min(0.95, 0.5+0.3*v("protected_low")+0.15*v("open_low"))
}

func explainTakeover(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	strange := atLeast(say, "score", v("score"), n("score"))
	soon := atMost(say, "after_s", v("after_s"), n("window_s"))
	say("%-24s of %.0f visits %.0f had its network, %.0f its agent, %.0f its TLS fingerprint", "visits_known", v("visits_known"), v("with_network"), v("with_agent"), v("with_ja4"))
	beyond, known := min(10, v("score")-n("score")), min(1, v("visits_known")/20)
	say("confidence = 0.6 + 0.03 × score beyond the limit, 10 at most %.3f + 0.05 × visits of 20 %.3f", beyond, known)
	return strange && soon, min(0.95, 0.6+0.03*beyond+0.05*known)
}

func explainRole(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	learned := atLeast(say, "first_uses_of_cohort", v("first_uses_of_cohort"), n("learned"))
	rare := atMost(say, "rarest_share", v("rarest_share"), n("share"))
	// Counts decay, so that three of another role may be a hair less by now.
	others := atLeast(say, "principals_of_other_at_rarest", v("principals_of_other_at_rarest")+fewest, n("others"))
	count, share, theirs := min(1, v("operations")/4), min(1, n("share")/(20*v("rarest_share"))), min(1, v("principals_of_other_at_rarest")/20)
	say("confidence = 0.6 + 0.15 × operations of 4 %.3f + 0.1 × rarity %.3f + 0.1 × others of 20 %.3f", count, share, theirs)
	return learned && rare && others, min(0.95, 0.6+0.15*count+0.1*share+0.1*theirs)
}

func explainRate(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	say("%-24s %.6g in 5 minutes, %.6g in an hour, %.6g in a day; normal %.6g, limit %.6g", "requests", v("requests_5m"), v("requests_1h"), v("requests_24h"), n("mean"), n("limit"))
	say("%-24s %.6g times the usual of its kind", "pace", v("pace"))
	alerts := atLeast(say, "surprise", v("surprise"), n("bar"))
	sure := min(1, v("surprise")/40)
	say("confidence = 0.6 + 0.3 × surprise of 40 %.3f", sure)
	return alerts, min(0.95, 0.6+0.3*sure)
}

func explainExfil(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	say("%-24s %.6g in an hour, %.6g in a day; normal %.6g, limit %.6g", "new_records", v("new_records_1h"), v("new_records_24h"), n("records_mean"), n("records_limit"))
	say("%-24s %.6g in an hour, %.6g in a day; normal %.6g, limit %.6g", "kilobytes", v("kilobytes_1h"), v("kilobytes_24h"), n("kilobytes_mean"), n("kilobytes_limit"))
	alerts := atLeast(say, "surprise", v("surprise"), n("bar")) // of the less surprising of the two
	sure := min(1, v("surprise")/20)
	say("confidence = 0.6 + 0.3 × surprise of 20 %.3f", sure)
	return alerts, min(0.95, 0.6+0.3*sure)
}

func explainPayees(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	inHour := atLeast(say, "new_payees_1h", v("new_payees_1h"), n("limit_1h"))
	inDay := atLeast(say, "new_payees_24h", v("new_payees_24h"), n("limit_24h"))
	sure := v("surprise") / 14
	say("confidence = 0.75 + 0.2 × surprise of 14 %.3f, where it pays %.3f new ones an hour", sure, n("own_mean_1h"))
	return inHour || inDay, min(0.97, 0.75+0.2*sure)
}

func explainCards(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	many := atLeast(say, "cards", v("cards"), v("limit"))
	share := v("declined") / v("cards")
	bad := atLeast(say, "declined_share", share, n("declined_share"))
	part := min(1, v("cards")/(4*v("limit")))
	say("confidence = 0.7 + 0.15 × cards of four times the limit %.3f + 0.12 × declined %.3f", part, share)
	return many && bad, min(0.97, 0.7+0.15*part+0.12*share)
}

func explainSpread(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	items := atLeast(say, "items", v("items"), n("limit"))
	clients := atLeast(say, "clients", v("clients"), n("clients"))
	shared := atMost(say, "largest_share", v("largest_share"), n("largest_share"))
	part := min(1, v("items")/(4*n("limit")))
	say("confidence = 0.7 + 0.15 × items of four times the limit %.3f + 0.1 × what the busiest did not do %.3f", part, 1-v("largest_share"))
	return items && clients && shared, min(0.95, 0.7+0.15*part+0.1*(1-v("largest_share")))
}

func explainSequence(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	rate := (n("sessions")*(1-n("share")) + 3) / (n("sessions") + 3)
	p := tail(int(min(v("skipped"), topCount)), rate*v("tries"), 1e6)
	say("%-24s %.0f of %.0f times, where %.4g of %.0f sessions do: %.3g, stored %.3g", "skipped", v("skipped"), v("tries"), rate, n("sessions"), p, v("probability"))
	improbable := atMost(say, "probability", v("probability"), n("probability"))
	steady := atMost(say, "missing_lately", n("missing_lately"), n("drift"))
	sure, strange := min(1, -math.Log10(max(v("probability"), 1e-14))/14), min(1, v("surprise_bits")/16)
	say("confidence = 0.75 + 0.1 × improbability of 14 %.3f + 0.12 × surprise of 16 bits %.3f", sure, strange)
	return improbable && steady, min(0.97, 0.75+0.1*sure+0.12*strange)
}

func explainScrape(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	items := atLeast(say, "items", v("items"), n("items"))
	cover := atLeast(say, "coverage", v("coverage"), n("coverage"))
	part, steady := min(1, v("coverage")/(4*n("coverage"))), max(0, 1-v("pause_variation"))
	say("confidence = 0.65 + 0.2 × coverage of four times the limit %.3f + 0.1 × steadiness %.3f", part, steady)
	return items && cover, min(0.95, 0.65+0.2*part+0.1*steady)
}

func explainGuesses(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	alarm := atLeast(say, "cusum", v("cusum"), n("alarm"))
	wide := atLeast(say, "even_addresses_1h", v("even_addresses_1h"), n("sources"))
	part, sources := v("cusum")/(4*n("alarm")), min(1, v("even_addresses_1h")/100)
	say("confidence = 0.7 + 0.15 × cusum of four alarms %.3f + 0.1 × addresses of 100 %.3f", part, sources)
	return alarm && wide, min(0.95, 0.7+0.15*part+0.1*sources)
}

func explainText(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	alerts := atLeast(say, "objects", v("objects"), n("objects"))
	part := min(1, v("objects")/(4*n("objects")))
	say("confidence = 0.65 + 0.25 × objects of four times the limit %.3f", part)
	return alerts, min(0.95, 0.65+0.25*part)
}

func explainHoard(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	units := atLeast(say, "units_24h", v("units_24h"), n("units"))
	share := atLeast(say, "share", v("share"), n("share"))
	few := !atLeast(say, "bought", v("bought"), n("bought_share")*v("holds"))
	part := min(1, v("units_24h")/(4*n("units")))
	say("confidence = 0.65 + 0.15 × units of four times the limit %.3f + 0.15 × share of all that is held %.3f", part, v("share"))
	return units && share && few, min(0.95, 0.65+0.15*part+0.15*v("share"))
}

func explainSize(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	large := atLeast(say, "size", v("size"), n("times")*n("usual_size"))
	dear := atLeast(say, "cost_ratio", v("cost_ratio"), n("cost"))
	many := atLeast(say, "requests_1h", v("requests_1h"), n("requests"))
	part, size, cost := min(1, v("requests_1h")/(4*n("requests"))), min(1, v("size")/n("usual_size")/100), min(1, v("cost_ratio")/20)
	say("confidence = 0.65 + 0.1 × requests of four times the limit %.3f + 0.1 × size of 100 times the usual %.3f + 0.1 × cost of 20 times the usual %.3f", part, size, cost)
	return large && dear && many, min(0.95, 0.65+0.1*part+0.1*size+0.1*cost)
}
