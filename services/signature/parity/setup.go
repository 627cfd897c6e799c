package parity

import (
	"fmt"

	"github.com/miradorhq/mirador/services/signature/coraza"
	"github.com/miradorhq/mirador/services/signature/engine"
)

// Setup is a configuration that both sides are given.
type Setup struct {
	Name string
	// Config has the paranoia level and the limits of bodies.
	Config engine.Config
	// Directives are SecLang read between the recommended set-up and the rules.
	Directives string
}

// Service is the configuration of the signature service.
func Service(paranoia int) Setup {
	c := engine.Defaults()
	c.Paranoia = paranoia
	return Setup{Name: fmt.Sprintf("service, level %d", paranoia), Config: c, Directives: c.Directives()}
}

// Plain is the recommended configuration with responses read and no more.
func Plain(paranoia int) Setup {
	c := engine.Defaults()
	c.Paranoia, c.ResponseBody = paranoia, 512<<10
	return Setup{Name: fmt.Sprintf("plain, level %d", paranoia), Config: c, Directives: fmt.Sprintf(`SecRuleEngine DetectionOnly
SecAuditEngine Off
SecResponseBodyAccess On
SecResponseBodyMimeType application/json text/plain text/html text/xml
SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:'tx.blocking_paranoia_level=%[1]d',setvar:'tx.detection_paranoia_level=%[1]d'"
SecAction "id:900200,phase:1,pass,t:none,nolog,setvar:'tx.allowed_methods=GET HEAD POST OPTIONS PUT PATCH DELETE'"
`, paranoia)}
}

// Suite is the configuration that the rule set's own tests are written for: every
// check on, at the highest level.
func Suite(paranoia int) Setup {
	c := engine.Defaults()
	c.Paranoia = paranoia
	return Setup{Name: fmt.Sprintf("suite, level %d", paranoia), Config: c, Directives: fmt.Sprintf(`SecRuleEngine DetectionOnly
SecAuditEngine Off
SecResponseBodyAccess On
SecResponseBodyMimeType application/json text/plain text/html text/xml
SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:'tx.blocking_paranoia_level=%[1]d',setvar:'tx.detection_paranoia_level=%[1]d'"
SecAction "id:900300,phase:1,pass,t:none,nolog,setvar:tx.crs_validate_utf8_encoding=1,setvar:tx.arg_name_length=100,setvar:tx.arg_length=400"
SecAction "id:900310,phase:1,pass,t:none,nolog,setvar:tx.total_arg_length=64000,setvar:tx.max_num_args=255,setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535"
`, paranoia)}
}

// Coraza is the oracle for a setup.
func Coraza(s Setup) (*coraza.Engine, error) {
	e, err := coraza.New(s.Config, s.Directives)
	if err != nil {
		return nil, fmt.Errorf("parity: Coraza for %q: %w", s.Name, err)
	}
	return e, nil
}

// Candidate is the engine that is held against it.
func Candidate(s Setup) (*engine.Engine, error) {
	e, err := engine.NewWith(s.Config, s.Directives)
	if err != nil {
		return nil, fmt.Errorf("parity: the engine for %q: %w", s.Name, err)
	}
	return e, nil
}
