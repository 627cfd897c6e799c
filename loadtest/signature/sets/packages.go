package sets

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// packages are what the ordinary set is made of, a name@version and the first half
// of the archive's SHA-512 a line.
//
//go:embed packages.txt
var packages string

// ErrNoPackages is what Benign says where packages cannot be fetched.
var ErrNoPackages = errors.New("no packages")

// file is a text file of a package.
type file struct {
	name string // with the package's in front
	kind string // its extension
	text string
}

// maxFile is how much of a file is read: the rest of a large one is like it.
const maxFile = 8 << 20

// fetch is the text files of a package, in the archive's order. The archive is kept
// in cache.
func fetch(ctx context.Context, cache, spec, sum string) ([]file, error) {
	at := strings.LastIndexByte(spec, '@')
	archive := filepath.Join(cache, strings.ReplaceAll(strings.TrimPrefix(spec[:at], "@"), "/", "-")+"-"+spec[at+1:]+".tgz")
	b, err := os.ReadFile(archive)
	if err != nil {
		// A specification from the list above, not from outside.
		c := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", cache, spec) //nolint:gosec
		if out, err := c.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%w: npm pack %s: %w: %s", ErrNoPackages, spec, err, bytes.TrimSpace(out))
		}
		if b, err = os.ReadFile(archive); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoPackages, err)
		}
	}
	if h := sha512.Sum512(b); hex.EncodeToString(h[:32]) != sum {
		return nil, fmt.Errorf("%s is not what was pinned: SHA-512 begins with %x", archive, h[:32])
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", archive, err)
	}
	var files []file
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", archive, err)
		}
		kind := strings.TrimPrefix(path.Ext(h.Name), ".")
		if kind == "" && strings.Contains(strings.ToUpper(path.Base(h.Name)), "LICENSE") {
			kind = "txt"
		}
		switch kind {
		case "md", "txt", "json", "js", "ts", "sh", "yaml":
		default:
			continue
		}
		text, err := io.ReadAll(io.LimitReader(t, maxFile))
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", archive, h.Name, err)
		}
		files = append(files, file{name: h.Name, kind: kind, text: string(text)})
	}
}
