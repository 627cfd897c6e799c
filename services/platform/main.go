package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/miradorhq/mirador/pkg/config"
	"github.com/spf13/pflag"
)

// Version is set at build time by -ldflags "-X .../platform.Version=v1.2.3".
var Version = "dev"

// Flags are what every command that runs services takes.
type Flags struct {
	set      *pflag.FlagSet
	file     *string
	validate *bool
	print    *bool
	health   *bool
	make     *[]string
	secret   *string
}

// AddFlags registers the flags of every setting and the common ones on fs. c
// holds the defaults that --help shows.
func AddFlags(fs *pflag.FlagSet, c *Config) *Flags {
	f := &Flags{
		set:      fs,
		file:     fs.String("config", os.Getenv("MIRADOR_CONFIG"), "YAML file with settings; - is standard input (environment: MIRADOR_CONFIG)"),
		validate: fs.Bool("validate", false, "check the configuration and the files of keys, tokens and descriptors that it names, report every error, and exit"),
		print:    fs.Bool("print-config", false, "print every setting with its description and present value as YAML, and exit"),
		health:   fs.Bool("health", false, "ask the service that runs with these settings for its health; exit 0 or, saying why, 1"),
		make:     fs.StringArray("make-secret", nil, "make the keys in data_dir/keys and a random secret at this path (PATH or PATH:MODE), each unless it is there, and exit; may be repeated"),
		secret:   fs.String("print-secret", "", "print the first line of the file at this path, and exit"),
	}
	config.AddFlags(fs, c)
	return f
}

// Asks says whether a flag asks for something that is done at once: then the command
// itself has nothing to work on.
func (f *Flags) Asks() bool {
	return *f.print || *f.validate || *f.health || len(*f.make) > 0 || *f.secret != ""
}

// ErrDone says that the command has done what its flags asked for and must end.
var ErrDone = errors.New("done")

// Load fills c from file, environment and flags. Where a flag asks for something
// that is done at once, as --validate or --health, it does that, writes to out
// and returns ErrDone, or what went wrong. services are those that would run: a
// command that runs none names none.
func (f *Flags) Load(c *Config, out io.Writer, services ...string) error {
	environ, err := fromFiles(os.Environ(), config.Settings(c))
	err = errors.Join(err, config.Load(c, config.Sources{File: *f.file, Environ: environ, Flags: f.set}))
	if err != nil {
		return fmt.Errorf("configuration:\n%w", err)
	}
	switch {
	case *f.print:
		_, err = out.Write(config.Reference(c))
	case *f.validate:
		if err := c.CheckFiles(services...); err != nil {
			return fmt.Errorf("configuration:\n%w", err)
		}
		_, err = fmt.Fprintln(out, "the configuration is valid")
	case *f.health:
		err = c.askHealth(context.Background())
	case len(*f.make) > 0:
		err = c.makeSecrets(*f.make)
	case *f.secret != "":
		err = printSecret(*f.secret, out)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	return ErrDone
}

// Main is the main function of the command that runs one service.
func Main(service string) {
	if err := mainOf(service, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", service, err)
		os.Exit(1)
	}
}

func mainOf(service string, args []string) error {
	s, err := find(service)
	if err != nil {
		return err
	}
	c := Defaults()
	fs := pflag.NewFlagSet(service, pflag.ContinueOnError)
	fs.SortFlags = false
	fs.Usage = func() {
		fmt.Printf(`%[1]s: %[2]s.

Settings come from a YAML file (--config), then the environment (MIRADOR_KAFKA_BROKERS is
kafka.brokers), then flags; the later wins. A service reads the parts it needs.

  %[1]s --kafka.brokers=kafka:9092 --clickhouse.addr=clickhouse:9000
  %[1]s --print-config > mirador.yaml

`, service, s.About)
		fs.PrintDefaults()
	}
	flags := AddFlags(fs, &c)
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil
		}
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected %q: settings are given as --name=value", fs.Args())
	}
	if err := flags.Load(&c, os.Stdout, service); err != nil {
		if errors.Is(err, ErrDone) {
			return nil
		}
		return err
	}
	p, err := New(c, []string{service}, c.Telemetry.Logger(os.Stderr))
	if err != nil {
		return err
	}
	p.Announce(os.Stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return p.Run(ctx)
}

// SettingNames are the flags that AddFlags registers for the settings of c.
func SettingNames(c *Config) []string {
	var names []string
	for _, s := range config.Settings(c) {
		names = append(names, s.Path)
	}
	return names
}
