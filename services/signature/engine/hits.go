package engine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// hitInfo is what is known of a rule before it fires.
type hitInfo struct {
	class   signature.Class
	score   int
	message string
}

// hitInfos are those rules that carry an attack tag and a severity; the rest compute
// scores and skip levels.
func hitInfos(text *seclang.Program) map[int]hitInfo {
	infos := make(map[int]hitInfo)
	for _, item := range text.Items {
		r := item.Rule
		if r == nil || r.ID == 0 {
			continue
		}
		score := severityScore(r.Severity)
		class, ok := classOf(r)
		if score == 0 || !ok {
			continue
		}
		info := hitInfo{class: class, score: score}
		if r.HasMsg && r.Msg.Static() { // an expanded macro would carry the value
			info.message = r.Msg.String()
		}
		infos[r.ID] = info
	}
	return infos
}

// severityScore is the rule set's own scale.
func severityScore(severity int) int {
	switch severity {
	case 0, 1, 2:
		return 5
	case 3:
		return 4
	case 4:
		return 3
	case 5:
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

// classOf classifies a rule of the core rule set by its file (the thousands of its id)
// and its tags, a rule of the user's own by its tags alone.
func classOf(r *seclang.Rule) (signature.Class, bool) {
	if core := r.ID >= 900000 && r.ID < 1000000; core {
		switch file := r.ID / 1000; {
		case file == 911 || file == 920:
			return signature.Enforcement, true
		case file == 955:
			return signature.WebShell, true
		case file >= 950 && file < 959:
			return signature.Leak, true
		case file < 911 || file >= 949:
			return 0, false
		}
	}
	for _, t := range byTag {
		if slices.Contains(r.Tags, t.tag) {
			return t.class, true
		}
	}
	return 0, false
}

// hits adds a hit for every place that a rule matched. A rule scores once a place.
func (s *state) hits(c *compiled, e *event.Event, res *signature.Result) {
	parameters := "request.parameter"
	switch {
	case len(e.RequestBody.Data) == 0:
		parameters = "request.query"
	case len(e.Query) == 0:
		parameters = "request.body"
	}
	for _, m := range s.fired {
		info, ok := c.hits[m.src.ID]
		if !ok {
			continue
		}
		hit := signature.Hit{Rule: m.src.ID, Class: info.class, Score: info.score, Message: info.message}
		n := len(res.Hits)
		for _, d := range s.data[m.from : m.from+m.n] {
			if where, ok := location(d.variable, m.src.Phase, parameters); ok && d.level == 0 {
				hit.Location, hit.Name, hit.Value = where, strings.Clone(name(d)), strings.Clone(d.value)
				res.Hits = append(res.Hits, hit)
			}
		}
		if len(res.Hits) == n { // it matched a variable of the rule set's own
			hit.Location = "transaction"
			res.Hits = append(res.Hits, hit)
		}
	}
	slices.SortFunc(res.Hits, func(a, b signature.Hit) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Location, b.Location), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	})
}

// location says where a variable stands, in the words of findings; false for the
// rule set's own variables. parameters is where those parameters stand that the rule
// set does not tell apart.
func location(v seclang.Variable, phase int, parameters string) (string, bool) {
	switch v {
	case seclang.ArgsGet, seclang.ArgsGetNames, seclang.QueryString:
		return "request.query", true
	case seclang.ArgsPost, seclang.ArgsPostNames, seclang.RequestBody, seclang.RequestXML, seclang.XML,
		seclang.MultipartPartHeaders, seclang.MultipartFilename, seclang.MultipartName, seclang.Files, seclang.FilesNames:
		return "request.body", true
	case seclang.Args, seclang.ArgsNames:
		return parameters, true
	case seclang.RequestCookies, seclang.RequestCookiesNames:
		return "request.cookie", true
	case seclang.RequestHeaders, seclang.RequestHeadersNames:
		return "request.header", true
	case seclang.RequestURI, seclang.RequestURIRaw, seclang.RequestFilename, seclang.RequestBasename:
		return "request.path", true
	case seclang.RequestLine, seclang.RequestMethod, seclang.RequestProtocol:
		return "request.line", true
	case seclang.ResponseBody, seclang.ResponseArgs, seclang.ResponseXML:
		return "response.body", true
	case seclang.ResponseHeaders, seclang.ResponseHeadersNames:
		return "response.header", true
	case seclang.ResponseStatus, seclang.StatusLine, seclang.ResponseProtocol:
		return "response.line", true
	case 0, seclang.TX, seclang.MatchedVar, seclang.MatchedVars, seclang.MatchedVarName, seclang.MatchedVarsNames:
		return "", false
	}
	if phase >= 3 {
		return "response", true
	}
	return "request", true
}

// name is the field inside the location: the rule set's "json.order.items.0.note" is
// the body's order.items.0.note.
func name(d datum) string {
	switch d.variable {
	case seclang.XML, seclang.RequestXML, seclang.ResponseXML:
		return ""
	}
	return strings.TrimPrefix(d.key, "json.")
}
