// Package cases holds requests that the second stage was written for: values of every
// class of attack, requests of the shape of exploits of published weaknesses, and
// ordinary values that look like either. The weights are fitted to them among others,
// and tests assert that they are told apart; they measure nothing.
package cases

import (
	"embed"
	"fmt"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml
var files embed.FS

// Request is a request that exploits something.
type Request struct {
	URI     string            `yaml:"uri"`
	Method  string            `yaml:"method"` // empty is GET
	Type    string            `yaml:"type"`   // content type of the body
	Body    string            `yaml:"body"`
	Headers map[string]string `yaml:"headers"`
}

// Attacks are values by class.
func Attacks() (map[string][]string, error) { return read[map[string][]string]("attacks.yaml") }

// Requests are whole requests.
func Requests() ([]Request, error) { return read[[]Request]("requests.yaml") }

// Ordinary are values that are no attack.
func Ordinary() ([]string, error) { return read[[]string]("ordinary.yaml") }

func read[T any](name string) (v T, err error) {
	b, err := files.ReadFile(name)
	if err == nil {
		err = yaml.Unmarshal(b, &v)
	}
	if err != nil {
		return v, fmt.Errorf("cases: %s: %w", name, err)
	}
	return v, nil
}
