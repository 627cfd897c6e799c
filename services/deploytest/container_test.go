package deploytest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/miradorhq/mirador/pkg/stack"
)

// host stands for the Docker host: volumes, published ports and the addresses of
// the servers of others. What a container sees is mapped like this, and nothing
// else is changed:
//
//	in docker-compose.yml        here
//	/data/... (and mounts)       a folder of the container's own, volumes as links in it
//	/tmp                         TMPDIR, a folder of the container's own
//	kafka:9092                   the test stack's broker
//	clickhouse:9000              the test stack's ClickHouse, behind a gate that wants the user and
//	                             the password that the official image would be given
//	0.0.0.0:PORT                 127.0.0.1 and a free port
type host struct {
	t       *testing.T
	dir     string
	image   image
	servers map[string]string // host:port in the file to address here
	ports   map[string]string // service and port to address here
}

// container is one service of the project, mapped.
type container struct {
	name    string
	root    string // its /
	program string
	argv    []string // entrypoint and command as in the file
	env     []string
	probe   []string // health check as in the file
	grace   time.Duration

	cmd  *exec.Cmd
	out  string // file
	done chan struct{}
	err  error // after done
}

// create prepares a service: its root with its volumes, its environment.
func (h *host) create(s types.ServiceConfig) *container {
	h.t.Helper()
	c := &container{name: s.Name, root: filepath.Join(h.dir, "containers", s.Name), grace: 10 * time.Second}
	if s.StopGracePeriod != nil {
		c.grace = time.Duration(*s.StopGracePeriod)
	}
	for _, dir := range []string{"data", "tmp"} {
		h.must(os.MkdirAll(filepath.Join(c.root, dir), 0o755))
	}
	for _, v := range s.Volumes {
		volume := filepath.Join(h.dir, "volumes", v.Source)
		h.must(os.MkdirAll(volume, 0o755))
		target := filepath.Join(c.root, v.Target)
		h.must(os.MkdirAll(filepath.Dir(target), 0o755))
		h.must(os.Symlink(volume, target))
	}
	for _, word := range append(append([]string{}, s.Entrypoint...), s.Command...) {
		c.argv = append(c.argv, h.mapped(c, word))
	}
	c.program = filepath.Join(h.image.root, "usr/local/bin", c.argv[0])
	if s.HealthCheck != nil && !s.HealthCheck.Disable {
		c.probe = s.HealthCheck.Test[1:]
	}
	// As the image sets it; the file's environment wins.
	for _, kv := range h.image.env {
		c.env = append(c.env, h.mapped(c, kv))
	}
	for key, value := range s.Environment {
		if value != nil {
			c.env = append(c.env, key+"="+h.mapped(c, *value))
		}
	}
	c.env = append(c.env, "PATH=/usr/local/bin", "HOME=/home/nonroot", "TMPDIR="+filepath.Join(c.root, "tmp"))
	return c
}

var (
	listener = regexp.MustCompile(`\b0\.0\.0\.0:(\d+)`)
	dataPath = regexp.MustCompile(`(^|[=,])(/data\b)`)
)

func (h *host) mapped(c *container, value string) string {
	for from, to := range h.servers {
		value = strings.ReplaceAll(value, from, to)
	}
	value = dataPath.ReplaceAllString(value, "${1}"+c.root+"$2")
	return listener.ReplaceAllStringFunc(value, func(s string) string {
		return h.address(c.name, listener.FindStringSubmatch(s)[1])
	})
}

// address is where port of a service is reached here.
func (h *host) address(service, port string) string {
	key := service + ":" + port
	if h.ports[key] == "" {
		address, err := stack.FreeAddress()
		h.must(err)
		h.ports[key] = address
	}
	return h.ports[key]
}

// start runs the container's program and, at the test's end, makes sure that it
// is gone.
func (h *host) start(c *container) {
	h.t.Helper()
	c.out = filepath.Join(h.dir, c.name+".log")
	out, err := os.Create(c.out)
	h.must(err)
	defer out.Close()
	c.cmd = &exec.Cmd{Path: c.program, Args: c.argv, Env: c.env, Dir: c.root, Stdout: out, Stderr: out,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true}}
	c.done = make(chan struct{})
	h.must(c.cmd.Start())
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	h.t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.done
	})
}

// healthy runs the container's health check once, in its own environment.
func (c *container) healthy(ctx context.Context) error {
	cmd := &exec.Cmd{Path: c.program, Args: c.probe, Env: c.env, Dir: c.root}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(out.String()))
	}
	return nil
}

// ended says whether the program has ended, and how.
func (c *container) ended() (bool, error) {
	select {
	case <-c.done:
		return true, c.err
	default:
		return false, nil
	}
}

// log is the end of what the container wrote.
func (c *container) log() string {
	b, err := os.ReadFile(c.out)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4000):])
}

// wroteOutside lists what the program left in its root other than in volumes and
// /tmp: with read_only it could not have.
func (c *container) wroteOutside() []string {
	var out []string
	_ = filepath.WalkDir(c.root, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && path == filepath.Join(c.root, "tmp") {
			return filepath.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			out = append(out, path)
		}
		return nil
	})
	return out
}

func (h *host) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}
