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
	// From here on to Probe only the second stage knows them.
	XXE
	Deserialization
	NoSQL
	Forging
	Credential
	GraphQL
	Probe
	// Leak and WebShell are classes of responses.
	Leak
	WebShell
	classes
)

// Outbound says whether the class is one of responses.
func (c Class) Outbound() bool { return c == Leak || c == WebShell }

// Rules are the detections of this package, one a class and one of what could not be
// inspected. The order is that of the precedence between classes of equal score: what
// costs more stands first.
func Rules() []finding.Rule {
	rs := make([]finding.Rule, 0, classes)
	for _, c := range precedence {
		rs = append(rs, *c.rule())
	}
	return append(rs, *unfinished)
}

var precedence = [...]Class{RCE, Deserialization, SQLi, SSTI, Injection, NoSQL, PHP, XXE, LFI, SSRF, RFI, Credential, XSS, Protocol, Forging, Fixation, GraphQL, Probe, Scanner, WebShell, Leak}

// Precedence are the classes, those first that decide between equals.
func Precedence() []Class { return precedence[:] }

// classNames are how rules' files write a class.
var classNames = map[string]Class{
	"enforcement": Enforcement, "sqli": SQLi, "rce": RCE, "lfi": LFI, "rfi": RFI, "xss": XSS, "ssrf": SSRF, "ssti": SSTI, "php": PHP, "injection": Injection,
	"protocol": Protocol, "fixation": Fixation, "scanner": Scanner, "xxe": XXE, "deserialization": Deserialization, "nosql": NoSQL, "forging": Forging,
	"credential": Credential, "graphql": GraphQL, "probe": Probe, "leak": Leak, "webshell": WebShell,
}

// ParseClass is the class of that name.
func ParseClass(name string) (Class, bool) {
	c, ok := classNames[name]
	return c, ok
}

func (c Class) String() string {
	for name, of := range classNames { // one name a class: the order does not matter
		if of == c {
			return name
		}
	}
	return ""
}

// Classes is how many there are.
const Classes = int(classes)

// Rule is the metadata of findings of the class; nil for Enforcement.
func (c Class) Rule() *finding.Rule { return c.rule() }

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
	case XXE: // CAPEC-221
		return rule("SIG-XXE", "XML external entity", finding.High, "API8", []string{"CWE-611"}, []string{"T1190", "T1005"},
			"Switch off document types and external entities in the XML parser.")
	case Deserialization: // CAPEC-586
		return rule("SIG-DESERIALIZATION", "Hostile serialised object", finding.Critical, "API8", []string{"CWE-502"}, []string{"T1190", "T1059"},
			"Never deserialise request values into types that the request names.")
	case NoSQL: // CAPEC-676
		return rule("SIG-NOSQL", "NoSQL injection", finding.High, "API8", []string{"CWE-943"}, []string{"T1190"},
			"Take only plain values for the named field; refuse objects and operators.")
	case Forging: // CAPEC-93
		return rule("SIG-FORGING", "Forged log lines", finding.Medium, "API8", []string{"CWE-117"}, []string{"T1070"},
			"Escape line breaks and control characters before a value is logged.")
	case Credential: // CAPEC-115
		return rule("SIG-CREDENTIAL", "Forged token", finding.High, "API2", []string{"CWE-347"}, []string{"T1190", "T1550.001"},
			"Fix the algorithm and the keys in the verifier; take neither from the token.")
	case GraphQL: // CAPEC-197
		return rule("SIG-GRAPHQL", "GraphQL query that costs or shows too much", finding.Medium, "API4", []string{"CWE-770"}, []string{"T1499", "T1190"},
			"Limit depth, aliases and batches; switch introspection off in production.")
	case Probe: // CAPEC-310
		return rule("SIG-PROBE", "Request for a known weak spot", finding.Medium, "API8", []string{"CWE-1395"}, []string{"T1595.002", "T1190"},
			"See whether the path was answered; patch or close what stands there.")
	case Leak: // CAPEC-54
		return rule("SIG-LEAK", "Error detail or source code in a response", finding.Low, "API8", []string{"CWE-209"}, []string{"T1592"},
			"Answer errors with an opaque id and keep the detail in the log.")
	case WebShell: // CAPEC-650
		return rule("SIG-WEBSHELL", "Answer of a web shell", finding.High, "API8", []string{"CWE-553"}, []string{"T1505.003"},
			"Take the host off the network and look for the file that answered.")
	}
	return nil
}
