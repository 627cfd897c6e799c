package uploaded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/tinylib/msgp/msgp"
)

const shop = "openapi: 3.1.0\ninfo: {title: Shop, version: '2'}\npaths:\n  /orders: {get: {responses: {'200': {description: ok}}}}\n"

func sample(name, text string) Document {
	return Document{Tenant: "acme", Name: name, Person: "ann", At: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), Media: Media(name), Bytes: []byte(text)}
}

func TestARecordGivesTheDocumentBack(t *testing.T) {
	want := sample("shop é.yaml", shop)
	got, err := Decode(want.Key(), want.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if got.Tenant != want.Tenant || got.Name != want.Name || got.Person != want.Person || !got.At.Equal(want.At) || got.Media != "application/yaml" || !bytes.Equal(got.Bytes, want.Bytes) {
		t.Errorf("got %+v", got)
	}
	// A header of a later version has more fields.
	v := msgp.AppendArrayHeader(nil, 5)
	v = msgp.AppendString(msgp.AppendInt64(msgp.AppendString(msgp.AppendString(v, "a"), "ann"), 7), "m")
	v = append(msgp.AppendString(v, "more"), shop...)
	if got, err = Decode([]byte("acme|a"), v); err != nil || string(got.Bytes) != shop {
		t.Errorf("a longer header: %v, %q", err, got.Bytes)
	}
}

func TestBadRecords(t *testing.T) {
	d := sample("a.yaml", shop)
	for name, c := range map[string]struct{ key, value string }{
		"no key": {"", string(d.Encode())}, "no tenant": {"|a.yaml", string(d.Encode())}, "a name with a slash": {"acme|a/b", string(d.Encode())},
		"another name": {"acme|b.yaml", string(d.Encode())}, "no header": {"acme|a.yaml", shop}, "a short header": {"acme|a.yaml", "\x92\xa1a\xa1b"}, "cut": {"acme|a.yaml", string(d.Encode()[:9])},
	} {
		if got, err := Decode([]byte(c.key), []byte(c.value)); err == nil {
			t.Errorf("%s: taken as %+v", name, got)
		}
	}
}

func TestValidate(t *testing.T) {
	good := sample("a.yaml", shop)
	if err := good.Validate(len(shop)); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Document){
		"must say something": func(d *Document) { d.Name = ".." }, "129 bytes": func(d *Document) { d.Name = strings.Repeat("n", 129) },
		"cannot be printed": func(d *Document) { d.Name = "a\nb" }, "must not hold |": func(d *Document) { d.Name = "a|b" }, "blank": func(d *Document) { d.Name = " a" },
		"the tenant": func(d *Document) { d.Tenant = "a|b" }, "person": func(d *Document) { d.Person = strings.Repeat("p", 65) }, "media": func(d *Document) { d.Media = "\xff" },
		"is empty": func(d *Document) { d.Bytes = nil }, "max_bytes allows": func(d *Document) { d.Bytes = append(d.Bytes, 'x') },
	} {
		bad := sample("a.yaml", shop)
		change(&bad)
		if err := bad.Validate(len(shop)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

func TestSet(t *testing.T) {
	s := NewSet(1 << 10)
	put := func(offset int64, d Document) error { t.Helper(); return s.Put(d.Key(), d.Encode(), offset) }
	if err := put(0, sample("shop.yaml", shop)); err != nil {
		t.Fatal(err)
	}
	if err := put(1, sample("bad.yaml", "openapi: 3.0.0\npaths: [\n")); err == nil || !strings.Contains(err.Error(), "bad.yaml:") {
		t.Errorf("a document that cannot be read: %v", err)
	}
	if err := put(2, sample("large.yaml", shop+strings.Repeat("#", 1<<10))); !errors.Is(err, document.ErrTooLarge) {
		t.Errorf("a document that is too large: %v", err)
	}
	specs, err := s.Specifications("acme")
	if len(specs) != 1 || specs[0].Title != "Shop" || err == nil || !strings.Contains(err.Error(), "bad.yaml:") || !strings.Contains(err.Error(), "large.yaml") {
		t.Fatalf("%d specifications, %v", len(specs), err)
	}
	if specs[0].File != "shop.yaml" || specs[0].Operations[0].Where.String() != "shop.yaml:4" {
		t.Errorf("places are in %s, %s", specs[0].File, specs[0].Operations[0].Where)
	}
	if other, err := s.Specifications("other"); len(other) != 0 || err != nil {
		t.Errorf("another tenant has %v, %v", other, err)
	}
	// What can't be read replaces what could: the topic alone says what holds.
	if err := put(3, sample("shop.yaml", "nothing: of that kind\n")); err == nil {
		t.Error("no error")
	}
	if specs, _ = s.Specifications("acme"); len(specs) != 0 {
		t.Errorf("still %v", specs)
	}
	for i, name := range []string{"shop.yaml", "bad.yaml", "large.yaml"} {
		d := sample(name, "")
		if err := s.Put(d.Key(), nil, int64(4+i)); err != nil {
			t.Error(err)
		}
	}
	if left := s.Documents("acme"); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
	for i := range maxDocuments {
		if err := put(int64(10+i), sample(fmt.Sprintf("%d.yaml", i), shop)); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(2000, sample("more.yaml", shop)); err == nil {
		t.Error("there is no bound")
	}
	if err := put(2001, sample("0.yaml", shop)); err != nil {
		t.Errorf("a full set takes no news of what it has: %v", err)
	}
}

func TestAwait(t *testing.T) {
	s := NewSet(1 << 10)
	done := make(chan error)
	go func() { done <- s.Await(t.Context(), 5) }()
	d := sample("shop.yaml", shop)
	for i := range int64(6) {
		if err := s.Put(d.Key(), d.Encode(), i); err != nil {
			t.Error(err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Await(ctx, 6); !errors.Is(err, context.Canceled) {
		t.Errorf("what never comes: %v", err)
	}
	select {
	case <-s.Ready():
		t.Error("ready before the end was told")
	default:
	}
	s.CaughtUp()
	s.CaughtUp()
	<-s.Ready()
}

func FuzzDecode(f *testing.F) {
	d := sample("a.yaml", shop)
	f.Add(d.Key(), d.Encode())
	f.Add([]byte("acme|a"), []byte("\x94\xa1a\xa0\x00\xa0{}"))
	f.Add([]byte("|"), []byte("\xdd\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		d, err := Decode(key, value)
		if err != nil {
			return
		}
		again, err := Decode(d.Key(), d.Encode())
		if err != nil || again.Name != d.Name || again.Person != d.Person || !again.At.Equal(d.At) || !bytes.Equal(again.Bytes, d.Bytes) {
			t.Fatalf("%+v came back as %+v, %v", d, again, err)
		}
	})
}
