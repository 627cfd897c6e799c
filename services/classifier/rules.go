package classifier

import (
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
)

// exposure is a way in which sensitive data is where it should not be: a rule, when it
// holds of a confirmed field, and what its finding counts.
type exposure struct {
	rule  *finding.Rule
	holds func(s *saying, m *merger) bool
	under int    // the circumstance whose events count; all where it is -1
	how   string // of the summary, "%d" being the events
	// severity of this field, where that is not the rule's.
	severity func(s *saying) finding.Severity
}

const always = -1

// grave classes do harm by themselves; those that are personal do so beside others.
func (c *class) grave() bool { return c.category == Payment || c.category == Identity }

func (c *class) personal() bool {
	switch c.category {
	case Network, Reference, Credential:
		return false
	}
	return true
}

// never are values that may not be kept, whoever asks.
func (c *class) never() bool { return c.name == "payment.cvv" || c.name == "payment.pin" }

// graver is high for what does harm by itself, medium for the rest.
func graver(s *saying) finding.Severity { return s.class.grade() }

// grade is how grave a class is where it should not be.
func (c *class) grade() finding.Severity {
	if c.grave() || c.category == Health || c.category == Bank || c.secret() {
		return finding.High
	}
	return finding.Medium
}

// Rules are the rules of the classifier, for those who map them to requirements.
func Rules() (rules []*finding.Rule) {
	for _, e := range exposures {
		rules = append(rules, e.rule)
	}
	return rules
}

var exposures = []*exposure{
	{under: always, holds: func(s *saying, _ *merger) bool {
		return s.at.direction == response && s.grave() && !s.never()
	},
		rule: rule("DATA-01", "Sensitive data in clear in a response", finding.High, "API3", []string{"CWE-359", "CWE-200"}, "T1213",
			"Return a token, or as much of the value as the caller needs: of a card number at most the first six and last four digits, of a national number the last four. Whole card numbers are in scope of PCI DSS 4.0.1, 3.4.1 (masked when displayed) and 3.5.1 (unreadable wherever stored).")},
	{under: always, holds: func(s *saying, _ *merger) bool { return s.at.inURL() && s.personal() },
		severity: graver,
		rule: rule("DATA-02", "Sensitive data in a URL", finding.High, "API3", []string{"CWE-598", "CWE-359"}, "T1552",
			"Send the value in the body or, better, an id or token in its place: URLs are kept in logs, histories and referrers.")},
	{under: openly, how: "%d events answered callers without a credential", holds: func(s *saying, _ *merger) bool {
		return s.at.direction == response && s.personal() && s.category != Health
	},
		severity: graver,
		rule: rule("DATA-03", "Sensitive data answered without authentication", finding.High, "API2", []string{"CWE-306", "CWE-359"}, "T1213",
			"Require a credential at this endpoint and check that the caller may see the object. If the data is meant to be public, say so by an order for the finding.")},
	{under: always, holds: func(s *saying, _ *merger) bool {
		return s.at.direction == response && s.secret() && s.class.name != "secret.jwt"
	},
		rule: rule("DATA-04", "Secret in a response", finding.Critical, "API3", []string{"CWE-200", "CWE-522"}, "T1552",
			"Revoke the secret where it is valid, then stop returning it: call the provider from the server, or hand out credentials that are short-lived and narrow.")},
	{under: always, holds: func(s *saying, _ *merger) bool { return s.at.inURL() && s.class.name == "secret.jwt" },
		rule: rule("DATA-05", "Token in a URL", finding.Medium, "API2", []string{"CWE-598"}, "T1550.001",
			"Send the token in the Authorization header: URLs are kept in logs, histories and referrers, and whoever reads one can act as its owner.")},
	{under: always, holds: func(s *saying, _ *merger) bool {
		return s.at.direction == response && s.class.name == "secret.jwt"
	},
		rule: rule("DATA-06", "Token in a response", finding.Info, "API3", []string{"CWE-200"}, "T1528",
			"Check that this endpoint is one that issues tokens, to the caller they are for; any other must not return them.")},
	{under: always, holds: func(s *saying, _ *merger) bool {
		return s.at.inURL() && s.secret() && s.class.name != "secret.jwt"
	},
		rule: rule("DATA-07", "Secret in a URL", finding.Medium, "API2", []string{"CWE-598"}, "T1552",
			"Send the secret in a header or the body: URLs are kept in logs, histories and referrers. Revoke it if it was not meant for browsers.")},
	{under: toPartner, how: "%d events answered networks of partners", holds: func(s *saying, _ *merger) bool {
		return s.at.direction == response && s.personal()
	},
		severity: func(s *saying) finding.Severity {
			if s.grave() || s.category == Health {
				return finding.Medium
			}
			return finding.Low
		},
		rule: rule("DATA-08", "Sensitive data answered to a partner", finding.Medium, "API3", []string{"CWE-359"}, "T1213",
			"Check that the agreement with the partner covers this class of data, and return nothing that it does not.")},
	{under: inError, how: "%d events stood in answers with an error", holds: func(s *saying, _ *merger) bool {
		return s.at.direction == response && (s.personal() || s.secret())
	},
		severity: graver,
		rule: rule("DATA-09", "Sensitive data in an error answer", finding.Medium, "API8", []string{"CWE-209"}, "T1213",
			"Answer errors with a code and an id to look up; what the server knew when it failed belongs into its log, masked.")},
	{under: always, how: "it began %s after the watch on the tenant", holds: func(s *saying, m *merger) bool {
		since := m.since[s.key.tenant]
		return s.at.direction == response && (s.personal() || s.secret()) && since > 0 && time.Duration(s.tally.First-since) >= m.cfg.NewAfter
	},
		severity: func(*saying) finding.Severity { return finding.Low },
		rule: rule("DATA-11", "Sensitive data that was not there before", finding.Low, "API9", []string{"CWE-213"}, "",
			"Look at what was deployed: a response that came to carry this class of data needs the same review as a new endpoint.")},
	{under: always, holds: func(s *saying, _ *merger) bool { return s.never() },
		severity: func(s *saying) finding.Severity {
			if s.at.direction == response || s.at.inURL() {
				return finding.Critical
			}
			return finding.Medium // a payment may send it, nobody may keep it
		},
		rule: rule("DATA-12", "Card verification value or PIN", finding.Critical, "API3", []string{"CWE-359", "CWE-522"}, "T1213",
			"Take it in a payment only, pass it on and forget it. It must not be stored after authorization nor returned, not even encrypted: PCI DSS 4.0.1, 3.3.1.")},
	{under: openly, how: "%d events answered callers without a credential", holds: func(s *saying, _ *merger) bool {
		return s.at.direction == response && s.category == Health
	},
		rule: rule("DATA-13", "Health data answered without authentication", finding.Critical, "API2", []string{"CWE-306", "CWE-359"}, "T1213",
			"Require a credential and check that the caller may see the patient: HIPAA 45 CFR 164.312(a) and (d).")},
	{under: unveiled, how: "%d events went over HTTP without TLS", holds: func(s *saying, _ *merger) bool { return s.personal() || s.secret() },
		severity: graver,
		rule: rule("DATA-14", "Sensitive data over a cleartext connection", finding.High, "API8", []string{"CWE-319"}, "T1040",
			"Serve the endpoint over TLS only and answer plain HTTP with a redirect that carries no data. Where a proxy takes TLS off before the sensor, let it send X-Forwarded-Proto.")},
}

func rule(id, title string, severity finding.Severity, owasp string, cwe []string, attack, remediation string) *finding.Rule {
	r := &finding.Rule{ID: id, Title: title, Detector: "classifier", Severity: severity, OWASP: []string{owasp}, CWE: cwe, Remediation: remediation}
	if attack != "" {
		r.ATTACK = []string{attack}
	}
	return r
}

// occurrence is what the finding counts.
func (e *exposure) occurrence(s *saying) occurrence {
	if e.under == always {
		return occurrence{Events: s.tally.Events, First: s.tally.First, Last: s.tally.Last, Refs: list[reference](s.events)}
	}
	return s.under[e.under]
}

// story is the clause of the summary that says what makes it an exposure.
func (e *exposure) story(s *saying, m *merger) string {
	switch {
	case e.how == "":
		return ""
	case e.under == always:
		return "; " + fmt.Sprintf(e.how, time.Duration(s.tally.First-m.since[s.key.tenant]).Truncate(time.Minute))
	}
	return "; " + fmt.Sprintf(e.how, s.under[e.under].Events)
}
