package platform

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/capture"
)

// CheckFiles opens every file of keys, tokens, certificates and descriptors that the
// named services would read, and reports all that is wrong with them. It makes none:
// one that is made on first use may be missing. Without services only what every
// command reads is looked at. The configuration must be valid.
func (c *Config) CheckFiles(services ...string) error {
	var errs []error
	check := func(where string, err error) {
		if err != nil && where != "" {
			err = fmt.Errorf("%s: %w", where, err)
		}
		errs = append(errs, err)
	}
	_, err := c.Content.Limits()
	check("", err)
	if len(services) == 0 {
		return errors.Join(errs...)
	}
	_, err = c.Kafka.Options()
	check("", err)
	_, err = c.sealer()
	check("stages.dead_letter_key_file", err)
	check("identity", c.checkIdentity())
	check("signing", c.checkSigner())
	if slices.Contains(services, "enforcer") {
		for _, path := range c.Signing.Trust {
			_, err := action.LoadPublicKey(path)
			check("signing.trust", err)
		}
	}
	if slices.Contains(services, "shipper") {
		check("", c.Shipper.CheckFiles())
	}
	if slices.Contains(services, "console") {
		check("", c.Console.CheckFiles())
	}
	return errors.Join(errs...)
}

func (c *Config) checkIdentity() error {
	path, named := c.Identity.KeyFile, true
	if path == "" {
		path, named = c.keyPath("identity.key"), false
	}
	secret, err := firstLine(path)
	if err == nil {
		_, err = capture.NewKey(c.Identity.KeyID, []byte(secret))
	}
	return madeOnUse(err, named)
}

func (c *Config) checkSigner() error {
	path, named := c.Signing.KeyFile, true
	if path == "" {
		path, named = c.keyPath("actions.key"), false
	}
	_, err := action.LoadSigner(path)
	return madeOnUse(err, named)
}

// madeOnUse lets a file be missing that nobody named.
func madeOnUse(err error, named bool) error {
	if !named && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
