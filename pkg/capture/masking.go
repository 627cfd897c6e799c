package capture

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
)

// Mode is what becomes of personal data before an event leaves the process.
type Mode string

const (
	// ModeRaw leaves it; credentials are masked all the same.
	ModeRaw Mode = "raw"
	// ModeMask puts a keyed pseudonym of the same form in the place of what is sensitive,
	// and of every identifier: the same value is the same pseudonym everywhere, so
	// detection by objects, accounts and users goes on as before.
	ModeMask Mode = "mask"
	// ModeShape leaves of all values of bodies and queries what kinds of characters they
	// have. Nothing can be told apart by them any more; paths are as in ModeMask.
	ModeShape Mode = "shape"
)

// ClassID is the class of what only looks like an identifier: six digits or more in
// a row, or letters and digits of at least twelve.
const ClassID = "id"

// Span is a piece of a value that is sensitive.
type Span struct {
	Class      string
	Start, End int
	Score      float32 // how sure, to 1; of two that overlap the surer counts
}

// Finder finds sensitive data. It must be safe for concurrent use.
type Finder interface {
	// Find appends what of value is sensitive to to. name is that of its field, empty
	// where none shall count.
	Find(to []Span, name string, value []byte) []Span
}

// Masking says what becomes of personal data. The zero value leaves all of it.
type Masking struct {
	// Mode where no route says another, Classes where none of its own. A class goes by
	// its name ("card", "us.ssn") or by what stands before the dot ("us"). They count
	// where the mode is ModeMask.
	Mode    Mode
	Classes map[string]Mode
	// Routes are looked through in order; the first that fits counts.
	Routes []MaskRoute
	// Find is needed where anything is to be masked.
	Find Finder
	// Key makes the pseudonyms; where it is zero, the key of credentials does. With
	// another key every value gets another pseudonym, and its id is in every event.
	Key Key
}

// MaskRoute is the mode of some transactions.
type MaskRoute struct {
	// Host is compared without its port and case; empty fits all.
	Host string
	// Path is a beginning of the path, by segments; "*" stands for any one.
	Path    string
	Mode    Mode
	Classes map[string]Mode
}

// on says whether anything is masked at all.
func (c *Masking) on() bool {
	return c.Mode != "" && c.Mode != ModeRaw || slices.ContainsFunc(c.Routes, func(r MaskRoute) bool { return r.Mode != ModeRaw })
}

// key is that of pseudonyms, where there is none of their own that of credentials.
func (c *Masking) key(credentials Key) Key {
	if c.Key.pool == nil {
		return credentials
	}
	return c.Key
}

// Validate reports everything that is wrong at once.
func (c *Masking) Validate() error {
	var errs []error
	mode := func(where string, m Mode) {
		switch m {
		case ModeRaw, ModeMask, ModeShape:
		default:
			errs = append(errs, fmt.Errorf("capture: masking: %smode %q is none of raw, mask, shape", where, m))
		}
	}
	check := func(where string, m Mode, classes map[string]Mode) {
		mode(where, m)
		for _, class := range slices.Sorted(maps.Keys(classes)) {
			mode(where+"class "+class+": ", classes[class])
		}
	}
	if c.Mode != "" {
		check("", c.Mode, c.Classes)
	}
	for i, r := range c.Routes {
		check(fmt.Sprintf("route %d: ", i+1), r.Mode, r.Classes)
		if r.Path != "" && r.Path[0] != '/' {
			errs = append(errs, fmt.Errorf("capture: masking: route %d: path %q must begin with /", i+1, r.Path))
		}
	}
	if c.on() && c.Find == nil {
		errs = append(errs, errors.New("capture: masking: no Finder: without one nothing sensitive can be told from the rest"))
	}
	return errors.Join(errs...)
}

// route gives the mode and classes of an event.
func (c *Masking) route(e *event.Event) (Mode, map[string]Mode) {
	for i := range c.Routes {
		r := &c.Routes[i]
		if r.Host != "" && !strings.EqualFold(r.Host, hostOf(e)) || !underPath(r.Path, string(e.Path)) {
			continue
		}
		if r.Classes == nil {
			return r.Mode, c.Classes
		}
		return r.Mode, r.Classes
	}
	return c.Mode, c.Classes
}

// modeOf is what becomes of a class.
func modeOf(classes map[string]Mode, class string) Mode {
	if m, ok := classes[class]; ok {
		return m
	}
	if group, _, ok := strings.Cut(class, "."); ok {
		if m, ok := classes[group]; ok {
			return m
		}
	}
	return ModeMask
}

func hostOf(e *event.Event) string {
	host := string(e.RequestHeader("host"))
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return host
}

// underPath says whether path begins with the segments of pattern.
func underPath(pattern, path string) bool {
	pattern = strings.Trim(pattern, "/")
	path = strings.TrimLeft(path, "/")
	for pattern != "" {
		var want, got string
		want, pattern, _ = strings.Cut(pattern, "/")
		got, path, _ = strings.Cut(path, "/")
		if want != got && (want != "*" || got == "") {
			return false
		}
	}
	return true
}
