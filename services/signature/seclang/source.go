package seclang

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
)

// Source is where directives come from: Text, or where that is empty the files that
// Name names, one file or a pattern.
type Source struct {
	// FS holds Name, what is included and the files of operators. What begins with @
	// and is not in FS is taken from the core rule set that this program was built
	// with, and everything is where FS is nil: @owasp_crs/*.conf,
	// @crs-setup.conf.example, @coraza.conf-recommended.
	FS   fs.FS
	Name string // with Text, how errors call it
	Text string
}

// maxIncludes bounds the files that one Parse reads: files may include each other.
const maxIncludes = 1000

// source parses all of s.
func (p *parser) source(s Source) {
	p.fs, p.file, p.dir = s.FS, s.Name, ""
	if s.Text != "" {
		if p.file == "" {
			p.file = "inline"
		}
		p.text(s.Text)
		return
	}
	p.include(s.Name, func(err error) { p.errs = append(p.errs, &Error{File: s.Name, Err: err}) })
}

// include parses the files that name names, seen from the file that is being parsed.
func (p *parser) include(name string, fail func(error)) {
	files := []string{name}
	switch {
	case name == "":
		fail(errors.New("no file is named"))
		return
	case strings.Contains(name, "*"):
		var err error
		if files, err = p.glob(name); err != nil {
			fail(fmt.Errorf("pattern %q: %w", name, err))
			return
		}
	case !strings.HasPrefix(name, "@") && !path.IsAbs(name):
		files[0] = path.Join(p.dir, name)
	}
	for _, f := range files {
		p.include1(f, fail)
	}
}

func (p *parser) include1(name string, fail func(error)) {
	for _, open := range p.open {
		if open == name {
			fail(fmt.Errorf("%s includes itself", name))
			return
		}
	}
	if p.included++; p.included > maxIncludes {
		if p.included == maxIncludes+1 {
			fail(fmt.Errorf("more than %d files are included", maxIncludes))
		}
		return
	}
	data, err := p.read(name)
	if err != nil {
		fail(fmt.Errorf("read %s: %w", name, err))
		return
	}
	file, dir := p.file, p.dir
	p.open = append(p.open, name)
	p.file, p.dir = name, path.Dir(name)
	p.text(string(data))
	p.file, p.dir = file, dir
	p.open = p.open[:len(p.open)-1]
}

func (p *parser) glob(pattern string) ([]string, error) {
	if p.fs != nil {
		files, err := fs.Glob(p.fs, pattern)
		if err != nil || len(files) > 0 {
			return files, err
		}
	}
	if p.fs == nil || strings.HasPrefix(pattern, "@") {
		files, err := fs.Glob(coreruleset.FS, pattern)
		if err != nil || len(files) > 0 {
			return files, err
		}
	}
	return nil, errors.New("matches no file")
}

func (p *parser) read(name string) ([]byte, error) {
	if p.fs == nil {
		return fs.ReadFile(coreruleset.FS, name)
	}
	data, err := fs.ReadFile(p.fs, name)
	if err != nil && strings.HasPrefix(name, "@") {
		if own, e := fs.ReadFile(coreruleset.FS, name); e == nil {
			return own, nil
		}
	}
	return data, err
}

// beside reads a file that a rule names: it stands with the file of the rule.
func (p *parser) beside(name string) ([]byte, error) {
	if !path.IsAbs(name) {
		name = path.Join(p.dir, name)
	}
	return p.read(name)
}
