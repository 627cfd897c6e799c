package behavior

import (
	"fmt"
	"maps"
	"math"
	"strings"

	"github.com/miradorhq/mirador/pkg/finding"
)

// formula decides a rule again from the numbers that a finding stores: v gives a
// feature, n what is normal for it. It puts out every term, and says whether it alerts
// and how sure it is.
type formula func(v, n func(string) float64, say func(string, ...any)) (alerts bool, confidence float64)

// formulas are those that a finding's numbers suffice for, by rule and, where two stages
// have one each, by rule and first feature.
func formulas() map[string]formula {
	all := map[string]formula{
		recon01.ID: explainRecon, enum01.ID: explainEnum, bola01.ID: explainBola, cred01.ID: explainSource,
		cred01.ID + " cusum": explainCampaign, cred01.ID + " strangers": explainStrangers, enum01.ID + " refused_1h": explainStrange, recon01.ID + " new_missing_1h": explainSlowRecon,
		fuzz01.ID: explainFuzz, gql01.ID: explainGql, mass01.ID: explainMass, ssrf01.ID: explainSsrf, ew01.ID: explainEdge,
	}
	maps.Copy(all, countFormulas())
	return all
}

// Explain decides f again from its features and says every step. An error means that it
// comes out otherwise, or that another version made it. Where its numbers do not suffice
// they are shown beside what is normal.
func Explain(f *finding.Finding) ([]string, error) {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if f.Versions.Detector != Version {
		return nil, fmt.Errorf("behavior: version %s found it, this is %s: use a build of that time", f.Versions.Detector, Version)
	}
	missing := ""
	of := func(list []finding.Number) func(string) float64 {
		return func(name string) float64 {
			for _, n := range list {
				if n.Name == name {
					return n.Value
				}
			}
			missing = name
			return math.NaN()
		}
	}
	formula, ok := formulas()[f.Rule]
	if len(f.Features) > 0 {
		if second, two := formulas()[f.Rule+" "+f.Features[0].Name]; two {
			formula, ok = second, true
		}
	}
	if !ok {
		return shown(f), nil
	}
	alerts, confidence := formula(of(f.Features), of(f.Baseline), say)
	if f.Rule == ssrf01.ID && f.Severity == finding.Critical { // an address of metadata, which its evidence names
		say("confidence + 0.1 for an address of metadata")
		confidence = min(0.97, confidence+0.1)
	}
	lacks := missing
	if listed := of(f.Features)("known_bad_sources"); listed > 0 {
		// A finding of one transaction is raised by its one address, one that gathers
		// addresses by the share of those that are listed.
		share := 1.0
		part := listed / float64(max(1, len(f.Subject.Addresses)))
		if math.Abs(raised(confidence, part)-f.Confidence) < math.Abs(raised(confidence, 1)-f.Confidence) {
			share = part
		}
		say("confidence %.4f, raised by 0.3 of the rest for known bad sources, %.2f of all", confidence, share)
		confidence = raised(confidence, share)
	}
	missing = lacks
	switch {
	case missing != "": // the rule has another way to alert, which stores other numbers
		return shown(f), nil
	case !alerts:
		return out, fmt.Errorf("behavior: computed again %s does not alert", f.Rule)
	case math.Abs(confidence-f.Confidence) > 1e-6:
		return out, fmt.Errorf("behavior: computed again the confidence is %.4f, stored is %.4f", confidence, f.Confidence)
	}
	say("it alerts, with a confidence of %.3f, as stored", confidence)
	return out, nil
}

// shown are the numbers of f beside what is normal, where no formula decides from them.
func shown(f *finding.Finding) (out []string) {
	for _, n := range f.Features {
		line := fmt.Sprintf("%-24s %.6g", n.Name, n.Value)
		for _, b := range f.Baseline {
			if b.Name == n.Name {
				line += fmt.Sprintf(", normal %.6g", b.Value)
			}
		}
		out = append(out, line)
	}
	return append(out, f.Rule+" decided this from a history that a finding does not hold: these are its numbers as they were")
}

// raised is a confidence once a share of the sources is known to be bad.
func raised(confidence, share float64) float64 {
	return min(0.99, confidence+0.3*(1-confidence)*share)
}

// atLeast says a comparison and what comes of it.
func atLeast(say func(string, ...any), name string, v, limit float64) bool {
	word := "below"
	if v >= limit {
		word = "at or above"
	}
	say("%-24s %.6g is %s %.6g", name, v, word, limit)
	return v >= limit
}

func explainRecon(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	// The level may be below the capacity again where the scan was told before.
	atLeast(say, "level", v("level"), n("capacity"))
	alerts := atLeast(say, "distinct_missing", v("distinct_missing"), n("capacity"))
	share, grown := v("missing_share"), min(1, v("distinct_missing")/(2*n("capacity")))
	say("confidence = 0.6 + 0.35 × share of misses %.3f × growth %.3f", share, grown)
	return alerts, min(0.95, 0.6+0.35*share*grown)
}

func explainEnum(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	enough := atLeast(say, "ids", v("ids"), n("ids"))
	stride := math.Abs(v("stride"))
	ordered := stride != 0 && stride <= n("stride")
	say("%-24s %.6g: %s, at most %.6g would be", "stride", v("stride"), map[bool]string{true: "order", false: "no order"}[ordered], n("stride"))
	dense := atLeast(say, "density", v("density"), n("density"))
	part, share := min(1, v("ids")/(4*n("ids"))), v("denied_share")
	say("confidence = 0.6 + 0.2 × ids of four times the limit %.3f + 0.15 × refused %.3f", part, share)
	return enough && (ordered || dense), min(0.95, 0.6+0.2*part+0.15*share)
}

func explainStrange(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	alerts := atLeast(say, "surprise", v("surprise"), n("bar"))
	most := atLeast(say, "refused_share", v("refused_share"), n("refused_share"))
	share, sure := v("refused_share"), min(1, v("surprise")/14)
	say("confidence = 0.6 + 0.2 × refused %.3f + 0.15 × surprise of 14 %.3f", share, sure)
	return alerts && most, min(0.95, 0.6+0.2*share+0.15*sure)
}

// explainBola: how improbable the counts are is held against the bar that the calibrator
// had set for the kind of actor; both stand in the finding.
func explainBola(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	alerts := atLeast(say, "surprise", v("surprise"), n("bar"))
	foreign, sure := v("foreign")/max(1, v("novel_total")), min(1, v("surprise")/14)
	say("confidence = 0.7 + 0.2 × foreign %.3f + 0.15 × surprise of 14 %.3f", foreign, sure)
	return alerts, min(0.99, 0.7+0.2*foreign+0.15*sure)
}

func explainSlowRecon(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	alerts := atLeast(say, "surprise", v("surprise"), n("bar"))
	sure := min(1, v("surprise")/20)
	say("confidence = 0.6 + 0.3 × surprise of 20 %.3f", sure)
	return alerts, min(0.9, 0.6+0.3*sure)
}

func explainSource(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	many := atLeast(say, "users", v("users"), n("users"))
	failing := atLeast(say, "failure_share", v("failure_share"), n("failure_share"))
	part := min(1, v("users")/(4*n("users")))
	say("confidence = 0.75 + 0.15 × users of four times the limit %.3f + 0.08 × failures %.3f", part, v("failure_share"))
	return many && failing, min(0.98, 0.75+0.15*part+0.08*v("failure_share"))
}

func explainCampaign(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	alarm := atLeast(say, "cusum", v("cusum"), n("alarm"))
	unknown := (v("failing_users_5m") - v("known_users")) / v("failing_users_5m")
	part := min(1, v("cusum")/(4*n("alarm")))
	say("confidence = 0.7 + 0.2 × cusum of four alarms %.3f + 0.08 × users who never logged in %.3f", part, unknown)
	return alarm, min(0.98, 0.7+0.2*part+0.08*unknown)
}

func explainStrangers(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	alerts := atLeast(say, "strangers", v("strangers"), n("limit"))
	say("%-24s %.6g usually come with %.0f logins in %.0f h", "strangers", n("strangers"), v("logins"), v("hours"))
	part, sources := min(1, v("strangers")/(4*n("limit"))), min(1, v("sources")/100)
	say("confidence = 0.6 + 0.2 × strangers of four limits %.3f + 0.1 × sources of 100 %.3f", part, sources)
	return alerts, min(0.9, 0.6+0.2*part+0.1*sources)
}

func explainFuzz(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	alerts := atLeast(say, "level", v("level"), n("capacity"))
	for _, name := range violationNames {
		name = strings.ReplaceAll(name, " ", "_")
		say("%-24s %.0f", name, v(name))
	}
	part := min(1, v("level")/(2*n("capacity")))
	say("confidence = 0.55 + 0.1 × kinds %.0f + 0.1 × level of twice the capacity %.3f", v("kinds"), part)
	return alerts, min(0.95, 0.55+0.1*v("kinds")+0.1*part)
}

func explainGql(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	for _, name := range [...]string{"depth", "aliases", "batch", "fields"} {
		atLeast(say, name, v(name), n(name)+1)
	}
	say("%-24s %.6g of this query, %.6g with those before", "excess", v("excess"), v("level"))
	say("confidence = 0.6 + 0.05 × level %.3f", v("level"))
	return v("excess") > 0, min(0.95, 0.6+0.05*v("level"))
}

func explainMass(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	alerts := atLeast(say, "properties", v("properties"), 1)
	say("%-24s fewer than %.0f principals sent any of them, in %.0f writes before", "senders", n("senders"), n("writes_before"))
	if v("echoed") > 0 {
		say("confidence = 0.85, for %.0f answers showed the value", v("echoed"))
		return alerts, 0.85
	}
	say("confidence = 0.6, for no answer showed the value")
	return alerts, 0.6
}

func explainSsrf(v, n func(string) float64, say func(string, ...any)) (bool, float64) {
	say("%-24s %.3g, at most %.3g count", "seconds_between", v("seconds_between"), n("window_seconds"))
	say("confidence = 0.75 + 0.15 × the host that was asked for is the one called %.0f", v("same_host"))
	return v("seconds_between") <= n("window_seconds"), 0.75 + 0.15*v("same_host")
}

func explainEdge(v, _ func(string) float64, say func(string, ...any)) (bool, float64) {
	say("new credential %.0f, new namespace %.0f", v("new_credential"), v("new_namespace"))
	if v("new_credential")+v("new_namespace") == 2 {
		say("confidence = 0.75, for both")
		return true, 0.75
	}
	say("confidence = 0.6, for one of them")
	return v("new_credential")+v("new_namespace") == 1, 0.6
}
