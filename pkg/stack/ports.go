package stack

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
)

// Ports are drawn from below the ranges that systems take the local ports of
// outgoing connections from (32768 and up on Linux, 49152 elsewhere). A port from
// there may be gone before its server listens, and while a server is down a client
// that dials it can even be connected to itself, after which the port is taken.
const (
	lowestPort  = 15000
	highestPort = 32000
)

// FreeAddress is a loopback address on which nothing listens now, for a server that
// is told its address before it starts, or for one that is to be missing. Somebody
// may take it meanwhile, which is improbable.
func FreeAddress() (string, error) {
	ports, err := freePorts(1)
	if err != nil {
		return "", err
	}
	return loopback(ports[0]), nil
}

// freePorts returns n distinct loopback ports that are free now; callers start again
// when one was taken before the server came to it.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	var last error
	for range 200 {
		if len(ports) == n {
			return ports, nil
		}
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		if slices.Contains(ports, port) {
			continue
		}
		if last = portFree(port); last == nil {
			ports = append(ports, port)
		}
	}
	if len(ports) == n {
		return ports, nil
	}
	return nil, fmt.Errorf("stack: no free loopback port between %d and %d: %w", lowestPort, highestPort, last)
}

// portFree says whether a port that somebody asked for can be had.
func portFree(port int) error {
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return fmt.Errorf("port %d is not free (choose another, or end what listens there): %w", port, err)
	}
	return l.Close()
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
