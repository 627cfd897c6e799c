// Package dlq is the record of mirador.dlq: what a stage could not process, with
// the coordinates to find it again and the reason.
//
// The payload of such a record may hold a secret (it did not decode, so nothing
// masked it): it is left out, or sealed with a key of the operator. It is never
// written raw.
package dlq

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/encoding/json"
)

// Entry is one record of the dead letter topic, JSON.
type Entry struct {
	Stage string `json:"stage"`
	// Topic, TopicID, Partition and Offset are where the record stands; the payload
	// can be read there until the topic's retention is over.
	Topic     string    `json:"topic"`
	TopicID   string    `json:"topic_id,omitempty"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	Time      time.Time `json:"ts"` // the broker's timestamp of the record
	// KeyHash is the first 128 bits of the key's SHA-256, hex: equal keys can be
	// told without saying whose they are.
	KeyHash string `json:"key_hash,omitempty"`
	Size    int    `json:"size"` // bytes of the value
	// Reason is one of the reasons below or a decoder's words.
	Kind   string  `json:"kind"`
	Reason string  `json:"reason"`
	Sealed *Sealed `json:"sealed,omitempty"`
}

// Kinds of entry.
const (
	Poison   = "poison"   // the record did not decode
	Panic    = "panic"    // a detector failed on it
	Oversize = "oversize" // an output was larger than the broker takes
	Sink     = "sink"     // a sink refused it
)

// Sealed is a payload under AES-256-GCM. The additional data binds it to its
// coordinates, so a payload moved to another entry does not open.
type Sealed struct {
	KeyID string `json:"key_id"`
	Nonce []byte `json:"nonce"`
	Data  []byte `json:"data"`
}

// ErrMalformed is wrapped by every error of Decode, ErrSealed by those of Open.
var (
	ErrMalformed = errors.New("dlq: malformed record")
	ErrSealed    = errors.New("dlq: payload cannot be opened")
)

// Sealer encrypts payloads. A nil Sealer leaves them out. It is safe for
// concurrent use.
type Sealer struct {
	keyID string
	max   int
	aead  cipher.AEAD
}

// NewSealer makes a Sealer from a key of 32 bytes. Payloads longer than max
// bytes are left out.
func NewSealer(keyID string, key []byte, max int) (*Sealer, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("dlq: key %q has %d bytes: AES-256 needs 32", keyID, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("dlq: key %q: %w", keyID, err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("dlq: key %q: %w", keyID, err)
	}
	return &Sealer{keyID: keyID, max: max, aead: aead}, nil
}

// Fill puts key and value of the record into e: hashed, and sealed.
func (s *Sealer) Fill(e *Entry, key, value []byte) error {
	e.Size = len(value)
	if len(key) > 0 {
		sum := sha256.Sum256(key)
		e.KeyHash = hex.EncodeToString(sum[:16])
	}
	if s == nil || len(value) == 0 || len(value) > s.max {
		return nil
	}
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return fmt.Errorf("dlq: nonce: %w", err)
	}
	e.Sealed = &Sealed{KeyID: s.keyID, Nonce: nonce, Data: s.aead.Seal(nil, nonce, value, e.bind())}
	return nil
}

// Open is the payload of e.
func (s *Sealer) Open(e *Entry) ([]byte, error) {
	switch {
	case e.Sealed == nil:
		return nil, fmt.Errorf("%w: the entry of %s/%d@%d carries none", ErrSealed, e.Topic, e.Partition, e.Offset)
	case s == nil || s.keyID != e.Sealed.KeyID:
		return nil, fmt.Errorf("%w: it was sealed with key %q", ErrSealed, e.Sealed.KeyID)
	case len(e.Sealed.Nonce) != s.aead.NonceSize():
		return nil, fmt.Errorf("%w: nonce of %d bytes", ErrSealed, len(e.Sealed.Nonce))
	}
	b, err := s.aead.Open(nil, e.Sealed.Nonce, e.Sealed.Data, e.bind())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return b, nil
}

func (e *Entry) bind() []byte {
	return fmt.Appendf(nil, "%s|%s|%d|%d", e.Topic, e.TopicID, e.Partition, e.Offset)
}

// Encode is the record value of e.
func Encode(e *Entry) ([]byte, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("dlq entry of %s/%d@%d: encode: %w", e.Topic, e.Partition, e.Offset, err)
	}
	return b, nil
}

// Decode reads the record value b.
func Decode(b []byte) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(b, &e); err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if e.Stage == "" || e.Topic == "" || e.Reason == "" {
		return Entry{}, fmt.Errorf("%w: stage, topic and reason are required", ErrMalformed)
	}
	return e, nil
}
