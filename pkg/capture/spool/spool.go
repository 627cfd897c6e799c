// Package spool keeps records on disk while they cannot be sent: a folder of
// segments, written at one end and read at the other, oldest first.
//
// A segment is a header and blocks; a block holds some hundred records, zstd
// compressed, with a CRC-32C. What a crash cut off, or a disk changed, is found
// by that: reading goes on with the next segment, and what was lost is counted.
// A cursor file says how far the oldest segment was sent, so a restart repeats
// one block at most.
//
// The caps on bytes and age drop the oldest segments. A disk that is full, or
// broken, loses the newest records, with one error that names the folder.
package spool

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Reasons for which records are lost, as given to Config.Lost.
const (
	LostFull    = "spool_full"    // the disk took no more
	LostBytes   = "spool_bytes"   // the cap on bytes dropped the oldest
	LostAge     = "spool_age"     // the cap on age dropped the oldest
	LostCorrupt = "spool_corrupt" // a damaged block
)

// Config of a Spool. Zero values mean the defaults.
type Config struct {
	// Dir is the folder. It is created; it must be this process's own.
	Dir string
	// SegmentBytes is the size at which a new segment begins (16 MiB), BlockBytes how
	// much is gathered before it is written, uncompressed (256 KiB).
	SegmentBytes, BlockBytes int
	// MaxBytes caps the folder (1 GiB), MaxAge the age of a segment (24 h).
	MaxBytes int64
	MaxAge   time.Duration
	// Lost is told of records that were lost. It is called with the spool's lock
	// held: it must not call back. Required.
	Lost func(records int, reason string)
	// Now is the clock, time.Now where nil.
	Now func() time.Time
	// create opens a new segment; tests put a broken disk here.
	create func(path string) (file, error)
}

// file is what is written to.
type file interface {
	io.WriteCloser
	Truncate(size int64) error
	Sync() error
}

// Spool is safe for concurrent use. Reading is for one goroutine at a time.
type Spool struct {
	cfg    Config
	log    *slog.Logger
	unlock func()
	enc    *zstd.Encoder
	dec    *zstd.Decoder

	mu       sync.Mutex
	segments []*segment // oldest first; the last may be the one being written
	writing  file       // of the last segment; nil where none is open
	block    []byte     // records of the block being gathered
	records  int        // in block
	scratch  []byte
	next     uint64 // number of the next segment
	closed   bool
	// failing is set while the disk refuses: one error a minute, not one a block.
	failing  bool
	lastSaid time.Time

	reading  *os.File // of segments[0]
	readData []byte
}

// segment is a file of the folder.
type segment struct {
	number  uint64
	path    string
	size    int64 // of whole blocks
	read    int64 // offset of the first block that was not acknowledged
	pending int   // records from read on
	created time.Time
	open    bool // being written
}

// Open takes over a folder with what an earlier run left in it.
func Open(cfg Config, log *slog.Logger) (*Spool, error) {
	if cfg.Dir == "" || cfg.Lost == nil || log == nil {
		return nil, errors.New("spool: need a folder, a Lost function and a logger")
	}
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&cfg.SegmentBytes, 16<<20)
	def(&cfg.BlockBytes, 256<<10)
	cfg.BlockBytes = min(cfg.BlockBytes, maxBlock/2)
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 1 << 30
	}
	if cfg.MaxAge <= 0 {
		cfg.MaxAge = 24 * time.Hour
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.create == nil {
		cfg.create = func(path string) (file, error) {
			return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		}
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("spool: folder %s: %w (give a folder that this process may write)", cfg.Dir, err)
	}
	unlock, err := lock(filepath.Join(cfg.Dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("spool: folder %s is in use by another process, or cannot be locked: %w", cfg.Dir, err)
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		unlock()
		return nil, fmt.Errorf("spool: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxBlock))
	if err != nil {
		unlock()
		return nil, fmt.Errorf("spool: %w", err)
	}
	s := &Spool{cfg: cfg, log: log, unlock: unlock, enc: enc, dec: dec}
	if err := s.scan(); err != nil {
		unlock()
		return nil, err
	}
	return s, nil
}

// Stats is a moment's count.
type Stats struct {
	Records  int   // not yet acknowledged, those in memory included
	Bytes    int64 // on disk
	Segments int
	Failing  bool // the disk refused the last block
}

// Stats counts.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Records: s.records, Segments: len(s.segments), Failing: s.failing}
	for _, g := range s.segments {
		st.Records += g.pending
		st.Bytes += g.size
	}
	return st
}

// Append adds a record, which is copied. It writes to the disk when a block is
// full. An error means that the block, this record in it, is lost, and that
// Lost was told.
func (s *Spool) Append(record []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(record) > maxBlock/2 {
		s.cfg.Lost(1, LostFull)
		if s.closed {
			return fmt.Errorf("spool: %s: %w", s.cfg.Dir, os.ErrClosed)
		}
		return fmt.Errorf("spool: %s: record of %d bytes, at most %d", s.cfg.Dir, len(record), maxBlock/2)
	}
	s.block = appendRecord(s.block, record)
	s.records++
	if len(s.block) < s.cfg.BlockBytes {
		return nil
	}
	return s.flush()
}

// Flush writes what is gathered, so that a crash does not lose it.
func (s *Spool) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	return s.flush()
}

func (s *Spool) flush() error {
	s.dropOld()
	if s.records == 0 {
		return nil
	}
	n := s.records
	s.scratch = appendBlock(s.scratch[:0], s.enc, s.block, n)
	s.block, s.records = s.block[:0], 0
	if err := s.write(s.scratch, n); err != nil {
		s.cfg.Lost(n, LostFull)
		if now := s.cfg.Now(); !s.failing || now.Sub(s.lastSaid) >= time.Minute {
			s.lastSaid = now
			s.log.Error("spool: the folder takes no more records, the newest are lost until it does; free space there or lower the cap",
				"folder", s.cfg.Dir, "error", err)
		}
		s.failing = true
		return fmt.Errorf("spool: folder %s: %w", s.cfg.Dir, err)
	}
	if s.failing {
		s.failing = false
		s.log.Info("spool: the folder takes records again", "folder", s.cfg.Dir)
	}
	return nil
}

// write appends a block to the open segment, whole or not at all.
func (s *Spool) write(b []byte, records int) error {
	var g *segment
	if s.writing != nil {
		g = s.segments[len(s.segments)-1]
		if g.size+int64(len(b)) > int64(s.cfg.SegmentBytes) && g.size > headerSize {
			s.roll()
			g = nil
		}
	}
	if g == nil {
		path := filepath.Join(s.cfg.Dir, segmentName(s.next))
		f, err := s.cfg.create(path)
		if err != nil {
			return err
		}
		s.next++ // also where the header fails: a name is used once
		if _, err := f.Write(header()); err != nil {
			return errors.Join(err, f.Close(), os.Remove(path))
		}
		g = &segment{number: s.next - 1, path: path, size: headerSize, read: headerSize, created: s.cfg.Now(), open: true}
		s.segments = append(s.segments, g)
		s.writing = f
	}
	if _, err := s.writing.Write(b); err != nil {
		// Truncating frees space, so it works on a full disk. Where it does not, a
		// later run finds the torn block. The segment ends here either way.
		if terr := s.writing.Truncate(g.size); terr != nil {
			err = errors.Join(err, terr)
		}
		s.roll()
		return err
	}
	g.size += int64(len(b))
	g.pending += records
	return nil
}

// roll closes the open segment. An error to sync is said and no reason to stop:
// the blocks are checked when they are read.
func (s *Spool) roll() {
	if s.writing == nil {
		return
	}
	g := s.segments[len(s.segments)-1]
	if err := errors.Join(s.writing.Sync(), s.writing.Close()); err != nil {
		s.log.Warn("spool: closing a segment", "file", g.path, "error", err)
	}
	s.writing, g.open = nil, false
	if g.pending == 0 {
		s.remove(len(s.segments) - 1)
	}
}

// Close writes what is gathered and lets go of the folder. What is in it is
// sent by the next run.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	err := s.flush()
	s.roll()
	s.closed = true
	if s.reading != nil {
		err = errors.Join(err, s.reading.Close())
		s.reading = nil
	}
	err = errors.Join(err, s.enc.Close())
	s.dec.Close()
	s.unlock()
	return err
}
