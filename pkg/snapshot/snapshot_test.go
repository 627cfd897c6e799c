package snapshot

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

func state(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func writing(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		for len(b) > 0 { // in pieces, as an encoder writes
			n := min(700, len(b))
			if _, err := w.Write(b[:n]); err != nil {
				return err
			}
			b = b[n:]
		}
		return nil
	}
}

func write(t *testing.T, slot string, number, offset int64, raw []byte) []Record {
	t.Helper()
	m := Manifest{Stage: "s", Partition: 2, Slot: slot, Number: number, Offset: offset, TopicID: "id"}
	recs, err := Encode(&m, len(raw), 1000, writing(raw))
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Record()
	if err != nil {
		t.Fatal(err)
	}
	return append(recs, r)
}

func offer(c *Collector, recs []Record) {
	for _, r := range recs {
		c.Offer(r.Key, r.Value)
	}
}

func TestNewestCompleteWins(t *testing.T) {
	a, b := state(5000), state(3000)
	c := NewCollector("s", 2, "id")
	offer(c, write(t, "A", 1, 100, a))
	offer(c, write(t, "B", 2, 200, b))
	// The next one in slot A is torn: its last chunk is not there.
	torn := write(t, "A", 3, 300, state(6000))
	offer(c, append(torn[:len(torn)-2:len(torn)-2], torn[len(torn)-1]))

	got := c.Usable(1000)
	if len(got) != 2 || got[0].Manifest.Offset != 200 || got[1].Manifest.Offset != 100 {
		t.Fatalf("usable: %+v", got)
	}
	raw, err := got[0].Manifest.Unpack(got[0].Packed, 1<<20)
	if err != nil || !bytes.Equal(raw, b) {
		t.Fatalf("unpack: %v", err)
	}
	if got := c.Usable(150); len(got) != 1 || got[0].Manifest.Offset != 100 {
		t.Fatalf("at 150: %+v", got)
	}
	if c.Last() != 3 || len(c.Bad()) != 1 || !errors.Is(c.Bad()[0], ErrCorrupt) {
		t.Fatalf("last %d bad %v", c.Last(), c.Bad())
	}
}

func TestCorruptAndForeignAreNotTaken(t *testing.T) {
	f := func(name string, want int, spoil func([]Record) []Record, topicID string) {
		t.Helper()
		c := NewCollector("s", 2, topicID)
		offer(c, spoil(write(t, "A", 1, 10, state(5000))))
		if got := len(c.Usable(10)); got != want {
			t.Errorf("%s: %d usable, want %d", name, got, want)
		}
	}
	same := func(r []Record) []Record { return r }
	f("sound", 1, same, "id")
	f("any topic", 1, same, "")
	f("another topic id", 0, same, "other")
	f("a bit flipped", 0, func(r []Record) []Record { r[1].Value[20] ^= 1; return r }, "id")
	f("no manifest", 0, func(r []Record) []Record { return r[:len(r)-1] }, "id")
	f("manifest first", 0, func(r []Record) []Record { return append(r[len(r)-1:len(r):len(r)], r[:len(r)-1]...) }, "id")
	f("tombstone", 0, func(r []Record) []Record { r[0].Value = nil; return r }, "id")
}

func TestIdleAdvancesRideOnTheManifest(t *testing.T) {
	m := Manifest{Stage: "s", Partition: 2, Slot: "A", Number: 1, Offset: 5, TopicID: "id"}
	recs, err := Encode(&m, 5, 1000, writing([]byte("state")))
	if err != nil {
		t.Fatal(err)
	}
	c := NewCollector("s", 2, "id")
	offer(c, recs)
	for _, w := range []int64{7, 9} {
		m.Advances = append(m.Advances, w)
		r, err := m.Record()
		if err != nil {
			t.Fatal(err)
		}
		offer(c, []Record{r})
	}
	got := c.Usable(5)
	if len(got) != 1 || len(got[0].Manifest.Advances) != 2 || got[0].Manifest.NextSlot() != "B" {
		t.Fatalf("%+v", got)
	}
}

func TestEmptyState(t *testing.T) {
	c := NewCollector("s", 2, "id")
	offer(c, write(t, "B", 9, 0, nil))
	got := c.Usable(0)
	if len(got) != 1 {
		t.Fatal(c.Bad())
	}
	if raw, err := got[0].Manifest.Unpack(got[0].Packed, 0); err != nil || len(raw) != 0 {
		t.Fatal(raw, err)
	}
}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	if _, err := Encode(&Manifest{Stage: "s"}, 4999, 1000, writing(state(5000))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("took 5000 bytes of at most 4999: %v", err)
	}
	broken := errors.New("broken")
	if _, err := Encode(&Manifest{Stage: "s"}, 10, 1000, func(io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("lost the error: %v", err)
	}
}

func FuzzCollect(f *testing.F) {
	var t0 testing.T
	for _, r := range write(&t0, "A", 1, 100, state(1500)) {
		f.Add(r.Key, r.Value, r.Key, r.Value)
	}
	f.Add([]byte("s|2|A|manifest"), []byte(`{"format":1,"slot":"A","chunks":65536}`), []byte("s|2|A|-1"), []byte("12345678"))
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 []byte) {
		c := NewCollector("s", 2, "")
		c.Offer(k1, v1)
		c.Offer(k2, v2)
		for _, s := range c.Usable(1 << 62) {
			if _, err := s.Manifest.Unpack(s.Packed, 1<<20); err != nil && !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
		}
	})
}
