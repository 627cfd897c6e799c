package classifier

import (
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

// exposureCase is what goes out how, and which rules speak of it.
type exposureCase struct {
	Name, Body, Request, Query, Auth, Address, Scheme, Proto, TLS string
	Status                                                        uint16
	AfterHours                                                    int `json:"after_hours"`
	Values, Rules                                                 []string
}

const (
	exposureCases = 40
	// exposed is how many findings they ask for, and rulesExposed how many rules.
	exposed, rulesExposed = 30, 13
)

func (c *exposureCase) event(i int, v string) *event.Event {
	in := func(text string) []byte { return []byte(strings.ReplaceAll(text, "%s", v)) }
	e := answer(i, "/v1/x", "")
	e.RequestTime += int64(c.AfterHours) * int64(time.Hour)
	e.ResponseBody.Data, e.Query, e.Scheme, e.TLS.Version = in(c.Body), in(c.Query), []byte("https"), []byte(c.TLS)
	if c.Request != "" {
		e.RequestBody = event.Body{Data: in(c.Request), ContentType: []byte("application/json")}
	}
	if c.Scheme != "" {
		e.Scheme = []byte(c.Scheme)
	}
	if c.Proto != "" {
		e.RequestHeaders = []event.Header{{Name: []byte("X-Forwarded-Proto"), Value: []byte(c.Proto)}}
	}
	if c.Status != 0 {
		e.Status = c.Status
	}
	e.Identity.Scheme = []byte("bearer")
	if c.Auth != "" {
		e.Identity.Scheme = []byte(c.Auth)
	}
	e.Client.Address = []byte("192.0.2.1")
	if c.Address != "" {
		e.Client.Address = []byte(c.Address)
	}
	return e
}

func TestExposures(t *testing.T) {
	var cases []exposureCase
	readJSON(t, "testdata/exposures.json", &cases)
	all, rules := 0, map[string]bool{}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			l := newLocal(t, 2)
			l.cfg.Partners = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
			for p := range l.detectors {
				l.detectors[p] = newDetector(t, l.cfg, l.tables, int32(p))
				if c.AfterHours > 0 {
					l.event(p, answer(0, "/v1/other", `{"card":"4111111111111111"}`))
				}
			}
			for i, v := range c.Values {
				l.event(i%2, c.event(i, v))
			}
			l.flush(0, true)
			l.flush(1, true)
			found := map[string]bool{}
			for _, f := range l.findings {
				found[f.Rule] = true
				all++
				rules[f.Rule] = true
				c.holds(t, &f)
			}
			if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, c.Rules) && len(got)+len(c.Rules) > 0 {
				t.Errorf("rules %v, want %v", got, c.Rules)
			}
			if len(l.findings) != len(c.Rules) {
				t.Errorf("%d findings, want %d", len(l.findings), len(c.Rules))
			}
		})
	}
	if len(cases) != exposureCases || all != exposed || len(rules) != rulesExposed {
		t.Errorf("%d cases, %d findings of %d rules; want %d, %d, %d", len(cases), all, len(rules), exposureCases, exposed, rulesExposed)
	}
	if n := len(Rules()); n != rulesExposed {
		t.Errorf("%d rules, %d have a case", n, rulesExposed)
	}
}

// holds checks what every finding must have, and that no value stands in it.
func (c *exposureCase) holds(t *testing.T, f *finding.Finding) {
	b, err := finding.Encode(f)
	if err != nil {
		t.Error(err)
	}
	for _, v := range c.Values {
		if q, _ := json.Marshal(v); len(v) > 4 && strings.Contains(string(b), string(q[1:len(q)-1])) && !strings.Contains(c.Name, "FHIR") {
			t.Errorf("%s holds %q", f.Rule, v)
		}
	}
	if len(f.Evidence) == 0 || len(f.OWASP) == 0 || len(f.CWE) == 0 || len(f.Remediation) < 40 || len(f.Events) == 0 || f.Count == 0 || f.Confidence < 0.95 {
		t.Errorf("%s lacks something: %+v", f.Rule, f)
	}
}
