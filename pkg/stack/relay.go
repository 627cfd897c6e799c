package stack

import (
	"fmt"
	"io"
	"net"
)

// relay is a door of the embedded server, before one that is its own.
//
// libchdb 26.7.3 aborts its process when a client is gone while the server still
// writes to it: a service that is killed in the middle of an insert would take
// ClickHouse with it. Behind a relay the server never writes into a closed
// connection. It sees a client that says no more, which it takes in its stride,
// and what it still has to say is thrown away here.
type relay struct {
	Listen, To string // host:port
}

// open listens and passes connections on until the process ends.
func (r relay) open() error {
	l, err := net.Listen("tcp", r.Listen)
	if err != nil {
		return fmt.Errorf("stack: listen for clickhouse: %w", err)
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // the listener is never closed but by the end of the process
			}
			go r.pass(client)
		}
	}()
	return nil
}

func (r relay) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", r.To)
	if err != nil {
		return // it does not listen yet: the client is refused as without a relay
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.(*net.TCPConn).CloseWrite()
	}()
	if _, err := io.Copy(client, server); err != nil {
		_, _ = io.Copy(io.Discard, server)
	}
}
