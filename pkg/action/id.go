package action

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// NewID derives the id of an action from what makes it one: its record key, the
// finding that caused it and its beginning. The same cause computed again has
// the same id.
func NewID(key []byte, finding string, notBefore time.Time) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d:%s%d:%s%d", len(key), key, len(finding), finding, notBefore.UnixNano())
	return hex.EncodeToString(h.Sum(nil)[:16])
}
