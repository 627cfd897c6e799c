package reputation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Lists keeps a Set as the lists are now. Current may be called from anywhere; Open
// and Follow are for one goroutine.
type Lists struct {
	s       Settings
	client  *http.Client
	current atomic.Pointer[Set]
	held    map[string][]byte // by place: what was read of it last
	seen    string            // the files as they were read
	missed  error             // what could not be fetched at first
}

// Open reads the lists. A file that cannot be read is an error; a URL that does not
// answer holds nothing until Follow reaches it, as a service must start without it.
func Open(ctx context.Context, s Settings) (*Lists, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	l := &Lists{s: s, client: &http.Client{Timeout: s.Timeout}, held: map[string][]byte{}}
	l.seen = l.files()
	if err := l.readFiles(); err != nil {
		return nil, err
	}
	l.missed = l.fetch(ctx)
	if err := l.update(); err != nil {
		return nil, err
	}
	return l, nil
}

// Current is what is known now.
func (l *Lists) Current() *Set { return l.current.Load() }

// Follow reads files again when they have changed and nothing changes any more, and
// fetches URLs now and then, until ctx ends. It tells the outcome of each time that
// something was new or went wrong; after an error what was known before stays.
func (l *Lists) Follow(ctx context.Context, told func(error)) error {
	if len(l.s.sources()) == 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(l.s.Reload)
	defer tick.Stop()
	fetched, before, tried := time.Now(), "", l.seen
	if l.missed != nil {
		told(l.missed)
		fetched = time.Time{}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		// What still changes may be half written, and half a list is a valid one.
		now := l.files()
		changed := now == before && now != tried
		before = now
		due := time.Since(fetched) >= l.s.Refresh || fetched.IsZero()
		if !changed && !due {
			continue
		}
		var errs []error
		if changed {
			tried = now
			errs = append(errs, l.readFiles())
		}
		if due {
			fetched = time.Now()
			errs = append(errs, l.fetch(ctx))
		}
		version := l.Current().Version()
		errs = append(errs, l.update())
		if err := errors.Join(errs...); err != nil || l.Current().Version() != version {
			told(err)
		}
	}
}

// update makes the set anew of what is held.
func (l *Lists) update() error {
	set, err := l.s.set(func(from Source) []byte { return l.held[from.place()] })
	if err != nil {
		return err
	}
	l.current.Store(set)
	return nil
}

func (l *Lists) readFiles() error {
	var errs []error
	for _, from := range l.s.sources() {
		if from.File == "" {
			continue
		}
		b, err := l.file(from.File)
		errs = append(errs, l.hold(from, b, err))
	}
	return errors.Join(errs...)
}

// hold keeps what was read of a source. What it held before stays when that failed,
// also when it is no list.
func (l *Lists) hold(from Source, b []byte, err error) error {
	if err == nil {
		_, err = Parse(b, from.Format, l.s.MaxEntries)
	}
	if err != nil {
		return fmt.Errorf("reputation: %s: %w", from.shown(), err)
	}
	l.held[from.place()] = b
	return nil
}

func (l *Lists) file(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return l.all(f)
}

// files names every file with its size and time.
func (l *Lists) files() string {
	var b strings.Builder
	for _, from := range l.s.sources() {
		if from.File == "" {
			continue
		}
		info, err := os.Stat(from.File)
		if err != nil {
			fmt.Fprintln(&b, from.File, err)
			continue
		}
		fmt.Fprintln(&b, from.File, info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}

// fetch fetches the URLs.
func (l *Lists) fetch(ctx context.Context) error {
	var errs []error
	for _, from := range l.s.sources() {
		if from.URL != "" {
			b, err := l.get(ctx, from.URL)
			errs = append(errs, l.hold(from, b, err))
		}
	}
	return errors.Join(errs...)
}

func (l *Lists) get(ctx context.Context, place string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return nil, err
	}
	resp, err := l.client.Do(r)
	if err != nil {
		if asked := (*url.Error)(nil); errors.As(err, &asked) { // it names the URL, and a key in it
			err = asked.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", resp.Status)
	}
	return l.all(resp.Body)
}

// all reads a list of at most MaxBytes.
func (l *Lists) all(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(l.s.MaxBytes)+1))
	if err != nil {
		return nil, err
	}
	if len(b) > l.s.MaxBytes {
		return nil, fmt.Errorf("larger than %d bytes", l.s.MaxBytes)
	}
	return b, nil
}
