// Package crs runs the OWASP core rule set on Coraza, in detection mode. It is the
// reference engine of the signature detector: slow, complete, and what any faster
// engine is measured against.
package crs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
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
}

// Defaults are what a service uses unless configured.
func Defaults() Config {
	return Config{
		Paranoia: 1, RequestBody: 128 << 10, ResponseBody: 64 << 10, Arguments: 1000,
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
			errs = append(errs, fmt.Errorf("crs.%s is %d: must be between %d and %d", name, v, lo, hi))
		}
	}
	check("paranoia", c.Paranoia, 1, 4)
	check("request_body", c.RequestBody, 1<<10, 16<<20)
	check("response_body", c.ResponseBody, 0, 16<<20)
	check("arguments", c.Arguments, 10, 100000)
	for _, l := range [...]struct {
		name string
		list []string
	}{{"methods", c.Methods}, {"content_types", c.ContentTypes}} {
		if len(l.list) == 0 {
			errs = append(errs, fmt.Errorf("crs.%s is empty: list what is allowed", l.name))
		}
		for _, v := range l.list {
			if v == "" || strings.ContainsAny(v, " |'\"\\%,\r\n") {
				errs = append(errs, fmt.Errorf("crs.%s: %q: must not be empty nor hold spaces, quotes, commas, | \\ or %%", l.name, v))
			}
		}
	}
	return errors.Join(errs...)
}

// Engine implements signature.Engine. It is safe for concurrent use: the rules are
// read-only after New and every Match has a transaction of its own.
type Engine struct {
	cfg     Config
	waf     coraza.WAF
	version string
	rules   map[int]ruleInfo
	says    map[int]bool // rules with a message
}

var _ signature.Engine = (*Engine)(nil)

// New compiles the rule set; it takes some hundred milliseconds.
func New(cfg Config) (*Engine, error) { return NewWith(cfg, cfg.Directives()) }

// NewWith is New with other SecLang between the recommended set-up and the rules than
// the Directives of cfg, whose limits of bodies hold all the same.
func NewWith(cfg Config, directives string) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, rules: make(map[int]ruleInfo), says: make(map[int]bool)}
	c := coraza.NewWAFConfig().WithRootFS(coreruleset.FS).
		WithDirectives("Include @coraza.conf-recommended").
		WithDirectives("Include @crs-setup.conf.example").
		WithDirectives(directives).
		WithDirectives("Include @owasp_crs/*.conf")
	if o, ok := c.(interface {
		WithRuleObserver(func(types.RuleMetadata)) coraza.WAFConfig
	}); ok {
		c = o.WithRuleObserver(e.observe)
	} else {
		return nil, errors.New("crs: this version of Coraza does not list its rules")
	}
	waf, err := coraza.NewWAF(c)
	if err != nil {
		return nil, fmt.Errorf("crs: compile the core rule set: %w", err)
	}
	if len(e.rules) == 0 {
		return nil, errors.New("crs: the rule set holds no rule")
	}
	e.waf = waf
	return e, nil
}

// Directives are what differs from the recommended configuration, as SecLang. Bodies stay in
// memory: a detector does no I/O. Rule 1000 keeps the one rule that takes a GraphQL
// document's "user(" for a function of SQL away from it; its variables and every
// other rule stay.
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

// Version names the engine and its rule set.
func (e *Engine) Version() string { return e.version }

// Match implements signature.Engine.
func (e *Engine) Match(ev *event.Event) (signature.Result, error) {
	var res signature.Result
	t := e.transaction()
	defer t.Close() //nolint:errcheck // it removes the (empty) files of a multipart body; nothing depends on it
	err := e.feed(t, ev, &res)

	state, ok := t.(plugintypes.TransactionState)
	if !ok {
		return res, errors.New("crs: this version of Coraza does not show its scores")
	}
	tx := state.Variables().TX()
	score := func(name string) int {
		var n int
		if v := tx.Get(name); len(v) > 0 {
			n, _ = strconv.Atoi(v[0]) // absent or never set is 0
		}
		return n
	}
	res.Inbound, res.Outbound = score("detection_inbound_anomaly_score"), score("detection_outbound_anomaly_score")
	parameters := "request.parameter"
	switch {
	case len(ev.RequestBody.Data) == 0:
		parameters = "request.query"
	case len(ev.Query) == 0:
		parameters = "request.body"
	}
	for _, m := range t.MatchedRules() {
		info, ok := e.rules[m.Rule().ID()]
		if !ok {
			continue
		}
		res.Hits = appendHits(res.Hits, m, info, parameters)
	}
	// Coraza walks maps, so the order of its matches is not the same twice.
	slices.SortFunc(res.Hits, func(a, b signature.Hit) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Location, b.Location), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	})
	return res, err
}

func (e *Engine) transaction() types.Transaction {
	// The id goes nowhere; Coraza would draw a random one.
	if w, ok := e.waf.(experimental.WAFWithOptions); ok {
		return w.NewTransactionWithOptions(experimental.Options{ID: "mirador"})
	}
	return e.waf.NewTransactionWithID("mirador")
}
