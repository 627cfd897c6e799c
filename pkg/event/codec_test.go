package event_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/vmihailenco/msgpack/v5"
)

func b(s string) []byte { return []byte(s) }

// full is an event in which every field has a value of its own, so that a field
// the codec forgets is seen.
func full() *event.Event {
	return &event.Event{
		ID: [16]byte{1, 2, 3, 4, 5, 6, 0x70, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}, Tenant: b("default"), Sensor: b("edge-1"), Boot: 17, Sequence: 42,
		RequestTime: 1_760_000_000_000_000_001, ResponseTime: 1_760_000_000_020_000_002,
		Client: event.Client{Address: b("203.0.113.9"), Port: 50123, AddressSource: b("x-forwarded-for")},
		TLS:    event.TLS{Version: b("1.3"), SNI: b("api.bank.example"), JA4: b("t13d1516h2_8daaf6152771_b186095e22b6"), ClientCertificate: b("ab12"), ClientSubject: b("CN=partner")},
		Method: b("POST"), Scheme: b("https"), Protocol: b("HTTP/1.1"), Authority: b("api.bank.example:8443"), Path: b("/v1/transfers"), Query: b("a=1&b=%27"),
		RequestHeaders:  []event.Header{{Name: b("Content-Type"), Value: b("application/json")}, {Name: b("X-Trace"), Value: b("1")}, {Name: b("X-Trace"), Value: b("2")}},
		ResponseHeaders: []event.Header{{Name: b("content-type"), Value: b("application/json")}},
		RequestBody:     event.Body{Data: b(`{"amount":10}`), WireLength: 13, SeenLength: 13, ContentType: b("application/json")},
		ResponseBody:    event.Body{Data: b(`{"id":7`), WireLength: 100, SeenLength: 50, Truncated: true, Decoded: true, ContentType: b("application/json")},
		Status:          201,
		Identity: event.Identity{Scheme: b("jwt"), Credential: b("c0ffee"), KeyID: b("k1"), Subject: b("5ub"), Session: b("5e5"), TokenHeader: b(`{"alg":"RS256"}`),
			Claims: []event.Claim{{Name: b("iss"), Value: b(`"https://id.example"`)}}},
		Masked: [][]byte{b("request.header:authorization")}, TraceID: b("4bf92f3577b34da6a3ce929d0e0e4736"),
		Deployment: event.Deployment{Service: b("transfers"), Namespace: b("prod"), Source: b("web")},
		Flags:      event.Sampled | event.Replayed, SampleRate: 10,
	}
}

// typical is the 3 KB event of the benchmarks.
func typical() *event.Event {
	e := full()
	for i := range 12 {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: fmt.Appendf(nil, "X-Header-%d", i), Value: bytes.Repeat(b("v"), 40)})
		e.ResponseHeaders = append(e.ResponseHeaders, event.Header{Name: fmt.Appendf(nil, "X-Answer-%d", i), Value: bytes.Repeat(b("w"), 20)})
	}
	e.RequestBody.Data = bytes.Repeat(b(`{"k":"value"},`), 50)
	e.ResponseBody.Data = bytes.Repeat(b(`{"id":12345},`), 60)
	return e
}

func decode(t *testing.T, wire []byte) *event.Event {
	t.Helper()
	var e event.Event
	if err := event.Decode(wire, &e); err != nil {
		t.Fatalf("decode: %v", err)
	}
	return &e
}

func TestRoundTripKeepsEveryField(t *testing.T) {
	in := full()
	v := reflect.ValueOf(*in)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("full() leaves %s empty: the test would not see it lost", v.Type().Field(i).Name)
		}
	}
	out := decode(t, event.Encode(nil, in))
	if !reflect.DeepEqual(in, out) {
		t.Fatalf("round trip\n in %+v\nout %+v", in, out)
	}
}

// wire is the event as another MessagePack library would write and read it.
type wire struct {
	_msgpack          struct{} `msgpack:",as_array"`
	ID, Tenant        []byte
	Sensor            []byte
	Boot, Sequence    uint64
	Request, Response int64
	Client            struct {
		_msgpack struct{} `msgpack:",as_array"`
		Address  []byte
		Port     uint16
		Source   []byte
	}
	TLS struct {
		_msgpack                       struct{} `msgpack:",as_array"`
		Version, SNI, JA4, Cert, CName []byte
	}
	Method, Scheme, Protocol, Authority, Path, Query []byte
	RequestHeaders, ResponseHeaders                  []wirePair
	RequestBody, ResponseBody                        wireBody
	Status                                           uint16
	Identity                                         struct {
		_msgpack                                                 struct{} `msgpack:",as_array"`
		Scheme, Credential, KeyID, Subject, Session, TokenHeader []byte
		Claims                                                   []wirePair
	}
	Masked     [][]byte
	TraceID    []byte
	Deployment struct {
		_msgpack                   struct{} `msgpack:",as_array"`
		Service, Namespace, Source []byte
	}
	Flags, SampleRate uint32
}

type wirePair struct {
	_msgpack    struct{} `msgpack:",as_array"`
	Name, Value []byte
}

type wireBody struct {
	_msgpack           struct{} `msgpack:",as_array"`
	Data               []byte
	Wire, Seen         uint64
	Truncated, Decoded bool
	ContentType        []byte
}

func TestGeneratedCodecAndGeneralLibraryReadEachOther(t *testing.T) {
	in := full()
	var w wire
	if err := msgpack.Unmarshal(event.Encode(nil, in), &w); err != nil {
		t.Fatalf("msgpack reads what msgp wrote: %v", err)
	}
	if string(w.Path) != "/v1/transfers" || w.Sequence != 42 || string(w.Identity.Claims[0].Name) != "iss" || w.SampleRate != 10 || !bytes.Equal(w.ID, in.ID[:]) {
		t.Fatalf("fields moved: %+v", w)
	}
	back, err := msgpack.Marshal(&w)
	if err != nil {
		t.Fatal(err)
	}
	if out := decode(t, back); !reflect.DeepEqual(in, out) {
		t.Fatalf("msgp reads what msgpack wrote\n in %+v\nout %+v", in, out)
	}
}

// TestEveryEarlierVersionDecodes reads the bytes that earlier shapes of the
// record left in testdata. A new shape adds a file; none is ever changed.
func TestEveryEarlierVersionDecodes(t *testing.T) {
	current := "testdata/event-v1.msgpack"
	if os.Getenv("MIRADOR_WRITE_TESTDATA") != "" {
		if err := os.WriteFile(current, event.Encode(nil, full()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob("testdata/event-v*.msgpack")
	if err != nil || len(files) != 1 {
		t.Fatalf("want the bytes of 1 version, found %v (%v)", files, err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if e := decode(t, raw); string(e.Path) != "/v1/transfers" || e.Status != 201 {
			t.Errorf("%s: %+v", f, e)
		}
	}
}

func TestShorterAndLongerRecordsDecode(t *testing.T) {
	wireBytes := event.Encode(nil, full())
	var raw []msgpack.RawMessage
	if err := msgpack.Unmarshal(wireBytes, &raw); err != nil {
		t.Fatal(err)
	}
	reused := decode(t, wireBytes) // holds values that a short record must not inherit
	for n := 2; n <= len(raw); n++ {
		short, err := msgpack.Marshal(raw[:n])
		if err != nil {
			t.Fatal(err)
		}
		if err := event.Decode(short, reused); err != nil {
			t.Fatalf("%d fields: %v", n, err)
		}
		if n < len(raw) && reused.SampleRate != 0 {
			t.Fatalf("%d fields: sample rate %d is left over from the record before", n, reused.SampleRate)
		}
	}
	long, err := msgpack.Marshal(append(raw, msgpack.RawMessage{0xa3, 'n', 'e', 'w'}))
	if err != nil {
		t.Fatal(err)
	}
	if out := decode(t, long); !reflect.DeepEqual(out, full()) {
		t.Fatal("a field of a newer version changed the older ones")
	}
}

func TestDecodeErrors(t *testing.T) {
	good := event.Encode(nil, full())
	f := func(name string, in []byte) {
		t.Helper()
		var e event.Event
		if err := event.Decode(in, &e); !errors.Is(err, event.ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", name, err)
		}
	}
	f("empty", nil)
	f("trailing byte", append(bytes.Clone(good), 0))
	f("cut", good[:len(good)/2])
	f("not an array", []byte{0xc0})
	f("no tenant", event.Encode(nil, &event.Event{}))
	// 2^32-1 headers announced in six bytes must not allocate them.
	f("huge array", append(bytes.Clone(good[:0]), 0xdd, 0xff, 0xff, 0xff, 0xff))
}

func TestPrincipal(t *testing.T) {
	f := func(e event.Event, want string) {
		t.Helper()
		if got := e.Principal(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	id := event.Identity{Subject: b("s"), Session: b("x"), Credential: b("c")}
	f(event.Event{Identity: id}, "sub:s")
	id.Subject = nil
	f(event.Event{Identity: id}, "ses:x")
	id.Session = nil
	f(event.Event{Identity: id}, "cred:c")
	f(event.Event{Client: event.Client{Address: b("192.0.2.1")}}, "ip:192.0.2.1")
	f(event.Event{Client: event.Client{Address: b("::ffff:192.0.2.1")}}, "ip:192.0.2.1")
	f(event.Event{Client: event.Client{Address: b("2001:db8:1:2:3:4:5:6")}}, "ip:2001:db8:1:2::/64")
	f(event.Event{Client: event.Client{Address: b("fe80::1%eth0")}}, "ip:fe80::/64")
	f(event.Event{}, "none")
}

func TestHost(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := (&event.Event{Authority: b(in)}).Host(); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	f("API.Bank.example:443", "api.bank.example")
	f("[2001:db8::1]:443", "[2001:db8::1]")
	f("2001:db8::1", "2001:db8::1")
	f("", "-")
}

func FuzzDecode(f *testing.F) {
	f.Add(event.Encode(nil, full()))
	f.Add(event.Encode(nil, typical()))
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, in []byte) {
		var e event.Event
		if err := event.Decode(in, &e); err != nil {
			if !errors.Is(err, event.ErrMalformed) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		again := decode(t, event.Encode(nil, &e))
		if !bytes.Equal(event.Encode(nil, again), event.Encode(nil, &e)) {
			t.Fatal("what decodes does not survive its own encoding")
		}
		_, _, _ = e.Principal(), e.Host(), e.Time()
	})
}

func BenchmarkDecode(b *testing.B) {
	raw := event.Encode(nil, typical())
	var e event.Event
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if err := event.Decode(raw, &e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	e := typical()
	buf := make([]byte, 0, event.Size(e))
	b.ReportAllocs()
	for b.Loop() {
		buf = event.Encode(buf[:0], e)
	}
	b.SetBytes(int64(len(buf)))
}

// TestDecodeDoesNotAllocate holds the contract that a loop over one Event is
// free of garbage.
func TestDecodeDoesNotAllocate(t *testing.T) {
	raw := event.Encode(nil, typical())
	var e event.Event
	if n := testing.AllocsPerRun(100, func() {
		if err := event.Decode(raw, &e); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a decode, want 0", n)
	}
}
