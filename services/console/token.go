package console

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
)

// NewToken is a random login token of 130 bits, for the caller to print.
func NewToken() string { return rand.Text() }

// CheckFiles opens the files that the settings name and reports all that is wrong.
func (c *Config) CheckFiles() error {
	_, _, err := loadToken(c)
	if c.CertFile == "" {
		return err
	}
	_, certErr := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if certErr != nil {
		certErr = fmt.Errorf("console: TLS certificate %s and key %s: %w", c.CertFile, c.KeyFile, certErr)
	}
	return errors.Join(err, certErr)
}

// loadToken settles the token of c: the one given, the one in its file, or a new
// one, and then generated is true.
func loadToken(c *Config) (token string, generated bool, err error) {
	switch {
	case c.Token != "":
		return c.Token, false, nil
	case c.TokenFile == "":
		return NewToken(), true, nil
	}
	b, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return "", false, fmt.Errorf("console: token file: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	token = strings.TrimSpace(line)
	if len(token) < minToken {
		return "", false, fmt.Errorf("console: token file %s: its first line has %d characters, but guessing is only hopeless from %d on", c.TokenFile, len(token), minToken)
	}
	return token, false, nil
}
