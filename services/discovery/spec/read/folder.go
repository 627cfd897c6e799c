package read

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

// Folder keeps the specifications of a folder as it stands. It is for one
// goroutine; what Specifications gave is not changed later.
//
// Only the top of the folder is looked through. A document may refer to others,
// there or in folders below: it is read again when one of them changes, and one
// that is only referred to need be no specification itself.
type Folder struct {
	path   string
	limits document.Limits
	files  map[string]*kept
}

// stamp is what is looked at before a file is read again.
type stamp struct {
	modified time.Time
	size     int64
}

type kept struct {
	stamp stamp
	hash  [sha256.Size]byte
	parts map[string]stamp    // other files that it refers to
	last  *spec.Specification // the last good one
	err   error               // of the newest content
}

// NewFolder is for the documents of the folder at path, which need not exist yet.
func NewFolder(path string, limits document.Limits) *Folder {
	return &Folder{path: path, limits: limits, files: map[string]*kept{}}
}

// maxFolder bounds the documents of a folder.
const maxFolder = 1000

// Poll reads what was added or changed, and forgets what was removed. changed says
// whether Specifications now gives something else. A document that can't be read
// leaves the one before in force, and stands in the error at every Poll until it is mended.
func (f *Folder) Poll(ctx context.Context) (changed bool, err error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return false, fmt.Errorf("specifications: %w", err)
	}
	var errs []error
	there := map[string]bool{}
	for _, e := range entries {
		if ctx.Err() != nil {
			return changed, ctx.Err()
		}
		name := e.Name()
		if strings.HasPrefix(name, ".") || !slices.Contains(Extensions, strings.ToLower(filepath.Ext(name))) {
			continue
		}
		now := f.stamp(name)
		if now == (stamp{}) {
			continue // gone in between, or a folder
		}
		if len(there) == maxFolder {
			errs = append(errs, fmt.Errorf("specifications: %s: only the first %d documents are read", f.path, maxFolder))
			break
		}
		there[name] = true
		changed = f.file(name, now) || changed
	}
	referred := map[string]bool{}
	for name, k := range f.files {
		if !there[name] {
			changed = changed || k.last != nil
			delete(f.files, name)
			continue
		}
		for part := range k.parts {
			referred[part] = true
		}
	}
	for _, name := range f.names() {
		if err := f.files[name].err; err != nil && !(referred[name] && errors.Is(err, ErrUnknown)) {
			errs = append(errs, err)
		}
	}
	return changed, errors.Join(errs...)
}

// stamp looks at a file, through links: a mounted ConfigMap consists of them.
func (f *Folder) stamp(name string) stamp {
	info, err := os.Stat(filepath.Join(f.path, filepath.FromSlash(name)))
	if err != nil || !info.Mode().IsRegular() {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

// file reads one that changed and says whether there is something new.
func (f *Folder) file(name string, now stamp) bool {
	k := f.files[name]
	if k == nil {
		k = &kept{}
		f.files[name] = k
	}
	again := false
	for part, before := range k.parts {
		again = again || f.stamp(part) != before
	}
	if k.stamp == now && !again {
		return false
	}
	set, err := document.OpenSet(f.path, f.limits)
	if err != nil {
		k.err = err
		return false
	}
	defer func() { _ = set.Close() }() // it was opened for reading
	b, err := set.Bytes(name)
	sum := sha256.Sum256(b)
	if err == nil && sum == k.hash && !again {
		k.stamp = now // touched
		return false
	}
	var s *spec.Specification
	if err == nil {
		s, err = parse(set, name, b)
	}
	k.stamp, k.hash, k.err, k.parts = now, sum, err, map[string]stamp{}
	for _, part := range set.Names() {
		if part != name {
			k.parts[part] = f.stamp(part)
		}
	}
	if err != nil {
		return false
	}
	k.last = s
	return true
}

func (f *Folder) names() []string {
	names := make([]string, 0, len(f.files))
	for name := range f.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Specifications are those in force, by file name.
func (f *Folder) Specifications() []*spec.Specification {
	var out []*spec.Specification
	for _, name := range f.names() {
		if s := f.files[name].last; s != nil {
			out = append(out, s)
		}
	}
	return out
}
