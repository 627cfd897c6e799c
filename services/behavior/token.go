package behavior

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/segmentio/encoding/json"
)

// algorithm is the alg of a token's header; "" unless it may be none, which is all that
// is asked for.
func algorithm(header []byte) string {
	if !mayBeNone(header) {
		return ""
	}
	var h struct {
		Alg string `json:"alg"`
	}
	if json.Unmarshal(header, &h) != nil {
		return ""
	}
	return h.Alg
}

// mayBeNone says whether header holds none in any case, or something escaped.
func mayBeNone(header []byte) bool {
	for i, c := range header {
		if c == '\\' || c|0x20 == 'n' && i+4 <= len(header) && bytes.EqualFold(header[i:i+4], []byte("none")) {
			return true
		}
	}
	return false
}

// seconds reads a time claim, in seconds since the epoch. Some write milliseconds.
func seconds(claim []byte) (float64, bool) {
	if len(claim) == 0 {
		return 0, false
	}
	t, err := strconv.ParseFloat(string(claim), 64)
	if err != nil || !(t > 1e8 && t < 1e14) {
		return 0, false
	}
	if t > 1e11 {
		t /= 1000
	}
	return t, true
}

// renews says whether the path is one where an old token belongs: where it is changed
// for a new one, or given up.
func renews(path []byte) bool { return loginPath(path) || renewal.in(path) }

var renewal = wordsOf("logout signout logoff refresh revoke introspect")

// words are a set of words of paths, in lower case. It is never written to.
type words map[string]bool

func wordsOf(list string) words {
	w := words{}
	for word := range strings.FieldsSeq(list) {
		w[word] = true
	}
	return w
}

// in says whether one of the words stands in path.
func (w words) in(path []byte) bool {
	var b [24]byte
	n := 0
	for i := 0; i <= len(path) && i < 512; i++ {
		if i < len(path) && letter(path[i]) {
			c := path[i]
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			if n < len(b) {
				b[n] = c
			}
			n++
			continue
		}
		if n > 0 && n <= len(b) && w[string(b[:n])] {
			return true
		}
		n = 0
	}
	return false
}
