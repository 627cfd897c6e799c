package platform

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/capture"
)

// firstLine reads a secret from a file: its first line, without white space
// around it.
func firstLine(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", fmt.Errorf("%s: the first line is empty", path)
	}
	return line, nil
}

// secretFile reads the secret at path, hex of n random bytes, and makes it on
// first use, readable by its owner only. Two starters at once get the same.
func secretFile(path string, n int) (string, error) {
	secret, err := firstLine(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails
	// A link from a finished file: nobody ever reads half a secret.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".secret-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(hex.EncodeToString(raw) + "\n")
	if err := errors.Join(err, tmp.Close()); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return firstLine(path)
}

// keyPath is a file of the process's own keys.
func (c *Config) keyPath(name string) string { return filepath.Join(c.DataDir, "keys", name) }

// identityKey reads the tenant's key, made on first use where none is named.
func (c *Config) identityKey() (capture.Key, error) {
	var secret string
	var err error
	if c.Identity.KeyFile != "" {
		secret, err = firstLine(c.Identity.KeyFile)
	} else {
		secret, err = secretFile(c.keyPath("identity.key"), 32)
	}
	if err != nil {
		return capture.Key{}, err
	}
	return capture.NewKey(c.Identity.KeyID, []byte(secret))
}

// signer reads the key that actions are signed with, made on first use where none
// is named. Of two starters at once the first one's stays.
func (c *Config) signer() (*action.Signer, error) {
	path := c.Signing.KeyFile
	if path == "" {
		path = c.keyPath("actions.key")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		if _, err := action.GenerateKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	return action.LoadSigner(path)
}

// verifier trusts the keys named, else the process's own.
func (p *Process) verifier() (*action.Verifier, error) {
	var keys []action.PublicKey
	for _, path := range p.Config.Signing.Trust {
		k, err := action.LoadPublicKey(path)
		if err != nil {
			return nil, fmt.Errorf("signing.trust: %w", err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		keys = append(keys, p.signer.Public())
	}
	return action.NewVerifier(keys...)
}
