package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// pingClickHouse gives the ready check of a server. proof, when not empty, is the id
// of a statement that must be running there: it shows that the server which
// answers at this port is the one we started.
func pingClickHouse(addr, user, password, proof string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := clickhouse.Open(&clickhouse.Options{
			Addr:        []string{addr},
			Auth:        clickhouse.Auth{Username: user, Password: password},
			DialTimeout: 2 * time.Second,
		})
		if err != nil {
			return err
		}
		defer conn.Close()
		if proof == "" {
			return conn.Ping(ctx)
		}
		var n uint64
		if err := conn.QueryRow(ctx, "SELECT count() FROM system.processes WHERE query_id = ?", proof).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return errors.New("the server at this port is not ours, or not yet whole")
		}
		return nil
	}
}

// keepAlive never ends: it sleeps for an hour, one row at a time, for longer than
// anybody lives, and costs no CPU while it does.
const keepAlive = "SELECT sleepEachRow(3600) FROM numbers(1000000000) SETTINGS max_block_size = 1, " +
	"function_sleep_max_microseconds_per_block = 4000000000, max_execution_time = 0 FORMAT Null"

// embeddedClickHouse prepares a copy of this binary that runs the server out of libchdb.
func embeddedClickHouse(ctx context.Context, dir string, o ClickHouseOptions, say announcer) (part, string, error) {
	if !childrenWelcome.Load() {
		return nil, "", errors.New("the embedded server runs in a copy of this binary: main (or TestMain) must call stack.MaybeRunChild first")
	}
	pin, err := library()
	if err != nil {
		return nil, "", err
	}
	cache, err := cacheDir(o.CacheDir)
	if err != nil {
		return nil, "", err
	}
	lib, err := pin.fetch(ctx, cache, say)
	if err != nil {
		return nil, "", err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, "", fmt.Errorf("path of this binary: %w", err)
	}
	// The ports that were asked for are those of the doors.
	free, err := freePorts(2)
	if err != nil {
		return nil, "", err
	}
	doors := []relay{{Listen: loopback(o.TCPPort), To: loopback(free[0])}, {Listen: loopback(o.HTTPPort), To: loopback(free[1])}}
	o.TCPPort, o.HTTPPort = free[0], free[1]
	config, err := writeClickHouseConfig(dir, o)
	if err != nil {
		return nil, "", err
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	queryID := "mirador-keepalive-" + hex.EncodeToString(id[:])
	// poll_interval: clients that stay connected are noticed to be idle, and let go, only this
	// often; at the default 10 s the server gives up waiting for them and ends out of order.
	args := []string{
		"clickhouse", "--config-file=" + config, "--path=" + filepath.Join(dir, "data"),
		fmt.Sprintf("--tcp_port=%d", o.TCPPort), fmt.Sprintf("--http_port=%d", o.HTTPPort), "--listen_host=127.0.0.1",
		"--log-level=warning", "--poll_interval=1", "--query_id=" + queryID,
		"--query=SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; " + keepAlive,
	}
	spec, err := json.Marshal(childSpec{Library: lib, Args: args, Doors: doors, HTTPAddr: loopback(o.HTTPPort), QueryID: queryID})
	if err != nil {
		return nil, "", fmt.Errorf("orders for the child: %w", err)
	}
	return &process{
		name: "the embedded clickhouse", path: self, argv: []string{"mirador-clickhouse", dir},
		env: append(os.Environ(), envChild+"="+string(spec)),
		dir: dir, output: filepath.Join(dir, "log", "output.log"), grace: 10 * time.Second,
	}, queryID, nil
}

// clickHouseOnPath finds an installed server and the words that start it.
func clickHouseOnPath() (path string, words []string, err error) {
	if path, err = exec.LookPath("clickhouse-server"); err == nil {
		return path, []string{"clickhouse-server"}, nil
	}
	if path, err = exec.LookPath("clickhouse"); err == nil {
		return path, []string{"clickhouse", "server"}, nil
	}
	return "", nil, fmt.Errorf("neither clickhouse-server nor clickhouse is on the PATH: %w", err)
}

func pathClickHouse(dir string, o ClickHouseOptions) (part, error) {
	path, words, err := clickHouseOnPath()
	if err != nil {
		return nil, err
	}
	config, err := writeClickHouseConfig(dir, o)
	if err != nil {
		return nil, err
	}
	return &process{
		name: words[0], path: path, argv: append(words, "--config-file="+config), dir: dir,
		output: filepath.Join(dir, "log", "output.log"), grace: 20 * time.Second,
	}, nil
}

// writeClickHouseConfig writes the server's configuration into its folder, anew at each
// start, and returns its path. One text serves the embedded and the installed server.
func writeClickHouseConfig(dir string, o ClickHouseOptions) (string, error) {
	for _, d := range []string{"data", "log"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return "", fmt.Errorf("folder of the server: %w", err)
		}
	}
	var esc bytes.Buffer
	if err := xml.EscapeText(&esc, []byte(dir)); err != nil {
		return "", fmt.Errorf("folder %q in the configuration: %w", dir, err)
	}
	config := filepath.Join(dir, "config.xml")
	text := fmt.Sprintf(clickHouseConfig, esc.String(), o.TCPPort, o.HTTPPort, o.MaxMemory, min(o.MaxMemory/8, 256<<20))
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return "", fmt.Errorf("configuration of the server: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "users.xml"), []byte(clickHouseUsers), 0o644); err != nil {
		return "", fmt.Errorf("users of the server: %w", err)
	}
	return config, nil
}

// A dropped table is removed at once (480 s by default): refreshable views drop one at each
// refresh. The pools are small, for the server shares the machine with all the rest.
const clickHouseConfig = `<clickhouse>
  <path>%[1]s/data/</path>
  <tmp_path>%[1]s/data/tmp/</tmp_path>
  <user_files_path>%[1]s/data/user_files/</user_files_path>
  <listen_host>127.0.0.1</listen_host>
  <tcp_port>%[2]d</tcp_port>
  <http_port>%[3]d</http_port>
  <max_server_memory_usage>%[4]d</max_server_memory_usage>
  <mark_cache_size>%[5]d</mark_cache_size>
  <database_atomic_delay_before_drop_table_sec>1</database_atomic_delay_before_drop_table_sec>
  <background_pool_size>4</background_pool_size>
  <background_schedule_pool_size>8</background_schedule_pool_size>
  <logger>
    <level>warning</level>
    <log>%[1]s/log/server.log</log>
    <errorlog>%[1]s/log/error.log</errorlog>
    <size>10M</size>
    <count>2</count>
  </logger>
  <user_directories><users_xml><path>%[1]s/users.xml</path></users_xml></user_directories>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
</clickhouse>
`

const clickHouseUsers = `<clickhouse>
  <profiles><default><poll_interval>1</poll_interval></default></profiles>
  <quotas><default/></quotas>
  <users><default>
    <password></password>
    <networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota>
    <access_management>1</access_management>
  </default></users>
</clickhouse>
`
