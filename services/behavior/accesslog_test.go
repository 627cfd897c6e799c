package behavior_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
)

// TestAccessLog looks at what RECON-01 and ENUM-01 say of 10,000 real lines of a web
// server, 1,753 clients over three days, which nobody has labelled. The log is not
// part of the tree: MIRADOR_CORPORA names the folder of the corpora.
//
// The bound is that of a day's alert budget; each alert is printed with -v, to be
// looked at by a person.
func TestAccessLog(t *testing.T) {
	file := filepath.Join(os.Getenv("MIRADOR_CORPORA"), "behavior", "accesslog_elastic_apache.log.gz")
	f, err := os.Open(file)
	if err != nil {
		fmt.Println("behaviour access log: absent; set MIRADOR_CORPORA to the folder of the corpora to measure")
		return
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) (\S+)[^"]*" (\d+) `)
	var es []*event.Event
	clients := make(map[string]bool)
	for s := bufio.NewScanner(z); s.Scan(); {
		m := line.FindStringSubmatch(s.Text())
		if m == nil {
			continue
		}
		at, err := time.Parse("02/Jan/2006:15:04:05 -0700", m[2])
		if err != nil {
			t.Fatal(err)
		}
		status, err := strconv.Atoi(m[5])
		if err != nil {
			t.Fatal(err)
		}
		path, query, _ := strings.Cut(m[4], "?")
		clients[m[1]] = true
		es = append(es, &event.Event{Tenant: []byte("default"), RequestTime: at.UnixNano(), Method: []byte(m[3]), Authority: []byte("www.example"),
			Path: []byte(path), Query: []byte(query), Status: uint16(status), Client: event.Client{Address: []byte(m[1])}})
	}
	if len(es) < 9000 {
		t.Fatalf("%d lines read", len(es))
	}
	slices.SortStableFunc(es, func(a, b *event.Event) int { return a.Time().Compare(b.Time()) })
	first, _ := whole.events(t, es)
	alerts := make(map[string]string)
	for _, x := range first {
		alerts[x.ID] = fmt.Sprintf("%s %s: %s", x.Rule, x.Subject.Principal, x.Summary)
	}
	for _, a := range alerts {
		t.Log(a)
	}
	fmt.Printf("behaviour access log: %d lines, %d clients, %d findings\n", len(es), len(clients), len(alerts))
	if len(alerts) > 3 {
		t.Errorf("%d findings in three days, at most 3 before", len(alerts))
	}
}
