package scan

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"math"
	"strings"
)

// Keys that documents, samples and emulators publish, so that nobody is harmed by them: the first
// eight bytes of their SHA-256, a line each.
//
//go:embed published.txt
var publishedTable string

var published = func() map[[8]byte]bool {
	m := map[[8]byte]bool{}
	for _, row := range strings.Split(publishedTable, "\n") {
		if word, _, _ := strings.Cut(row, " "); len(word) == 16 {
			var k [8]byte
			if _, err := hex.Decode(k[:], []byte(word)); err == nil {
				m[k] = true
			}
		}
	}
	return m
}()

// filler is what stands for a key in a document.
func filler(v []byte) bool {
	if len(v) < 64 && (containsFold(v, "xxxx") || containsFold(v, "example") || containsFold(v, "your_") || containsFold(v, "redacted")) || counted(v) {
		return true
	}
	h := sha256.Sum256(v)
	return published[[8]byte(h[:8])]
}

// counted says that most of v is the alphabet from one end to the other.
func counted(v []byte) bool {
	if len(v) > 48 {
		return false
	}
	run, longest := 1, 1
	for i := 1; i < len(v); i++ {
		if v[i] == v[i-1]+1 && kinds[v[i]] != other {
			run++
			longest = max(longest, run)
			continue
		}
		run = 1
	}
	return longest >= 26
}

// placeholders stand where a secret would, in documents and templates.
var placeholders = [...]string{"xxxx", "example", "placeholder", "your_", "your-", "yourkey", "yourtoken", "yoursecret", "yourpass", "yourapi", "changeme", "change_me", "change-me", "redacted", "abcdef", "123456789", "dummy", "sample",
	"insert_", "insert-", "replace_", "replace-", "todo", "_here", "-here", "goes-here", "not-a-real", "notareal", "fake_", "fake-", "00000000", "deadbeef", "undefined"}

func placeholder(v []byte) bool {
	for _, w := range words[:] {
		if len(v) == len(w) && containsFold(v, w) {
			return true
		}
	}
	if len(v) < 64 {
		for _, p := range placeholders[:] {
			if containsFold(v, p) {
				return true
			}
		}
	}
	return false
}

// opens says whether the password of v, "scheme://user:password@", is more than a stand-in.
func opens(v []byte) bool {
	at := bytes.LastIndexByte(v, ':') + 1
	password := v[at : len(v)-1]
	for _, w := range [...]string{"password", "passwd", "pass", "pwd", "pw", "secret", "mypassword", "userpassword", "dbpassword"} {
		if len(password) == len(w) && containsFold(password, w) {
			return false
		}
	}
	return !placeholder(password)
}

// words stand in schemas and settings for a value.
var words = [...]string{"string", "number", "integer", "boolean", "hidden", "masked", "default", "undefined", "required", "optional", "disabled", "enabled"}

// wordy says that v is words and numbers with signs between them, as paths and names of things are:
// nobody drew that by chance.
func wordy(v []byte) bool {
	parts, i := 0, 0
	for i < len(v) {
		from, digits, vowels, mixed := i, 0, 0, false
		for i < len(v) && kinds[v[i]] != other {
			switch c := folded[v[i]]; {
			case kinds[c] == digit:
				digits++
			case indexByte("aeiouy", c) >= 0:
				vowels++
			}
			mixed = mixed || i > from && kinds[v[i]] == upper && kinds[v[i-1]] != upper
			i++
		}
		n := i - from
		if n == 0 || mixed || digits > 0 && digits < n || digits == 0 && (n < 2 || vowels == 0 && n > 4) {
			return false
		}
		parts++
		i++ // the sign
	}
	return parts > 1
}

// UUID says whether v is one in its usual form.
func UUID(v []byte) bool { return uuid(v) }

// uuid says that v is one: it names a thing, and is no secret by itself.
func uuid(v []byte) bool {
	if len(v) != 36 {
		return false
	}
	for i, c := range v {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || !dash && !hexDigit(c) {
			return false
		}
	}
	return true
}

func containsFold(v []byte, p string) bool {
	for i := 0; i+len(p) <= len(v); i++ {
		j := 0
		for j < len(p) && folded[v[i+j]] == p[j] {
			j++
		}
		if j == len(p) {
			return true
		}
	}
	return false
}

// entropy is Shannon's, in bits a character.
func entropy(v []byte) float64 {
	var counts [256]int
	for _, c := range v {
		counts[c]++
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(v))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}
