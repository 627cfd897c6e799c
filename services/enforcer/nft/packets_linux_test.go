package nft

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/services/enforcer/edge"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// The contract of this test: it needs a network namespace of its own, as root or
// by unprivileged user namespaces. Where the machine gives none it fails and says
// so; MIRADOR_TEST_NETNS=off leaves it out, on purpose and visibly.
const (
	contract = "MIRADOR_TEST_NETNS"
	child    = "MIRADOR_TEST_NETNS_CHILD"
)

// TestRealPackets runs itself again inside a new network namespace.
func TestRealPackets(t *testing.T) {
	if os.Getenv(child) != "" {
		packets(t)
		return
	}
	if os.Getenv(contract) == "off" {
		t.Skip("left out: " + contract + "=off, so nothing here was tried with real packets")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestRealPackets$", "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), child+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	runtime.LockOSThread() // Pdeathsig is about the thread that started it
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	if err != nil {
		t.Fatalf("no network namespace can be made here (%v): run as root, allow unprivileged user namespaces, or leave the test out with %s=off", err, contract)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("inside the namespace: %v\n%s", err, out.String())
	}
	t.Log(out.String())
}

// net4, net6: the gateway's side of the wire is .1, the client has the others.
const (
	gateway4, client4, other4 = "10.77.0.1", "10.77.0.2", "10.77.0.3"
	gateway6, client6         = "2001:db8:77::1", "2001:db8:77::2"
	gatewayU, clientU         = "fd00:77::1", "fd00:77::2"
)

func packets(t *testing.T) {
	dial := wire(t)
	echo(t)
	e := New(Options{Name: "test"})
	ctx := context.Background()
	passes := func(client, server string) bool {
		c, err := dial(client, server)
		if err != nil {
			return false
		}
		return c.Close() == nil
	}
	check := func(when string, want map[string]bool) {
		t.Helper()
		for client, pass := range want {
			server := map[string]string{client4: gateway4, other4: gateway4, client6: gateway6, clientU: gatewayU}[client]
			if got := passes(client, server); got != pass {
				t.Fatalf("%s: %s passes: %v, want %v", when, client, got, pass)
			}
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	all := map[string]bool{client4: true, other4: true, client6: true, clientU: true}
	eventually(t, "the wire is up", func() bool {
		return passes(client6, gateway6) && passes(clientU, gatewayU) && passes(client4, gateway4)
	})
	check("before", all)
	must(e.Reconcile(ctx, nil))
	check("empty table", all)

	kept, err := dial(client4, gateway4)
	must(err)
	must(talk(kept))
	one := order("block address "+client4, time.Hour)
	must(e.Apply(ctx, []edge.Order{one}, nil))
	check("one blocked", map[string]bool{client4: false, other4: true, client6: true})
	if talk(kept) == nil {
		t.Fatal("a connection that was open goes on")
	}
	must(kept.Close())
	must(e.Reconcile(ctx, []edge.Order{one}))
	must(e.Reconcile(ctx, []edge.Order{one}))
	check("reconciled twice", map[string]bool{client4: false, other4: true})
	must(e.Apply(ctx, nil, []edge.Order{one}))
	check("unblocked", all)

	half := order("block cidr 2001:db8:77::/64", time.Hour)
	must(e.Apply(ctx, []edge.Order{half}, nil))
	check("an IPv6 /64", map[string]bool{client6: false, clientU: true, client4: true})

	wide, inner := order("block cidr 10.77.0.0/24", time.Hour), order("block cidr 10.77.0.0/30", 2*time.Hour)
	must(e.Apply(ctx, []edge.Order{wide, inner}, []edge.Order{half}))
	check("prefixes that overlap", map[string]bool{client4: false, other4: false, client6: true})
	allow := order("allow address "+client4, time.Hour)
	must(e.Apply(ctx, []edge.Order{allow}, nil))
	check("one allowed within", map[string]bool{client4: true, other4: false})
	must(e.Apply(ctx, nil, []edge.Order{wide, inner, allow}))
	check("all taken away", all)

	// The kernel lifts a block at its time, enforcer or not; and neither a removal
	// nor an extension then fails.
	short := order("block address "+client4, 700*time.Millisecond)
	shortNet := order("block cidr fd00:77::/48", 700*time.Millisecond)
	must(e.Apply(ctx, []edge.Order{short, shortNet}, nil))
	check("for a moment", map[string]bool{client4: false})
	eventually(t, "the time-out of the kernel", func() bool { return passes(client4, gateway4) && passes(clientU, gatewayU) })
	must(e.Apply(ctx, nil, []edge.Order{short, shortNet}))
	must(e.Apply(ctx, []edge.Order{order("block address "+client4, time.Minute)}, nil))
	must(e.Apply(ctx, []edge.Order{order("block address "+client4, time.Hour)}, nil))
	check("extended", map[string]bool{client4: false})

	// What somebody else did to the table is put right; what is not wanted goes.
	meddle(t)
	check("meddled", map[string]bool{client4: true})
	must(e.Reconcile(ctx, []edge.Order{one}))
	check("after meddling", map[string]bool{client4: false, other4: true})
	restarted := New(Options{Name: "restarted"})
	must(restarted.Reconcile(ctx, []edge.Order{order("block address "+other4, time.Hour)}))
	check("another enforcer", map[string]bool{client4: true, other4: false})
	fill(t, restarted)
	must(restarted.Remove())
	check("removed", all)
}

// fill puts in as much as the caps allow, and refuses what is not for it.
func fill(t *testing.T, e *Edge) {
	t.Helper()
	var many []edge.Order
	for i := range 5000 {
		many = append(many, order(fmt.Sprintf("block address 198.51.%d.%d", i/250, i%250), time.Hour), order(fmt.Sprintf("block cidr 2001:db8:%x::/64", i), time.Hour))
	}
	for i := range 300 {
		many = append(many, order(fmt.Sprintf("block cidr 203.%d.0.0/16", i%256), time.Hour), order(fmt.Sprintf("block cidr 2001:dead:%x::/48", i), time.Hour))
	}
	if err := e.Reconcile(context.Background(), many); err != nil {
		t.Fatal(err)
	}
	c, err := e.connect()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{setBlock4: 5000, setBlock64: 5000} {
		got, err := c.GetSetElements(e.set(name))
		if err != nil || len(got) != want {
			t.Fatalf("set %s has %d elements, want %d: %v", name, len(got), want, err)
		}
	}
	unfit := []edge.Order{order("throttle address 192.0.2.1", time.Hour), order("block credential x", time.Hour)}
	var part *edge.PartialError
	if err := e.Apply(context.Background(), unfit, nil); !errors.As(err, &part) || len(part.Orders) != 2 || !errors.Is(part.Orders[unfit[0].Place], edge.ErrNotHere) {
		t.Fatalf("what is not for it: %v", err)
	}
}

// meddle empties the chain and blocks somebody for ever.
func meddle(t *testing.T) {
	t.Helper()
	c, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	e := New(Options{})
	c.FlushChain(&nftables.Chain{Name: "prerouting", Table: e.table})
	if err := c.SetAddElements(e.set(setBlock4), []nftables.SetElement{{Key: netip.MustParseAddr(other4).AsSlice()}}); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
}

func order(text string, d time.Duration) edge.Order {
	f := strings.Fields(text)
	return edge.Order{Place: edge.Place{Tenant: "default", Type: action.TargetType(f[1]), Value: f[2], Scope: "*"}, Op: action.Op(f[0]), Until: time.Now().Add(d)}
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); {
		if time.Now().After(end) {
			t.Fatalf("never came: %s", what)
		}
	}
}

// wire makes a second namespace for the client and a pair of interfaces between
// it and this one. What it returns dials from there.
func wire(t *testing.T) func(client, server string) (net.Conn, error) {
	t.Helper()
	type request struct {
		client, server string
		answer         chan<- net.Conn
		err            chan<- error
	}
	requests, ready := make(chan request), make(chan netns.NsHandle, 1)
	go func() {
		runtime.LockOSThread() // for good: the thread dies with the goroutine
		ns, err := netns.New()
		if err != nil {
			t.Error("second namespace: ", err)
			close(ready)
			return
		}
		ready <- ns
		for r := range requests {
			d := net.Dialer{Timeout: 400 * time.Millisecond, LocalAddr: &net.TCPAddr{IP: net.ParseIP(r.client)}}
			c, err := d.Dial("tcp", net.JoinHostPort(r.server, "7777"))
			r.answer <- c
			r.err <- err
		}
	}()
	t.Cleanup(func() { close(requests) })
	ns, ok := <-ready
	if !ok {
		t.FailNow()
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal("wire: ", err)
		}
	}
	must(netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "gateway"}, PeerName: "client", PeerNamespace: netlink.NsFd(ns)}))
	there, err := netlink.NewHandleAt(ns)
	must(err)
	here, err := netlink.NewHandle()
	must(err)
	for _, side := range []struct {
		h         *netlink.Handle
		link      string
		addresses []string
	}{
		{here, "gateway", []string{gateway4 + "/24", gateway6 + "/64", gatewayU + "/64"}},
		{there, "client", []string{client4 + "/24", other4 + "/24", client6 + "/64", clientU + "/64"}},
	} {
		link, err := side.h.LinkByName(side.link)
		must(err)
		must(side.h.LinkSetUp(link))
		for _, text := range side.addresses {
			a, err := netlink.ParseAddr(text)
			must(err)
			a.Flags = syscall.IFA_F_NODAD
			must(side.h.AddrAdd(link, a))
		}
	}
	return func(client, server string) (net.Conn, error) {
		c, e := make(chan net.Conn, 1), make(chan error, 1)
		requests <- request{client, server, c, e}
		return <-c, <-e
	}
}

// echo answers on every address of the gateway.
func echo(t *testing.T) {
	t.Helper()
	// One listener a family: without a loopback interface Go takes the machine for
	// one that has no IPv6.
	for network, address := range map[string]string{"tcp4": "0.0.0.0:7777", "tcp6": "[::]:7777"} {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					// The other end hangs up, or is cut off: neither is a failure here.
					_, _ = io.Copy(c, c)
					_ = c.Close()
				}()
			}
		}()
	}
}

// talk sends a byte and waits for it.
func talk(c net.Conn) error {
	if err := c.SetDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		return err
	}
	if _, err := c.Write([]byte("x")); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}
