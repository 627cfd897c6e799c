package behavior_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"maps"
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

// TestAccessLog looks at what behaviour says of 10,000 real lines of a web server, 1,753
// clients over three days, which nobody has labelled. The log is not part of the tree:
// MIRADOR_CORPORA names the folder of the corpora.
//
// ACCESSLOG.md has each alert with the reason why a person agrees; an alert that it does
// not have, or that does not come any more, is one to be looked at.
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
	first, second := whole.events(t, es)
	last := make(map[string]string)
	for _, x := range append(first, second...) {
		last[x.ID] = fmt.Sprintf("| %s | %s | %s | %s |", x.Rule, x.Subject.Principal, x.Severity, x.Summary)
	}
	alerts := slices.Sorted(maps.Values(last))
	fmt.Printf("behaviour access log: %d lines, %d clients, %d findings\n", len(es), len(clients), len(alerts))
	doc, err := os.ReadFile("ACCESSLOG.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for l := range strings.Lines(string(doc)) {
		if cells := strings.Split(l, " | "); len(cells) == 5 && strings.Contains(cells[0], "-0") {
			listed = append(listed, strings.Join(cells[:4], " | ")+" |")
		}
	}
	if !slices.Equal(alerts, listed) {
		t.Errorf("alerts are\n%s\nACCESSLOG.md has\n%s", strings.Join(alerts, "\n"), strings.Join(listed, "\n"))
	}
}
