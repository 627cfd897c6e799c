// Package config fills one struct of settings from defaults, a YAML file, the
// environment and flags, each overriding the one before, and reports every
// error at once.
//
// A setting is a leaf of the struct, named by the yaml tags on the way to it:
// kafka.brokers is the key in the file, MIRADOR_KAFKA_BROKERS in the environment
// and --kafka.brokers on the command line. Its doc tag is the one place where it
// is described; Reference and --help are made from it. A field with yaml:"-" is
// no setting.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"
)

// EnvPrefix starts the name of every environment variable.
const EnvPrefix = "MIRADOR_"

// Validator is implemented by a struct of settings, at any depth. Validate must
// report everything that is wrong, joined.
type Validator interface{ Validate() error }

// Sources say where Load looks.
type Sources struct {
	// File is the path of the YAML file; empty means none, "-" standard input.
	File string
	// Environ is as os.Environ gives it.
	Environ []string
	// Flags were registered by AddFlags and parsed; nil means none.
	Flags *pflag.FlagSet
}

// Load fills dst, a pointer to a struct that holds the defaults. The error joins
// all that is wrong in all sources and in the result; dst must not be used then.
func Load(dst any, from Sources) error {
	var errs []error
	if from.File != "" {
		errs = append(errs, loadFile(dst, from.File))
	}
	settings := Settings(dst)
	errs = append(errs, loadEnviron(settings, from.Environ)...)
	if from.Flags != nil {
		for _, s := range settings {
			if f := from.Flags.Lookup(s.Path); f != nil && f.Changed {
				errs = append(errs, s.set("--"+s.Path, f.Value.String()))
			}
		}
	}
	// A value that did not parse left the one before it in place: what Validate
	// finds on top is wrong by itself.
	return errors.Join(append(errs, Validate(dst))...)
}

func loadFile(dst any, path string) error {
	var raw []byte
	var err error
	if path == "-" {
		raw, err = io.ReadAll(os.Stdin)
	} else {
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	var errs []error
	wrong := func(err error) {
		errs = append(errs, fmt.Errorf("configuration file %s:\n%s", path, yaml.FormatError(err, false, true)))
	}
	if err := yaml.UnmarshalWithOptions(raw, dst); err != nil {
		each := mistyped(raw, dst)
		if len(each) == 0 {
			wrong(err)
		}
		for _, err := range each {
			errs = append(errs, fmt.Errorf("configuration file %s: %w", path, err))
		}
	}
	for _, err := range unknownKeys(raw, dst) {
		errs = append(errs, fmt.Errorf("configuration file %s: %w", path, err))
	}
	return errors.Join(errs...)
}

func loadEnviron(settings []Setting, environ []string) []error {
	byName := make(map[string]*Setting, len(settings))
	for i := range settings {
		byName[settings[i].Env] = &settings[i]
	}
	var errs []error
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if s, ok := byName[name]; ok {
			errs = append(errs, s.set(name, value))
		}
	}
	return errs
}

// Validate calls Validate of dst and of the structs of settings inside it, and
// joins what they report, each led by its path. Inside dst a struct that
// validates itself answers for all that is in it.
func Validate(dst any) error {
	v := reflect.ValueOf(dst).Elem()
	errs := []error{ask(v, "")}
	errs = append(errs, validateFields(v, "")...)
	return errors.Join(errs...)
}

func validateFields(v reflect.Value, path string) (errs []error) {
	for i := range v.NumField() {
		f := v.Field(i)
		sub, ok := fieldPath(v.Type().Field(i), path)
		if !ok || f.Kind() != reflect.Struct {
			continue
		}
		if _, ok := f.Addr().Interface().(Validator); ok {
			errs = append(errs, ask(f, sub))
		} else {
			errs = append(errs, validateFields(f, sub)...)
		}
	}
	return errs
}

func ask(v reflect.Value, path string) error {
	val, ok := v.Addr().Interface().(Validator)
	if !ok {
		return nil
	}
	err := val.Validate()
	if err == nil || path == "" {
		return err
	}
	var errs []error
	for _, e := range each(err) {
		// A part may name its settings in full.
		if s := e.Error(); !strings.HasPrefix(s, path+".") && !strings.HasPrefix(s, path+":") {
			e = fmt.Errorf("%s: %w", path, e)
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// each are the errors that were joined into err, and into these.
func each(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	var lines []string
	for _, e := range joined.Unwrap() {
		out = append(out, each(e)...)
		lines = append(lines, e.Error())
	}
	if strings.Join(lines, "\n") != err.Error() { // it says more than its parts
		return []error{err}
	}
	return out
}
