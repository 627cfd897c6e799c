package platform

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// secretBytes is the entropy of a secret that --make-secret makes.
const secretBytes = 32

// makeSecrets makes what is missing of the process's own keys and of specs, each
// PATH or PATH:MODE with an octal mode such as 0444, for a reader of another user
// in another container. What is there stays as it is, so a step that calls this
// may run before every start.
func (c *Config) makeSecrets(specs []string) error {
	_, _, keyErr := c.identityKey()
	_, signErr := c.signer()
	errs := []error{keyErr, signErr}
	for _, spec := range specs {
		path, mode, err := secretSpec(spec)
		if err == nil {
			err = makeSecret(path, secretBytes, mode)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("--make-secret %s: %w", spec, err))
		}
	}
	return errors.Join(errs...)
}

func secretSpec(spec string) (path string, mode fs.FileMode, err error) {
	path, text, ok := strings.Cut(spec, ":")
	if path == "" {
		return "", 0, errors.New("no path")
	}
	if !ok {
		return path, 0o600, nil
	}
	n, err := strconv.ParseUint(text, 8, 32)
	if err != nil || n > 0o777 || n&0o400 == 0 {
		return "", 0, fmt.Errorf("mode %q is not an octal number such as 0440", text)
	}
	return path, fs.FileMode(n), nil
}

// printSecret writes the secret at path to out: the way to see a login token
// where there is no shell to open the file with.
func printSecret(path string, out io.Writer) error {
	secret, err := firstLine(path)
	if err != nil {
		return fmt.Errorf("--print-secret: %w", err)
	}
	_, err = fmt.Fprintln(out, secret)
	return err
}
