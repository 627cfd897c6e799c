//go:build linux && amd64 && !noembed

package stack

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

const embeddable = true

// cancelled is how ClickHouse names the end of a statement that was killed.
const cancelled = "QUERY_WAS_CANCELLED"

// runLibrary opens libchdb and runs a ClickHouse command line in it. It returns when
// the command line does. Must be called once in a process, which is then its own.
func runLibrary(library string, args []string) error {
	runtime.LockOSThread()
	handle, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return fmt.Errorf("stack: open %s (remove its folder to fetch it anew): %w", library, err)
	}
	for _, name := range []string{"chdb_query_cmdline", "chdb_result_error", "chdb_set_signal_handlers_enabled"} {
		if _, err := purego.Dlsym(handle, name); err != nil {
			return fmt.Errorf("stack: %s has no %s: %w", library, name, err)
		}
	}
	var cmdline func(argc int32, argv unsafe.Pointer) uintptr
	var resultError func(result uintptr) string
	var setHandlers func(enabled int32)
	purego.RegisterLibFunc(&cmdline, handle, "chdb_query_cmdline")
	purego.RegisterLibFunc(&resultError, handle, "chdb_result_error")
	purego.RegisterLibFunc(&setHandlers, handle, "chdb_set_signal_handlers_enabled")
	// Its own SIGTERM handler ends the process without shutting the server down.
	setHandlers(0)

	// The library keeps pointers into argv for as long as it runs.
	argv := make([]*byte, len(args)+1)
	var pin runtime.Pinner
	defer pin.Unpin()
	for i, a := range args {
		b := append([]byte(a), 0)
		pin.Pin(&b[0])
		argv[i] = &b[0]
	}
	pin.Pin(&argv[0])
	result := cmdline(int32(len(args)), unsafe.Pointer(&argv[0]))
	if result == 0 {
		return errors.New("stack: clickhouse returned no result")
	}
	if msg := resultError(result); msg != "" && !strings.Contains(msg, cancelled) {
		return fmt.Errorf("stack: clickhouse: %s", msg)
	}
	return nil
}
