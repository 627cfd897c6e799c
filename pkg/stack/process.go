package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a part that runs as a child process. A child must never outlive its
// parent, also when the parent is SIGKILLed, so two things hold it:
//
//   - on Linux the kernel kills it when the thread that forked it ends
//     (PR_SET_PDEATHSIG). Go ends threads as it likes, so a goroutine that is locked
//     to its thread forks the child and stays until the child is gone;
//   - a child that is a copy of this binary also watches a pipe (descriptor 3) whose
//     other end only the parent holds. End of file means that the parent is gone.
type process struct {
	name   string   // for messages
	argv   []string // argv[0] is what the process list shows
	path   string   // the program
	env    []string // whole environment; nil means ours
	dir    string
	output string        // file that takes standard output and error, written anew by each run
	grace  time.Duration // how long stop waits after SIGTERM before SIGKILL

	mu  sync.Mutex
	cur *run
}

// run is one life of a process.
type run struct {
	pid  int
	done chan struct{} // closed when the process is reaped
	err  error         // valid after done
	hold *os.File      // our end of the pipe
}

func (p *process) start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cur != nil && !p.cur.over() {
		return fmt.Errorf("stack: %s already runs as process %d", p.name, p.cur.pid)
	}
	if err := os.MkdirAll(filepath.Dir(p.output), 0o755); err != nil {
		return fmt.Errorf("stack: %s: folder for its output: %w", p.name, err)
	}
	out, err := os.Create(p.output)
	if err != nil {
		return fmt.Errorf("stack: %s: file for its output: %w", p.name, err)
	}
	defer out.Close()
	watch, hold, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("stack: %s: pipe: %w", p.name, err)
	}
	defer watch.Close()

	cmd := &exec.Cmd{Path: p.path, Args: p.argv, Env: p.env, Dir: p.dir, Stdout: out, Stderr: out, ExtraFiles: []*os.File{watch}}
	// A group of its own: Ctrl-C in a terminal must reach us only, else the
	// database is gone before the sinks are flushed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)

	r := &run{done: make(chan struct{}), hold: hold}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		r.pid = cmd.Process.Pid
		started <- nil
		r.err = cmd.Wait()
		hold.Close()
		close(r.done)
	}()
	if err := <-started; err != nil {
		hold.Close()
		return fmt.Errorf("stack: start %s (%s): %w", p.name, p.path, err)
	}
	p.cur = r
	return nil
}

func (r *run) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

func (p *process) current() *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cur
}

func (p *process) pid() int {
	if r := p.current(); r != nil && !r.over() {
		return r.pid
	}
	return 0
}

// exited gives a channel that is closed when the present run ends, and the reason.
func (p *process) exited() (<-chan struct{}, func() error) {
	r := p.current()
	if r == nil {
		return nil, nil
	}
	return r.done, func() error {
		state := "status 0"
		if r.err != nil {
			state = r.err.Error()
		}
		return fmt.Errorf("%s ended by itself (%s): %s", p.name, state, p.lastWords())
	}
}

func (p *process) stop(ctx context.Context) error {
	r := p.current()
	if r == nil || r.over() {
		return nil
	}
	// A stopped process (SIGSTOP) can not act on SIGTERM before it continues.
	_ = syscall.Kill(r.pid, syscall.SIGCONT)
	if err := syscall.Kill(r.pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stack: end %s (process %d): %w", p.name, r.pid, err)
	}
	timer := time.NewTimer(p.grace)
	defer timer.Stop()
	select {
	case <-r.done:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return p.kill(context.WithoutCancel(ctx))
}

func (p *process) kill(ctx context.Context) error {
	r := p.current()
	if r == nil || r.over() {
		return nil
	}
	if err := syscall.Kill(r.pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stack: kill %s (process %d): %w", p.name, r.pid, err)
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stack: %s (process %d) is still there after SIGKILL: %w", p.name, r.pid, ctx.Err())
	case <-time.After(30 * time.Second):
		return fmt.Errorf("stack: %s (process %d) is still there 30 s after SIGKILL", p.name, r.pid)
	}
}

// lastWords is the end of what the process printed, for error messages.
func (p *process) lastWords() string {
	const most = 2000
	f, err := os.Open(p.output)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	b, _ := io.ReadAll(io.LimitReader(f, most))
	if s := strings.TrimSpace(string(b)); s != "" {
		return s
	}
	return "it printed nothing"
}
