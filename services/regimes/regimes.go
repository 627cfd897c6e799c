// Package regimes ties what Mirador sees to laws and standards: which data is in their
// scope, where it flows and to whom, and which of their requirements findings touch. It
// is an engineering aid and no legal advice: it never says that a requirement is met.
//
// What is known of a regime stands in regimes.yaml.
package regimes

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed regimes.yaml
var file []byte

// Set is all regimes.
type Set struct {
	Kinds   []Kind   `yaml:"kinds"`
	Neutral []string `yaml:"neutral"` // classes that are about nobody
	Regimes []Regime `yaml:"regimes"`
}

// Kind is a kind of data: classes of the classifier that laws do not tell apart.
type Kind struct {
	Name    string   `yaml:"name"`
	Title   string   `yaml:"title"`
	Classes []string `yaml:"classes"`
}

// Regime is a law or a standard.
type Regime struct {
	ID      string   `yaml:"id"`
	Name    string   `yaml:"name"`
	Version string   `yaml:"version"`
	About   string   `yaml:"about"`
	Kinds   []string `yaml:"kinds"`
	// Anchor are the kinds one of which an endpoint must carry for the others there to be
	// in scope: an e-mail address is health information beside a diagnosis alone. Empty:
	// every kind is in scope by itself.
	Anchor       []string      `yaml:"anchor"`
	Requirements []Requirement `yaml:"requirements"`
}

// Requirement is one of a regime's, with what touches it.
type Requirement struct {
	ID     string `yaml:"id"` // the citation within the regime
	Title  string `yaml:"title"`
	Remedy string `yaml:"remedy"`
	// Fields of data in scope that touch it, nil for none.
	Fields *Fields `yaml:"fields"`
	// Rules whose findings touch it: on endpoints in scope, and where one is about no
	// endpoint if any is in scope; or Anywhere.
	Rules    []string `yaml:"rules"`
	Anywhere bool     `yaml:"anywhere"`
}

// Fields say which fields touch a requirement. Empty lists let all pass.
type Fields struct {
	Kinds   []string `yaml:"kinds"`
	Where   []string `yaml:"where"`   // direction.location
	Exposed []string `yaml:"exposed"` // one of these must be so: unauthenticated, public, partner
}

// Load reads the regimes that come with the program.
func Load() (*Set, error) { return parse(file) }

func parse(text []byte) (*Set, error) {
	var s Set
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("regimes: %w", err)
	}
	return &s, s.validate()
}

var (
	places    = []string{"request.path", "request.query", "request.header", "request.cookie", "request.body", "response.header", "response.body"}
	exposures = []string{Unauthenticated, Public, Partner}
)

func (s *Set) validate() error {
	var errs []error
	known := func(where string, list []string, of func(string) bool) {
		for _, v := range list {
			if !of(v) {
				errs = append(errs, fmt.Errorf("regimes: %s: %q is not known", where, v))
			}
		}
	}
	kind := func(name string) bool {
		return slices.ContainsFunc(s.Kinds, func(k Kind) bool { return k.Name == name })
	}
	seen := map[string]bool{}
	for _, r := range s.Regimes {
		if seen[r.ID] {
			errs = append(errs, fmt.Errorf("regimes: %s stands there twice", r.ID))
		}
		seen[r.ID] = true
		known(r.ID, append(slices.Clone(r.Kinds), r.Anchor...), kind)
		for _, q := range r.Requirements {
			where := r.ID + " " + q.ID
			if q.Title == "" || q.Remedy == "" || q.Fields == nil && len(q.Rules) == 0 {
				errs = append(errs, fmt.Errorf("regimes: %s has no title, no remedy, or nothing that touches it", where))
			}
			if f := q.Fields; f != nil {
				known(where, f.Kinds, func(k string) bool { return slices.Contains(r.Kinds, k) })
				known(where, f.Where, func(p string) bool { return slices.Contains(places, p) })
				known(where, f.Exposed, func(e string) bool { return slices.Contains(exposures, e) })
			}
		}
	}
	return errors.Join(errs...)
}

// Regime gives one by its id.
func (s *Set) Regime(id string) (*Regime, error) {
	var ids []string
	for i := range s.Regimes {
		if s.Regimes[i].ID == id {
			return &s.Regimes[i], nil
		}
		ids = append(ids, s.Regimes[i].ID)
	}
	return nil, fmt.Errorf("there is no regime %q: one of %s", id, strings.Join(ids, ", "))
}

// KindOf gives the kind of a class, nil for one that belongs to none.
func (s *Set) KindOf(class string) *Kind {
	for i := range s.Kinds {
		if slices.ContainsFunc(s.Kinds[i].Classes, func(pattern string) bool { return fits(pattern, class) }) {
			return &s.Kinds[i]
		}
	}
	return nil
}

// fits compares with a name or with what a star ends.
func fits(pattern, name string) bool {
	if begin, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, begin)
	}
	return pattern == name
}
