package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/miradorhq/mirador/pkg/config"
	"github.com/spf13/pflag"
)

type settings struct {
	Kafka kafka           `yaml:"kafka" doc:"The broker."`
	Rules map[string]rule `yaml:"rules" doc:"By rule id."`
	On    bool            `yaml:"on" doc:"Whether it is on."`
}

type kafka struct {
	Brokers []string      `yaml:"brokers" doc:"Addresses, host:port."`
	Linger  time.Duration `yaml:"linger" doc:"How long a batch waits."`
	Count   int           `yaml:"count" doc:"How many."`
	Name    string        `yaml:"name" doc:"A name."`
	Hidden  string        `yaml:"-"`
}

type rule struct {
	Op  string        `yaml:"op"`
	TTL time.Duration `yaml:"ttl"`
}

func (k *kafka) Validate() error {
	var errs []error
	if len(k.Brokers) == 0 {
		errs = append(errs, errors.New("brokers: at least one is needed"))
	}
	if k.Count < 1 {
		errs = append(errs, errors.New("count: must be 1 or more"))
	}
	return errors.Join(errs...)
}

func defaults() *settings {
	return &settings{Kafka: kafka{Brokers: []string{"127.0.0.1:9092"}, Linger: time.Second, Count: 3, Name: "x: y"}}
}

func file(t *testing.T, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "mirador.yaml")
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEachSourceOverridesTheOneBefore(t *testing.T) {
	s := defaults()
	fs := pflag.NewFlagSet("t", pflag.ContinueOnError)
	config.AddFlags(fs, s)
	if err := fs.Parse([]string{"--kafka.count=9", "--on"}); err != nil {
		t.Fatal(err)
	}
	err := config.Load(s, config.Sources{
		File:    file(t, "kafka:\n  linger: 5ms\n  count: 7\nrules:\n  BOLA-01: {op: block, ttl: 15m}\n"),
		Environ: []string{"MIRADOR_KAFKA_COUNT=8", "MIRADOR_KAFKA_BROKERS=a:1, b:2", "OTHER=1"},
		Flags:   fs,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &settings{
		Kafka: kafka{Brokers: []string{"a:1", "b:2"}, Linger: 5 * time.Millisecond, Count: 9, Name: "x: y"},
		Rules: map[string]rule{"BOLA-01": {Op: "block", TTL: 15 * time.Minute}}, On: true,
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v\nwant %+v", s, want)
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	s := defaults()
	err := config.Load(s, config.Sources{Environ: []string{"MIRADOR_KAFKA_LINGER=soon", "MIRADOR_KAFKA_COUNT=many"}})
	for _, want := range []string{"MIRADOR_KAFKA_LINGER", "MIRADOR_KAFKA_COUNT"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	s = defaults()
	err = config.Load(s, config.Sources{File: file(t, "kafka: {brokers: [], count: 0}\n")})
	for _, want := range []string{"kafka: brokers", "count"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestUnknownKeyNamesItsLine(t *testing.T) {
	err := config.Load(defaults(), config.Sources{File: file(t, "kafka:\n  brokres: [a]\n  count: 0\nrules:\n  X: {opp: 1}\nextra: 1\n")})
	for _, want := range []string{"line 2: kafka.brokres", "line 5: rules.X.opp", "line 6: extra", "count: must be"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if err := config.Load(defaults(), config.Sources{File: "/nowhere/mirador.yaml"}); err == nil || !strings.Contains(err.Error(), "/nowhere/mirador.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestEveryMistypedSettingNamesItsLine(t *testing.T) {
	err := config.Load(defaults(), config.Sources{File: file(t, "kafka:\n  linger: soon\n  count: [many]\n  name: fine\n  brokers: []\n  other: 1\nrules:\n  X: {ttl: later}\non: 7\n")})
	for _, want := range []string{
		"line 2: kafka.linger: soon is not a duration", "line 3: kafka.count: [many] is not a number", "kafka: brokers: at least one",
		"line 6: kafka.other", "line 8: rules", "line 9: on: 7 is not a yes/no",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
	for text, want := range map[string]string{
		"kafka: 7\non: true\n": "line 1: kafka: 7 stands where a section",
		"kafka: [\n":           "mirador.yaml",
		"- a\n":                "mirador.yaml",
	} {
		if err := config.Load(defaults(), config.Sources{File: file(t, text)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v does not say %q", text, err, want)
		}
	}
}

func TestReferenceReadsBackAsItself(t *testing.T) {
	ref := config.Reference(defaults())
	var back settings
	if err := yaml.UnmarshalWithOptions(ref, &back, yaml.Strict()); err != nil {
		t.Fatalf("%v\n%s", err, ref)
	}
	back.Rules = nil
	if !reflect.DeepEqual(&back, defaults()) {
		t.Errorf("got %+v from\n%s", back, ref)
	}
	for _, s := range config.Settings(defaults()) {
		if s.Doc == "" || !strings.Contains(string(ref), "# "+s.Doc) {
			t.Errorf("%s is not described", s.Path)
		}
	}
}

func FuzzLoadFile(f *testing.F) {
	f.Add("kafka: {count: 1}")
	f.Add("kafka: [")
	f.Fuzz(func(t *testing.T, text string) {
		p := filepath.Join(t.TempDir(), "f.yaml")
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = config.Load(defaults(), config.Sources{File: p}) // must not panic
	})
}

type section struct{ errs error }

func (s *section) Validate() error { return s.errs }

// Every error is led by the path of its section, once, and nothing that an error
// says around its parts is lost.
func TestValidateNamesTheSectionOfEveryError(t *testing.T) {
	var dst struct {
		Policy section `yaml:"policy"`
	}
	dst.Policy.errs = errors.Join(errors.New("mode is odd"), errors.Join(errors.New("policy.ttl is none"), fmt.Errorf("caps: %w and %w", errors.New("a"), errors.New("b"))), errors.New("policy: rules are none"))
	want := "policy: mode is odd\npolicy.ttl is none\npolicy: caps: a and b\npolicy: rules are none"
	if got := config.Validate(&dst); got == nil || got.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", got, want)
	}
}
