package action

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Headers of a record of mirador.actions.
const (
	// HeaderSignature holds the 64 bytes of an Ed25519 signature: over the exact
	// value bytes, or for a tombstone over TombstoneBytes.
	HeaderSignature = "sig"
	// HeaderKeyID names the key that signed.
	HeaderKeyID = "kid"
	// HeaderRevision is set on a tombstone only, in decimal: a tombstone has no
	// value that could carry it.
	HeaderRevision = "rev"
)

// Header is a record header.
type Header struct {
	Key   string
	Value []byte
}

// Record is an action as it stands on the topic.
type Record struct {
	Key     []byte
	Value   []byte // nil is a tombstone
	Headers []Header
}

// Signer signs actions with one key. Safe for concurrent use.
type Signer struct {
	KeyID string
	Key   ed25519.PrivateKey
}

// Seal is the record of a: encoded and signed.
func (s *Signer) Seal(a *Action) (Record, error) {
	value, err := Encode(a)
	if err != nil {
		return Record{}, err
	}
	return Record{Key: a.Key(), Value: value, Headers: []Header{
		{HeaderSignature, ed25519.Sign(s.Key, value)},
		{HeaderKeyID, []byte(s.KeyID)},
	}}, nil
}

// SealTombstone is the record that ends the action of key. Its signature covers
// key and revision: without one, whoever can write to the topic could lift a
// block, and with the key alone an old tombstone could be played again.
func (s *Signer) SealTombstone(key []byte, revision int64) Record {
	return Record{Key: key, Headers: []Header{
		{HeaderSignature, ed25519.Sign(s.Key, TombstoneBytes(key, revision))},
		{HeaderKeyID, []byte(s.KeyID)},
		{HeaderRevision, strconv.AppendInt(nil, revision, 10)},
	}}
}

// TombstoneBytes is what the signature of a tombstone covers. No action's value
// starts like this, so neither signature can stand for the other.
func TombstoneBytes(key []byte, revision int64) []byte {
	b := binary.BigEndian.AppendUint64([]byte("mirador tombstone\x00"), uint64(revision))
	return append(b, key...)
}

// PublicKey is a key that a Verifier trusts.
type PublicKey struct {
	ID  string
	Key ed25519.PublicKey
	// Issuers are the issuers it may sign for, each a prefix ("person/",
	// "behavior/"); empty is all.
	Issuers []string
}

// What Open refuses. Each is wrapped with the key id it is about.
var (
	ErrUnsigned     = errors.New("action: record is not signed")
	ErrUnknownKey   = errors.New("action: signed with a key that is not trusted here")
	ErrBadSignature = errors.New("action: signature does not match")
	ErrWrongKey     = errors.New("action: record key is not the action's")
	ErrWrongIssuer  = errors.New("action: key may not sign for this issuer")
)

// Verifier checks signatures against a fixed set of keys. Safe for concurrent
// use.
type Verifier struct{ keys map[string]PublicKey }

// NewVerifier trusts keys. Two keys of one id are an error: it could not be said
// which was meant.
func NewVerifier(keys ...PublicKey) (*Verifier, error) {
	v := &Verifier{keys: make(map[string]PublicKey, len(keys))}
	for _, k := range keys {
		if len(k.Key) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("action: key %q: %d bytes, want %d of an Ed25519 public key", k.ID, len(k.Key), ed25519.PublicKeySize)
		}
		if old, ok := v.keys[k.ID]; ok && !old.Key.Equal(k.Key) {
			return nil, fmt.Errorf("action: two different keys are called %q; key ids must be unique", k.ID)
		}
		v.keys[k.ID] = k
	}
	return v, nil
}

// Opened is a record whose signature holds.
type Opened struct {
	Key string
	// Tombstone says that Revision ends the action of Key; Action is empty then.
	Tombstone bool
	Revision  int64
	Action    Action
	KeyID     string
}

// Open checks r and decodes it. Nothing of r is looked into before its signature
// holds.
func (v *Verifier) Open(r Record) (Opened, error) {
	var sig, kid, rev []byte
	for _, h := range r.Headers {
		switch h.Key {
		case HeaderSignature:
			sig = h.Value
		case HeaderKeyID:
			kid = h.Value
		case HeaderRevision:
			rev = h.Value
		}
	}
	if len(sig) == 0 || len(kid) == 0 {
		return Opened{}, fmt.Errorf("%w: headers %q and %q are required", ErrUnsigned, HeaderSignature, HeaderKeyID)
	}
	k, ok := v.keys[string(kid)]
	if !ok {
		return Opened{}, fmt.Errorf("%w: key id %.64q", ErrUnknownKey, kid)
	}
	if r.Value == nil {
		return v.openTombstone(r.Key, k, sig, rev)
	}
	if len(sig) != ed25519.SignatureSize || !ed25519.Verify(k.Key, r.Value, sig) {
		return Opened{}, fmt.Errorf("%w: key id %q", ErrBadSignature, k.ID)
	}
	a, err := Decode(r.Value)
	if err != nil {
		return Opened{}, err
	}
	key := string(a.Key())
	if key != string(r.Key) {
		return Opened{}, fmt.Errorf("%w: %.200q holds the action of %.200q", ErrWrongKey, r.Key, key)
	}
	if !k.mayIssue(a.Issuer) {
		return Opened{}, fmt.Errorf("%w: key id %q, issuer %.64q", ErrWrongIssuer, k.ID, a.Issuer)
	}
	return Opened{Key: key, Revision: a.Revision, Action: a, KeyID: k.ID}, nil
}

func (v *Verifier) openTombstone(key []byte, k PublicKey, sig, rev []byte) (Opened, error) {
	n, err := strconv.ParseInt(string(rev), 10, 64)
	if err != nil {
		return Opened{}, fmt.Errorf("%w: tombstone without a revision in header %q", ErrMalformed, HeaderRevision)
	}
	if len(sig) != ed25519.SignatureSize || !ed25519.Verify(k.Key, TombstoneBytes(key, n), sig) {
		return Opened{}, fmt.Errorf("%w: tombstone, key id %q", ErrBadSignature, k.ID)
	}
	// The issuer is the last part of the key: it never holds a '|'.
	issuer := string(key[strings.LastIndexByte(string(key), '|')+1:])
	if !k.mayIssue(issuer) {
		return Opened{}, fmt.Errorf("%w: tombstone, key id %q, issuer %.64q", ErrWrongIssuer, k.ID, issuer)
	}
	return Opened{Key: string(key), Tombstone: true, Revision: n, KeyID: k.ID}, nil
}

func (k *PublicKey) mayIssue(issuer string) bool {
	if len(k.Issuers) == 0 {
		return true
	}
	for _, p := range k.Issuers {
		if strings.HasPrefix(issuer, p) {
			return true
		}
	}
	return false
}
