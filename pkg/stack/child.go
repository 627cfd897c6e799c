package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// envChild marks a process as a child of this package and carries a childSpec.
const envChild = "MIRADOR_STACK_CHILD"

// childSpec is what the parent tells the copy of the binary that runs ClickHouse.
type childSpec struct {
	Library  string   // path of libchdb.so
	Args     []string // argv of the ClickHouse command line
	Doors    []relay  // what the world connects to
	HTTPAddr string   // where the server itself answers, for ending it
	QueryID  string   // the statement that keeps it alive
}

// childrenWelcome is set once main has called MaybeRunChild. The embedded
// ClickHouse is a copy of this binary: started from a program that does not make
// that call, the copy would run the whole program again instead. It is process-wide
// because it states a fact about the process's main.
var childrenWelcome atomic.Bool

// MaybeRunChild must be the first call of every main and TestMain that may start the
// embedded ClickHouse. In an ordinary process it returns at once. In a child started
// by this package it runs the server and never returns.
func MaybeRunChild() {
	marker, ok := os.LookupEnv(envChild)
	if !ok {
		childrenWelcome.Store(true)
		return
	}
	var spec childSpec
	if err := json.Unmarshal([]byte(marker), &spec); err != nil {
		fmt.Fprintf(os.Stderr, "stack: %s does not hold a child's orders: %v\n", envChild, err)
		os.Exit(2)
	}
	os.Unsetenv(envChild)
	go dieWithPipe(os.NewFile(3, "parent"))
	// Asked for before the library is opened: it must not be able to take the
	// default action of ending at once.
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP)
	var asked atomic.Bool
	go func() {
		<-term
		asked.Store(true)
		endKeepAlive(spec)
	}()
	for _, door := range spec.Doors {
		if err := door.open(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	err := runLibrary(spec.Library, spec.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	// It prints what went wrong and returns no error: an end that nobody asked for is one.
	if err != nil || !asked.Load() {
		os.Exit(1)
	}
	os.Exit(0)
}

// dieWithPipe ends this process when the parent's end of the pipe is closed.
func dieWithPipe(pipe *os.File) {
	_, _ = io.Copy(io.Discard, pipe)
	// SIGKILL, for an exit handler of the library could hang; the data survives it.
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// endKeepAlive cancels the statement that never ends. The command line then returns
// and shuts the server down in order.
func endKeepAlive(spec childSpec) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	u := url.URL{Scheme: "http", Host: spec.HTTPAddr, Path: "/"}
	body := fmt.Sprintf("KILL QUERY WHERE query_id = '%s' ASYNC", spec.QueryID)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(body))
	if err == nil {
		var resp *http.Response
		if resp, err = http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
			err = fmt.Errorf("status %s", resp.Status)
		}
	}
	// Still starting, or wedged. Data that was acknowledged survives this.
	fmt.Fprintf(os.Stderr, "stack: clickhouse does not end in order: %v\n", err)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}
