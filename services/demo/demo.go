// Package demo shows Mirador at work on one machine: a small bank behind an edge
// with a tap, ordinary clients, and four attackers. Nothing in it is staged:
// Mirador sees only the copied transactions, and the edge refuses only what the
// enforcer says.
//
// Reading order: demo.go, edge.go, attack.go, ordinary.go, follow.go; the bank is
// a package of its own.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/capture/ship"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/demo/bank"
	"github.com/miradorhq/mirador/services/onehost"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Options say how the demo runs.
type Options struct {
	// Once ends the demo when the attacks are over; otherwise it goes on until its
	// context ends.
	Once   bool
	Seed   uint64
	Kafka  stack.Took // empty: kfake
	Colour bool
	Out    io.Writer // what is seen, as it happens
	Log    *slog.Logger
	Config platform.Config
}

// limits of an unattended run.
const (
	warmUp     = 3 * time.Second
	attackTime = 45 * time.Second
	settle     = 15 * time.Second
	pace       = 150 * time.Millisecond
	customers  = 60 // of whom the first two are attackers
	ordinaries = 20
)

// Run plays the demo. The Result is valid where the error is nil.
func Run(ctx context.Context, o Options) (Result, error) {
	s := &screen{out: o.Out, colour: o.Colour, start: time.Now()}
	dir, err := os.MkdirTemp("", "mirador-demo-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(dir)
	cfg := configure(o.Config, dir)
	if o.Kafka == "" {
		o.Kafka = stack.TookKFake
	}
	host, err := onehost.Start(ctx, cfg, onehost.Options{Kafka: o.Kafka, Throwaway: true, Log: o.Log, Progress: func(m string) { s.step("%s", m) }})
	if err != nil {
		return Result{}, err
	}
	d := &run{o: o, screen: s, host: host, seen: newSeen(), dir: dir}
	res, err := d.play(ctx)
	return res, errors.Join(err, host.Close())
}

// configure is for enforcement on loopback: the attackers' addresses are in
// 127.0.2.0/24, which the defaults would never block.
func configure(c platform.Config, dir string) platform.Config {
	c.DataDir = dir
	c.Policy.Mode = action.Enforce
	c.Behavior.ColdStart = 0 // everybody is new here
	rest := []string{"127.0.0.1/32", "127.0.1.0/24", "127.0.3.0/24", "::1/128"}
	c.Policy.NeverBlock.CIDRs = rest
	c.Enforcer.Guards.NeverBlock.CIDRs = slices.Clone(rest)
	c.Enforcer.HTTP.Listen, c.Shipper.Listen, c.Console.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.Enforcer.HTTP.Token = rand.Text()
	c.Telemetry.Listen = "127.0.0.1:0"
	return c
}

// run is one run of the demo.
type run struct {
	o       Options
	screen  *screen
	host    *onehost.Host
	seen    *seen
	dir     string
	shipper *ship.Shipper
}

func (d *run) play(ctx context.Context) (Result, error) {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var failed error
	var once sync.Once
	spawn := func(f func(context.Context) error) {
		wg.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				once.Do(func() { failed = err })
				stop()
			}
		})
	}
	defer wg.Wait()
	defer stop()
	spawn(d.host.Run)
	decide, err := d.awaitReady(ctx)
	if err != nil {
		stop()
		wg.Wait()
		return Result{}, errors.Join(failed, err)
	}
	b := bank.New(d.o.Seed, customers)
	base, closeAll, err := d.serve(ctx, b, decide)
	if err != nil {
		return Result{}, err
	}
	defer closeAll()
	spawn(func(ctx context.Context) error { return d.seen.follow(ctx, d.host.Kafka.Brokers(), d.screen.tell) })
	d.screen.step("the bank's API is at %s behind the edge; %d customers and %d partners use it", base, ordinaries, len(b.Partners))
	d.screen.step("console: %s", d.host.Process.ConsoleURL())

	var o ordinary
	calm, calmDown := context.WithCancel(ctx)
	defer calmDown()
	ordinaryDone := make(chan struct{})
	go func() {
		defer close(ordinaryDone)
		o.run(calm, b, base, d.o.Seed, 2, ordinaries, pace)
	}()
	list := attacks(b, base)
	if pause(ctx, warmUp) {
		// Ctrl-C may come in the middle of an attack's request: that is no failure.
		if err := d.attack(ctx, list); err != nil && ctx.Err() == nil {
			return Result{}, err
		}
	}
	if !d.o.Once {
		d.screen.step("ordinary clients go on; press Ctrl-C to end everything")
		<-ctx.Done()
	} else {
		d.awaitResults(ctx, list)
	}
	calmDown()
	<-ordinaryDone
	return d.result(list, &o), failed
}

// awaitReady waits until every service is healthy.
func (d *run) awaitReady(ctx context.Context) (decide string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for !d.host.Process.Health.Ready() {
		if !pause(ctx, 20*time.Millisecond) {
			_, parts := d.host.Process.Health.Results()
			for _, p := range parts {
				if !p.OK {
					err = errors.Join(err, fmt.Errorf("demo: %s is not ready: %s", p.Name, p.Reason))
				}
			}
			return "", errors.Join(context.Cause(ctx), err)
		}
	}
	return d.host.Process.DecideURL(), nil
}

// serve starts the bank, and before it the edge with its tap.
func (d *run) serve(ctx context.Context, b *bank.Bank, decide string) (base string, closeAll func(), err error) {
	p := d.host.Process
	builder, err := capture.NewBuilder(capture.Config{Key: p.IdentityKey(), Tenant: p.Config.Tenant, Service: "bank"})
	if err != nil {
		return "", nil, err
	}
	shipCfg := ship.Config{Sensor: "demo-edge", Kafka: []kgo.Opt{kgo.SeedBrokers(d.host.Kafka.Brokers()...)}, Linger: time.Millisecond}
	shipCfg.Spool.Dir = filepath.Join(d.dir, "edge-spool")
	metrics := prometheus.NewRegistry() // the edge is a process of its own in real life
	if d.shipper, err = ship.New(shipCfg, builder, metrics, d.o.Log); err != nil {
		return "", nil, err
	}
	tap, err := capture.NewTap(builder, d.shipper, metrics, d.o.Log)
	if err != nil {
		return "", nil, err
	}
	bankURL, closeBank, err := listen(b.Handler())
	if err != nil {
		return "", nil, err
	}
	edgeURL, closeEdge, err := listen(newEdge(bankURL, decide, p.DecideToken(), tap))
	if err != nil {
		closeBank()
		return "", nil, err
	}
	return edgeURL.String(), func() {
		closeEdge()
		closeBank()
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := d.shipper.Close(late); err != nil {
			d.o.Log.Warn("demo: the shipper did not end in order", "error", err)
		}
	}, nil
}

func listen(h http.Handler) (*url.URL, func(), error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(ln) }()
	return &url.URL{Scheme: "http", Host: ln.Addr().String()}, func() { _ = srv.Close(); <-done }, nil
}

// attack lets the attackers come one second apart.
func (d *run) attack(ctx context.Context, list []*attack) error {
	ctx, cancel := context.WithTimeout(ctx, attackTime)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, len(list))
	for i, a := range list {
		d.screen.tell(line{kindAttack, a.Name + " begins, from 127.0.2." + fmt.Sprint(1+i)})
		wg.Go(func() {
			errs[i] = a.run(ctx, 40*time.Millisecond, func(a *attack, got answer) {
				d.screen.tell(line{kindAttack, fmt.Sprintf("%s: request %d answered %d by the edge", a.Name, a.Requests, got.status)})
			})
		})
		pause(ctx, time.Second)
	}
	wg.Wait()
	return errors.Join(errs...)
}

// awaitResults gives the slower stages time to say what they have to say.
func (d *run) awaitResults(ctx context.Context, list []*attack) {
	deadline := time.Now().Add(settle)
	for time.Now().Before(deadline) && ctx.Err() == nil {
		r := d.seen.result()
		if r.SensitiveFields > 0 && r.Endpoints > 0 && r.Enforced >= len(list) {
			return
		}
		pause(ctx, 200*time.Millisecond)
	}
}

func (d *run) result(list []*attack, o *ordinary) Result {
	r := d.seen.result()
	r.LegitimateRequests, r.LegitimateBlocked = o.requests.Load(), o.blocked.Load()
	for i, a := range list {
		out := AttackOutcome{Name: a.Name, Requests: a.Requests, Enforced: a.Enforced, Held: a.Held, Rules: d.seen.rulesOf(fmt.Sprintf("127.0.2.%d", 1+i))}
		r.Attacks = append(r.Attacks, out)
		switch {
		case !a.Enforced:
			r.Problems = append(r.Problems, fmt.Sprintf("%s was not enforced after %d requests", a.Name, a.Requests))
		case !a.Held:
			r.Problems = append(r.Problems, fmt.Sprintf("%s was enforced, but a later request of it passed", a.Name))
		}
		if !slices.ContainsFunc(out.Rules, func(rule string) bool { return slices.Contains(a.Rules, rule) }) {
			r.Problems = append(r.Problems, fmt.Sprintf("%s was named by %v, not by one of %v", a.Name, out.Rules, a.Rules))
		}
	}
	if r.LegitimateBlocked > 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("%d requests of ordinary clients were refused", r.LegitimateBlocked))
	}
	if r.LegitimateRequests == 0 {
		r.Problems = append(r.Problems, "no ordinary client was served")
	}
	if n := o.failed.Load(); n > 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("%d requests of ordinary clients failed", n))
	}
	if r.SensitiveFields == 0 {
		r.Problems = append(r.Problems, "no sensitive field was found")
	}
	return r
}
