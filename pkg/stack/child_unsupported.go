//go:build !(linux && amd64)

package stack

import (
	"fmt"
	"runtime"
)

func runLibrary(string, []string) error {
	return fmt.Errorf("stack: no embedded ClickHouse for %s/%s", runtime.GOOS, runtime.GOARCH)
}
