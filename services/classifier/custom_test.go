package classifier

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const ownClass = `name: acme.employee
category: identity
pattern: "EMP-{d:6}"
validator: luhn
names: [employee, staffNumber]
cases:
  positive: [EMP-123455]
  negative: [EMP-123456, EMP-12]
---
name: acme.tier
category: person
words: [Platinum, Gold, Silver]
names: [loyaltyTier]
needs_name: true
cases:
  positive: [gold]
  negative: [bronze]
`

func TestOwnClasses(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "acme.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(ownClass)
	l := newLocal(t, 1)
	l.cfg.Classes = folder
	l.tables = testClasses(t, l.cfg)
	l.detectors[0], l.merger = newDetector(t, l.cfg, l.tables, 0), MergerFactory(l.cfg, l.tables)(0)
	for i, v := range []string{"EMP-123455", "EMP-100008", "EMP-100016", "EMP-100024", "EMP-100032", "EMP-100040", "EMP-100057", "EMP-100065", "EMP-100073"} {
		l.event(0, answer(i, "/v1/staff", `{"who":"`+v+`","note":"seen by `+v+` today","loyaltyTier":"`+[]string{"Gold", "Silver", "Platinum"}[i%3]+`","other":"Gold"}`))
	}
	l.flush(0, true)
	confirmed := map[string]string{}
	for _, f := range l.fields {
		if f.Confirmed {
			confirmed[f.Path] = f.Type + " " + f.Category
		}
	}
	// Three words are never eight: a closed list confirms nothing by itself.
	if len(confirmed) != 2 || confirmed["who"] != "acme.employee identity" || confirmed["note"] != "acme.employee identity" {
		t.Errorf("confirmed %v", confirmed)
	}
	if len(l.findings) != 2 { // DATA-01 of both: an identity in a response
		t.Errorf("findings %v", l.findings)
	}
	for _, f := range l.findings {
		if !strings.Contains(f.Evidence[0].Masked, "***-******") {
			t.Errorf("shown as %q", f.Evidence[0].Masked)
		}
	}
}

func TestOwnClassesErrorsNameFileAndLine(t *testing.T) {
	const file = "own.yaml"
	for want, text := range map[string]string{
		"own.yaml:2: class \"x\": category \"people\" is not":    "name: x\ncategory: people\npattern: a{d:3}\ncases: {positive: [a123], negative: [b]}\n",
		"own.yaml:3: \"patern\" is no key":                       "name: x\ncategory: person\npatern: a{d:3}\n",
		"own.yaml:4: class \"x\": validator \"crc\" is not":      "name: x\ncategory: person\npattern: a{d:3}\nvalidator: crc\ncases: {positive: [a123], negative: [b]}\n",
		"own.yaml:1: class \"x\": want one of pattern and words": "name: x\ncategory: person\ncases: {positive: [a123], negative: [b]}\n",
		"own.yaml:4: class \"x\": want at least one positive":    "name: x\ncategory: person\npattern: a{d:3}\ncases: {positive: [a123]}\n",
		"own.yaml:1: class \"X y\": want a name of at most 40":   "name: X y\ncategory: person\n",
		"own.yaml:4: class \"x\": there are no names":            "name: x\ncategory: person\npattern: a{d:3}\nneeds_name: true\ncases: {positive: [a123], negative: [b]}\n",
		"own.yaml:1: want the keys of a class":                   "[1, 2]\n",
		"own.yaml: yaml:":                                        "name: [\n",
		"own.yaml:4: class \"x\": a validator needs a pattern":   "name: x\ncategory: person\nwords: [a]\nvalidator: luhn\ncases: {positive: [a], negative: [b]}\n",
	} {
		if _, err := ReadCustom(file, []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	folder := t.TempDir()
	for want, text := range map[string]string{
		"a.yaml:7: class \"acme.employee\": case \"EMP-123457\": found is false, want true": strings.Replace(ownClass, "EMP-123455", "EMP-123457", 1),
		"a.yaml:8: class \"acme.employee\": case \"EMP-100008\": found is true, want false": strings.Replace(ownClass, "EMP-123456", "EMP-100008", 1),
		"a.yaml:1: class \"card\": there is such a class already":                           strings.Replace(ownClass, "acme.employee", "card", 1),
		"a.yaml:1: class \"acme.employee\": pattern":                                        strings.Replace(ownClass, "{d:6}", "{d:six}", 1),
		"a.yaml:10: class \"acme.employee\" stands in ":                                     strings.Replace(ownClass, "acme.tier", "acme.employee", 1),
	} {
		if err := os.WriteFile(filepath.Join(folder, "a.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := NewClasses(&Config{Classes: folder}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	words := strings.Replace(ownClass, "acme.tier", "iban", 1)
	if err := os.WriteFile(filepath.Join(folder, "a.yaml"), []byte(words), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewClasses(&Config{Classes: folder}); err == nil || !strings.Contains(err.Error(), "a.yaml:10: class \"iban\": there is such a class already") {
		t.Errorf("words of a class that exists: %v", err)
	}
	if _, err := NewClasses(&Config{Classes: filepath.Join(folder, "nowhere")}); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestClassesFollowTheirFolder holds that changed files come into force, and that after an error
// the old classes stay.
func TestClassesFollowTheirFolder(t *testing.T) {
	folder := t.TempDir()
	c, err := NewClasses(&Config{Classes: folder, ClassesReload: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	told, done := make(chan error, 8), make(chan error)
	go func() { done <- c.Follow(ctx, func(err error) { told <- err }) }()
	file := filepath.Join(folder, "acme.yml")
	write := func(text string) error {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return <-told
	}
	if err := write(ownClass); err != nil || c.now.Load().class("acme.tier") == nil {
		t.Errorf("a new file: %v", err)
	}
	if err := write("name: broken\n"); err == nil || c.now.Load().class("acme.tier") == nil {
		t.Errorf("a broken file: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := <-told; err != nil || c.now.Load().class("acme.tier") != nil {
		t.Errorf("a removed file: %v", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
