package shipper

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/services/classifier/scan"
)

// Masking says what becomes of personal data before an event leaves for Kafka.
type Masking struct {
	Mode    string            `yaml:"mode" doc:"What becomes of personal data before an event leaves: raw leaves it (credentials are hashed all the same); mask puts keyed pseudonyms of the same form in the place of sensitive data and identifiers; shape leaves of all values of bodies and queries only what kinds of characters they have."`
	Classes map[string]string `yaml:"classes" doc:"Another mode for a class of data, by its name or what stands before the dot (card: shape, us: raw); id is what only looks like an identifier."`
	Routes  []MaskRoute       `yaml:"routes" doc:"Modes of some transactions; the first whose host and path fit counts."`
	KeyID   string            `yaml:"key_id" doc:"Public name of the key of pseudonyms; every event says it. Another key makes other pseudonyms, so detection learns anew."`
	KeyFile string            `yaml:"key_file" doc:"File whose first line is its secret, 16 or more bytes, the same at every shipper. Empty: the key of identity."`
}

// MaskRoute is an entry of Routes.
type MaskRoute struct {
	Host    string            `yaml:"host" doc:"Host, without a port; empty fits all."`
	Path    string            `yaml:"path" doc:"Beginning of the path, by segments; * stands for any one."`
	Mode    string            `yaml:"mode" doc:"raw, mask or shape."`
	Classes map[string]string `yaml:"classes" doc:"Modes of classes, in the place of the general ones."`
}

// rules are the Builder's without a Finder and a key.
func (c *Masking) rules() capture.Masking {
	m := capture.Masking{Mode: capture.Mode(c.Mode), Classes: modes(c.Classes)}
	for _, r := range c.Routes {
		m.Routes = append(m.Routes, capture.MaskRoute{Host: r.Host, Path: r.Path, Mode: capture.Mode(r.Mode), Classes: modes(r.Classes)})
	}
	return m
}

// capture makes the Builder's. Where nothing is masked it makes no scanner.
func (c *Masking) capture() (capture.Masking, error) {
	m := c.rules()
	if m.Mode == capture.ModeRaw && len(m.Routes) == 0 {
		return m, nil
	}
	var err error
	if m.Find, err = NewFinder(); err != nil {
		return m, err
	}
	if c.KeyFile == "" {
		return m, nil
	}
	f, err := os.Open(c.KeyFile)
	if err != nil {
		return m, fmt.Errorf("shipper: masking.key_file: %w", err)
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n') // without a secret the length says so
	if m.Key, err = capture.NewKey(c.KeyID, []byte(strings.TrimSpace(line))); err != nil {
		return m, fmt.Errorf("shipper: masking.key_file %s: %w", c.KeyFile, err)
	}
	return m, nil
}

// check reports what is wrong with the settings, files apart.
func (c *Masking) check() error {
	m := c.rules()
	m.Find = finder{}
	return m.Validate()
}

func modes(classes map[string]string) map[string]capture.Mode {
	if classes == nil {
		return nil
	}
	out := make(map[string]capture.Mode, len(classes))
	for class, mode := range classes {
		out[class] = capture.Mode(mode)
	}
	return out
}

// NewFinder makes what finds sensitive data, all classes of the classifier.
func NewFinder() (capture.Finder, error) {
	s, err := scan.New()
	if err != nil {
		return nil, fmt.Errorf("shipper: masking: %w", err)
	}
	return finder{s, &sync.Pool{New: func() any { return new([]scan.Match) }}}, nil
}

// finder is the scanner of the classifier.
type finder struct {
	scanner *scan.Scanner
	rooms   *sync.Pool // of *[]scan.Match
}

// sure is the least score that masks. What lies below is a number that some scheme
// accepts and nothing names: with six digits or more it is masked as an identifier.
const sure = 0.6

// Find implements capture.Finder. Addresses of pages are no span of their own: what
// stands in them is masked as it would be in a path, so that links still lead there.
func (f finder) Find(to []capture.Span, name string, value []byte) []capture.Span {
	room := f.rooms.Get().(*[]scan.Match)
	defer f.rooms.Put(room)
	if name == "" {
		*room = f.scanner.Text(value, (*room)[:0])
	} else {
		*room = f.scanner.Value(value, name, (*room)[:0])
	}
	for _, m := range *room {
		if class := f.scanner.Name(m.Class); class != "url" && m.Score >= sure {
			to = append(to, capture.Span{Class: class, Start: m.Start, End: m.End, Score: m.Score})
		}
	}
	return to
}
