package console

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
)

// NewToken is a random login token of 130 bits, for the caller to print.
func NewToken() string { return rand.Text() }

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
