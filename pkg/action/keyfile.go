package action

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// PEM block types of key files, as OpenSSL writes them.
const (
	pemPrivate = "PRIVATE KEY" // PKCS #8
	pemPublic  = "PUBLIC KEY"  // PKIX
)

// KeyID is the id of a public key: the first 64 bits of its SHA-256, in hex. It
// follows from the key, so no file has to carry it.
func KeyID(k ed25519.PublicKey) string {
	sum := sha256.Sum256(k)
	return hex.EncodeToString(sum[:8])
}

// NewSigner is a signer with a new random key that stands in no file: for one
// process that signs and verifies, as the demo.
func NewSigner() (*Signer, error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("action: generate key: %w", err)
	}
	return &Signer{KeyID: KeyID(pub), Key: key}, nil
}

// Public is the half that enforcers trust.
func (s *Signer) Public() PublicKey {
	return PublicKey{ID: s.KeyID, Key: s.Key.Public().(ed25519.PublicKey)}
}

// GenerateKey writes a new private key to path, readable by its owner only, and
// the public key to path + ".pub". It never overwrites either.
func GenerateKey(path string) (*Signer, error) {
	s, err := NewSigner()
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(s.Key)
	if err != nil {
		return nil, fmt.Errorf("action: encode private key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(s.Key.Public())
	if err != nil {
		return nil, fmt.Errorf("action: encode public key: %w", err)
	}
	if err := writeNew(path, 0o600, pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: private})); err != nil {
		return nil, err
	}
	if err := writeNew(path+".pub", 0o644, pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: public})); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return s, nil
}

func writeNew(path string, mode fs.FileMode, b []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("action: key file %s: %w (an existing key is never overwritten)", path, err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = fmt.Errorf("action: key file %s: %w", path, errors.Join(err, os.Remove(path)))
		}
	}()
	if _, err := f.Write(b); err != nil {
		return err
	}
	return f.Sync()
}

// LoadSigner reads a private key from path: PKCS #8 in PEM, or base64 of the 32
// bytes of a seed or the 64 of a key. A file that others than owner and group
// may open is refused.
func LoadSigner(path string) (*Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("action: signing key: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("action: signing key %s has mode %#o: everybody may open it; use chmod 600 (or defaultMode 0440 for a mounted secret)", path, info.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("action: signing key: %w", err)
	}
	s, err := ParseSigner(b)
	if err != nil {
		return nil, fmt.Errorf("action: signing key %s: %w", path, err)
	}
	return s, nil
}

// ParseSigner reads the content of a private key file.
func ParseSigner(b []byte) (*Signer, error) {
	key, err := parsePrivate(b)
	if err != nil {
		return nil, err
	}
	return &Signer{KeyID: KeyID(key.Public().(ed25519.PublicKey)), Key: key}, nil
}

func parsePrivate(b []byte) (ed25519.PrivateKey, error) {
	if block, _ := pem.Decode(b); block != nil {
		if block.Type != pemPrivate {
			return nil, fmt.Errorf("PEM block is %q, want %q", block.Type, pemPrivate)
		}
		k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("PKCS #8: %w", err)
		}
		key, ok := k.(ed25519.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("key is %T, want Ed25519", k)
		}
		return key, nil
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, errors.New("neither PEM nor base64")
	}
	switch len(raw) {
	case ed25519.SeedSize:
		return ed25519.NewKeyFromSeed(raw), nil
	case ed25519.PrivateKeySize:
		key := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
		if !key.Equal(ed25519.PrivateKey(raw)) {
			return nil, errors.New("public half of the key does not belong to its seed")
		}
		return key, nil
	}
	return nil, fmt.Errorf("base64 of %d bytes, want %d (seed) or %d (key)", len(raw), ed25519.SeedSize, ed25519.PrivateKeySize)
}

// LoadPublicKey reads a public key from path: PKIX in PEM, or base64 of its 32
// bytes.
func LoadPublicKey(path string) (PublicKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return PublicKey{}, fmt.Errorf("action: public key: %w", err)
	}
	k, err := ParsePublicKey(b)
	if err != nil {
		return PublicKey{}, fmt.Errorf("action: public key %s: %w", path, err)
	}
	return k, nil
}

// ParsePublicKey reads the content of a public key file.
func ParsePublicKey(b []byte) (PublicKey, error) {
	if block, _ := pem.Decode(b); block != nil {
		if block.Type != pemPublic {
			return PublicKey{}, fmt.Errorf("PEM block is %q, want %q", block.Type, pemPublic)
		}
		k, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return PublicKey{}, fmt.Errorf("PKIX: %w", err)
		}
		key, ok := k.(ed25519.PublicKey)
		if !ok {
			return PublicKey{}, fmt.Errorf("key is %T, want Ed25519", k)
		}
		return PublicKey{ID: KeyID(key), Key: key}, nil
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
	if err != nil {
		return PublicKey{}, errors.New("neither PEM nor base64")
	}
	if len(raw) != ed25519.PublicKeySize {
		return PublicKey{}, fmt.Errorf("base64 of %d bytes, want %d", len(raw), ed25519.PublicKeySize)
	}
	return PublicKey{ID: KeyID(raw), Key: raw}, nil
}
