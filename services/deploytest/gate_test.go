package deploytest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// gate stands before the test stack's ClickHouse, which knows one user without a
// password, and lets in whom the official image would: the user of CLICKHOUSE_USER
// with the password of CLICKHOUSE_PASSWORD_FILE. It reads the first packet of the
// native protocol, checks it, and passes the rest on.
type gate struct {
	t              *testing.T
	ln             net.Listener
	server         string
	user, password string
	wg             sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

func newGate(t *testing.T, server, user, password string) *gate {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, ln: ln, server: server, user: user, password: password, open: map[net.Conn]bool{}}
	g.wg.Go(g.accept)
	t.Cleanup(func() {
		g.mu.Lock()
		g.closed = true
		_ = ln.Close()
		for c := range g.open {
			_ = c.Close()
		}
		g.mu.Unlock()
		g.wg.Wait()
	})
	return g
}

func (g *gate) accept() {
	for {
		c, err := g.ln.Accept()
		if err != nil {
			return
		}
		g.wg.Go(func() {
			if err := g.serve(c); err != nil {
				g.t.Errorf("clickhouse: %v", err)
			}
		})
	}
}

// track says whether the gate is still open, and then closes c when it shuts.
func (g *gate) track(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.open[c] = true
	}
	return !g.closed
}

func (g *gate) serve(client net.Conn) error {
	defer client.Close()
	in := bufio.NewReader(client)
	if !g.track(client) {
		return nil
	}
	hello, err := g.hello(in)
	if err != nil || hello == nil {
		return err
	}
	server, err := net.Dial("tcp", g.server)
	if err != nil || !g.track(server) {
		return nil // the server's end is no fault of the client's
	}
	defer server.Close()
	if _, err := server.Write(hello); err != nil {
		return nil
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	_, _ = io.Copy(server, in)
	_ = server.Close()
	wg.Wait()
	return nil
}

// hello reads the client's first packet and gives the one for the server; nil for a
// client that only looked whether the port is open.
func (g *gate) hello(in *bufio.Reader) ([]byte, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, nil
	}
	var out []byte
	number := func() (n uint64, err error) {
		if n, err = binary.ReadUvarint(in); err == nil {
			out = binary.AppendUvarint(out, n)
		}
		return n, err
	}
	text := func(check func(string) (string, error)) error {
		n, err := binary.ReadUvarint(in)
		if err != nil || n > 1<<16 {
			return fmt.Errorf("a text of %d bytes in the first packet: %w", n, err)
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(in, b); err != nil {
			return err
		}
		s, err := check(string(b))
		out = append(binary.AppendUvarint(out, uint64(len(s))), s...)
		return err
	}
	as := func(s string) (string, error) { return s, nil }
	replaced := func(what, want, by string) func(string) (string, error) {
		return func(got string) (string, error) {
			if got != want {
				return "", fmt.Errorf("a service comes with the wrong %s", what)
			}
			return by, nil
		}
	}
	if kind, err := number(); err != nil || kind != 0 {
		return nil, fmt.Errorf("the first packet is of kind %d: %w", kind, err)
	}
	if err := text(as); err != nil { // name of the client
		return nil, err
	}
	for range 3 { // version
		if _, err := number(); err != nil {
			return nil, err
		}
	}
	for _, check := range []func(string) (string, error){as, replaced("user", g.user, "default"), replaced("password", g.password, "")} {
		if err := text(check); err != nil {
			return nil, err
		}
	}
	return out, nil
}
