package behavior

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"

	"github.com/cespare/xxhash/v2"
)

// hasher makes the 64-bit keys of state. They must be the same in every process and
// after every start, so the seed is configuration's and never random.
type hasher struct {
	digest *xxhash.Digest
	inside xxhash.Digest // that has taken in the tenant
	seed   uint64
	mac    hash.Hash // of user names
	sum    [sha256.Size]byte
	length [4]byte
}

func newHasher(key string) hasher {
	seed := xxhash.Sum64String(key)
	return hasher{digest: xxhash.NewWithSeed(seed), seed: seed, mac: hmac.New(sha256.New, []byte(key))}
}

// of hashes parts, each with its length, so that no two lists of parts collide by
// joining.
func (h *hasher) of(parts ...string) uint64 {
	h.digest.ResetWithSeed(h.seed)
	for _, p := range parts {
		h.part(p)
	}
	return h.digest.Sum64()
}

func (h *hasher) part(p string) {
	binary.LittleEndian.PutUint32(h.length[:], uint32(len(p)))
	h.digest.Write(h.length[:]) //nolint:errcheck // never fails
	h.digest.WriteString(p)     //nolint:errcheck // never fails
}

// enter makes tenant the one that within is about, and hashes it.
func (h *hasher) enter(tenant string) uint64 {
	scope := h.of(tenant)
	h.inside = *h.digest
	return scope
}

// within hashes the tenant entered and a part, as of does.
func (h *hasher) within(p string) uint64 {
	*h.digest = h.inside
	h.part(p)
	return h.digest.Sum64()
}

// withinBytes does so for bytes.
func (h *hasher) withinBytes(p []byte) uint64 {
	*h.digest = h.inside
	binary.LittleEndian.PutUint32(h.length[:], uint32(len(p)))
	h.digest.Write(h.length[:]) //nolint:errcheck // never fails
	h.digest.Write(p)           //nolint:errcheck // never fails
	return h.digest.Sum64()
}

// joined hashes "a b", a part of its own, without joining them.
func (h *hasher) joined(a, b string) uint64 {
	h.digest.ResetWithSeed(h.seed)
	binary.LittleEndian.PutUint32(h.length[:], uint32(len(a)+1+len(b)))
	h.digest.Write(h.length[:]) //nolint:errcheck // never fails
	h.digest.WriteString(a)     //nolint:errcheck // never fails
	h.digest.WriteString(" ")   //nolint:errcheck // never fails
	h.digest.WriteString(b)     //nolint:errcheck // never fails
	return h.digest.Sum64()
}

// value hashes a value within the scope of an earlier hash.
func (h *hasher) value(scope uint64, v []byte) uint64 {
	h.digest.ResetWithSeed(h.seed ^ scope)
	h.digest.Write(v) //nolint:errcheck // never fails
	return h.digest.Sum64()
}

// family hashes a user agent by its letters alone, in lower case.
func (h *hasher) family(agent string) uint64 {
	var b [256]byte
	n := 0
	for i := range len(agent) {
		if c := agent[i] | 0x20; c >= 'a' && c <= 'z' && n < len(b) {
			b[n] = c
			n++
		}
	}
	return h.value(3, b[:n])
}

// user hashes a user name. It leaves the process in partials and snapshots, and
// names can be guessed, so it is a real keyed hash.
func (h *hasher) user(tenant string, name []byte) uint64 {
	h.mac.Reset()
	io.WriteString(h.mac, tenant) //nolint:errcheck // never fails
	h.mac.Write([]byte{0})        //nolint:errcheck // never fails
	h.mac.Write(name)             //nolint:errcheck // never fails
	return binary.LittleEndian.Uint64(h.mac.Sum(h.sum[:0]))
}

// hashText hashes what needs no secret: an address within one state.
func hashText(s string) uint64 { return xxhash.Sum64String(s) }

// mix joins two hashes to a key.
func mix(a, b uint64) uint64 {
	a ^= b + 0x9e3779b97f4a7c15 + a<<6 + a>>2
	a ^= a >> 33
	a *= 0xff51afd7ed558ccd
	return a ^ a>>33
}
