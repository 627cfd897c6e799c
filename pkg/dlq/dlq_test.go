package dlq

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func entry() Entry {
	return Entry{
		Stage: "signature", Topic: "mirador.events", TopicID: "00", Partition: 3, Offset: 42,
		Time: time.Unix(1700000000, 0).UTC(), Kind: Poison, Reason: "not an event",
	}
}

func TestSealedPayloadOpensOnlyInItsPlace(t *testing.T) {
	s, err := NewSealer("k1", bytes.Repeat([]byte{7}, 32), 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	e := entry()
	if err := s.Fill(&e, []byte("default|sub:a"), []byte("password=hunter2")); err != nil {
		t.Fatal(err)
	}
	b, err := Encode(&e)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("hunter2")) || bytes.Contains(b, []byte("sub:a")) {
		t.Fatalf("raw payload or key in %s", b)
	}
	back, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Open(&back)
	if err != nil || string(got) != "password=hunter2" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	back.Offset++
	if _, err := s.Open(&back); !errors.Is(err, ErrSealed) {
		t.Fatalf("a payload moved to another offset opened: %v", err)
	}
	other, err := NewSealer("k2", bytes.Repeat([]byte{7}, 32), 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(&e); !errors.Is(err, ErrSealed) || !strings.Contains(err.Error(), "k1") {
		t.Fatalf("the error must name the key: %v", err)
	}
}

func TestNoSealerLeavesThePayloadOut(t *testing.T) {
	var s *Sealer
	e := entry()
	if err := s.Fill(&e, nil, []byte("x")); err != nil || e.Sealed != nil || e.Size != 1 {
		t.Fatalf("%+v, %v", e, err)
	}
	small, _ := NewSealer("k", make([]byte, 32), 2)
	if err := small.Fill(&e, nil, []byte("xyz")); err != nil || e.Sealed != nil {
		t.Fatalf("above the limit: %+v, %v", e.Sealed, err)
	}
	if _, err := NewSealer("short", make([]byte, 16), 1); err == nil {
		t.Fatal("a key of 16 bytes was taken")
	}
}

func FuzzDecode(f *testing.F) {
	e := entry()
	b, _ := Encode(&e)
	f.Add(b)
	f.Add([]byte(`{"stage":"a","topic":"b","reason":"c","sealed":{"key_id":"k","nonce":"AA==","data":"AA=="}}`))
	f.Add([]byte(`{`))
	s, _ := NewSealer("k", make([]byte, 32), 100)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if _, err := s.Open(&e); err != nil && !errors.Is(err, ErrSealed) {
			t.Fatal(err)
		}
		if _, err := Encode(&e); err != nil {
			t.Fatal(err)
		}
	})
}
