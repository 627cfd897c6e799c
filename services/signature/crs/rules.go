package crs

import (
	"slices"
	"strings"

	"github.com/corazawaf/coraza/v3/types"
	"github.com/corazawaf/coraza/v3/types/variables"
	"github.com/miradorhq/mirador/services/signature"
)

// ruleInfo is what is known of a rule before it fires.
type ruleInfo struct {
	class   signature.Class
	score   int
	message string
}

// observe is called for every rule while the set is compiled. It keeps those that
// carry an attack tag and a severity; the rest compute scores and skip levels.
func (e *Engine) observe(r types.RuleMetadata) {
	if v := r.Version(); v != "" && e.version == "" {
		e.version = "coraza 3.8.1, " + v
	}
	if strings.Contains(r.Raw(), "msg:") {
		e.says[r.ID()] = true
	}
	score := severityScore(r.Severity())
	if r.ID() == 0 || score == 0 {
		return
	}
	class, ok := classOf(r.ID(), r.Tags())
	if !ok {
		return
	}
	e.rules[r.ID()] = ruleInfo{class: class, score: score, message: message(r.Raw())}
}

// severityScore is the rule set's own scale.
func severityScore(s types.RuleSeverity) int {
	switch s {
	case types.RuleSeverityEmergency, types.RuleSeverityAlert, types.RuleSeverityCritical:
		return 5
	case types.RuleSeverityError:
		return 4
	case types.RuleSeverityWarning:
		return 3
	case types.RuleSeverityNotice:
		return 2
	}
	return 0
}

// byTag is ordered: a rule may carry several tags, and the narrower says more.
var byTag = [...]struct {
	tag   string
	class signature.Class
}{
	{"attack-sqli", signature.SQLi}, {"attack-ssti", signature.SSTI}, {"attack-ssrf", signature.SSRF},
	{"attack-injection-php", signature.PHP}, {"attack-injection-generic", signature.Injection}, {"attack-generic", signature.Injection},
	{"attack-injection-java", signature.RCE}, {"attack-rfi", signature.RFI}, {"attack-lfi", signature.LFI}, {"attack-xss", signature.XSS},
	{"attack-fixation", signature.Fixation}, {"attack-reputation-scanner", signature.Scanner}, {"attack-rce", signature.RCE},
	{"attack-multipart-header", signature.Protocol}, {"attack-protocol", signature.Protocol},
}

// classOf classifies a rule by its file (the thousands of its id) and its tags.
func classOf(id int, tags []string) (signature.Class, bool) {
	switch file := id / 1000; {
	case file == 911 || file == 920:
		return signature.Enforcement, true
	case file == 955:
		return signature.WebShell, true
	case file >= 950 && file < 959:
		return signature.Leak, true
	case file < 911 || file >= 949:
		return 0, false
	}
	for _, t := range byTag {
		if slices.Contains(tags, t.tag) {
			return t.class, true
		}
	}
	return 0, false
}

// message is the msg of a rule's text, only where it holds no macro: an expanded
// macro would carry the value.
func message(raw string) string {
	_, rest, ok := strings.Cut(raw, "msg:'")
	if !ok {
		return ""
	}
	m, _, ok := strings.Cut(rest, "'")
	if !ok || strings.Contains(m, "%{") {
		return ""
	}
	return m
}

// appendHits adds a hit for every place that m matched. A rule scores once a place.
func appendHits(hits []signature.Hit, m types.MatchedRule, info ruleInfo, parameters string) []signature.Hit {
	n := len(hits)
	for _, d := range m.MatchedDatas() {
		if d.ChainLevel() != 0 {
			continue
		}
		location, ok := location(d.Variable(), m.Rule().Phase(), parameters)
		if !ok {
			continue
		}
		hits = append(hits, signature.Hit{Rule: m.Rule().ID(), Class: info.class, Score: info.score, Message: info.message,
			Location: location, Name: name(d.Variable(), d.Key()), Value: d.Value()})
	}
	if len(hits) == n { // it matched a variable of the rule set's own
		hits = append(hits, signature.Hit{Rule: m.Rule().ID(), Class: info.class, Score: info.score, Message: info.message, Location: "transaction"})
	}
	return hits
}

// location says where a variable stands, in the words of findings; false for the
// rule set's own variables. parameters is where those parameters stand that the rule
// set does not tell apart.
func location(v variables.RuleVariable, phase types.RulePhase, parameters string) (string, bool) {
	switch v {
	case variables.ArgsGet, variables.ArgsGetNames, variables.QueryString:
		return "request.query", true
	case variables.ArgsPost, variables.ArgsPostNames, variables.RequestBody, variables.RequestXML, variables.XML,
		variables.MultipartPartHeaders, variables.MultipartFilename, variables.MultipartName, variables.Files, variables.FilesNames:
		return "request.body", true
	case variables.Args, variables.ArgsNames:
		return parameters, true
	case variables.RequestCookies, variables.RequestCookiesNames:
		return "request.cookie", true
	case variables.RequestHeaders, variables.RequestHeadersNames:
		return "request.header", true
	case variables.RequestURI, variables.RequestURIRaw, variables.RequestFilename, variables.RequestBasename, variables.ArgsPath:
		return "request.path", true
	case variables.RequestLine, variables.RequestMethod, variables.RequestProtocol:
		return "request.line", true
	case variables.ResponseBody, variables.ResponseArgs, variables.ResponseXML:
		return "response.body", true
	case variables.ResponseHeaders, variables.ResponseHeadersNames:
		return "response.header", true
	case variables.ResponseStatus, variables.StatusLine, variables.ResponseProtocol:
		return "response.line", true
	case variables.TX, variables.MatchedVar, variables.MatchedVars, variables.MatchedVarName, variables.MatchedVarsNames, variables.Unknown:
		return "", false
	}
	if phase >= types.PhaseResponseHeaders {
		return "response", true
	}
	return "request", true
}

// name is the field inside the location: Coraza's "json.order.items.0.note" is the
// body's order.items.0.note. Where the name itself matched, it is also the value.
func name(v variables.RuleVariable, key string) string {
	switch v {
	case variables.XML, variables.RequestXML, variables.ResponseXML:
		return ""
	}
	return strings.TrimPrefix(key, "json.")
}
