package signature

import "github.com/miradorhq/mirador/pkg/finding"

// Class is the class of attack a rule is about. It decides the finding's rule id.
type Class uint8

const (
	// Enforcement rules state good manners (a Host that is an address, no Accept, an
	// unlisted content type). They add to the score and never make a finding alone.
	Enforcement Class = iota
	SQLi
	RCE
	LFI
	RFI
	XSS
	SSRF
	SSTI
	PHP
	Injection
	Protocol
	Fixation
	Scanner
	// Leak and WebShell are classes of responses.
	Leak
	WebShell
	classes
)

// Outbound says whether the class is one of responses.
func (c Class) Outbound() bool { return c == Leak || c == WebShell }

// Rules are the detections of this package, one a class. The order is that of the
// precedence between classes of equal score: what costs more stands first.
func Rules() []finding.Rule {
	rs := make([]finding.Rule, 0, classes)
	for _, c := range precedence {
		rs = append(rs, *c.rule())
	}
	return rs
}

var precedence = [...]Class{RCE, SQLi, SSTI, Injection, PHP, LFI, SSRF, RFI, XSS, Protocol, Fixation, Scanner, WebShell, Leak}

func rule(id, title string, s finding.Severity, owasp string, cwe, attack []string, remediation string) *finding.Rule {
	return &finding.Rule{ID: id, Title: title, Detector: Name, Severity: s, OWASP: []string{owasp}, CWE: cwe, ATTACK: attack, Remediation: remediation}
}

// rule is the metadata of the class; nil for Enforcement.
//
// OWASP API 2023 has no injection entry of its own: it counts under API8 (security
// misconfiguration); server-side requests are API7. Techniques are MITRE ATT&CK
// Enterprise, reached from the CAPEC entry that the core rule set tags.
func (c Class) rule() *finding.Rule {
	switch c {
	case SQLi: // CAPEC-66
		return rule("SIG-SQLI", "SQL injection", finding.High, "API8", []string{"CWE-89"}, []string{"T1190"},
			"Use parameterised queries for the named field; check the database log for the time of the request.")
	case RCE: // CAPEC-88, CAPEC-242
		return rule("SIG-RCE", "Command or code execution", finding.Critical, "API8", []string{"CWE-78", "CWE-94"}, []string{"T1190", "T1059"},
			"Never hand request values to a shell or an interpreter; look for new processes on the service's host.")
	case LFI: // CAPEC-126, CAPEC-252
		return rule("SIG-LFI", "Path traversal or local file read", finding.High, "API8", []string{"CWE-22"}, []string{"T1190", "T1083"},
			"Resolve file names against a fixed folder and refuse what leaves it.")
	case RFI: // CAPEC-253
		return rule("SIG-RFI", "Remote file inclusion", finding.High, "API8", []string{"CWE-98"}, []string{"T1190"},
			"Never load code or templates from a URL of the request.")
	case XSS: // CAPEC-63
		return rule("SIG-XSS", "Cross-site scripting", finding.Medium, "API8", []string{"CWE-79"}, []string{"T1190", "T1059.007"},
			"Encode on output, answer JSON with its own content type and nosniff.")
	case SSRF: // CAPEC-664
		return rule("SIG-SSRF", "Server-side request forgery", finding.High, "API7", []string{"CWE-918"}, []string{"T1190", "T1552.005"},
			"Allow-list the hosts a service may call; refuse private and metadata addresses after resolving.")
	case SSTI: // CAPEC-242
		return rule("SIG-SSTI", "Template injection", finding.High, "API8", []string{"CWE-1336"}, []string{"T1190", "T1059"},
			"Never build a template out of request values.")
	case PHP: // CAPEC-242
		return rule("SIG-PHP", "PHP injection", finding.High, "API8", []string{"CWE-94"}, []string{"T1190", "T1059"},
			"Never evaluate or include request values; where no PHP runs, this is a scan.")
	case Injection: // CAPEC-242
		return rule("SIG-INJECTION", "Code or prototype injection", finding.High, "API8", []string{"CWE-94", "CWE-1321"}, []string{"T1190", "T1059"},
			"Do not merge request objects into live ones and do not evaluate request values.")
	case Protocol: // CAPEC-33, CAPEC-34
		return rule("SIG-PROTOCOL", "Protocol attack", finding.Medium, "API8", []string{"CWE-444", "CWE-113"}, []string{"T1190"},
			"Refuse ambiguous lengths and line breaks in values at the edge.")
	case Fixation: // CAPEC-61
		return rule("SIG-FIXATION", "Session fixation", finding.Medium, "API2", []string{"CWE-384"}, []string{"T1190"},
			"Issue a new session at login and never take its id from a parameter.")
	case Scanner: // CAPEC-224
		return rule("SIG-SCANNER", "Security scanner", finding.Low, "API8", []string{"CWE-200"}, []string{"T1595.002"},
			"If the scan was not ordered, block its source and read what it was answered.")
	case Leak: // CAPEC-54
		return rule("SIG-LEAK", "Error detail or source code in a response", finding.Low, "API8", []string{"CWE-209"}, []string{"T1592"},
			"Answer errors with an opaque id and keep the detail in the log.")
	case WebShell: // CAPEC-650
		return rule("SIG-WEBSHELL", "Answer of a web shell", finding.High, "API8", []string{"CWE-553"}, []string{"T1505.003"},
			"Take the host off the network and look for the file that answered.")
	}
	return nil
}
