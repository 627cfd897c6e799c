package platform

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/dlq"
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
	if err := makeSecret(path, n, 0o600); err != nil {
		return "", err
	}
	return firstLine(path)
}

// makeSecret writes hex of n random bytes to path unless a file is there.
func makeSecret(path string, n int, mode fs.FileMode) error {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails
	return writeOnce(path, mode, []byte(hex.EncodeToString(raw)+"\n"))
}

// writeOnce puts b at path unless a file is there. Of several starters, in
// however many processes, the first one's content stays, and nobody ever reads
// half of it: the name is a link to a file that is complete and on disk.
func writeOnce(path string, mode fs.FileMode, b []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("%s is not there and cannot be made: %w", path, err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// keyPath is a file of the process's own keys.
func (c *Config) keyPath(name string) string { return filepath.Join(c.DataDir, "keys", name) }

// identityKey reads the tenant's key, made on first use where none is named, and
// its secret, from which other keys are derived.
func (c *Config) identityKey() (key capture.Key, secret string, err error) {
	if c.Identity.KeyFile != "" {
		secret, err = firstLine(c.Identity.KeyFile)
	} else {
		secret, err = secretFile(c.keyPath("identity.key"), 32)
	}
	if err != nil {
		return capture.Key{}, "", err
	}
	key, err = capture.NewKey(c.Identity.KeyID, []byte(secret))
	return key, secret, err
}

// signer reads the key that actions are signed with, made on first use where none
// is named. Of two starters at once the first one's stays.
func (c *Config) signer() (*action.Signer, error) {
	if c.Signing.KeyFile != "" {
		return action.LoadSigner(c.Signing.KeyFile)
	}
	path := c.keyPath("actions.key")
	s, err := action.LoadSigner(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeSigner(path); err != nil {
			return nil, err
		}
		s, err = action.LoadSigner(path)
	}
	if err != nil {
		return nil, err
	}
	return s, publish(path+".pub", s.Public())
}

// makeSigner links a new private key to path unless one is there.
func makeSigner(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("%s is not there and cannot be made: %w", path, err)
	}
	defer os.RemoveAll(tmp)
	if _, err := action.GenerateKey(filepath.Join(tmp, "key")); err != nil {
		return err
	}
	if err := os.Link(filepath.Join(tmp, "key"), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// publish writes the public half to path, for enforcers that run elsewhere. It
// follows from the private one, so whoever finds it missing may write it.
func publish(path string, k action.PublicKey) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(k.Key)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return writeOnce(path, 0o644, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// maxDeadLetter is the longest payload that a dead letter carries, in bytes.
const maxDeadLetter = 256 << 10

// sealer encrypts payloads of dead letters; nil where no key is named.
func (c *Config) sealer() (*dlq.Sealer, error) {
	if c.Stages.DeadLetterKey == "" {
		return nil, nil
	}
	text, err := firstLine(c.Stages.DeadLetterKey)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%s: the first line must be 64 hex digits (try: openssl rand -hex 32)", c.Stages.DeadLetterKey)
	}
	return dlq.NewSealer("k1", key, maxDeadLetter)
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

// IdentityKey is the key that c names, for a tool that ships.
func IdentityKey(c *Config) (capture.Key, error) {
	key, _, err := c.identityKey()
	return key, err
}
