//go:build !linux || !amd64 || noembed

package stack

import (
	"fmt"
	"runtime"
)

const embeddable = false

func runLibrary(string, []string) error {
	return fmt.Errorf("stack: this binary for %s/%s has no embedded ClickHouse", runtime.GOOS, runtime.GOARCH)
}
