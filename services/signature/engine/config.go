package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/miradorhq/mirador/services/signature/seclang"
	"github.com/miradorhq/mirador/services/signature/transaction"
)

// Config are the settings of the engine.
type Config struct {
	// Paranoia is the level of the rule set, 1 to 4. Above 1 ordinary JSON traffic
	// alerts.
	Paranoia int `yaml:"paranoia" doc:"Paranoia level of the core rule set, 1 to 4; above 1 ordinary JSON traffic alerts."`
	// RequestBody and ResponseBody are how many bytes of a body are inspected; what
	// is beyond is counted as clipped. ResponseBody 0 leaves responses out.
	RequestBody  int `yaml:"request_body" doc:"Bytes of a request body that are inspected; the rest is counted as clipped."`
	ResponseBody int `yaml:"response_body" doc:"Bytes of a response body that are inspected; 0 leaves responses out."`
	// Arguments is how many parameters of a request are inspected, JSON leaves included.
	Arguments int `yaml:"arguments" doc:"Parameters of a request that are inspected, JSON leaves included."`
	// Methods and ContentTypes are those that the enforcement rules let pass.
	Methods      []string `yaml:"methods" doc:"Methods that the enforcement rules let pass."`
	ContentTypes []string `yaml:"content_types" doc:"Content types that the enforcement rules let pass."`
	// Rules is a folder of SecLang files (*.conf) of the user's own, read after the core
	// rule set in the order of their names; empty for none. A file whose name begins
	// with "before" is read before the core rule set: exclusions by ctl belong there.
	Rules string `yaml:"rules" doc:"Folder of own SecLang files (*.conf), read after the core rule set; those named before*.conf are read before it. Empty for none."`
	// Reload is how often that folder is looked at for changes.
	Reload time.Duration `yaml:"reload" doc:"How often the folder of own rules is looked at for changes."`
	// Work is how many bytes the operators of one transaction may look at, all
	// together. A transaction that needs more is reported as not inspected to the end.
	Work int `yaml:"work" doc:"Bytes that the operators may look at for one transaction, all together; beyond it the transaction is reported as not inspected to the end."`
}

// Defaults are what a service uses unless configured.
func Defaults() Config {
	return Config{
		Paranoia: 1, RequestBody: 128 << 10, ResponseBody: 64 << 10, Arguments: 1000, Work: 256 << 20, Reload: 10 * time.Second,
		Methods: []string{"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"},
		ContentTypes: []string{"application/x-www-form-urlencoded", "multipart/form-data", "text/xml", "application/xml", "application/soap+xml",
			"application/json", "application/problem+json", "application/merge-patch+json", "application/json-patch+json", "application/vnd.api+json",
			"application/cloudevents+json", "application/graphql", "application/x-ndjson", "application/grpc", "application/grpc-web",
			"application/octet-stream", "application/cbor", "application/msgpack", "text/plain", "text/csv"},
	}
}

// Validate reports every error of c at once.
func (c Config) Validate() error {
	var errs []error
	check := func(name string, v, lo, hi int) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("engine.%s is %d: must be between %d and %d", name, v, lo, hi))
		}
	}
	check("paranoia", c.Paranoia, 1, 4)
	check("request_body", c.RequestBody, 1<<10, 16<<20)
	check("response_body", c.ResponseBody, 0, 16<<20)
	check("arguments", c.Arguments, 10, 100000)
	check("work", c.Work, 1<<20, 1<<40)
	if c.Reload < 100*time.Millisecond {
		errs = append(errs, fmt.Errorf("engine.reload is %v: must be at least 100ms", c.Reload))
	}
	for _, l := range [...]struct {
		name string
		list []string
	}{{"methods", c.Methods}, {"content_types", c.ContentTypes}} {
		if len(l.list) == 0 {
			errs = append(errs, fmt.Errorf("engine.%s is empty: list what is allowed", l.name))
		}
		for _, v := range l.list {
			if v == "" || strings.ContainsAny(v, " |'\"\\%,\r\n") {
				errs = append(errs, fmt.Errorf("engine.%s: %q: must not be empty nor hold spaces, quotes, commas, | \\ or %%", l.name, v))
			}
		}
	}
	if c.Rules != "" {
		if info, err := os.Stat(c.Rules); err != nil {
			errs = append(errs, fmt.Errorf("engine.rules: %w", err))
		} else if !info.IsDir() {
			errs = append(errs, fmt.Errorf("engine.rules: %s is no folder", c.Rules))
		}
	}
	return errors.Join(errs...)
}

// Directives are what differs from the recommended configuration of Coraza, as
// SecLang. Bodies stay in memory: a detector does no I/O. Rule 1000 keeps the one rule
// that takes a GraphQL document's "user(" for a function of SQL away from it; its
// variables and every other rule stay.
func (c Config) Directives() string {
	response := "On"
	if c.ResponseBody == 0 {
		response = "Off"
	}
	return fmt.Sprintf(`SecRuleEngine DetectionOnly
SecAuditEngine Off
SecRequestBodyLimit %[1]d
SecRequestBodyInMemoryLimit %[1]d
SecRequestBodyLimitAction ProcessPartial
SecRequestBodyJsonDepthLimit 64
SecArgumentsLimit %[2]d
SecResponseBodyAccess %[3]s
SecResponseBodyLimit %[4]d
SecResponseBodyLimitAction ProcessPartial
SecResponseBodyMimeType application/json application/problem+json text/plain text/html text/xml application/xml
SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:'tx.blocking_paranoia_level=%[5]d',setvar:'tx.detection_paranoia_level=%[5]d'"
SecAction "id:900200,phase:1,pass,t:none,nolog,setvar:'tx.allowed_methods=%[6]s'"
SecAction "id:900220,phase:1,pass,t:none,nolog,setvar:'tx.allowed_request_content_type=|%[7]s|'"
SecRule ARGS:json.query "@rx ^\s*(?:(?:query|mutation|subscription|fragment)\b|\{)" "id:1000,phase:2,pass,t:none,nolog,ctl:ruleRemoveTargetById=942190;ARGS:json.query"
`, c.RequestBody, c.Arguments, response, max(c.ResponseBody, 1), c.Paranoia, strings.Join(c.Methods, " "), strings.Join(c.ContentTypes, "| |"))
}

// sources are all of the rules, in their order, with directives for what differs from
// the recommended configuration.
func (c Config) sources(directives string) ([]seclang.Source, error) {
	before, after, err := c.own()
	if err != nil {
		return nil, err
	}
	s := []seclang.Source{{Name: "@coraza.conf-recommended"}, {Name: "@crs-setup.conf.example"}, {Name: "settings", Text: directives}}
	s = append(s, before...)
	s = append(s, seclang.Source{Name: "@owasp_crs/*.conf"})
	return append(s, after...), nil
}

func (c Config) own() (before, after []seclang.Source, err error) {
	if c.Rules == "" {
		return nil, nil, nil
	}
	folder := os.DirFS(c.Rules)
	names, err := fs.Glob(folder, "*.conf")
	if err != nil {
		return nil, nil, fmt.Errorf("engine: rules of %s: %w", c.Rules, err)
	}
	for _, n := range names {
		if s := (seclang.Source{FS: folder, Name: n}); strings.HasPrefix(n, "before") {
			before = append(before, s)
		} else {
			after = append(after, s)
		}
	}
	return before, after, nil
}

// limits are what the transactions of a program are read with.
func limits(s *seclang.Settings, c Config) transaction.Config {
	t := transaction.Config{
		RequestBody: min(s.RequestBodyLimit, c.RequestBody), ResponseBody: min(s.ResponseBodyLimit, c.ResponseBody), Arguments: s.ArgumentsLimit,
		RequestDepth: s.RequestBodyJSONDepth, ResponseDepth: s.ResponseBodyJSONDepth, ResponseTypes: s.ResponseBodyMIMETypes,
	}
	if !s.RequestBodyAccess {
		t.RequestBody = 0
	}
	if !s.ResponseBodyAccess {
		t.ResponseBody = 0
	}
	return t
}
