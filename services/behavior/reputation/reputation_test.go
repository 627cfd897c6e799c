package reputation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miradorhq/mirador/services/behavior/reputation"
)

const stix = `{"type":"bundle","id":"bundle--1","objects":[
 {"type":"identity","name":"somebody"},
 {"type":"indicator","name":"botnet","pattern_type":"stix","pattern":"[ipv4-addr:value = '203.0.113.7' OR ipv4-addr:value = '203.0.113.8'] OR [ipv6-addr:value ISSUBSET '2001:db8:1::/48']","valid_from":"2026-01-01T00:00:00Z","valid_until":"2026-06-01T00:00:00Z"},
 {"type":"indicator","pattern":"[file:hashes.MD5 = 'x' AND ipv4-addr:value = '192.0.2.1']","valid_from":"2026-01-01T00:00:00Z"},
 {"type":"indicator","pattern":"[ipv4-addr:value = '192.0.2.2' AND network-traffic:dst_port = 22]","valid_from":"2026-01-01T00:00:00Z"},
 {"type":"indicator","revoked":true,"pattern":"[ipv4-addr:value = '192.0.2.3']","valid_from":"2026-01-01T00:00:00Z"}]}`

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, text string
		format     reputation.Format
		want       string
	}{
		{"plain", "# a list\n203.0.113.7\n198.51.100.0/24 ; SBL1\n\n2001:db8::1 # a host\n::ffff:192.0.2.9\n", reputation.Plain,
			"203.0.113.7/32, 198.51.100.0/24 SBL1, 2001:db8::1/128 a host, 192.0.2.9/32"},
		{"csv with names", "first_seen,ip,expires,category\n2026-01-01,203.0.113.7,2026-02-01,\"c2, old\"\n2026-01-01,203.0.113.8,,scanner\n", reputation.CSV,
			"203.0.113.7/32 c2, old until 2026-02-01, 203.0.113.8/32 scanner"},
		{"csv without names", "203.0.113.7,botnet\n203.0.113.0/25\n", reputation.CSV, "203.0.113.7/32 botnet, 203.0.113.0/25"},
		{"stix", stix, reputation.STIX, "203.0.113.7/32 botnet until 2026-06-01, 203.0.113.8/32 botnet until 2026-06-01, 2001:db8:1::/48 botnet until 2026-06-01"},
		{"ranges", `{"creationTime":"x","prefixes":[{"ipv6Prefix":"2001:db8:4864::/64"},{"ipv4Prefix":"192.0.2.128/27"}]}`, reputation.Ranges, "2001:db8:4864::/64, 192.0.2.128/27"},
	} {
		for _, f := range []reputation.Format{c.format, reputation.Auto} {
			es, err := reputation.Parse([]byte(c.text), f, 100)
			var got []string
			for _, e := range es {
				s := strings.TrimSpace(e.Prefix.String() + " " + e.Label)
				if e.Until != 0 {
					s += " until " + time.Unix(0, e.Until).UTC().Format(time.DateOnly)
				}
				got = append(got, s)
			}
			if s := strings.Join(got, ", "); err != nil || s != c.want {
				t.Errorf("%s as %s: %s (%v), want %s", c.name, f, s, err, c.want)
			}
		}
	}
}

func TestWrongListsAreErrors(t *testing.T) {
	for name, text := range map[string]string{
		"a page":               "<html>\n<body>\nno list\n</body>\n",
		"all of the net":       "0.0.0.0/0\n",
		"half of it, IPv6":     "2000::/3\n",
		"another JSON":         `{"type":"report"}`,
		"half a bundle":        stix[:len(stix)/2],
		"more than is allowed": strings.Repeat("203.0.113.7\n", 11),
		"mostly wrong":         "203.0.113.7\nx\ny\n",
	} {
		if es, err := reputation.Parse([]byte(text), reputation.Auto, 10); err == nil {
			t.Errorf("%s: %v", name, es)
		}
	}
	if _, err := reputation.Parse([]byte(strings.Repeat("203.0.113.7\n", 30)+"oops\n"), reputation.Auto, 100); err != nil {
		t.Errorf("one wrong line of thirty: %v", err)
	}
	if _, err := reputation.Parse(nil, "xml", 10); err == nil {
		t.Error("a format that there is not")
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func settings() reputation.Settings {
	s := reputation.Defaults()
	s.Reload, s.Refresh = 100*time.Millisecond, time.Second
	return s
}

func TestSetKnowsByTimeAndNetwork(t *testing.T) {
	s := settings()
	s.Lists = []reputation.List{
		{Name: "wide", Source: reputation.Source{File: write(t, "a", "203.0.113.0/24 # wide\n")}},
		{Name: "hosts", Source: reputation.Source{File: write(t, "b", stix)}},
	}
	s.Crawlers = []reputation.Crawler{
		{Name: "Goodbot", Agents: []string{"goodbot"}, Ranges: []reputation.Source{{File: write(t, "c", "192.0.2.128/27\n")}}, Domains: []string{"goodbot.example"}},
		{Name: "Namebot", Agents: []string{"namebot"}, Domains: []string{"crawl.namebot.example"}},
	}
	s.Names = reputation.Source{File: write(t, "d", "address,hostname\n198.51.100.1,a.crawl.namebot.example.\n198.51.100.2,crawl.namebot.example.evil.example\n198.51.100.3,x.goodbot.example\n")}
	l, err := reputation.Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	set := l.Current()
	at := func(day string) int64 {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return d.UnixNano()
	}
	for _, c := range []struct{ address, day, want string }{
		{"203.0.113.7", "2026-03-01", "hosts"}, {"203.0.113.7", "2026-07-01", "wide"}, {"203.0.113.9", "2026-03-01", "wide"},
		{"2001:db8:1:5::9", "2026-03-01", "hosts"}, {"2001:db8:1:5::9", "2025-03-01", ""}, {"192.0.2.1", "2026-03-01", ""}, {"192.0.2.3", "2026-03-01", ""},
	} {
		if e, _ := set.Bad(netip.MustParseAddr(c.address), at(c.day)); e.List != c.want {
			t.Errorf("%s on %s is on %q, want %q", c.address, c.day, e.List, c.want)
		}
	}
	for _, c := range []struct {
		agent, address string
		want           reputation.Claim
	}{
		{"Mozilla/5.0 (compatible; GoodBot/2.1)", "192.0.2.130", reputation.True}, {"Mozilla/5.0 (compatible; GoodBot/2.1)", "192.0.2.1", reputation.False},
		{"goodbot", "198.51.100.3", reputation.True}, {"curl/8", "192.0.2.130", reputation.None},
		{"namebot", "198.51.100.1", reputation.True}, {"namebot", "198.51.100.2", reputation.False}, {"namebot", "198.51.100.9", reputation.Unknown},
	} {
		if _, got := set.Crawler([]byte(c.agent), netip.MustParseAddr(c.address), at("2026-03-01")); got != c.want {
			t.Errorf("%s from %s: %d, want %d", c.agent, c.address, got, c.want)
		}
	}
	again, err := reputation.Open(t.Context(), s)
	if err != nil || again.Current().Version() != set.Version() || set.Empty() {
		t.Errorf("the same lists have versions %s and %s (%v)", set.Version(), again.Current().Version(), err)
	}
}

func TestFollow(t *testing.T) {
	var body atomic.Pointer[string]
	serve := func(s string) { body.Store(&s) }
	serve("down")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if b := *body.Load(); b == "down" {
			w.WriteHeader(http.StatusServiceUnavailable)
		} else {
			fmt.Fprint(w, b)
		}
	}))
	defer server.Close()
	s := settings()
	file := write(t, "list", "203.0.113.1\n")
	s.Lists = []reputation.List{{Name: "file", Source: reputation.Source{File: file}}, {Name: "url", Source: reputation.Source{URL: server.URL + "/feed?key=s3cret"}}}
	l, err := reputation.Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	bad := func(a string) bool { _, ok := l.Current().Bad(netip.MustParseAddr(a), 1); return ok }
	if !bad("203.0.113.1") || bad("203.0.113.2") {
		t.Error("wrong at first")
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan error, 100)
	done := make(chan struct{})
	go func() { defer close(done); l.Follow(ctx, func(err error) { told <- err }) }() //nolint:errcheck // never fails
	until := func(what string, ok func(error) bool) {
		t.Helper()
		for {
			select {
			case err := <-told:
				if ok(err) {
					return
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("never heard of %s", what)
			}
		}
	}
	until("the URL that is down", func(err error) bool {
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the key of the feed is told: %v", err)
		}
		return err != nil
	})
	serve("203.0.113.2\n")
	until("the URL", func(err error) bool { return err == nil && bad("203.0.113.2") })
	if err := os.WriteFile(file, []byte("203.0.113.3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	until("the file", func(err error) bool {
		return err == nil && bad("203.0.113.3") && !bad("203.0.113.1") && bad("203.0.113.2")
	})
	if err := os.WriteFile(file, []byte("<html>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	until("the broken file", func(err error) bool { return err != nil })
	serve("203.0.113.4\n")
	until("the URL though the file is broken", func(err error) bool { return bad("203.0.113.4") })
	if !bad("203.0.113.3") {
		t.Error("a broken file made its list forgotten")
	}
	cancel()
	<-done
}

func TestSettingsAreChecked(t *testing.T) {
	if err := new(reputation.Settings).Validate(); err == nil {
		t.Error("nothing set is valid")
	}
	s := settings()
	s.Lists = []reputation.List{{Source: reputation.Source{File: "a", URL: "ftp://x/y", Format: "xml"}}}
	s.Crawlers = []reputation.Crawler{{Name: "x", Agents: []string{"x"}, Domains: []string{"x.example"}}}
	s.MaxEntries, s.Timeout = 0, 0
	err := s.Validate()
	for _, want := range []string{"lists[0]: a name", "not both", "http or https", "format", "at least 3 letters", "to verify it by", "max_entries", "timeout"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s: %v", want, err)
		}
	}
	s = settings()
	s.Lists = []reputation.List{{Name: "gone", Source: reputation.Source{File: "nowhere"}}}
	if _, err := reputation.Open(t.Context(), s); err == nil {
		t.Error("a file that is not there")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(stix), "stix")
	f.Add([]byte("203.0.113.7 # x\n198.51.100.0/24"), "plain")
	f.Add([]byte("ip,expires\n203.0.113.7,2026-01-01"), "csv")
	f.Add([]byte(`{"prefixes":[{"ipv4Prefix":"192.0.2.0/24"}]}`), "auto")
	f.Fuzz(func(t *testing.T, b []byte, format string) {
		es, err := reputation.Parse(b, reputation.Format(format), 1000)
		if err != nil && len(es) > 0 || len(es) > 1000 {
			t.Fatalf("%d entries and %v", len(es), err)
		}
		for _, e := range es {
			if !e.Prefix.IsValid() || e.Prefix != e.Prefix.Masked() || e.Prefix.Bits() < 8 || e.Prefix.Addr().Is4In6() || len(e.Label) > 120 {
				t.Fatalf("entry %+v", e)
			}
		}
	})
}
