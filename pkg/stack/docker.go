package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
)

// This file is the only one that knows Docker. It was compiled and its look for an engine was
// tested, but the machines this was written on have no engine: the containers themselves
// were not run there.

const (
	clickHouseImage = "clickhouse/clickhouse-server:26.7"
	kafkaImage      = "apache/kafka:" + kafkaVersion
)

// dockerAnswers says whether a Docker engine answers within a second. It asks by itself:
// the library's own detection is slow and loud where there is none.
func dockerAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, host := range dockerHosts() {
		u, err := url.Parse(host)
		if err != nil {
			continue
		}
		dial, base := (&net.Dialer{}).DialContext, "http://"+u.Host
		if u.Scheme == "unix" {
			dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", u.Path)
			}
			base = "http://docker"
		}
		// An engine behind TLS or ssh is not pinged: name its address in place of it.
		transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/_ping", nil)
		if err != nil {
			continue
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1024))
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return true
		}
	}
	return false
}

func dockerHosts() []string {
	if h := os.Getenv("DOCKER_HOST"); h != "" {
		return []string{h}
	}
	hosts := []string{"unix:///var/run/docker.sock"}
	if run := os.Getenv("XDG_RUNTIME_DIR"); run != "" {
		hosts = append(hosts, "unix://"+filepath.Join(run, "docker.sock"))
	}
	if home, err := os.UserHomeDir(); err == nil {
		hosts = append(hosts, "unix://"+filepath.Join(home, ".docker", "run", "docker.sock"))
	}
	return hosts
}

// docked is a part in a container. The container is made by the first start and kept over
// stop and start, so its data stays in it or in the mounted folder.
type docked struct {
	req testcontainers.ContainerRequest
	c   testcontainers.Container
}

func (d *docked) start(ctx context.Context) error {
	if d.c != nil {
		if err := d.c.Start(ctx); err != nil {
			return fmt.Errorf("stack: start the container of %s again: %w", d.req.Image, err)
		}
		return nil
	}
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{ContainerRequest: d.req, Started: true})
	if err != nil {
		err = fmt.Errorf("stack: container of %s: %w", d.req.Image, err)
		if c != nil {
			err = errors.Join(err, c.Terminate(context.WithoutCancel(ctx)))
		}
		return err
	}
	d.c = c
	return nil
}

func (d *docked) stop(ctx context.Context) error { return d.end(ctx, 20*time.Second) }
func (d *docked) kill(ctx context.Context) error { return d.end(ctx, 0) }

func (d *docked) end(ctx context.Context, grace time.Duration) error {
	if d.c == nil || !d.c.IsRunning() {
		return nil
	}
	if err := d.c.Stop(ctx, &grace); err != nil {
		return fmt.Errorf("stack: stop the container of %s: %w", d.req.Image, err)
	}
	return nil
}

func (d *docked) dispose(ctx context.Context) error {
	if d.c == nil {
		return nil
	}
	if err := d.c.Terminate(ctx); err != nil {
		return fmt.Errorf("stack: remove the container of %s: %w", d.req.Image, err)
	}
	return nil
}

// hostConfig binds container ports to fixed loopback ports, which a stop and start keep, and
// mounts a folder of ours.
func hostConfig(ports map[string]int, folder, target string) func(*container.HostConfig) {
	return func(h *container.HostConfig) {
		h.PortBindings = network.PortMap{}
		for inside, outside := range ports {
			h.PortBindings[network.MustParsePort(inside)] = []network.PortBinding{{
				HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: strconv.Itoa(outside),
			}}
		}
		h.Binds = append(h.Binds, folder+":"+target)
	}
}

func dockerClickHouse(dir string, o ClickHouseOptions) part {
	return &docked{req: testcontainers.ContainerRequest{
		Image:        clickHouseImage,
		ExposedPorts: []string{"9000/tcp", "8123/tcp"},
		// The image takes away the network access of a default user without password otherwise.
		Env: map[string]string{"CLICKHOUSE_SKIP_USER_SETUP": "1"},
		HostConfigModifier: hostConfig(map[string]int{"9000/tcp": o.TCPPort, "8123/tcp": o.HTTPPort},
			filepath.Join(dir, "data"), "/var/lib/clickhouse"),
	}}
}

func dockerKafka(dir string, o KafkaOptions) part {
	// The same port in and out, so that the advertised address is right on both sides.
	port := strconv.Itoa(o.Port)
	return &docked{req: testcontainers.ContainerRequest{
		Image:        kafkaImage,
		ExposedPorts: []string{port + "/tcp"},
		// The mounted folder belongs to whoever runs this, so the broker must be its root.
		ConfigModifier: func(c *container.Config) { c.User = "0:0" },
		Env: map[string]string{
			"KAFKA_NODE_ID":                                                     "1",
			"KAFKA_PROCESS_ROLES":                                               "broker,controller",
			"KAFKA_CONTROLLER_QUORUM_VOTERS":                                    "1@localhost:19093",
			"KAFKA_LISTENERS":                                                   "PLAINTEXT://:" + port + ",CONTROLLER://localhost:19093",
			"KAFKA_ADVERTISED_LISTENERS":                                        "PLAINTEXT://127.0.0.1:" + port,
			"KAFKA_CONTROLLER_LISTENER_NAMES":                                   "CONTROLLER",
			"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP":                              "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
			"KAFKA_LOG_DIRS":                                                    "/var/lib/kafka/data",
			"KAFKA_NUM_PARTITIONS":                                              strconv.Itoa(o.Partitions),
			"KAFKA_AUTO_CREATE_TOPICS_ENABLE":                                   "false",
			"KAFKA_HEAP_OPTS":                                                   fmt.Sprintf("-Xmx%dm", o.HeapMB),
			"KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR":                            "1",
			"KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS":                                "5",
			"KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR":                    "1",
			"KAFKA_TRANSACTION_STATE_LOG_MIN_ISR":                               "1",
			"KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS":                        "5",
			"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR":            "1",
			"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR":                       "1",
			"KAFKA_TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS": "1000",
			"KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS":                            "0",
			"KAFKA_BROKER_SESSION_TIMEOUT_MS":                                   "3000",
			"KAFKA_BROKER_HEARTBEAT_INTERVAL_MS":                                "500",
			"KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS":                                "1000",
		},
		HostConfigModifier: hostConfig(map[string]int{port + "/tcp": o.Port}, filepath.Join(dir, "data"), "/var/lib/kafka/data"),
	}}
}
