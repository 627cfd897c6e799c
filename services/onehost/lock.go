package onehost

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock takes dir for this process until unlock, or until the process ends, however
// it ends. kfake takes no lock of its own: two of them in one folder would write
// over each other's log. The lock file stays, for removing it would let two starters
// lock two different files of one name.
func lock(dir string) (unlock func(), err error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data_dir: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data_dir %s is in use by another mirador: stop that one, or give another --data_dir", dir)
		}
		return nil, fmt.Errorf("data_dir: lock %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}
