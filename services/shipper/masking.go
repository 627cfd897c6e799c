package shipper

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/services/classifier"
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
	m.Find = (*classifier.Tables)(nil) // asked nothing
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

// NewFinder makes what finds sensitive data: all classes of the classifier.
func NewFinder() (capture.Finder, error) {
	t, err := classifier.NewTables(nil)
	if err != nil {
		return nil, fmt.Errorf("shipper: masking: %w", err)
	}
	return t, nil
}
