package action

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func example() *Action {
	t := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &Action{
		ID: "a1", Tenant: "default", Op: Block, Target: Target{Type: Address, Value: "192.0.2.7"}, Scope: "*",
		Issuer: "behavior/ENUM-01/3", Mode: Enforce, NotBefore: t, NotAfter: t.Add(5 * time.Minute), Revision: 41, EventTime: t,
	}
}

func signer(t testing.TB) *Signer {
	t.Helper()
	s, err := NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verifier(t testing.TB, keys ...PublicKey) *Verifier {
	t.Helper()
	v, err := NewVerifier(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSealAndOpen(t *testing.T) {
	s := signer(t)
	v := verifier(t, s.Public())
	a := example()
	r, err := s.Seal(a)
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Open(r)
	if err != nil {
		t.Fatal(err)
	}
	if got.Tombstone || got.Action.ID != a.ID || got.Revision != 41 || got.Key != string(a.Key()) || got.KeyID != s.KeyID {
		t.Fatalf("opened %+v", got)
	}
	ts, err := v.Open(s.SealTombstone(a.Key(), 42))
	if err != nil {
		t.Fatal(err)
	}
	if !ts.Tombstone || ts.Revision != 42 || ts.Key != string(a.Key()) {
		t.Fatalf("opened tombstone %+v", ts)
	}
}

func TestOpenRefuses(t *testing.T) {
	s, other := signer(t), signer(t)
	person := s.Public()
	person.Issuers = []string{"person/"}
	a := example()
	good, err := s.Seal(a)
	if err != nil {
		t.Fatal(err)
	}
	tomb := s.SealTombstone(a.Key(), 42)
	f := func(name string, v *Verifier, r Record, want error) {
		t.Helper()
		if _, err := v.Open(r); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	trusted := verifier(t, s.Public())
	f("unsigned", trusted, Record{Key: good.Key, Value: good.Value}, ErrUnsigned)
	f("unsigned tombstone", trusted, Record{Key: good.Key}, ErrUnsigned)
	f("unknown key", verifier(t, other.Public()), good, ErrUnknownKey)
	f("value changed", trusted, Record{Key: good.Key, Value: append([]byte(" "), good.Value...), Headers: good.Headers}, ErrBadSignature)
	f("under another key", trusted, Record{Key: []byte("default|address|192.0.2.8|*|behavior/ENUM-01/3"), Value: good.Value, Headers: good.Headers}, ErrWrongKey)
	f("tombstone of another key", trusted, Record{Key: []byte("x|y"), Headers: tomb.Headers}, ErrBadSignature)
	f("value as tombstone", trusted, Record{Key: good.Key, Headers: good.Headers}, ErrMalformed)
	f("issuer not allowed", verifier(t, person), good, ErrWrongIssuer)
	f("tombstone issuer not allowed", verifier(t, person), tomb, ErrWrongIssuer)
	later := append([]Header(nil), tomb.Headers...)
	later[2] = Header{HeaderRevision, []byte("43")}
	f("tombstone with another revision", trusted, Record{Key: tomb.Key, Headers: later}, ErrBadSignature)
	short := []Header{{HeaderSignature, []byte("short")}, {HeaderKeyID, []byte(s.KeyID)}}
	f("short signature", trusted, Record{Key: good.Key, Value: good.Value, Headers: short}, ErrBadSignature)
}

func TestTwoKeysOfOneID(t *testing.T) {
	a, b := signer(t).Public(), signer(t).Public()
	b.ID = a.ID
	if _, err := NewVerifier(a, b); err == nil {
		t.Error("two keys of one id were taken")
	}
	if _, err := NewVerifier(a, a); err != nil {
		t.Errorf("the same key twice: %v", err)
	}
}

func TestKeyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.key")
	made, err := GenerateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("private key has mode %#o", info.Mode().Perm())
	}
	s, err := LoadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := LoadPublicKey(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if !s.Key.Equal(made.Key) || pub.ID != made.KeyID || !pub.Key.Equal(made.Key.Public()) {
		t.Error("what was loaded is not what was generated")
	}
	if _, err := GenerateKey(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("overwrote a key: %v", err)
	}
	for name, raw := range map[string][]byte{"seed": made.Key.Seed(), "key": made.Key} {
		s, err := ParseSigner([]byte(base64.StdEncoding.EncodeToString(raw) + "\n"))
		if err != nil || !s.Key.Equal(made.Key) {
			t.Errorf("base64 %s: %v", name, err)
		}
	}
	if p, err := ParsePublicKey([]byte(base64.StdEncoding.EncodeToString(pub.Key))); err != nil || p.ID != pub.ID {
		t.Errorf("base64 public key: %v", err)
	}
}

func TestKeyFileErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return p
	}
	made, err := GenerateKey(filepath.Join(dir, "good"))
	if err != nil {
		t.Fatal(err)
	}
	open := write("open", base64.StdEncoding.EncodeToString(made.Key.Seed()), 0o600)
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "absent"), open, write("rubbish", "?", 0o600), write("short", "YWJj", 0o600), filepath.Join(dir, "good.pub")} {
		if _, err := LoadSigner(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("LoadSigner(%s): %v", path, err)
		}
	}
	for _, path := range []string{filepath.Join(dir, "absent"), filepath.Join(dir, "rubbish"), filepath.Join(dir, "short"), filepath.Join(dir, "good")} {
		if _, err := LoadPublicKey(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("LoadPublicKey(%s): %v", path, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	b, err := Encode(example())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"tenant":"t","op":"block","target":{"type":"cidr","value":"2001:db8::/64"},"issuer":"person/ann","not_after":"2026-03-01T12:00:00Z"}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"not_after":1e400}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Decode(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error does not wrap ErrMalformed: %v", err)
			}
			return
		}
		again, err := Encode(&a)
		if err != nil {
			return // a year that JSON cannot hold
		}
		c, err := Decode(again)
		if err != nil {
			t.Fatalf("what was encoded does not decode: %v", err)
		}
		if string(c.Key()) != string(a.Key()) || !c.NotAfter.Equal(a.NotAfter) || c.Revision != a.Revision {
			t.Fatalf("round trip changed %+v to %+v", a, c)
		}
	})
}

func FuzzOpen(f *testing.F) {
	s := signer(f)
	v := verifier(f, s.Public())
	r, err := s.Seal(example())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Key, r.Value, r.Headers[0].Value, []byte("1"))
	f.Add(r.Key, []byte(nil), r.Headers[0].Value, []byte("1"))
	f.Fuzz(func(t *testing.T, key, value, sig, rev []byte) {
		if len(value) == 0 {
			value = nil
		}
		o, err := v.Open(Record{Key: key, Value: value, Headers: []Header{
			{HeaderSignature, sig}, {HeaderKeyID, []byte(s.KeyID)}, {HeaderRevision, rev}}})
		// Only what was really signed may open.
		if err == nil && o.Key != string(r.Key) {
			t.Fatalf("opened a record that nobody signed: %+v", o)
		}
	})
}
