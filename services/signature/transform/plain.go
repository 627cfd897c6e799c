package transform

import (
	"crypto/fips140"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"strings"
	"unsafe"
)

func length(a *Arena, s string) string {
	return a.Keep(strconv.AppendInt(a.Take(20), int64(len(s)), 10))
}

func removeNulls(a *Arena, s string) string {
	i := strings.IndexByte(s, 0)
	if i < 0 {
		return s
	}
	out := a.Take(len(s))
	for i >= 0 {
		out = append(out, s[:i]...)
		s = s[i+1:]
		i = strings.IndexByte(s, 0)
	}
	return a.Keep(append(out, s...))
}

func replaceNulls(a *Arena, s string) string {
	i := strings.IndexByte(s, 0)
	if i < 0 {
		return s
	}
	out := append(a.Take(len(s)), s...)
	for ; i < len(out); i++ {
		if out[i] == 0 {
			out[i] = ' '
		}
	}
	return a.Keep(out)
}

// bytesOf views s; nobody may write to it.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func hexEncode(a *Arena, s string) string {
	return a.Keep(hex.AppendEncode(a.Take(2*len(s)), bytesOf(s)))
}

// hexDecode is all or nothing: a single byte that is no digit leaves s as it is.
func hexDecode(a *Arena, s string) string {
	if len(s)%2 != 0 {
		return s
	}
	out := a.Take(len(s) / 2)
	for i := 0; i < len(s); i += 2 {
		hi, lo := nibble[s[i]], nibble[s[i+1]]
		if hi|lo > 15 {
			return s
		}
		out = append(out, hi<<4|lo)
	}
	return a.Keep(out)
}

// hexDecoded holds for the empty value too, which decodes without an error.
func hexDecoded(in, out string) bool { return in == "" || len(in) != len(out) }

// Coraza turns the digests off where the process is restricted to approved ones; the
// value stays as it is then.
func md5Sum(a *Arena, s string) string {
	if fips140.Enabled() {
		return s
	}
	sum := md5.Sum(bytesOf(s))
	return a.Keep(append(a.Take(len(sum)), sum[:]...))
}

func sha1Sum(a *Arena, s string) string {
	if fips140.Enabled() {
		return s
	}
	sum := sha1.Sum(bytesOf(s))
	return a.Keep(append(a.Take(len(sum)), sum[:]...))
}

func digested(string, string) bool { return !fips140.Enabled() }
