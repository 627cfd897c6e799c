package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

type losses map[string]int

func (l losses) add(n int, reason string) { l[reason] += n }

func open(t *testing.T, cfg Config) (*Spool, losses, *bytes.Buffer) {
	t.Helper()
	l, out := losses{}, &bytes.Buffer{}
	cfg.Lost = l.add
	s, err := Open(cfg, slog.New(slog.NewTextHandler(out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, l, out
}

func fill(t *testing.T, s *Spool, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := s.Append(record(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// record is of 200 bytes that zstd cannot make small.
func record(i int) []byte {
	b := fmt.Appendf(nil, "record %06d ", i)
	x := uint32(i)*2654435761 + 1
	for len(b) < 200 {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b = append(b, byte(x))
	}
	return b
}

func drain(t *testing.T, s *Spool) (got []string) {
	t.Helper()
	for {
		b, err := s.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range b.Records {
			got = append(got, string(r[:13]))
		}
		if ok, err := s.Ack(b); err != nil || !ok {
			t.Fatal(ok, err)
		}
	}
}

func want(t *testing.T, got []string, from, to int) {
	t.Helper()
	if len(got) != to-from {
		t.Fatalf("%d records, want %d", len(got), to-from)
	}
	for i, g := range got {
		if w := fmt.Sprintf("record %06d", from+i); g != w {
			t.Fatalf("record %d is %q, want %q", i, g, w)
		}
	}
}

func small(dir string) Config { return Config{Dir: dir, SegmentBytes: 8 << 10, BlockBytes: 1 << 10} }

func TestOldestFirstAcrossSegmentsAndRestart(t *testing.T) {
	dir := t.TempDir()
	s, lost, _ := open(t, small(dir))
	fill(t, s, 0, 500)
	if st := s.Stats(); st.Records != 500 || st.Segments < 5 {
		t.Fatalf("%+v", st)
	}
	var got []string
	for range 10 {
		b, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range b.Records {
			got = append(got, string(r[:13]))
		}
		if _, err := s.Ack(b); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Next(); err != nil { // read, not acknowledged: to be given again
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _, _ = open(t, small(dir))
	if st := s.Stats(); st.Records != 500-len(got) {
		t.Fatalf("%d after restart, %d were sent", st.Records, len(got))
	}
	fill(t, s, 500, 600)
	want(t, append(got, drain(t, s)...), 0, 600)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*.spool"))
	if len(left) != 0 || len(lost) != 0 {
		t.Fatalf("left %v, lost %v", left, lost)
	}
}

func TestCapsDropTheOldest(t *testing.T) {
	cfg := small(t.TempDir())
	cfg.MaxBytes = 32 << 10
	s, lost, _ := open(t, cfg)
	fill(t, s, 0, 1000)
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	n := lost[LostBytes]
	if st := s.Stats(); n == 0 || st.Records+n != 1000 || st.Bytes > cfg.MaxBytes+int64(cfg.BlockBytes)*2 {
		t.Fatalf("lost %v, %+v", lost, st)
	}
	want(t, drain(t, s), n, 1000)
}

func TestAgeCap(t *testing.T) {
	now := time.Unix(1e9, 0)
	cfg := small(t.TempDir())
	cfg.MaxAge, cfg.Now = time.Hour, func() time.Time { return now }
	s, lost, _ := open(t, cfg)
	fill(t, s, 0, 100)
	s.Flush()
	now = now.Add(2 * time.Hour)
	fill(t, s, 100, 120)
	want(t, drain(t, s), 100, 120)
	if lost[LostAge] != 100 {
		t.Fatal(lost)
	}
}

func TestDroppedWhileUnderWay(t *testing.T) {
	cfg := small(t.TempDir())
	cfg.MaxBytes = 16 << 10
	s, lost, _ := open(t, cfg)
	fill(t, s, 0, 50)
	b, err := s.Next()
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, 50, 500)
	if ok, err := s.Ack(b); ok || err != nil {
		t.Fatalf("acknowledged what a cap dropped: %v %v", ok, err)
	}
	if s.Stats().Records+lost[LostBytes] != 500 {
		t.Fatalf("%+v %v", s.Stats(), lost)
	}
}

func TestDamageIsPassedOver(t *testing.T) {
	for _, live := range []bool{true, false} {
		dir := t.TempDir()
		s, lost, log := open(t, small(dir))
		fill(t, s, 0, 200)
		s.Flush()
		files, _ := filepath.Glob(filepath.Join(dir, "*.spool"))
		if !live {
			s.Close()
		}
		b, err := os.ReadFile(files[1])
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 0x40
		if err := os.WriteFile(files[1], b, 0o600); err != nil {
			t.Fatal(err)
		}
		if !live {
			s, lost, log = open(t, small(dir))
		}
		got := drain(t, s)
		if n := lost[LostCorrupt]; n == 0 || len(got)+n != 200 {
			t.Fatalf("live %v: got %d, lost %v", live, len(got), lost)
		}
		if !strings.Contains(log.String(), files[1]) {
			t.Fatalf("the log does not name %s: %s", files[1], log)
		}
		if got[len(got)-1] != "record 000199" {
			t.Fatal("the segments behind the damage were not read")
		}
	}
}

func TestTornTailAndForeignFiles(t *testing.T) {
	dir := t.TempDir()
	s, _, _ := open(t, small(dir))
	fill(t, s, 0, 30)
	s.Close()
	files, _ := filepath.Glob(filepath.Join(dir, "*.spool"))
	info, _ := os.Stat(files[0])
	if err := os.Truncate(files[0], info.Size()-10); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "00000000000000aa.spool"), []byte("something else entirely"), 0o600)
	os.WriteFile(filepath.Join(dir, "00000000000000ab.spool"), nil, 0o600)
	os.WriteFile(filepath.Join(dir, "cursor"), []byte("0000000000000000 999999\n"), 0o600)
	s, _, log := open(t, small(dir))
	if got := drain(t, s); len(got) == 0 || len(got) >= 30 {
		t.Fatalf("%d records of a torn segment", len(got))
	}
	if !strings.Contains(log.String(), "00000000000000aa.spool") {
		t.Fatal(log)
	}
	fill(t, s, 0, 3)
	want(t, drain(t, s), 0, 3)
}

func TestOneOwner(t *testing.T) {
	dir := t.TempDir()
	open(t, small(dir))
	_, err := Open(Config{Dir: dir, Lost: losses{}.add}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Fatalf("a second owner: %v", err)
	}
}

// fullDisk takes so many bytes and then no more.
type fullDisk struct {
	*os.File
	left *int
}

func (f fullDisk) Write(b []byte) (int, error) {
	n := min(len(b), *f.left)
	*f.left -= n
	m, err := f.File.Write(b[:n])
	if err == nil && n < len(b) {
		err = &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	return m, err
}

func TestFullDisk(t *testing.T) {
	cfg := small(t.TempDir())
	left := 20 << 10
	cfg.create = func(path string) (file, error) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		return fullDisk{f, &left}, err
	}
	full(t, cfg, func() { left = 1 << 30 })
}

// TestFullTmpfs is the same on a file system that is really full. Where none may
// be mounted the injected error above is the test.
func TestFullTmpfs(t *testing.T) {
	dir := t.TempDir()
	if err := mountTmpfs(dir, "size=64k"); err != nil {
		t.Logf("no tmpfs can be mounted here (%v): TestFullDisk covers a full disk by an injected error", err)
		return
	}
	defer func() {
		if err := unmount(dir); err != nil {
			t.Error(err)
		}
	}()
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 32<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	full(t, small(dir), func() { os.Remove(ballast) })
}

func full(t *testing.T, cfg Config, free func()) {
	s, lost, log := open(t, cfg)
	failed := 0
	for i := range 400 {
		if err := s.Append(record(i)); err != nil {
			failed++
			if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), cfg.Dir) {
				t.Fatalf("the error does not say what is wrong: %v", err)
			}
		}
	}
	kept := s.Stats()
	if failed < 2 || lost[LostFull] == 0 || kept.Records+lost[LostFull] != 400 || !kept.Failing {
		t.Fatalf("failed %d, lost %v, %+v", failed, lost, kept)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), cfg.Dir) {
		t.Fatalf("%d errors logged, want one that names the folder: %s", n, log)
	}
	free()
	fill(t, s, 1000, 1010)
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	got := drain(t, s)
	if len(got) != kept.Records+10 || got[len(got)-1] != "record 001009" || len(lost) != 1 {
		t.Fatalf("%d records, last %s, lost %v", len(got), got[len(got)-1], lost)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func FuzzUnpack(f *testing.F) {
	s, err := Open(Config{Dir: f.TempDir(), Lost: losses{}.add}, slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	defer s.Close()
	var two []byte
	two = appendRecord(appendRecord(two, []byte("one")), []byte("two"))
	f.Add(appendBlock(nil, s.enc, two, 2))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		records, _, err := unpack(s.dec, b, nil)
		if err == nil && len(records) == 0 {
			t.Fatal("no records and no error")
		}
	})
}
