package keyed_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Whatever happens to a table after it was captured, while it is being written and
// before, what is written is what it was.
func TestCaptureIsTheMoment(t *testing.T) {
	for _, size := range []int{1, 60, 300, 9000} {
		for _, before := range []int{0, 50, 1000} {
			t.Run(fmt.Sprintf("%d states, %d uses before it is written", size, before), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(size), uint64(before)))
				tb := keyed.NewTable[state](size, nil)
				use := func(n int) {
					for range n {
						k := uint64(r.IntN(3 * size / 2))
						switch r.IntN(8) {
						case 0:
							tb.Remove(k)
						case 1:
							if s := tb.Get(k); s != nil {
								s.N++
							}
						case 2:
							if _, s := tb.Oldest(); s != nil {
								s.N--
							}
						default:
							tb.Touch(k).N += r.IntN(100)
						}
					}
				}
				use(2 * size)
				for round := range 3 {
					var want, got bytes.Buffer
					if err := tb.Encode(msgpack.NewEncoder(&want)); err != nil {
						t.Fatal(err)
					}
					if err := msgpack.NewEncoder(&want).Encode("end"); err != nil {
						t.Fatal(err)
					}
					var c keyed.Capture
					tb.Capture(&c)
					word := "end"
					c.Value(&word)
					word = "changed"
					use(before)
					written := make(chan error)
					go func() { written <- c.Write(msgpack.NewEncoder(&got)) }()
					for done := false; !done; {
						select {
						case err := <-written:
							if err != nil {
								t.Fatal(err)
							}
							done = true
						default:
							use(20)
						}
					}
					if !bytes.Equal(want.Bytes(), got.Bytes()) {
						t.Fatalf("round %d: %d bytes that are not the %d of the moment", round, got.Len(), want.Len())
					}
					tb.Each(func(_ uint64, s *state) { s.N++ })
				}
			})
		}
	}
}

// unwritable cannot be encoded where it is negative.
type unwritable struct{ N int }

func (u *unwritable) EncodeMsgpack(e *msgpack.Encoder) error {
	if u.N < 0 {
		return fmt.Errorf("%d", u.N)
	}
	return e.EncodeInt(int64(u.N))
}

// An error is told whoever meets it, and lets every table of the capture go.
func TestCaptureTellsErrors(t *testing.T) {
	for _, touched := range []bool{false, true} {
		a, b := keyed.NewTable[unwritable](10, nil), keyed.NewTable[unwritable](10, nil)
		for k := range uint64(5) {
			a.Touch(k).N, b.Touch(k).N = int(k)-1, 1
		}
		var c keyed.Capture
		a.Capture(&c)
		b.Capture(&c)
		if touched {
			a.Touch(0).N = 1
		}
		if err := c.Write(msgpack.NewEncoder(&bytes.Buffer{})); err == nil {
			t.Errorf("touched %v: no error", touched)
		}
		a.Touch(0).N = 1
		var again keyed.Capture
		a.Capture(&again)
		b.Capture(&again)
		if err := again.Write(msgpack.NewEncoder(&bytes.Buffer{})); err != nil {
			t.Errorf("touched %v: then %v", touched, err)
		}
	}
}
