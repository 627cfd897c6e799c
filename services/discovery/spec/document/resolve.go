package document

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Set is the files of one specification: the one that was asked for and those
// that references lead to. No reference leaves the folder, by name or by
// symbolic link, and none goes to a network.
type Set struct {
	// Prefix goes before the names of files where people are told them.
	Prefix string

	root   *os.Root
	limits Limits
	left   int
	files  map[string]*File
	failed map[string]error
}

// OpenSet is for documents in folder. Close ends it.
func OpenSet(folder string, limits Limits) (*Set, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("folder of specifications: %w", err)
	}
	s := NewSet(limits)
	s.root = root
	return s, nil
}

// NewSet is for documents in memory: a reference to another file is an error.
func NewSet(limits Limits) *Set {
	l := limits.withDefaults()
	return &Set{limits: l, left: l.Nodes, files: map[string]*File{}, failed: map[string]error{}}
}

// Close closes the folder.
func (s *Set) Close() error {
	if s.root == nil {
		return nil
	}
	return s.root.Close()
}

// Names are the files that were asked for so far, also those that could not be
// read, in order.
func (s *Set) Names() []string {
	out := make([]string, 0, len(s.files)+len(s.failed))
	for name := range s.files {
		out = append(out, name)
	}
	for name := range s.failed {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Add reads b as the file of that name, slash-separated and relative to the folder.
func (s *Set) Add(name string, b []byte) (*File, error) {
	f, err := parse(name, s.Prefix+name, b, s.limits, &s.left)
	if err != nil {
		return nil, err
	}
	s.files[name] = f
	return f, nil
}

// Bytes reads a file of the folder, within the limit.
func (s *Set) Bytes(name string) ([]byte, error) {
	if s.root == nil {
		return nil, &Error{File: s.Prefix + name, Err: errors.New("there is no folder to read it from")}
	}
	f, err := s.root.Open(name)
	if err != nil {
		return nil, &Error{File: s.Prefix + name, Err: cause(err)}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, &Error{File: s.Prefix + name, Err: cause(err)}
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{File: s.Prefix + name, Err: errors.New("is no file")}
	}
	b, err := io.ReadAll(io.LimitReader(f, int64(s.limits.Bytes)+1))
	if err != nil {
		return nil, &Error{File: s.Prefix + name, Err: cause(err)}
	}
	if len(b) > s.limits.Bytes {
		return nil, &Error{File: s.Prefix + name, Err: fmt.Errorf("%w: more than %d bytes", ErrTooLarge, s.limits.Bytes)}
	}
	return b, nil
}

// cause leaves out the operation and the path, which the Error around it names.
func cause(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// file is the one of that name, read at its first use.
func (s *Set) file(name string) (*File, error) {
	if f := s.files[name]; f != nil {
		return f, nil
	}
	if err := s.failed[name]; err != nil {
		return nil, err
	}
	if len(s.files)+len(s.failed) >= s.limits.Files {
		return nil, &Error{File: s.Prefix + name, Err: fmt.Errorf("%w: more than %d files", ErrTooLarge, s.limits.Files)}
	}
	b, err := s.Bytes(name)
	if err == nil {
		var f *File
		if f, err = s.Add(name, b); err == nil {
			return f, nil
		}
	}
	s.failed[name] = err
	return nil, err
}

// maxHops bounds references to references; a circle ends there.
const maxHops = 32

// Resolve follows $ref from n to what it stands for, which is n itself where
// there is none. The error names the place of the reference.
func (s *Set) Resolve(n *Node) (*Node, error) {
	from := n
	for range maxHops {
		ref := n.Get("$ref")
		if ref == nil || ref.Kind != Scalar || ref.Type != "string" {
			return n, nil
		}
		next, err := s.follow(ref)
		if err != nil {
			return nil, err
		}
		n = next
	}
	return nil, from.Get("$ref").Errorf("reference %q goes round in circles", from.Get("$ref").String())
}

func (s *Set) follow(ref *Node) (*Node, error) {
	text := ref.String()
	u, err := url.Parse(text)
	if err != nil {
		return nil, ref.Errorf("reference %q is no URI", text)
	}
	if u.Scheme != "" || u.Host != "" {
		return nil, ref.Errorf("reference %q leads to a network: only files beside the document are read", text)
	}
	file := ref.file
	if u.Path != "" {
		if path.IsAbs(u.Path) {
			return nil, ref.Errorf("reference %q is an absolute path: only files beside the document are read", text)
		}
		name := path.Join(path.Dir(file.Name), u.Path)
		if name == ".." || strings.HasPrefix(name, "../") {
			return nil, ref.Errorf("reference %q leaves the folder", text)
		}
		if file, err = s.file(name); err != nil {
			return nil, ref.Errorf("reference %q: %w", text, err)
		}
	}
	if u.Fragment != "" && u.Fragment[0] != '/' {
		return nil, ref.Errorf("reference %q: %q is no JSON pointer", text, u.Fragment)
	}
	n := file.Root.Find(u.Fragment)
	if n == nil {
		return nil, ref.Errorf("reference %q leads to nothing", text)
	}
	return n, nil
}

// Find is the value at a JSON pointer below n, or nil.
func (n *Node) Find(pointer string) *Node {
	if pointer == "" {
		return n
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		if n == nil {
			return nil
		}
		if n.Kind != List {
			n = n.Get(part)
			continue
		}
		i, err := strconv.Atoi(part)
		if err != nil || i < 0 || i >= len(n.Items) {
			return nil
		}
		n = n.Items[i]
	}
	return n
}
