package chsink

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

const everything = `SELECT concat(toString(event_id), ' ', tenant, ' ', sensor, ' ', toString(boot), ' ', toString(sequence), ' ', toString(ts), ' ', toString(received)),
	concat(client_address, ' ', toString(client_port), ' ', client_address_source, ' ', principal, ' ', toString(authenticated), ' ', identity_scheme, ' ', credential, ' ', key_id, ' ', subject, ' ', session, ' ', token_header, ' ', claims.name[1], '=', claims.value[1]),
	concat(tls_version, ' ', tls_sni, ' ', ja4, ' ', client_certificate, ' ', client_subject, ' ', method, ' ', scheme, ' ', protocol, ' ', authority, ' ', host, ' ', path, ' ', query, ' ', toString(status), ' ', toString(duration_us), ' ', user_agent),
	concat(endpoint, ' ', toString(endpoint_known), ' ', service, ' ', namespace, ' ', source_service, ' ', trace_id, ' ', toString(flags), ' ', toString(sample_rate), ' ', masked[1]),
	concat(toString(request_bytes), ' ', toString(request_seen), ' ', toString(request_truncated), ' ', request_content_type, ' ', arrayStringConcat(request_headers.name, ','), ' ', arrayStringConcat(request_headers.value, ','), ' ', request_body),
	concat(toString(response_bytes), ' ', toString(response_seen), ' ', toString(response_truncated), ' ', response_content_type, ' ', arrayStringConcat(response_headers.name, ','), ' ', arrayStringConcat(response_headers.value, ','), ' ', response_body)
	FROM v_events ORDER BY topic_offset`

// TestEventColumns puts one event with every field set through each setting.
func TestEventColumns(t *testing.T) {
	cfg, conn := migrated(t)
	head := "01020300-0000-0000-0000-000000000000 acme edge-1 7 8 2026-03-14 09:59:30.000000 2026-03-14 09:59:30.003000\t" +
		`2001:db8::1:2 4711 x-forwarded-for sub:5ub true jwt c0ffee k1 5ub 5e5 {"alg":"RS256"} iss="idp"` + "\t" +
		"1.3 api.bank.test t13d ab12 CN=partner POST https HTTP/2 API.bank.test:443 api.bank.test /accounts/1 "
	tail := " 201 42000 curl/8\tPOST api.bank.test/accounts true accounts prod web 4bf92f 17 10 request.header:authorization\t"
	var want []string
	for i, c := range []struct {
		change func(*EventSettings)
		want   string
	}{
		{func(*EventSettings) {}, head + "a=1" + tail + "7 6 true application/json   \t11 10 false application/json   "},
		{func(s *EventSettings) { s.Query, s.Headers, s.Bodies = false, true, true }, head + tail +
			`7 6 true application/json User-Agent,X-A,X-A curl/8,1,2 {"a":1}` + "\t" + `11 10 false application/json Server bank {"ok":true}`},
		{func(s *EventSettings) { s.Bodies, s.MaxBody = true, 4 }, head + "a=1" + tail +
			`7 6 true application/json   {"a"` + "\t" + `11 10 false application/json   {"ok`},
	} {
		settings := DefaultEventSettings()
		c.change(&settings)
		s, err := NewEvents(cfg, firstSegment{}, settings, nil)
		must(t, err)
		e := full()
		must(t, s.Append(record(&e, 0, int64(i)), [16]byte{1}))
		must(t, s.Flush(t.Context()))
		must(t, s.Close())
		want = append(want, c.want)
	}
	same(t, "v_events", lines(t, conn, everything), want)
}

func TestEventLimits(t *testing.T) {
	cfg := DefaultConfig()
	metrics := NewMetrics(prometheus.NewRegistry())
	settings := DefaultEventSettings()
	settings.MaxText, settings.MaxBody, settings.Bodies = 100, 200, true
	s, err := NewEvents(cfg, firstSegment{}, settings, metrics)
	must(t, err)
	e := full()
	e.Path = bytes.Repeat([]byte("p"), 101)
	e.RequestBody.Data = bytes.Repeat([]byte("b"), 201)
	r := record(&e, 0, 0)
	e.RequestTime += int64(time.Hour)
	ahead := record(&e, 0, 1)
	ahead.Timestamp = r.Timestamp
	must(t, s.Append(r, [16]byte{}))
	must(t, s.Append(ahead, [16]byte{}))
	if got := s.columns.path.Row(0); len(got) != 100 {
		t.Errorf("path of %d bytes, want 100", len(got))
	}
	if got := s.columns.request.body.Row(0); len(got) != 200 {
		t.Errorf("body of %d bytes, want 200", len(got))
	}
	if s.columns.ts.Data[1] != s.source.received.Data[1] {
		t.Error("an event from the future is not filed under its receipt")
	}
	for counter, want := range map[prometheus.Collector]float64{s.cappedText: 2, s.cappedBody: 2, s.clamped: 1} {
		if got := testutil.ToFloat64(counter); got != want {
			t.Errorf("counter is %v, want %v", got, want)
		}
	}
}

// TestPrincipal: the sink's principal and host, made without allocating, are the
// event's own.
func TestPrincipal(t *testing.T) {
	s, err := NewEvents(DefaultConfig(), firstSegment{}, DefaultEventSettings(), nil)
	must(t, err)
	for _, e := range []event.Event{full(), {Client: event.Client{Address: []byte("192.0.2.1")}}, {Client: event.Client{Address: []byte("::ffff:192.0.2.1")}},
		{Client: event.Client{Address: []byte("2001:db8::1%eth0")}}, {Client: event.Client{Address: []byte("?")}}, {},
		{Identity: event.Identity{Session: []byte("s")}}, {Identity: event.Identity{Credential: []byte("c")}, Authority: []byte("[::1]:80")}} {
		for range 2 { // found out, and remembered
			if got, want := string(s.appendPrincipal(nil, &e)), e.Principal(); got != want {
				t.Errorf("principal %q, want %q", got, want)
			}
			if got, want := s.hosts.of(e.Authority), e.Host(); got != want {
				t.Errorf("host %q, want %q", got, want)
			}
		}
	}
}

// TestDictionaryForgets: values of one batch must not show in the next, however
// many keys there are and whether they are still remembered.
func TestDictionaryForgets(t *testing.T) {
	cfg, conn := migrated(t)
	s, err := NewEvents(cfg, firstSegment{}, DefaultEventSettings(), nil)
	must(t, err)
	defer s.Close()
	long := strings.Repeat("x", 40)
	var want []string
	offset := int64(0)
	for _, n := range []int{3, 256, 257, 300, 70_000, 3} {
		for i := range n {
			e := full()
			e.Sensor = []byte(long + time.Duration(i*(n+1)).String())
			must(t, s.Append(record(&e, 0, offset), [16]byte{1}))
			want = append(want, string(e.Sensor))
			offset++
		}
		must(t, s.Flush(t.Context()))
	}
	same(t, "sensor", lines(t, conn, "SELECT sensor FROM v_events ORDER BY topic_offset"), want)
}
