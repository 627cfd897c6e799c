package classifier

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miradorhq/mirador/services/classifier/scan"
	"github.com/miradorhq/mirador/services/follow"
)

// Classes are the tables in force.
type Classes struct {
	folder string
	every  time.Duration
	now    atomic.Pointer[Tables]
	read   atomic.Pointer[string] // the folder that they are of
}

// NewClasses makes the tables, with the classes of the folder that cfg names.
func NewClasses(cfg *Config) (*Classes, error) {
	c := &Classes{folder: cfg.Classes, every: cfg.ClassesReload}
	if err := c.Reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// Reload reads the folder again. After an error the old tables stay in force.
func (c *Classes) Reload() error {
	state := c.state()
	c.read.Store(&state)
	t, err := tablesOf(c.folder)
	if err != nil {
		return err
	}
	c.now.Store(t)
	return nil
}

func tablesOf(folder string) (*Tables, error) {
	if folder == "" {
		return NewTables(nil)
	}
	names, err := classFiles(folder)
	if err != nil {
		return nil, err
	}
	var own []Custom
	file := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("classifier.classes: %w", err)
		}
		list, err := ReadCustom(name, text)
		if err != nil {
			return nil, fmt.Errorf("classifier.classes: %w", err)
		}
		for i := range list {
			if before, twice := file[list[i].Name]; twice {
				return nil, fmt.Errorf("classifier.classes: %s:%d: class %q stands in %s too", name, list[i].lines["name"], list[i].Name, before)
			}
			file[list[i].Name] = name
		}
		own = append(own, list...)
	}
	t, err := NewTables(own)
	if wrong := (*scan.OwnError)(nil); errors.As(err, &wrong) {
		i := slices.IndexFunc(own, func(c Custom) bool { return c.Name == wrong.Name })
		return nil, fmt.Errorf("classifier.classes: %s:%d: %w", file[wrong.Name], own[i].lines["name"], err)
	} else if err != nil {
		return nil, fmt.Errorf("classifier.classes: %s: %w", folder, err)
	}
	for i := range own {
		if err := t.try(&own[i]); err != nil {
			return nil, fmt.Errorf("classifier.classes: %s:%w", file[own[i].Name], err)
		}
	}
	return t, nil
}

func classFiles(folder string) (names []string, err error) {
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		list, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, fmt.Errorf("classifier.classes: %w", err)
		}
		names = append(names, list...)
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, fmt.Errorf("classifier.classes: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// Follow reads the classes again whenever a file of their folder has changed, appeared or
// gone and nothing changes any more, until ctx ends. It tells the outcome of each time;
// after an error the old ones stay in force until a file changes again. Without a folder
// it only waits.
func (c *Classes) Follow(ctx context.Context, told func(error)) error {
	if c.folder == "" {
		<-ctx.Done()
		return nil
	}
	return follow.Files(ctx, c.every, c.state, func() string { return *c.read.Load() }, c.Reload, told)
}

// state names every file of the folder with its size and time.
func (c *Classes) state() string {
	if c.folder == "" {
		return ""
	}
	names, err := classFiles(c.folder)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, n := range names {
		info, err := os.Stat(n)
		if err != nil {
			if !errors.Is(err, os.ErrNotExist) {
				fmt.Fprintln(&b, n, err)
			}
			continue
		}
		fmt.Fprintln(&b, n, info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}
