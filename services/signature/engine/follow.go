package engine

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/miradorhq/mirador/services/follow"
)

// Follow reads the rules again whenever a file of the folder of own rules has changed,
// appeared or gone and nothing changes any more, until ctx ends. It tells the outcome of each time; after an error
// the old rules stay in force until a file changes again. Without a folder it only
// waits.
func (e *Engine) Follow(ctx context.Context, told func(error)) error {
	if e.cfg.Rules == "" {
		<-ctx.Done()
		return nil
	}
	return follow.Files(ctx, e.cfg.Reload, e.folder, func() string { return *e.read.Load() }, e.Reload, told)
}

// folder names every file of the folder with its size and time.
func (e *Engine) folder() string {
	if e.cfg.Rules == "" {
		return ""
	}
	names, err := fs.Glob(os.DirFS(e.cfg.Rules), "*.conf")
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, n := range names {
		info, err := fs.Stat(os.DirFS(e.cfg.Rules), n)
		if err != nil {
			fmt.Fprintln(&b, n, err)
			continue
		}
		fmt.Fprintln(&b, n, info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}
