package stack

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// envClient makes this test binary a client that inserts into the server at that
// address until it is killed.
const envClient = "MIRADOR_STACK_TEST_CLIENT"

func actAsClient(addr string) {
	for range 4 {
		go func() {
			conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{addr}})
			for err == nil {
				err = insertSome(conn)
			}
		}()
	}
	time.Sleep(time.Minute)
	os.Exit(1)
}

func insertSome(conn clickhouse.Conn) error {
	b, err := conn.PrepareBatch(context.Background(), "INSERT INTO default.rows")
	if err != nil {
		return err
	}
	for i := range uint64(3000) {
		if err := b.Append(i, "a text that takes some room on the wire"); err != nil {
			return err
		}
	}
	return b.Send()
}

// A client that is killed in the middle of an insert must not take the server with
// it: libchdb alone is gone after one to four of them.
func TestClickHouseOutlivesItsClients(t *testing.T) {
	ch := startEmbedded(t, ClickHouseOptions{Dir: t.TempDir()})
	conn := dial(t, ch.Addr())
	exec1(t, conn, "CREATE TABLE default.rows (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
	pid := ch.Pid()
	for i := range 20 {
		client := exec.Command(os.Args[0])
		client.Env = append(os.Environ(), envClient+"="+ch.Addr())
		if err := client.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100*time.Millisecond + rand.N(200*time.Millisecond))
		_ = client.Process.Kill()
		_ = client.Wait()
		if ch.Pid() != pid {
			t.Fatalf("the server ended when client %d was killed", i+1)
		}
	}
	if n := number(t, conn, "SELECT count() FROM default.rows"); n == 0 {
		t.Error("no client came to insert anything: the test shows nothing")
	}
}
