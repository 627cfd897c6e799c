package pack

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// commandLine finds command lines: a word that stands where a shell would take it
// for a command, and what has to follow it. Names of commands are short and
// ordinary words, so no literal of theirs rules anything out; where they stand does.
type commandLine struct {
	// Words are the commands, in lower case.
	Words []string `yaml:"words"`
	// Start lets one stand at the start of the text, too: without a separator.
	Start bool `yaml:"start"`
	// First takes those alone that go on with a command line: nothing but separators
	// stands before them.
	First bool `yaml:"first"`
	// Then is an expression for what follows the word, matched right behind it.
	Then string `yaml:"then"`

	then *regexp.Regexp
}

func (c *commandLine) compile() error {
	var errs []error
	for _, w := range c.Words {
		if w == "" || len(w) > maxWord || strings.ToLower(w) != w || strings.TrimFunc(w, func(r rune) bool { return r < 0x80 && wordByte[r] }) != "" {
			errs = append(errs, fmt.Errorf("commands: %q is no word of at most %d bytes in lower case", w, maxWord))
		}
	}
	if len(c.Words) == 0 {
		errs = append(errs, errors.New("commands: no words"))
	}
	var err error
	if c.then, err = regexp.Compile("(?is)^(?:" + c.Then + ")"); err != nil {
		errs = append(errs, fmt.Errorf("commands: then: %w", err))
	}
	return errors.Join(errs...)
}

// maxWord is the longest command, maxRest how much of what follows is looked at,
// maxCommands how many words of a text are: a text of nothing but commands is known
// after a few.
const (
	maxWord     = 24
	maxRest     = 160
	maxCommands = 256
)

// commands are the command lines of all rules by their words.
type commands map[string][]command

type command struct {
	rule int
	line *commandLine
}

func (c commands) add(rule int, line *commandLine) {
	for _, w := range line.Words {
		c[w] = append(c[w], command{rule, line})
	}
}

// separator are the bytes behind which a shell begins a command.
var separator = func() (t [256]bool) {
	for _, c := range []byte(";&|`\n({") {
		t[c] = true
	}
	return t
}()

var wordByte = func() (t [256]bool) {
	for c := range 0x80 {
		t[c] = c >= '0' && c <= '9' || letter(byte(c)) || c == '_' || c == '-'
	}
	return t
}()

// leads are the bytes that may stand before a separator that begins a text.
var leads = func() (t [256]bool) {
	for _, c := range []byte(" \t\r\n;&|`+@^$\"')") {
		t[c] = true
	}
	return t
}()

// Where a word stands.
type position uint8

const (
	atStart     position = iota
	behindFirst          // behind the separators that the text begins with
	behind
)

// commands looks for command lines in text.
func (s *Scanner) commands(k Kind, t *target, text string, v View, depth int) {
	budget := maxCommands
	budget -= s.command(k, t, text, 0, atStart, v, depth)
	first := behindFirst
	for i := 0; i < len(text) && budget > 0; i++ {
		if separator[text[i]] && separates(text, i) {
			budget -= s.command(k, t, text, i+1, first, v, depth)
		} else if !leads[text[i]] {
			first = behind
		}
	}
}

// separates says whether a shell would begin a command behind the byte at i: a fence
// of a document does not, and a bracket only behind another sign.
func separates(text string, i int) bool {
	switch c := text[i]; c {
	case '`':
		return (i == 0 || text[i-1] != c) && (i+1 == len(text) || text[i+1] != c)
	case '(', '{':
		if i == 0 {
			return c == '{'
		}
		p := text[i-1]
		return p == '$' || p == '<' || p == '>' || p == '|' || p == ';' || p == '&'
	}
	return true
}

// command looks at the word at i; the result is 1 where there was one to look up.
func (s *Scanner) command(k Kind, t *target, text string, i int, at position, v View, depth int) int {
	begin := i
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '"' || text[i] == '\'' || text[i] == '@' || text[i] == '+') {
		i++
	}
	// A path in front of the command, which it may be called by.
	if i < len(text) && (text[i] == '/' || text[i] == '\\' || text[i] == '.' || i+1 < len(text) && text[i+1] == ':') {
		if n := commandPath(text[i:]); n > 0 {
			i += n
		}
	}
	var word [maxWord]byte
	n := 0
	for i+n < len(text) && n < maxWord && wordByte[text[i+n]] {
		word[n] = lower[text[i+n]]
		n++
	}
	if n == 0 || n == maxWord {
		return 0
	}
	end := i + n
	if end+4 <= len(text) && equalLower(text[end:end+4], ".exe") {
		end += 4
	}
	for _, c := range s.p.commands[string(word[:n])] {
		if at == atStart && !c.line.Start || c.line.First && at != behindFirst {
			continue
		}
		r := s.p.rules[c.rule]
		if !r.fits(k, text) || s.has(r, k, t.leaf) {
			continue
		}
		if then := c.line.then.FindStringIndex(text[end:min(len(text), end+maxRest)]); then != nil && r.applies(k, t.leaf) {
			s.hit(r, k, t, text, max(begin-1, 0), end+then[1], v, depth)
		}
	}
	return 1
}

// commandPath is the length of a path that ends in a slash at the start of s.
func commandPath(s string) int {
	end := 0
	for i := 0; i < len(s) && i < 64; i++ {
		switch c := s[i]; {
		case c == '/' || c == '\\':
			end = i + 1
		case c != '.' && c != ':' && c != '?' && c != '*' && !wordByte[c]:
			return end
		}
	}
	return end
}
