package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

// Kind of fault.
type Kind string

const (
	KillService      Kind = "kill a service"
	KillInRestore    Kind = "kill a service, and again during its restore"
	Zombie           Kind = "stop a consumer past its session, then let it go on"
	RebalanceRestore Kind = "rebalance during a restore"
	KillClickHouse   Kind = "kill ClickHouse during inserts"
	StopClickHouse   Kind = "stop ClickHouse"
	RestartBroker    Kind = "restart the broker"
	// KillBroker is harsher than what a cluster is meant to go through, see
	// broker_test.go.
	KillBroker Kind = "kill the broker"
)

// Kinds are those of every run.
func Kinds() []Kind {
	return []Kind{KillService, KillInRestore, Zombie, RebalanceRestore, KillClickHouse, StopClickHouse, RestartBroker}
}

// Fault is one entry of a schedule.
type Fault struct {
	Kind    Kind
	Service string // "" for ClickHouse and the broker
	// Pause comes before it; Hold is how long what it takes away stays away.
	Pause, Hold time.Duration
}

// String is how a schedule is printed.
func (f Fault) String() string {
	return fmt.Sprintf("after %v: %s %s, hold %v", f.Pause.Round(time.Millisecond), f.Kind, f.Service, f.Hold.Round(time.Millisecond))
}

// Limits of a schedule.
type Limits struct {
	Pause, Session, Outage time.Duration
}

// Schedule draws n faults in which every kind of kinds comes before any comes
// again.
func Schedule(seed uint64, n int, kinds []Kind, services []string, l Limits) []Fault {
	r := rand.New(rand.NewPCG(seed, 99))
	var out []Fault
	for len(out) < n {
		for _, i := range r.Perm(len(kinds)) {
			if len(out) == n {
				break
			}
			f := Fault{Kind: kinds[i]}
			f.Pause = l.Pause/2 + time.Duration(r.Int64N(int64(l.Pause)))
			switch f.Kind {
			case KillService, KillInRestore, RebalanceRestore, Zombie:
				f.Service = services[r.IntN(len(services))]
				f.Hold = time.Duration(100+r.IntN(900)) * time.Millisecond
			case KillClickHouse, KillBroker:
				f.Hold = time.Duration(200+r.IntN(1500)) * time.Millisecond
			case StopClickHouse:
				f.Hold = l.Outage
			}
			if f.Kind == Zombie {
				f.Hold = l.Session + l.Session/2
			}
			out = append(out, f)
		}
	}
	return out
}

// inflict carries out f. Instance 1 of a service is the one that suffers; where
// a fault needs a second member, instance 2 joins and leaves.
func (c *Cluster) inflict(ctx context.Context, f Fault, whileStopped func(context.Context) error) error {
	switch f.Kind {
	case KillService:
		return c.killFor(ctx, f.Service, f.Hold)
	case KillInRestore:
		if err := c.killFor(ctx, f.Service, f.Hold); err != nil {
			return err
		}
		// A process needs some 300 ms to start; its restore follows.
		return c.killFor(ctx, f.Service, f.Hold, 300*time.Millisecond+f.Hold/2)
	case Zombie:
		if err := c.Signal(f.Service, 1, syscall.SIGSTOP); err != nil {
			return err
		}
		err := c.withSecond(ctx, f.Service, f.Hold)
		if e := c.Signal(f.Service, 1, syscall.SIGCONT); err == nil {
			err = e
		}
		return err
	case RebalanceRestore:
		if err := c.killFor(ctx, f.Service, f.Hold); err != nil {
			return err
		}
		return c.withSecond(ctx, f.Service, f.Hold+2*time.Second)
	case KillClickHouse:
		if err := c.ClickHouse.Kill(); err != nil {
			return err
		}
		wait(ctx, f.Hold)
		return c.ClickHouse.Restart(ctx)
	case StopClickHouse:
		if err := c.ClickHouse.Kill(); err != nil {
			return err
		}
		begun := time.Now()
		err := whileStopped(ctx)
		wait(ctx, f.Hold-time.Since(begun))
		if e := c.ClickHouse.Restart(ctx); err == nil {
			err = e
		}
		return err
	case RestartBroker:
		return c.Kafka.Restart(ctx)
	case KillBroker:
		if err := c.Kafka.Kill(); err != nil {
			return err
		}
		wait(ctx, f.Hold)
		return c.Kafka.Restart(ctx)
	}
	return fmt.Errorf("no such fault: %q", f.Kind)
}

// killFor kills instance 1 after a delay and starts it again after hold.
func (c *Cluster) killFor(ctx context.Context, name string, hold time.Duration, delay ...time.Duration) error {
	for _, d := range delay {
		wait(ctx, d)
	}
	if err := c.Signal(name, 1, syscall.SIGKILL); err != nil {
		return err
	}
	wait(ctx, hold)
	return c.Run(name, 1)
}

// withSecond lets a second instance join for a while and leave in order.
func (c *Cluster) withSecond(ctx context.Context, name string, hold time.Duration) error {
	if err := c.Run(name, 2); err != nil {
		return err
	}
	wait(ctx, hold)
	if err := c.Signal(name, 2, syscall.SIGTERM); err != nil {
		return err
	}
	c.mu.Lock()
	done := c.services[name+"-2"].done
	c.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-time.After(20 * time.Second):
		return fmt.Errorf("%s-2 did not leave in 20 s", name)
	}
}

func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
